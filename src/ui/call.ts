import { CallProblem, makeCall, notUnderstood, UNREACHABLE } from "../api/client.ts";
import type { Problem } from "../api/problem.ts";
import { exactLong } from "../core/message.ts";

/** Makes a REST call from the page. Throws `CallProblem` unless the answer is a success of the declared shape. */
export const call = makeCall<BodyInit>({
  async send({ method, address, headers, body, signal }) {
    try {
      const response = await fetch(address, {
        ...{ method, headers },
        ...(body !== undefined && { body }),
        ...(signal !== undefined && { signal }),
      });
      return { status: response.status, text: await response.text() };
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new CallProblem(UNREACHABLE, { cause });
    }
  },
  readJson: (text) => JSON.parse(text, exactLong),
});

/** What went wrong, as a problem, whatever was thrown. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof CallProblem) return thrown.problem;
  return notUnderstood(thrown instanceof Error ? thrown.message : String(thrown));
}
