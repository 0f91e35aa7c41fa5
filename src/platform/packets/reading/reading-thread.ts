import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { Fault } from "../../../core/fault.ts";
import type { ResultPlace } from "../result/result-files.ts";
import type { FromReadingThread, ReadingKind, ReadingQuestions } from "./questions.ts";

/** Milliseconds that one question may take, and megabytes that its thread may hold beside packets. */
const LONGEST = 60_000;
const MEGABYTES = 1024;
/** Questions that may wait at the same time. */
const WAITING = 64;

/** A thread, and when it has loaded what it is made of, or ended before. */
type Thread = { readonly worker: Worker; readonly loaded: Promise<void> };

/**
 * Asks about results in a thread of its own, one question after another. One that takes too long or too much memory ends the thread; the
 * next question gets a new one.
 */
export class ReadingThread implements AsyncDisposable {
  #thread: Thread | undefined;
  #isClosing = false;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Throws Fault TOO_BUSY, SEARCH_LIMIT and what the thread throws. */
  ask<Kind extends ReadingKind>(
    kind: Kind,
    result: ResultPlace,
    ask: ReadingQuestions[Kind]["ask"],
    signal?: AbortSignal,
  ): Promise<ReadingQuestions[Kind]["answer"]> {
    if (this.#waiting >= WAITING)
      throw new Fault("TOO_BUSY", `reading packets: ${WAITING} others are waiting already`);
    this.#waiting++;
    const answer = this.#turn.then(() => {
      // Nobody waits for the answer any more.
      signal?.throwIfAborted();
      if (this.#isClosing) throw closing();
      return this.#answer({ kind, ask, result });
    });
    this.#turn = answer.then(
      () => this.#waiting--,
      () => this.#waiting--,
    );
    // The thread answers what it was asked.
    return answer as Promise<ReadingQuestions[Kind]["answer"]>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    if (this.#thread !== undefined) await end(this.#thread);
  }

  async #answer(message: { kind: ReadingKind; ask: unknown; result: ResultPlace }): Promise<unknown> {
    this.#thread ??= this.#launch();
    const thread = this.#thread;
    const { worker } = thread;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const stopped = (why: string) =>
      new Fault("SEARCH_LIMIT", `reading packets: ${why}; ask for a shorter time or fewer conversations`);
    const receive = (told: FromReadingThread) => {
      if (told.type === "answer") resolve(told.answer);
      if (told.type === "crashed") reject(new Error(told.stack));
      if (told.type === "refused")
        reject(
          new Fault(
            told.code,
            told.message,
            told.details === undefined ? {} : { details: { ...told.details } },
          ),
        );
    };
    const fail = (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "ERR_WORKER_OUT_OF_MEMORY"
          ? stopped(`it takes more than ${MEGABYTES} MB of memory`)
          : error,
      );
    const leave = () =>
      reject(this.#isClosing ? closing() : new Error("the thread that reads packets ended by itself"));
    const timer = setTimeout(() => reject(stopped(`it takes more than ${LONGEST / 1000} s`)), LONGEST);
    worker.on("message", receive);
    worker.on("error", fail);
    worker.on("exit", leave);
    try {
      worker.postMessage(message);
      return await promise;
    } catch (error) {
      if (!(error instanceof Fault) || error.code === "SEARCH_LIMIT") {
        this.#thread = undefined;
        await end(thread);
      }
      throw error;
    } finally {
      clearTimeout(timer);
      worker.off("message", receive);
      worker.off("error", fail);
      worker.off("exit", leave);
    }
  }

  #launch(): Thread {
    const script = new URL(`./reading-worker${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(script, {
      name: "packet-reading",
      resourceLimits: { maxOldGenerationSizeMb: MEGABYTES },
    });
    const loaded = Promise.withResolvers<void>();
    const thread = { worker, loaded: loaded.promise };
    // The first that it tells is that it is loaded.
    worker.once("message", () => loaded.resolve());
    // One that dies between two questions is told by the next; it must not end the process.
    worker.on("error", () => undefined);
    worker.on("exit", () => {
      loaded.resolve();
      if (this.#thread === thread) this.#thread = undefined;
    });
    worker.unref();
    return thread;
  }
}

async function end({ worker, loaded }: Thread): Promise<void> {
  // The process must not end before.
  worker.ref();
  // Ended while it compiles what it is made of, a thread can take the process with it.
  await loaded;
  await worker.terminate();
}

function closing(): Fault {
  return new Fault("TOO_BUSY", "reading packets: the platform is stopping");
}
