import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { z } from "zod";
import { packetQuestion } from "../../../api/packet-selection.ts";
import { Fault } from "../../../core/fault.ts";
import type { AnswerQuestion } from "../../../storage/exchange/contract.ts";
import type { PacketHandle } from "../../../storage/packets/contract.ts";
import type { ExpressionStart, FromHostWorker, HostWork } from "../protocol.ts";

/** The kind of questions for packets. */
export const PACKET_QUESTION = "packets";
/** Memory of a thread that answers one. */
const MEGABYTES = 512;

const hostQuestion = z.object({
  question: packetQuestion,
  /** Epoch milliseconds of the question, and bytes that what is found may take. */
  now: z.number(),
  room: z.number().min(0),
});

export type HostQuestion = z.output<typeof hostQuestion>;

export type AnsweringOptions = {
  /** Name of this process. */
  readonly name: string;
  readonly packets: () => PacketHandle;
  readonly expressions: () => ExpressionStart;
  /** Questions that are answered at a time, a thread each; the others wait. */
  readonly concurrent: number;
};

export function encodeQuestion(question: HostQuestion): Uint8Array {
  return Buffer.from(JSON.stringify(question));
}

/** Answers other processes about the packets of this one: with its own index, functions and tables, in a thread per question. */
export function packetAnswers({ name, packets, expressions, concurrent }: AnsweringOptions): AnswerQuestion {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async function* (bytes, { signal }) {
    const { question, now, room } = readQuestion(name, bytes);
    const hasExpression = (question.filter.stellar ?? "").trim() !== "";
    while (running >= concurrent && !signal.aborted)
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    if (signal.aborted) return;
    running++;
    try {
      const search = { packets: packets(), question, now };
      yield* partsOf(
        { ...search, room, expressions: hasExpression ? expressions() : undefined },
        name,
        signal,
      );
    } finally {
      running--;
      for (const resolve of waiting.splice(0)) resolve();
    }
  };
}

/** What a thread finds, part by part: it looks for the next one when the one before was taken. */
async function* partsOf(work: HostWork, name: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const script = new URL(`./host-worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(script, {
    name: "packet-host",
    resourceLimits: { maxOldGenerationSizeMb: MEGABYTES },
  });
  const failure = (why: string) => new Fault("SEARCH_LIMIT", `looking for packets on ${name}: ${why}`);
  const come: FromHostWorker[] = [];
  const loaded = Promise.withResolvers<void>();
  let broken: unknown;
  let wake = () => {};
  const fail = (error: unknown) => {
    broken ??= error;
    loaded.resolve();
    wake();
  };
  worker.on("message", (message: FromHostWorker) => {
    loaded.resolve();
    come.push(message);
    wake();
  });
  worker.on("error", (error: NodeJS.ErrnoException) =>
    fail(
      error.code === "ERR_WORKER_OUT_OF_MEMORY"
        ? failure(`it takes more than ${MEGABYTES} MB of memory, so its thread was ended`)
        : error,
    ),
  );
  worker.on("exit", () => fail(failure("its thread ended by itself")));
  const stop = () => fail(signal.reason);
  signal.addEventListener("abort", stop);
  try {
    worker.postMessage(work);
    for (;;) {
      const message = come.shift();
      if (message === undefined) {
        if (broken !== undefined) throw broken;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      if (message.type === "ended") return;
      if (message.type === "failed") {
        if (message.code === undefined) throw new Error(message.message);
        throw new Fault(message.code, message.message);
      }
      if (message.type === "part") yield message.part;
      worker.postMessage("more");
    }
  } finally {
    signal.removeEventListener("abort", stop);
    // Ended while it compiles what it is made of, a thread can take the process with it.
    await loaded.promise;
    await worker.terminate();
  }
}

function readQuestion(name: string, bytes: Uint8Array): HostQuestion {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    json = undefined;
  }
  const read = hostQuestion.safeParse(json);
  if (read.success) return read.data;
  throw new Fault(
    "PROCESS_REFUSED",
    `process ${name}: it cannot read this question for packets: ${z.prettifyError(read.error)}`,
  );
}
