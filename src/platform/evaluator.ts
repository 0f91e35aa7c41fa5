import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Context } from "../core/context.ts";
import { Fault, type FaultCode } from "../core/fault.ts";
import type { FunctionSource } from "./functions.ts";
import type { Shares, WorkerStart } from "./protocol.ts";

/** An expression that somebody asks for over the network. */
export type Question = {
  readonly expression: string;
  /** The fields it sees; without them it is checked and not evaluated. */
  readonly message?: Readonly<Record<string, unknown>>;
  /** Whether it must give a boolean. */
  readonly predicate?: boolean;
};

/** What the thread starts with. */
export type EvaluatorStart = Pick<WorkerStart, "timeZone" | "tables" | "shares" | "folders">;

/** To the thread: one question at a time. Functions are sent along when they are others than before. */
export type ToEvaluator =
  | { readonly type: "share"; readonly shares: Shares }
  | {
      readonly type: "ask";
      readonly question: Question;
      /** The global document. */
      readonly global: string;
      readonly functions: readonly FunctionSource[] | undefined;
    };

/**
 * From the thread: an answer is JSON, as values hold numbers that do not survive on the way between threads. `megabytes`:
 * what the thread holds after it.
 */
export type FromEvaluator =
  | { readonly type: "ready" }
  | { readonly type: "answer"; readonly json: string; readonly megabytes: number }
  | { readonly type: "refused"; readonly code: FaultCode; readonly message: string }
  | { readonly type: "crashed"; readonly stack: string };

export type EvaluatorOptions = {
  readonly context: Context;
  readonly start: () => EvaluatorStart;
  /** The documents in force, asked for with every question. */
  readonly inForce: () => { readonly global: string; readonly functions: readonly FunctionSource[] };
  /** How long one question may take. */
  readonly milliseconds?: number;
  /** How much its thread may hold. */
  readonly megabytes?: number;
};

type Thread = { readonly worker: Worker; readonly ready: Promise<void>; functions: string | undefined };

const MILLISECONDS = 5000;
/**
 * Far more than the budget of an expression lets it hold: a thread that reaches its limit within one large allocation
 * cannot be ended by itself, and the process ends with it.
 */
const MEGABYTES = 1024;
/** A thread that holds this part of its limit when it has answered makes room for a new one. */
const FULL = 0.25;
/** A new thread holds half of it. */
const LEAST_FULL = 64;
/** Questions that may wait at the same time. */
const WAITING = 64;

/**
 * Evaluates expressions that somebody asks for in a thread of its own. An expression that takes too long or too much
 * memory ends its thread, and the next question gets a new one: intake, searches and other sessions do not notice.
 */
export class Evaluator implements AsyncDisposable {
  readonly #options: EvaluatorOptions;
  #thread: Thread | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(options: EvaluatorOptions) {
    this.#options = options;
  }

  /** The answer as JSON. Throws Fault EXPRESSION_STOPPED or TOO_BUSY. */
  ask(question: Question, signal?: AbortSignal): Promise<string> {
    if (this.#waiting >= WAITING)
      throw new Fault("TOO_BUSY", `evaluating an expression: ${WAITING} others are waiting already`);
    this.#waiting++;
    const answer = this.#turn.then(() => {
      // Nobody waits for the answer any more.
      signal?.throwIfAborted();
      return this.#answer(question);
    });
    this.#turn = answer.then(
      () => this.#waiting--,
      () => this.#waiting--,
    );
    return answer;
  }

  /** Hands over a database that was loaded or replaced. */
  share(shares: Shares): void {
    this.#thread?.worker.postMessage({ type: "share", shares } satisfies ToEvaluator);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread?.worker.terminate();
  }

  async #answer(question: Question): Promise<string> {
    this.#thread ??= this.#launch();
    const thread = this.#thread;
    const { worker } = thread;
    const { global, functions } = this.#options.inForce();
    const key = JSON.stringify(functions);
    const { milliseconds = MILLISECONDS, megabytes = MEGABYTES } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const stopped = (why: string) => new Fault("EXPRESSION_STOPPED", `evaluating an expression: ${why}`);
    let isFull = false;
    const receive = (message: FromEvaluator) => {
      if (message.type === "answer") {
        resolve(message.json);
        isFull = message.megabytes > Math.max(LEAST_FULL, FULL * megabytes);
      }
      if (message.type === "refused") reject(new Fault(message.code, message.message));
      if (message.type === "crashed") reject(new Error(message.stack));
    };
    const fail = (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "ERR_WORKER_OUT_OF_MEMORY"
          ? stopped(`it takes more than ${megabytes} MB of memory, so its thread was ended`)
          : error,
      );
    const leave = () => reject(new Error("the thread of expressions ended by itself"));
    worker.on("message", receive);
    worker.on("error", fail);
    worker.on("exit", leave);
    let timer: NodeJS.Timeout | undefined;
    try {
      // The time that a new thread takes to start is not the expression's.
      await Promise.race([thread.ready, promise]);
      timer = setTimeout(
        () => reject(stopped(`it takes more than ${milliseconds / 1000} s, so its thread was ended`)),
        milliseconds,
      );
      const isKnown = key === thread.functions;
      thread.functions = key;
      worker.postMessage({
        type: "ask",
        question,
        global,
        functions: isKnown ? undefined : functions,
      } satisfies ToEvaluator);
      const answer = await promise;
      // What engine and caches still hold of long texts must not count against the next expression.
      if (isFull) {
        this.#thread = undefined;
        await worker.terminate();
      }
      return answer;
    } catch (error) {
      const goesOn = error instanceof Fault && error.code !== "EXPRESSION_STOPPED";
      if (!goesOn) {
        this.#thread = undefined;
        await worker.terminate();
        this.#options.context.log.info("An expression was stopped.", { reason: (error as Error).message });
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
    const script = new URL(`./evaluator-worker${extname(import.meta.url)}`, import.meta.url);
    const { megabytes = MEGABYTES } = this.#options;
    const worker = new Worker(script, {
      workerData: this.#options.start(),
      name: "expressions",
      resourceLimits: { maxOldGenerationSizeMb: megabytes, maxYoungGenerationSizeMb: 32 },
    });
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    worker.on("message", (message: FromEvaluator) => {
      if (message.type === "ready") resolve();
    });
    // One that dies between two questions is told by the next; it must not end the process.
    worker.on("error", () => undefined);
    worker.on("exit", () => {
      if (this.#thread?.worker === worker) this.#thread = undefined;
    });
    worker.unref();
    return { worker, ready, functions: undefined };
  }
}
