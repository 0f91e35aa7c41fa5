import { extname } from "node:path";
import { parentPort, Worker } from "node:worker_threads";

/** Each `JobThread` that takes a thread over says `begin` before its first job. */
type ToThread<Job> = { readonly id: number; readonly job: Job } | "begin";
type FromThread<Answer> = { readonly id: number } & (
  | { readonly answer: Answer }
  | { readonly error: unknown }
);

/** Threads that nobody uses at the moment, by script and name. There are never more than were used at the same time. */
const idle = new Map<string, Worker[]>();

/**
 * A thread that does jobs. It starts when first needed, and again after it died; idle, it keeps no process from ending.
 * Starting one costs 50 to 200 ms of a core, so a disposed thread is kept for the next `JobThread` of the same script
 * and name.
 */
export class JobThread<Job, Answer> implements AsyncDisposable {
  readonly #script: URL;
  readonly #name: string;
  #crew: Crew<Job, Answer> | undefined;

  /**
   * @param script what runs in the thread, which calls `doJobs`: a path without the ending, which differs between
   * sources and what is shipped.
   * @param from the module it is named from.
   */
  constructor(script: string, from: string, name: string) {
    this.#script = new URL(`${script}${extname(from)}`, from);
    this.#name = name;
  }

  /** Rejects with what the job threw, or when the thread dies before the job is done. */
  run(job: Job): Promise<Answer> {
    if (this.#crew === undefined || this.#crew.isGone) this.#crew = new Crew(this.#script, this.#name);
    return this.#crew.run(job);
  }

  /** Waits for the jobs given so far. A job that comes later gets another thread. */
  async [Symbol.asyncDispose](): Promise<void> {
    const crew = this.#crew;
    this.#crew = undefined;
    await crew?.release();
  }
}

/** A thread in the hands of one `JobThread`, and the jobs it has not answered yet. */
class Crew<Job, Answer> {
  readonly #key: string;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<Answer>>();
  #ids = 0;
  /** The thread died. */
  isGone = false;

  constructor(script: URL, name: string) {
    this.#key = `${name} ${script.href}`;
    this.#worker = idle.get(this.#key)?.pop() ?? new Worker(script, { name });
    this.#worker.removeAllListeners();
    this.#worker.on("message", (message: FromThread<Answer>) => this.#settle(message));
    this.#worker.on("error", (error) => this.#leave(error));
    this.#worker.on("exit", () => this.#leave(new Error(`the thread ${name} ended`)));
    this.#worker.postMessage("begin" satisfies ToThread<Job>);
  }

  run(job: Job): Promise<Answer> {
    const waiting = Promise.withResolvers<Answer>();
    const id = ++this.#ids;
    this.#worker.ref();
    this.#waiting.set(id, waiting);
    this.#worker.postMessage({ id, job } satisfies ToThread<Job>);
    return waiting.promise;
  }

  /** Lets the next who needs such a thread have it, once its jobs are done. */
  async release(): Promise<void> {
    await Promise.allSettled([...this.#waiting.values()].map(({ promise }) => promise));
    if (this.isGone) return;
    const threads = idle.get(this.#key) ?? [];
    idle.set(this.#key, threads);
    const forget = () => {
      const place = threads.indexOf(this.#worker);
      if (place >= 0) threads.splice(place, 1);
    };
    this.#worker.removeAllListeners().on("error", forget).on("exit", forget).unref();
    threads.push(this.#worker);
  }

  #settle(message: FromThread<Answer>): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ("error" in message) waiting?.reject(message.error);
    else waiting?.resolve(message.answer);
  }

  /** Jobs that the thread has not done will not be done. */
  #leave(error: unknown): void {
    this.isGone = true;
    for (const id of [...this.#waiting.keys()]) this.#settle({ id, error });
  }
}

/**
 * Makes this thread one that does jobs for a `JobThread`.
 *
 * @param begin returns what does the jobs of one `JobThread`; whatever it remembers ends with that `JobThread`.
 */
export function doJobs<Job, Answer>(begin: () => (job: Job) => Answer | Promise<Answer>): void {
  let work = begin();
  const reply = async (id: number, job: Job): Promise<FromThread<Answer>> => {
    try {
      return { id, answer: await work(job) };
    } catch (error) {
      return { id, error };
    }
  };
  let last: Promise<unknown> = Promise.resolve();
  parentPort?.on("message", (message: ToThread<Job>) => {
    if (message === "begin") work = begin();
    else
      last = Promise.all([
        last,
        reply(message.id, message.job).then((answer) => parentPort?.postMessage(answer)),
      ]);
  });
}
