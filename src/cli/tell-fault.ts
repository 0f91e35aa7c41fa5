import type { Fault, FaultCode } from "../core/fault.ts";
import { safeText } from "./print.ts";

/** Exit codes: 0 done, 1 it did not work or not as a whole, 2 the command line was wrong; 3 packets are missing (`pcap-telling.ts`). */
export const WRONG_USAGE = 2;
const WRONG = new Set<FaultCode>(["REQUEST_INVALID", "QUERY_INVALID"]);

/**
 * Tells of a failure and of what to do about it on standard error, and answers the code to exit with. The code of the fault, by which the
 * guides and docs/reference/errors.md name it, ends the advice; a mistake on the command line needs none.
 */
export function tellFault({ message, advice, code }: Fault): number {
  // It may tell what a file or a message holds.
  const text = message.split("\n").map(safeText).join("\n");
  const isUsage = WRONG.has(code);
  process.stderr.write(`metron: ${text}\n${advice}${isUsage ? "" : ` (${code})`}\n`);
  return isUsage ? WRONG_USAGE : 1;
}
