import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Block } from "../../core/block.ts";
import type { Log } from "../../core/context.ts";
import { Fault, failureOf } from "../../core/fault.ts";
import type { CaptureProgress } from "../../sources/capture/taking.ts";
import type { CaptureThreadStart, FromCapture, TakenState, ToCapture } from "./protocol.ts";

export type CaptureThreadOptions = {
  readonly start: CaptureThreadStart;
  /** The bytes of an input of the kind `stream`. */
  readonly bytes: AsyncIterable<Uint8Array> | undefined;
  readonly deliver: (block: Block) => Promise<unknown>;
  readonly log: Log;
  readonly onState: (state: TakenState, progress: CaptureProgress, waits: string | undefined) => void;
};

export type CaptureThread = {
  /** Resolves when the interface is listened to. */
  readonly begun: Promise<void>;
  /** Resolves to why the input broke off, when all that came is stored and delivered. Rejects with the fault that prevented it. */
  readonly ended: Promise<string | undefined>;
  stop(): void;
};

/** Chunks of a stream that are on their way to the thread. */
const ON_THE_WAY = 8;

/** Starts the thread of a capture, and serves it. */
export function startCaptureThread({
  start,
  bytes,
  deliver,
  log,
  onState,
}: CaptureThreadOptions): CaptureThread {
  const worker = new Worker(new URL(`./capture-worker${extname(import.meta.url)}`, import.meta.url), {
    workerData: start,
    // Node would close at the thread's end what it saw being opened and not closed by `fs`. The end of a pipe is closed as a socket, so its number
    // may be somebody else's file by then.
    trackUnmanagedFds: false,
    name: `capture ${start.name}`,
  });
  const send = (message: ToCapture, transfer: readonly ArrayBuffer[] = []) =>
    worker.postMessage(message, transfer);
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<string | undefined>();
  let room = ON_THE_WAY;
  let wake = () => {};
  let isOver = false;
  const end = () => {
    isOver = true;
    wake();
  };
  const fail = (error: unknown) => {
    begun.reject(error);
    ended.reject(error);
    end();
  };
  worker.on("message", (message: FromCapture) => {
    switch (message.type) {
      case "more":
        room++;
        wake();
        return;
      case "begun":
        begun.resolve();
        return;
      case "records":
        deliver(message.block).then(
          () => send({ type: "delivered", id: message.id }),
          (error: unknown) =>
            send({ type: "delivered", id: message.id, failure: failureOf(error, "STORAGE_CORRUPT") }),
        );
        return;
      case "state":
        onState(message.state, message.progress, message.waits);
        return;
      case "ended":
        ended.resolve(message.broken);
        return;
      case "failed":
        fail(new Fault(message.failure.code, message.failure.message));
        return;
      case "log":
        log[message.level](message.sentence, { capture: start.name, ...message.fields });
    }
  });
  worker.on("error", fail);
  worker.on("exit", () => {
    fail(new Error(`the thread that takes ${start.name} ended early`));
  });
  for (const { promise } of [begun, ended]) promise.catch(() => undefined);

  /** Sends the bytes as fast as the thread takes them. */
  async function pump(input: AsyncIterable<Uint8Array>): Promise<void> {
    let broken: string | undefined;
    try {
      for await (const chunk of input) {
        while (room === 0 && !isOver) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        if (isOver) return;
        room--;
        // The memory of a chunk is perhaps that of others too.
        const own = new Uint8Array(chunk);
        send({ type: "bytes", bytes: own }, [own.buffer]);
      }
    } catch (error) {
      broken = error instanceof Error ? error.message : String(error);
    }
    send({ type: "end", broken });
  }
  if (bytes !== undefined) void pump(bytes);

  return {
    begun: begun.promise,
    ended: ended.promise,
    stop() {
      send({ type: "stop" });
    },
  };
}
