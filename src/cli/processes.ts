import type { ProcessState } from "../api/status.ts";
import { counted } from "./print.ts";

const ROLES = { all: "everything", server: "server", worker: "worker", capture: "capture host" } as const;

/**
 * A line for each process of an installation: what it does and reads, how far behind it is, since when it is silent or not ready. What is wrong in
 * it follows, a line each.
 */
export function describeProcesses(processes: readonly ProcessState[]): string[] {
  return processes.flatMap((process) => {
    const {
      name,
      isSelf,
      role,
      version,
      startedAt,
      revision,
      failure,
      silentSince,
      reads,
      restarts,
      captures = [],
    } = process;
    const lag = reads.reduce((sum, share) => sum + share.lag, 0);
    const parts = [
      `${name}${isSelf ? " (this one)" : ""}`,
      `${ROLES[role]}${version === "" ? "" : ` ${version}`}`,
      silentSince === undefined
        ? `since ${new Date(startedAt).toISOString()}`
        : `SILENT since ${new Date(silentSince).toISOString()}`,
      ...(silentSince === undefined && !process.ready ? ["NOT READY"] : []),
      `publish ${revision} in force${failure === undefined ? "" : `, a later one is not: ${failure}`}`,
      ...(role === "server" || role === "capture"
        ? []
        : [
            `reads ${partitionsOf(reads)}`,
            // Others may read by now what a silent process read.
            ...(silentSince === undefined ? [`lag ${lag}`] : []),
          ]),
      ...(role === "capture" || captures.length > 0
        ? [captures.length === 0 ? "captures nothing" : `captures ${captures.join(", ")}`]
        : []),
      ...(restarts === 0 ? [] : [counted(restarts, "worker restart")]),
    ];
    // What is wrong with a silent process now is not known.
    const wrong = silentSince === undefined ? process.problems : [];
    return [parts.join(", "), ...wrong.map(({ message }) => `  ${message}`)];
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
