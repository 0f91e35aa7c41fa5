/** One thread that runs models of ONNX, and the port to it. This thread sleeps until an answer is there or time is up. */
import { extname } from "node:path";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { FromRuntime, RuntimeStart, ToRuntime } from "./protocol.ts";

export class ModelThread {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #answers = new Int32Array(new SharedArrayBuffer(4));
  /** Why it has ended; undefined while it runs. It cannot be noticed while this thread sleeps. */
  ended: string | undefined;

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
    this.#worker.on("error", (error) => {
      this.ended ??= error.message;
    });
    this.#worker.on("exit", (code) => {
      this.ended ??= `it ended with code ${code}`;
      port1.close();
    });
  }

  send(request: ToRuntime): void {
    this.#port.postMessage(request);
  }

  /** The next answer. @param within milliseconds to wait for it; undefined when these are over */
  receive(within: number): FromRuntime | undefined {
    const deadline = performance.now() + within;
    for (;;) {
      const before = Atomics.load(this.#answers, 0);
      const received = receiveMessageOnPort(this.#port) as { message: FromRuntime } | undefined;
      if (received !== undefined) return received.message;
      const left = deadline - performance.now();
      if (left <= 0) return undefined;
      Atomics.wait(this.#answers, 0, before, left);
    }
  }

  /** Ends the thread, whatever it is doing. */
  end(): void {
    this.ended ??= "it was ended";
    this.#port.close();
    void this.#worker.terminate();
  }
}
