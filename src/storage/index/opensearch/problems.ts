import { FAULTS, type Failure, Fault } from "../../../core/fault.ts";
import type { IndexProblem } from "../contract.ts";

/** Why nothing can be stored at the moment, and since when, epoch milliseconds. */
export type Stall = { readonly failure: Failure; readonly since: number };

/** What is wrong while nothing can be stored. */
export function stallProblem({ failure: { code, message }, since }: Stall): IndexProblem {
  const text = `since ${new Date(since).toISOString()} new messages wait until they can be stored: ${message}`;
  return { code, text, advice: FAULTS[code].advice, since };
}

/** What is wrong while nothing can be asked. */
export function unreadProblem({ code, message }: Failure): IndexProblem {
  return { code, text: `nothing can be searched: ${message}`, advice: FAULTS[code].advice };
}

/** What a writer meets that waits longer for an answer than people should. */
export function slowFailure(nodes: string, milliseconds: number): Failure {
  return {
    code: "INDEX_BEHIND",
    message: `OpenSearch at ${nodes} has not answered for ${milliseconds / 1000} s`,
  };
}

/** What an answer says that was given before the last messages were stored. */
export function behindProblem(): IndexProblem {
  const code = "INDEX_BEHIND";
  return {
    code,
    text: "the last messages are missing: OpenSearch takes longer to store them than searches wait",
    advice: FAULTS[code].advice,
  };
}

/** What is said of a cluster that keeps people waiting. */
export function silentFault(nodes: string, milliseconds: number): Fault {
  return new Fault(
    "INDEX_UNREACHABLE",
    `OpenSearch at ${nodes} cannot be reached: no answer within ${milliseconds / 1000} s`,
  );
}

/** The messages that OpenSearch refused since the start, by sensor. */
export class Refusals {
  readonly #sensors = new Map<string, { count: number; reason: string }>();

  add(sensor: string, count: number, reason: string): void {
    this.#sensors.set(sensor, { count: (this.#sensors.get(sensor)?.count ?? 0) + count, reason });
  }

  problems(): IndexProblem[] {
    return [...this.#sensors].map(([sensor, { count, reason }]) => ({
      code: "INDEX_REFUSED",
      text: `OpenSearch refused ${count} ${count === 1 ? "message" : "messages"} of ${sensor}, the last one for: ${reason}`,
      advice: "They are among the error records, each with its reason. Correct the cause and replay them.",
      sensor,
      messages: count,
    }));
  }
}
