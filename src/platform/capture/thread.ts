import { MessageChannel } from "node:worker_threads";
import type { Block } from "../../core/block.ts";
import type { Log } from "../../core/context.ts";
import { Fault, failureOf } from "../../core/fault.ts";
import type { CaptureProgress } from "../../sources/capture/taking.ts";
import type { CaptureThreads } from "./capture-threads.ts";
import type { CaptureThreadStart, FromCapture, TakenState, ToCapture } from "./protocol.ts";

export type CaptureThreadOptions = {
  readonly threads: CaptureThreads;
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

/** Begins a capture in a thread, and serves it. */
export function startCaptureThread({
  threads,
  start,
  bytes,
  deliver,
  log,
  onState,
}: CaptureThreadOptions): CaptureThread {
  const { port1: port, port2 } = new MessageChannel();
  const send = (message: ToCapture, transfer: readonly ArrayBuffer[] = []) =>
    port.postMessage(message, transfer);
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<string | undefined>();
  let room = ON_THE_WAY;
  let wake = () => {};
  let isOver = false;
  const end = () => {
    isOver = true;
    wake();
    port.close();
    thread.giveBack();
  };
  const fail = (error: unknown) => {
    begun.reject(error);
    ended.reject(error);
    end();
  };
  port.on("message", (message: FromCapture) => {
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
        end();
        return;
      case "failed":
        fail(new Fault(message.failure.code, message.failure.message));
        return;
      case "log":
        log[message.level](message.sentence, { capture: start.name, ...message.fields });
    }
  });
  const thread = threads.lend((error) =>
    fail(new Error(`taking ${start.name}: ${error.message}`, { cause: error })),
  );
  thread.begin(start, port2);
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
