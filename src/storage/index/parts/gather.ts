import { FAULTS, Fault, type FaultCode } from "../../../core/fault.ts";
import type { IndexProblem } from "../contract.ts";
import type { Part } from "./part.ts";
import type { AnswerOf, Call, RequestOf } from "./questions.ts";

/** A process whose messages are missing in answers, and why, with since when. */
export type MissingPart = { readonly name: string; readonly why: string };

/** The indexes that have the messages of an installation together, and those of them that cannot be asked. */
export type PartsNow = { readonly parts: readonly Part[]; readonly missing: readonly MissingPart[] };

/** What parts answered, each with its part, and what is missing. */
export type Gathered<Asked extends Call> = {
  readonly answers: readonly { readonly part: Part; readonly answer: AnswerOf[Asked] }[];
  readonly problems: readonly IndexProblem[];
};

const SILENT_ADVICE =
  "Look whether the process runs and reaches Kafka, and start it again on its data folder, which alone has these messages. One that says nothing for 30 days is forgotten.";

/** What a part may fail with while the others answer: it has no time, no way to tell, or is of another version. */
const MISSED: readonly FaultCode[] = [
  ...(["SEARCH_LIMIT", "SEARCH_BUSY", "TOO_BUSY", "ARCHIVE_UNREAD"] as const),
  ...(["PROCESS_SILENT", "PROCESS_REFUSED", "KAFKA_UNREACHABLE", "KAFKA_REFUSED", "TOO_LARGE"] as const),
];

/**
 * Asks all parts at once. A part that does not answer within the time is missing in the answer, which says so.
 * @param within milliseconds
 * @throws Fault that the request itself is to blame for, or when no part answers; the reason of the signal when it aborts
 */
export async function gather<Asked extends Call>(
  { parts, missing }: PartsNow,
  call: Asked,
  request: RequestOf[Asked],
  { signal, within }: { readonly signal: AbortSignal | undefined; readonly within: number },
): Promise<Gathered<Asked>> {
  const problems: IndexProblem[] = missing.map(({ name, why }) => problemOf("PROCESS_SILENT", name, why));
  const answers: { part: Part; answer: AnswerOf[Asked] }[] = [];
  let first: Fault | undefined;
  // A request that fails for one of them is over for all.
  const over = new AbortController();
  await Promise.all(
    parts.map(async (part) => {
      const late = AbortSignal.timeout(within);
      const signals = [late, over.signal, ...(signal === undefined ? [] : [signal])];
      try {
        const { answer, problems: lacks } = await part.ask(call, request, AbortSignal.any(signals));
        answers.push({ part, answer });
        problems.push(...lacks);
      } catch (error) {
        signal?.throwIfAborted();
        const fault = late.aborted ? lateFault(part.name, within) : error;
        if (!(fault instanceof Fault) || !MISSED.includes(fault.code)) {
          over.abort();
          throw fault;
        }
        first ??= fault;
        problems.push(problemOf(fault.code, part.name, fault.message.replace(`process ${part.name}: `, "")));
      }
    }),
  );
  if (answers.length === 0 && first !== undefined) throw first;
  return { answers, problems };
}

/** Says that messages of a process are missing, and why. */
export function problemOf(code: FaultCode, name: string, why: string): IndexProblem {
  const advice = code === "PROCESS_SILENT" ? SILENT_ADVICE : FAULTS[code].advice;
  return { code, text: `messages of process ${name} are missing: ${why}`, advice };
}

function lateFault(name: string, within: number): Fault {
  return new Fault("SEARCH_LIMIT", `process ${name}: it has not answered within ${within / 1000} s`);
}
