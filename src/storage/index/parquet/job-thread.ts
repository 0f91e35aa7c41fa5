import { extname } from "node:path";
import { parentPort, Worker } from "node:worker_threads";

type ToThread<Job> = { readonly id: number; readonly job: Job } | "end";
type FromThread<Answer> = { readonly id: number } & (
  | { readonly answer: Answer }
  | { readonly error: unknown }
);

type Waiting<Answer> = Pick<PromiseWithResolvers<Answer>, "resolve" | "reject">;

/** A thread that does jobs. It starts when first needed, again after it ended, and idle it keeps no process from ending. */
export class JobThread<Job, Answer> implements AsyncDisposable {
  readonly #script: URL;
  readonly #name: string;
  readonly #waiting = new Map<number, Waiting<Answer>>();
  #worker: Worker | undefined;
  #ids = 0;

  /**
   * @param script what runs in the thread, which calls `doJobs`: a path without the ending, which differs between
   * sources and what is shipped.
   * @param from the module it is named from.
   */
  constructor(script: string, from: string, name: string) {
    this.#script = new URL(`${script}${extname(from)}`, from);
    this.#name = name;
  }

  /** Rejects with what the job threw, or when the thread ends before it is done. */
  run(job: Job): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const id = ++this.#ids;
    this.#worker ??= this.#start();
    this.#worker.ref();
    this.#waiting.set(id, { resolve, reject });
    this.#worker.postMessage({ id, job } satisfies ToThread<Job>);
    return promise;
  }

  /**
   * Ends the thread once its jobs are done. It goes by itself: a thread that is terminated while it loads modules or waits
   * for native code can take the whole process with it.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#worker = undefined;
    worker.ref();
    const gone = new Promise((resolve) => worker.once("exit", resolve));
    worker.postMessage("end" satisfies ToThread<Job>);
    await gone;
  }

  #start(): Worker {
    const worker = new Worker(this.#script, { name: this.#name });
    worker.on("message", (message: FromThread<Answer>) => this.#settle(message));
    worker.on("error", (error) => this.#leave(worker, error));
    worker.on("exit", () => this.#leave(worker, new Error(`the thread ${this.#name} ended`)));
    return worker;
  }

  #settle(message: FromThread<Answer>): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0) this.#worker?.unref();
    if ("error" in message) waiting?.reject(message.error);
    else waiting?.resolve(message.answer);
  }

  /** Whatever ended it, what was not done is not going to be; who asks next gets a new thread. */
  #leave(worker: Worker, error: unknown): void {
    if (this.#worker !== undefined && this.#worker !== worker) return;
    this.#worker = undefined;
    for (const id of [...this.#waiting.keys()]) this.#settle({ id, error });
  }
}

/** Makes this thread one that does jobs for a `JobThread`. */
export function doJobs<Job, Answer>(work: (job: Job) => Answer | Promise<Answer>): void {
  const reply = async ({ id, job }: Exclude<ToThread<Job>, "end">): Promise<FromThread<Answer>> => {
    try {
      return { id, answer: await work(job) };
    } catch (error) {
      return { id, error };
    }
  };
  let last: Promise<unknown> = Promise.resolve();
  parentPort?.on("message", (message: ToThread<Job>) => {
    if (message === "end") void last.finally(() => parentPort?.close());
    else last = Promise.all([last, reply(message).then((answer) => parentPort?.postMessage(answer))]);
  });
}
