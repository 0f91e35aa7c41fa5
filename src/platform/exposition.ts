/** A metric with the numbers that it has at the moment. */
export type Family = {
  /** Letters, digits and `_`; of a counter it ends in `_total`. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** One sentence. */
  readonly help: string;
  /** One per set of labels; those of a histogram are made by `histogram`. */
  readonly samples: readonly Sample[];
};

/** A number under its labels. Label names are letters, digits and `_`; their values are any text. */
export type Sample = {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** What follows the family's name: `_bucket`, `_sum` and `_count` of a histogram. */
  readonly suffix?: string;
};

/**
 * Metrics as Prometheus reads them: its text format, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 */
export function exposition(families: readonly Family[]): string {
  const lines = families.flatMap(({ name, type, help, samples }) => [
    `# HELP ${name} ${help.replace(/[\\\n]/g, escaped)}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(
      ({ suffix = "", labels, value }) => `${name}${suffix}${labelText(labels)} ${number(value)}`,
    ),
  ]);
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * The samples of a histogram: for each bound how many values were at most that, then their sum and number.
 * @param bounds upper bounds in order. @param counts values in each bucket, one more than there are bounds.
 */
export function histogram(
  labels: Readonly<Record<string, string>>,
  { bounds, counts, sum }: { bounds: readonly number[]; counts: readonly number[]; sum: number },
): Sample[] {
  let seen = 0;
  const buckets = counts.map((count, bucket): Sample => {
    seen += count;
    const le = number(bounds[bucket] ?? Number.POSITIVE_INFINITY);
    return { suffix: "_bucket", labels: { ...labels, le }, value: seen };
  });
  return [...buckets, { suffix: "_sum", labels, value: sum }, { suffix: "_count", labels, value: seen }];
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replace(/[\\\n"]/g, escaped)}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(sign: string): string {
  return sign === "\n" ? "\\n" : `\\${sign}`;
}

/** Go's way of writing numbers. */
function number(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}
