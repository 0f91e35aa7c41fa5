/** The thread that runs the models of ONNX of this thread, which sleeps until an answer is there or time is up. */
import { extname } from "node:path";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { OnnxPlan } from "./check.ts";
import type { FromRuntime, RuntimeStart, ToRuntime } from "./protocol.ts";

/** What came of a request: good, late, or a failure in words. */
export type Outcome = { readonly failure?: string; readonly isLate?: true };

/** A file as it was when it was checked. */
export type ModelFile = { readonly path: string; readonly hash: string };

/** One thread with its models. When it is late it is ended, with all of them: what it does cannot be stopped otherwise. */
export class OnnxRuntime {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #answers = new Int32Array(new SharedArrayBuffer(4));
  readonly #ids = new Map<string, number>();
  /** What came of opening, by id. */
  readonly #opened = new Map<number, Outcome>();
  #features = new Float32Array(new SharedArrayBuffer(0));
  #scores = new Float64Array(new SharedArrayBuffer(0));
  isEnded = false;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const script = new URL(`./onnx-worker${extname(import.meta.url)}`, import.meta.url);
    this.#worker = new Worker(script, {
      workerData: { port: port2, answers: this.#answers } satisfies RuntimeStart,
      transferList: [port2],
      name: "models",
    });
    this.#worker.unref();
    port1.unref();
    this.#worker.on("error", () => {
      this.isEnded = true;
    });
  }

  /**
   * Makes a model ready.
   * @param within milliseconds to wait for it; it is made ready all the same when these are over
   * @returns its id, to be used once there is no failure and it is not late
   */
  open({ path, hash }: ModelFile, within: number): Outcome & { readonly id: number } {
    const key = `${hash} ${path}`;
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#ids.size;
      this.#ids.set(key, id);
      this.#send({ type: "open", id, path, hash });
    }
    const outcome = this.#wait("open", id, within);
    return { id, ...outcome };
  }

  /** Scores the messages of rows of features. The scores are good until the next call. */
  score(
    id: number,
    plan: OnnxPlan,
    {
      values,
      count,
      width,
    }: { readonly values: Float64Array; readonly count: number; readonly width: number },
    within: number,
  ): Outcome & { readonly scores: Float64Array } {
    if (this.#scores.length < count) this.#scores = new Float64Array(new SharedArrayBuffer(16 * count));
    if (this.#features.length < count * width)
      this.#features = new Float32Array(new SharedArrayBuffer(8 * count * width));
    this.#features.set(values.subarray(0, count * width));
    const [features, scores] = [this.#features, this.#scores];
    this.#send({ type: "score", id, plan, count, width, features, scores });
    const outcome = this.#wait("score", id, within);
    if (outcome.isLate === true) this.end();
    return { scores, ...outcome };
  }

  /** Ends the thread, whatever it is doing. */
  end(): void {
    this.isEnded = true;
    this.#port.close();
    void this.#worker.terminate();
  }

  #send(request: ToRuntime): void {
    this.#port.postMessage(request);
  }

  #wait(type: ToRuntime["type"], id: number, within: number): Outcome {
    const deadline = performance.now() + within;
    for (;;) {
      const before = Atomics.load(this.#answers, 0);
      for (;;) {
        const received = receiveMessageOnPort(this.#port) as { message: FromRuntime } | undefined;
        if (received === undefined) break;
        const { message } = received;
        const outcome = message.failure === undefined ? {} : { failure: message.failure };
        if (message.type === "open") this.#opened.set(message.id, outcome);
        else if (type === "score" && message.id === id) return outcome;
      }
      const opened = type === "open" ? this.#opened.get(id) : undefined;
      if (opened !== undefined) return opened;
      const left = deadline - performance.now();
      if (left <= 0) return { isLate: true };
      Atomics.wait(this.#answers, 0, before, left);
    }
  }
}
