import type { StoredMessage } from "../../../api/selection.ts";
import { SCORE } from "./state.ts";

/** How alarming a score is, by the limits analysts know from Metron's own table: above 39 and above 69. */
export type Severity = "none" | "low" | "medium" | "high";

export type MatchedRule = {
  readonly name: string | undefined;
  readonly comment: string | undefined;
  readonly reason: string | undefined;
  /** The score as the rule states it: a number or an expression. */
  readonly score: string;
  /** What the rule gave this message: the points of a computed score, or the number it states; undefined if unknown. */
  readonly points: number | undefined;
};

export type ScoreStory = {
  readonly score: number | undefined;
  readonly rules: readonly MatchedRule[];
  /** How the scores of the rules became the message's, as far as the numbers show it. */
  readonly sum: string | undefined;
  /** The rules add up, so that each begins where the one before ends. */
  readonly adds: boolean;
};

export function severityOf(score: number | undefined): Severity {
  if (score === undefined || Number.isNaN(score)) return "none";
  if (score > 69) return "high";
  return score > 39 ? "medium" : "low";
}

/** The message's score as a number; `-Infinity` comes as text, as JSON has no word for it. */
export function scoreOf(message: StoredMessage): number | undefined {
  const value = message[SCORE];
  if (typeof value === "number") return value;
  if (typeof value !== "string" || value === "") return undefined;
  const number = Number(value);
  return Number.isNaN(number) ? undefined : number;
}

/** A score as it is shown: whole numbers bare, others to one digit. */
export function scoreText(score: number): string {
  if (score === Number.NEGATIVE_INFINITY) return "−∞";
  return Number.isInteger(score) ? String(score) : score.toFixed(1);
}

/** The rules that matched, in the order they ran, and what became of their scores. */
export function scoreStory(message: StoredMessage): ScoreStory {
  const score = scoreOf(message);
  const rules: MatchedRule[] = [];
  for (let at = 0; ; at++) {
    const prefix = `threat.triage.rules.${at}`;
    const parts = ["name", "comment", "reason", "score", "points"].map((part) =>
      textOf(message[`${prefix}.${part}`]),
    );
    if (parts.every((part) => part === undefined)) break;
    const [name, comment, reason, stated = "", computed = stated] = parts;
    const points = computed.trim() === "" ? Number.NaN : Number(computed);
    rules.push({ name, comment, reason, score: stated, points: Number.isNaN(points) ? undefined : points });
  }
  const sum = explain(score, rules);
  return { score, rules, sum, adds: sum?.startsWith("The sum") ?? false };
}

/**
 * The rules that matched, the one that decided the score first (whose points are the score; a negative one when it
 * trumps), then by weight. A rule without a name goes by its comment or number.
 */
export function heaviestRules(
  message: StoredMessage,
): { readonly name: string; readonly reason: string | undefined }[] {
  const { score, rules } = scoreStory(message);
  const decides = (points: number) => (score === Number.NEGATIVE_INFINITY ? points < 0 : points === score);
  return rules
    .map(({ name, comment, reason, points = 0 }, at) => ({
      name: name ?? comment ?? `Rule ${at + 1}`,
      reason,
      points,
    }))
    .sort((a, b) => Number(decides(b.points)) - Number(decides(a.points)) || b.points - a.points);
}

function textOf(value: unknown): string | undefined {
  return value === undefined || value === null || value === "" ? undefined : String(value);
}

/** Names the aggregator that the numbers agree with; the message itself does not say which it was. */
function explain(score: number | undefined, rules: readonly MatchedRule[]): string | undefined {
  if (score === undefined || rules.length === 0) return undefined;
  const points = rules.map((rule) => rule.points).filter((value) => value !== undefined);
  if (score === Number.NEGATIVE_INFINITY) return "A negative score trumps all others.";
  if (rules.length === 1) return "One rule matched; its score is the message's.";
  if (points.length < rules.length)
    return `${rules.length} rules matched; some scores are computed per message.`;
  const total = points.reduce((sum, value) => sum + value, 0);
  const positive = points.filter((value) => value > 0);
  const same = (value: number) => Math.abs(value - score) < 1e-9 * Math.max(1, Math.abs(score));
  if (same(Math.max(0, ...points))) return `The highest of ${rules.length} rules counts.`;
  if (same(total)) return `The sum of ${rules.length} rules.`;
  if (same(Math.min(...points))) return `The lowest of ${rules.length} rules counts.`;
  if (same(total / points.length)) return `The mean of ${rules.length} rules.`;
  if (positive.length > 0 && same(positive.reduce((sum, value) => sum + value, 0) / positive.length)) {
    return `The mean of the ${positive.length} rules above zero.`;
  }
  return `${rules.length} rules matched.`;
}
