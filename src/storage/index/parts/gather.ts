import { FAULTS, Fault, type FaultCode } from "../../../core/fault.ts";
import type { IndexProblem } from "../contract.ts";
import { checkQuestion, type Part } from "./part.ts";
import type { AnswerOf, Call, RequestOf } from "./questions.ts";

/** A process whose messages are missing in answers, and why, with since when. */
export type MissingPart = { readonly name: string; readonly why: string };

/** The indexes that have the messages of an installation together, and those of them that cannot be asked. */
export type PartsNow = { readonly parts: readonly Part[]; readonly missing: readonly MissingPart[] };

/** What parts answered, each with its part. */
export type Gathered<Asked extends Call> = {
  readonly answers: readonly { readonly part: Part; readonly answer: AnswerOf[Asked] }[];
  /** Parts that did not answer. */
  readonly missing: readonly IndexProblem[];
  /** These, and what the answers lack. */
  readonly problems: readonly IndexProblem[];
};

/** One request, of which a part may be asked more than once. */
export type Rounds = {
  readonly signal: AbortSignal | undefined;
  /** Milliseconds for all rounds together. */
  readonly within: number;
  /** When that is over, by `performance.now()`. */
  readonly endsAt: number;
  /** Parts that did not answer in an earlier round, by their names: their answers would not belong together. */
  readonly missed: Map<string, IndexProblem>;
};

const SILENT_ADVICE =
  "Look whether the process runs and reaches Kafka, and start it again on its data folder, which alone has these messages. One that says nothing for 30 days is forgotten.";

/** A part that was late must not leave the others without time: of the whole time each further round has this part at the least. */
const LATER_ROUND = 4;

/** What a part may fail with while the others answer: it has no time, no way to tell, or is of another version. */
const MISSED: readonly FaultCode[] = [
  ...(["SEARCH_LIMIT", "SEARCH_BUSY", "TOO_BUSY", "ARCHIVE_UNREAD"] as const),
  ...(["PROCESS_SILENT", "PROCESS_REFUSED", "KAFKA_UNREACHABLE", "KAFKA_REFUSED", "TOO_LARGE"] as const),
];

/** Begins a request. @param within milliseconds that all its rounds may take */
export function beginRounds(within: number, signal: AbortSignal | undefined): Rounds {
  return { signal, within, endsAt: performance.now() + within, missed: new Map() };
}

/**
 * Asks all parts at once. A part that does not answer within the time is missing in the answer, which says so.
 * @param isEnough whether one answer is all that is needed: the others are not waited for
 * @throws Fault that the request itself is to blame for, or when no part answers; the reason of the signal when it aborts
 */
export async function gather<Asked extends Call>(
  { parts, missing }: PartsNow,
  call: Asked,
  request: RequestOf[Asked],
  { signal, within, endsAt, missed }: Rounds,
  isEnough: (answer: AnswerOf[Asked]) => boolean = () => false,
): Promise<Gathered<Asked>> {
  // Too long a request is nobody's silence.
  if (parts.length > 1) checkQuestion(call, request);
  const absent = missing.map(({ name, why }) => problemOf("PROCESS_SILENT", name, why));
  const lacking: IndexProblem[] = [];
  const answers: { part: Part; answer: AnswerOf[Asked] }[] = [];
  let first: Fault | undefined;
  let isDone = false;
  // A request that fails for one of them is over for all.
  const over = new AbortController();
  const time = Math.ceil(Math.max(endsAt - performance.now(), within / LATER_ROUND));
  const asked = parts.filter(({ name }) => !missed.has(name));
  await Promise.all(
    asked.map(async (part) => {
      const late = AbortSignal.timeout(time);
      const signals = [late, over.signal, ...(signal === undefined ? [] : [signal])];
      try {
        const { answer, problems: lacks } = await part.ask(call, request, AbortSignal.any(signals));
        answers.push({ part, answer });
        lacking.push(...lacks);
        isDone ||= isEnough(answer);
        if (isDone) over.abort();
      } catch (error) {
        if (isDone) return;
        signal?.throwIfAborted();
        const fault = late.aborted ? lateFault(part.name, within) : error;
        if (!(fault instanceof Fault) || !MISSED.includes(fault.code)) {
          over.abort();
          throw fault;
        }
        first ??= fault;
        const why = fault.message.replace(`process ${part.name}: `, "");
        missed.set(part.name, problemOf(fault.code, part.name, why));
      }
    }),
  );
  if (answers.length === 0 && first !== undefined) throw first;
  const all = [...absent, ...missed.values()];
  return { answers, missing: all, problems: [...all, ...lacking] };
}

/** Says that messages of a process are missing, and why. */
export function problemOf(code: FaultCode, name: string, why: string): IndexProblem {
  const advice = code === "PROCESS_SILENT" ? SILENT_ADVICE : FAULTS[code].advice;
  return { code, text: `messages of process ${name} are missing: ${why}`, advice, process: name };
}

function lateFault(name: string, within: number): Fault {
  return new Fault("SEARCH_LIMIT", `process ${name}: it has not answered within ${within / 1000} s`);
}
