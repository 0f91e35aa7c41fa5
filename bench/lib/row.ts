/** A row of a benchmark about packets: what was done, what came out, and what the issue asks for. */
export type Row = {
  readonly work: string;
  readonly value: string;
  readonly and: string;
  readonly required: string;
};

/** Times, in milliseconds. */
export function times(all: readonly number[]): string {
  return `p50 ${quantile(all, 0.5).toFixed(1)} ms, p95 ${quantile(all, 0.95).toFixed(1)} ms`;
}

export function quantile(all: readonly number[], part: number): number {
  const sorted = [...all].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

/** Seconds of the core that a thread worked; that others have the core meanwhile does not count. */
export function threadSeconds(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1e6;
}

export function perSecond(count: number, seconds: number): string {
  return Math.round(count / seconds).toLocaleString("en");
}
