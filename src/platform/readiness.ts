import type { Readiness } from "../api/health.ts";
import { FAULTS, Fault } from "../core/fault.ts";
import type { IndexProblem } from "../storage/index/contract.ts";

/** What readiness is judged by. */
export type ReadinessParts = {
  /** Whether every worker has taken the documents over and reads. */
  readonly isReading: boolean;
  /** What is missing of the configuration, and what keeps topics from taking records. */
  readonly faults: readonly Fault[];
  readonly index: readonly IndexProblem[];
};

/**
 * Whether the platform does what it was started for. Damage that leaves the rest working (a file that cannot be read, a
 * source whose port is taken) is for the status: to take the platform out of service would end intake too.
 */
export function readinessOf({ isReading, faults, index }: ReadinessParts): Readiness {
  const starting = new Fault("STARTING", "the workers have not taken over the documents yet");
  const reasons: Readiness["reasons"] = [...(isReading ? [] : [starting]), ...faults].map(
    ({ code, message }) => ({
      code,
      detail: message,
      advice: FAULTS[code].advice,
    }),
  );
  for (const { code, text, advice, since } of index)
    if (code === "INDEX_UNREACHABLE" || since !== undefined) reasons.push({ code, detail: text, advice });
  return { ready: reasons.length === 0, reasons };
}
