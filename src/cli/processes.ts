import type { ProcessState } from "../api/status.ts";

/** A line for each process of an installation: what it reads, how far behind it is, since when it is silent. */
export function describeProcesses(processes: readonly ProcessState[]): string[] {
  return processes.map(({ name, isSelf, startedAt, revision, silentSince, reads }) => {
    const lag = reads.reduce((sum, share) => sum + share.lag, 0);
    const parts = [
      `${name}${isSelf ? " (this one)" : ""}`,
      silentSince === undefined
        ? `since ${new Date(startedAt).toISOString()}`
        : `SILENT since ${new Date(silentSince).toISOString()}`,
      `publish ${revision} in force`,
      `reads ${partitionsOf(reads)}`,
      `lag ${lag}`,
    ];
    return parts.join(", ");
  });
}

/** Sensors with the partitions of each: `asa 0 2, bro 1`. */
function partitionsOf(reads: ProcessState["reads"]): string {
  const bySensor = Map.groupBy(reads, ({ sensor }) => sensor);
  const texts = [...bySensor].map(([sensor, shares]) => {
    const partitions = shares.map(({ partition }) => partition).sort((one, other) => one - other);
    return `${sensor} ${partitions.join(" ")}`;
  });
  return texts.length === 0 ? "nothing" : texts.sort().join("; ");
}
