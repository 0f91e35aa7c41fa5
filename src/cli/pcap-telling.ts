/** What the commands of packets say of a query, on standard error: standard output is for packets and rows. */
import type { PacketQueryState } from "../api/packets.ts";
import { Fault } from "../core/fault.ts";
import { bytes, counted, safeText } from "./print.ts";

export function hasEnded({ state }: PacketQueryState): boolean {
  return state !== "waiting" && state !== "running";
}

/** @throws Fault SEARCH_LIMIT for one that failed */
export function refuseFailed({ state, error }: PacketQueryState): void {
  if (state === "failed") throw new Fault("SEARCH_LIMIT", `looking for packets: ${error}`);
}

export function tellPartial({ packets }: PacketQueryState): void {
  process.stderr.write(
    `the query has not ended: only the ${counted(packets, "packet")} found so far are taken\n`,
  );
}

/** The exit code of a command whose packets are not all there are, as what some file or host has of them could not be read. */
const PACKETS_MISSING = 3;

/** What the help of such commands says of it. */
export const EXIT_CODES = `
Exit code 0 when all packets came, ${PACKETS_MISSING} when those of a host or a file are missing (standard error names them), 1 when it failed, 2 for
a wrong command line.
`;

/** Says what keeps its packets from being all that there are; the exit code tells when some could not be read. */
export function tellProblems({ problems, isCut, state }: PacketQueryState): void {
  if (problems.length > 0) process.exitCode = PACKETS_MISSING;
  for (const problem of problems) process.stderr.write(`${safeText(problem)}\n`);
  if (state === "stopped") process.stderr.write("there may be more packets: the query was stopped\n");
  if (isCut)
    process.stderr.write("there may be more packets: the limit of packets or of bytes was reached\n");
}

export function tellFound({ id, packets, bytes: size }: PacketQueryState): void {
  process.stderr.write(`${counted(packets, "packet")}, ${bytes(size)}; query ${id}\n`);
}
