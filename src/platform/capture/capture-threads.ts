import { extname } from "node:path";
import { type MessagePort, Worker } from "node:worker_threads";
import type { CaptureThreadStart, ToCaptureWorker } from "./protocol.ts";

/** A thread that takes one capture, and is given back afterwards. */
export type LentThread = {
  /** Begins a capture, which talks through the other end of this port. */
  begin(start: CaptureThreadStart, port: MessagePort): void;
  /** To be called when the capture has ended, however it did. */
  giveBack(): void;
};

/** How long a thread waits for another capture, milliseconds: a script that sends one after another does so in less. */
const IDLE_MS = 10_000;
/** Threads that wait at the same time. Each holds some 15 MB. */
const MOST_IDLE = 2;
/** Half of what V8 lets new values take before it clears them up: 24 MB less per thread, for a twentieth more of its time. */
const YOUNG = { maxYoungGenerationSizeMb: 24 };

type Idle = { readonly worker: Worker; readonly timer: NodeJS.Timeout };

/**
 * The threads in which captures are taken. Starting one costs more than taking a small capture, so that those that have nothing to do wait
 * a while for the next one.
 */
export class CaptureThreads implements AsyncDisposable {
  readonly #idleMs: number;
  readonly #idle: Idle[] = [];
  readonly #ended = new Map<Worker, Promise<void>>();
  /** Told why the thread of a capture ended under it. */
  readonly #lent = new Map<Worker, (error: Error) => void>();
  #isClosing = false;

  constructor(idleMs = IDLE_MS) {
    this.#idleMs = idleMs;
  }

  /** Threads that there are, at work or waiting. */
  get count(): number {
    return this.#ended.size;
  }

  /** @param onEnd told when the thread ends before it is given back. */
  lend(onEnd: (error: Error) => void): LentThread {
    const waiting = this.#idle.pop();
    clearTimeout(waiting?.timer);
    const worker = waiting?.worker ?? this.#launch();
    worker.ref();
    this.#lent.set(worker, onEnd);
    return {
      begin: (start, port) =>
        worker.postMessage({ type: "begin", start, port } satisfies ToCaptureWorker, [port]),
      giveBack: () => this.#takeBack(worker),
    };
  }

  /** Ends the threads that wait at once, and those at work when they are given back; resolves when all have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    for (const { worker } of this.#idle) end(worker);
    await Promise.all(this.#ended.values());
  }

  #takeBack(worker: Worker): void {
    if (!this.#lent.delete(worker) || !this.#ended.has(worker)) return;
    if (this.#isClosing || this.#idle.length === MOST_IDLE) {
      end(worker);
      return;
    }
    const timer = setTimeout(() => {
      this.#forget(worker);
      end(worker);
    }, this.#idleMs);
    this.#idle.push({ worker, timer });
    // Nobody waits for it: it does not keep the process.
    timer.unref();
    worker.unref();
  }

  #launch(): Worker {
    const script = new URL(`./capture-worker${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(script, {
      // Node would close at the thread's end what it saw being opened and not closed by `fs`. The end of a pipe is closed as a socket, so its number
      // may be somebody else's file by then.
      trackUnmanagedFds: false,
      name: "capture",
      resourceLimits: YOUNG,
    });
    const ended = Promise.withResolvers<void>();
    this.#ended.set(worker, ended.promise);
    const tell = (error: Error) => {
      this.#lent.get(worker)?.(error);
      this.#lent.delete(worker);
    };
    worker.on("error", tell);
    worker.on("exit", () => {
      this.#forget(worker);
      this.#ended.delete(worker);
      tell(new Error("its thread ended early"));
      ended.resolve();
    });
    return worker;
  }

  #forget(worker: Worker): void {
    const at = this.#idle.findIndex((idle) => idle.worker === worker);
    if (at < 0) return;
    clearTimeout(this.#idle[at]?.timer);
    this.#idle.splice(at, 1);
  }
}

/** A thread ends by itself when it has nothing to do any more: what it has open is closed then. */
function end(worker: Worker): void {
  worker.ref();
  worker.postMessage({ type: "close" } satisfies ToCaptureWorker);
}
