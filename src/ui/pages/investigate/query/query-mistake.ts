import { CallProblem } from "../../../../api/client.ts";
import { Fault } from "../../../../core/fault.ts";
import { parse } from "../../../../query/parse.ts";

/** Where a mistake is in the text, and what is wrong. */
export type QueryMistake = { readonly from: number; readonly to: number; readonly message: string };

/** What keeps a text from being a query; the server may still refuse one that can be read, for a field nobody has. */
export function mistakeIn(text: string): QueryMistake | undefined {
  const fault = faultOf(text);
  if (fault === undefined) return undefined;
  const from = Number(fault.details?.offset ?? 0);
  return { from, to: from + 1, message: withoutPlace(fault.message) };
}

/**
 * Refuses a text that is no query as the server would, without asking it.
 * @throws CallProblem QUERY_INVALID with the place of the mistake.
 */
export function checkQuery(text: string): void {
  const fault = faultOf(text);
  if (fault === undefined) return;
  throw new CallProblem({
    type: "about:blank",
    title: "The query is not valid",
    status: fault.status,
    detail: fault.message,
    code: fault.code,
    advice: fault.advice,
    line: Number(fault.details?.line),
    column: Number(fault.details?.column),
  });
}

/** The place is shown by the mark and in front of the sentence. */
export function withoutPlace(sentence: string): string {
  return sentence.replace(/^Line \d+, column \d+: /, "");
}

function faultOf(text: string): Fault | undefined {
  try {
    parse(text);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown;
    throw thrown;
  }
}
