/** How the scores of the rules that matched become one, by name. */
export const AGGREGATORS = ["MAX", "MIN", "SUM", "MEAN", "POSITIVE_MEAN"] as const;
export type Aggregator = (typeof AGGREGATORS)[number];

/**
 * One score out of at least one. With `negativeValuesTrump` a single negative score makes the result negative
 * infinity: a rule that says "this is fine" outweighs all others.
 */
export function aggregate(
  scores: readonly number[],
  aggregator: Aggregator,
  negativeValuesTrump: boolean,
): number {
  if (negativeValuesTrump && scores.some((score) => score < 0)) return Number.NEGATIVE_INFINITY;
  switch (aggregator) {
    case "MAX":
      return scores.reduce((greatest, score) => Math.max(greatest, score), 0);
    case "MIN":
      return scores.reduce((least, score) => Math.min(least, score), Number.MAX_VALUE);
    case "SUM":
      return sum(scores);
    case "MEAN":
      return sum(scores) / scores.length;
    case "POSITIVE_MEAN": {
      const positive = scores.filter((score) => score > 0);
      return positive.length === 0 ? 0 : sum(positive) / positive.length;
    }
  }
}

function sum(scores: readonly number[]): number {
  return scores.reduce((total, score) => total + score, 0);
}
