import { Fault } from "../../../core/fault.ts";
import { type AnswerQuestion, type Exchange, MOST_QUESTION_BYTES } from "../../exchange/contract.ts";
import type { Index, Selection } from "../contract.ts";
import { type AnswerOf, type Call, type PartAnswer, type RequestOf, readQuestion } from "./questions.ts";
import { chunksOf, decode, encode } from "./wire.ts";

/** An index of one process, as the others ask it. */
export type Part = {
  /** The process's name. */
  readonly name: string;
  /** @throws Fault of the index, and what `Exchange.ask` throws */
  ask<Asked extends Call>(
    call: Asked,
    request: RequestOf[Asked],
    signal: AbortSignal,
  ): Promise<PartAnswer<Asked>>;
};

/** An index that tells up to where it has partitions beyond what is sealed. */
export type PartIndex = Index & {
  readonly unsealed?: () => readonly (readonly [key: string, position: number])[];
};

/** The kind of questions for an index. */
const KIND = "index";
/** Bytes of an answer. A page of the most messages has less, unless they are of an unusual size. */
const MOST_ANSWER_BYTES = 256 * 1024 * 1024;

/** @throws Fault TOO_LARGE for a question that no other process can be asked */
export function checkQuestion(call: Call, request: object): void {
  const { length } = encode({ call, request });
  if (length > MOST_QUESTION_BYTES)
    throw new Fault(
      "TOO_LARGE",
      `asking the other processes: the request has ${length} bytes, and they take ${MOST_QUESTION_BYTES}; ask with a shorter query, or for fewer fields`,
    );
}

/** The index of this process. */
export function ownPart(name: string, index: PartIndex): Part {
  return { name, ask: (call, request, signal) => answered(index, call, request, signal) };
}

/** The index of another process. */
export function remotePart(name: string, exchange: Exchange): Part {
  return {
    name,
    async ask<Asked extends Call>(call: Asked, request: RequestOf[Asked], signal: AbortSignal) {
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      for await (const chunk of exchange.ask(name, KIND, encode({ call, request }), signal)) {
        bytes += chunk.length;
        if (bytes > MOST_ANSWER_BYTES)
          throw new Fault(
            "TOO_LARGE",
            `process ${name}: its answer has more than ${MOST_ANSWER_BYTES} bytes; ask for fewer messages or fields`,
          );
        chunks.push(chunk);
      }
      return readAnswer<Asked>(name, Buffer.concat(chunks, bytes));
    },
  };
}

/** Answers questions of other processes with the index of this one. */
export function answerFor(exchange: Exchange, index: PartIndex): void {
  exchange.answer(KIND, answers(exchange.name, index));
}

function answers(name: string, index: PartIndex): AnswerQuestion {
  return async function* (bytes, { signal }) {
    let json: unknown;
    try {
      json = decode(bytes);
    } catch {
      json = undefined;
    }
    const question = readQuestion(json);
    if (typeof question === "string")
      throw new Fault(
        "PROCESS_REFUSED",
        `process ${name}: it cannot read this question for its index: ${question}`,
      );
    const { call, request } = question;
    yield* chunksOf(encode(await answered(index, call, request as RequestOf[typeof call], signal)));
  };
}

async function answered<Asked extends Call>(
  index: PartIndex,
  call: Asked,
  request: RequestOf[Asked],
  signal: AbortSignal,
): Promise<PartAnswer<Asked>> {
  const asked = CALLS[call] as (
    index: PartIndex,
    request: unknown,
    signal: AbortSignal,
  ) => Promise<AnswerOf[Asked]>;
  const answer = await asked(index, request, signal);
  const { sensors, from, to } = request as Selection;
  // A page tells itself what it lacks.
  const problems = call === "search" ? [] : index.problems({ sensors, from, to, signal });
  return { answer, problems };
}

const CALLS: {
  readonly [Name in Call]: (
    index: PartIndex,
    request: RequestOf[Name],
    signal: AbortSignal,
  ) => Promise<AnswerOf[Name]>;
} = {
  search: (index, request, signal) => index.search({ ...request, signal }),
  count: (index, request, signal) => index.count({ ...request, signal }),
  facets: (index, request, signal) => index.facets({ ...request, signal }),
  histogram: (index, request, signal) => index.histogram({ ...request, signal }),
  groups: (index, request, signal) => index.groups({ ...request, signal }),
  get: (index, { guids }, signal) => index.get(guids, signal),
  patch: (index, { guid, change, by }) => index.patch(guid, change, by),
  history: (index, { guid }) => index.history(guid),
  fields: (index, { sensors }) => index.fields(sensors),
  stats: (index) => index.stats(),
  positions: async (index) => index.unsealed?.() ?? [],
};

/** What another process answered. It is one of ours or another version of it; what it answered is shown, never run. */
function readAnswer<Asked extends Call>(name: string, bytes: Buffer): PartAnswer<Asked> {
  try {
    const read = decode(bytes) as PartAnswer<Asked>;
    if (read !== null && typeof read === "object" && "answer" in read && Array.isArray(read.problems))
      return read;
  } catch {
    // Told below.
  }
  throw new Fault(
    "PROCESS_REFUSED",
    `process ${name}: its answer cannot be read here; bring all processes to one version`,
  );
}
