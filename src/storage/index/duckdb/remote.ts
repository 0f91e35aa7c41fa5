import { MessageChannel, type MessagePort } from "node:worker_threads";
import { type Failure, Fault, failureOf } from "../../../core/fault.ts";
import { type Block, Buffers, type Memory } from "../blocks/block.ts";
import {
  BlockWriter,
  type ClaimKey,
  KEPT_BYTES,
  type WriterHost,
  type WriterStart,
  type WriterTarget,
} from "../blocks/writer.ts";
import type { Claim, IndexHandle } from "../contract.ts";
import { partitionOf } from "../segments/position-key.ts";

/** What another thread opens its writer with. */
type WriterHandle = { readonly transfer: [MessagePort]; readonly start: WriterStart };

/** Commits that may be under way before the writer waits: enough to keep both threads busy. */
const IN_FLIGHT = 8;

type ToIndex =
  | { readonly type: "add"; readonly block: Block; readonly key: string }
  | { readonly type: "commit"; readonly key: string; readonly offset: number }
  | {
      readonly type: "stored";
      readonly id: number;
      readonly sensor: string;
      readonly guids: readonly string[];
    }
  | { readonly type: "position"; readonly id: number; readonly key: string }
  | { readonly type: "seal"; readonly id: number }
  | { readonly type: "claimed"; readonly id: number; readonly isOurs: boolean; readonly error?: Failure }
  | { readonly type: "close"; readonly id: number };

/** What is stored of the guids asked for, or where a partition stands; undefined when that is unknown. */
type Answer = ReadonlySet<string> | number;

type ToWriter =
  | { readonly type: "committed"; readonly error?: Failure }
  | { readonly type: "free"; readonly memory: Memory }
  | { readonly type: "claim"; readonly id: number; readonly key: string; readonly offset: number }
  | {
      readonly type: "answer";
      readonly id: number;
      readonly value?: Answer | undefined;
      readonly error?: Failure;
    };

/** Serves a writer for another thread. Opening one of the same name drops what the earlier one had not committed. */
export function serveWriter(index: WriterHost, name: string): IndexHandle {
  const { port1: port, port2 } = new MessageChannel();
  const send = (message: ToWriter) => port.postMessage(message);
  // Memory that is free again goes back to where blocks are made.
  const asked = new Map<number, PromiseWithResolvers<boolean>>();
  let claims = 0;
  let isEnded = false;
  const ended = () => new Fault("SENSOR_STOPPED", "the thread that read the partition has ended");
  const claim: ClaimKey = (key, offset) => {
    // Nobody would answer, and others wait for their turn behind the answer.
    if (isEnded) return Promise.reject(ended());
    const answer = Promise.withResolvers<boolean>();
    asked.set(++claims, answer);
    send({ type: "claim", id: claims, key, offset });
    return answer.promise;
  };
  const target = index.target(name, (memory) => send({ type: "free", memory }), claim);
  const answer = (id: number, work: Promise<unknown>) =>
    work.then(
      (value) => send({ type: "answer", id, value: isAnswer(value) ? value : undefined }),
      (error: unknown) => send({ type: "answer", id, error: failureOf(error, "SINK_UNREACHABLE") }),
    );
  let failure: Failure | undefined;
  port.on("message", (message: ToIndex) => {
    switch (message.type) {
      case "add":
        try {
          target.add(message.block, message.key);
        } catch (error) {
          // The writer learns of it when it commits: it must not go on as if the block were stored.
          failure = failureOf(error, "SINK_UNREACHABLE");
        }
        return;
      case "commit": {
        if (failure !== undefined) return send({ type: "committed", error: failure });
        const room = target.commit(message.key, message.offset);
        if (room === undefined) return send({ type: "committed" });
        void room.then(
          () => send({ type: "committed" }),
          (error: unknown) => send({ type: "committed", error: failureOf(error, "SINK_UNREACHABLE") }),
        );
        return;
      }
      case "stored":
        void answer(message.id, target.stored(message.sensor, message.guids));
        return;
      case "position":
        void answer(message.id, target.position(message.key));
        return;
      case "seal":
        void answer(message.id, failure === undefined ? target.seal() : Promise.reject(faultOf(failure)));
        return;
      case "claimed": {
        const { id, isOurs, error } = message;
        if (error === undefined) asked.get(id)?.resolve(isOurs);
        else asked.get(id)?.reject(new Fault(error.code, error.message));
        asked.delete(id);
        return;
      }
      case "close":
        void answer(
          message.id,
          failure === undefined ? target.close() : Promise.reject(faultOf(failure)),
        ).then(() => port.close());
    }
  });
  // The other thread has ended: what it had not committed is read again by whoever follows it.
  port.on("close", () => {
    isEnded = true;
    target.abandon();
    for (const { reject } of asked.values()) reject(ended());
    asked.clear();
  });
  port.unref();
  const handle: WriterHandle = { transfer: [port2], start: index.writerStart() };
  return handle;
}

/**
 * A writer in a thread that does not own the index.
 * @param onBroken told once when something written was not taken: this writer takes nothing any more, and another must be
 * opened, which goes on from what was committed.
 * @param claim notes how far partitions are sealed, where processes take turns.
 */
export function openRemoteWriter(
  handle: IndexHandle,
  onBroken = (): void => undefined,
  claim: Claim = async () => false,
): BlockWriter {
  // Made by `serveWriter`: handles are passed on as they are.
  const {
    transfer: [port],
    start,
  } = handle as WriterHandle;
  const buffers = new Buffers(KEPT_BYTES);
  return new BlockWriter(new RemoteTarget(port, buffers, onBroken, claim), start, buffers);
}

function isAnswer(value: unknown): value is Answer {
  return value instanceof Set || typeof value === "number";
}

function faultOf({ code, message }: Failure): Fault {
  return new Fault(code, `writing to the index: ${message}`);
}

class RemoteTarget implements WriterTarget {
  readonly #port: MessagePort;
  readonly #waiting = new Map<
    number,
    { done: (value: Answer | undefined) => void; fail: (error: Error) => void }
  >();
  #ids = 0;
  #inFlight = 0;
  #failure: Failure | undefined;
  #room: (() => void)[] = [];

  constructor(port: MessagePort, buffers: Buffers, onBroken: () => void, claim: Claim) {
    this.#port = port;
    port.on("message", (message: ToWriter) => {
      switch (message.type) {
        case "committed":
          this.#inFlight--;
          if (this.#failure === undefined && message.error !== undefined) onBroken();
          this.#failure ??= message.error;
          for (const resume of this.#room.splice(0)) resume();
          return;
        case "free":
          buffers.give(message.memory);
          return;
        case "claim": {
          const { id, key, offset } = message;
          void claim(...partitionOf(key), offset).then(
            (isOurs) => this.#send({ type: "claimed", id, isOurs }),
            (error: unknown) =>
              this.#send({
                type: "claimed",
                id,
                isOurs: false,
                error: failureOf(error, "KAFKA_UNREACHABLE"),
              }),
          );
          return;
        }
        case "answer": {
          const waiting = this.#waiting.get(message.id);
          this.#waiting.delete(message.id);
          if (message.error !== undefined) waiting?.fail(faultOf(message.error));
          else waiting?.done(message.value);
        }
      }
    });
  }

  add(block: Block, key: string): undefined {
    this.#send({ type: "add", block, key });
    return undefined;
  }

  commit(key: string, offset: number): Promise<void> | undefined {
    if (this.#failure !== undefined) throw faultOf(this.#failure);
    this.#inFlight++;
    this.#send({ type: "commit", key, offset });
    return this.#inFlight < IN_FLIGHT ? undefined : this.#roomAgain();
  }

  async stored(sensor: string, guids: readonly string[]): Promise<ReadonlySet<string>> {
    const found = await this.#ask((id) => ({ type: "stored", id, sensor, guids }));
    return found instanceof Set ? found : new Set();
  }

  async position(key: string): Promise<number | undefined> {
    const found = await this.#ask((id) => ({ type: "position", id, key }));
    return typeof found === "number" ? found : undefined;
  }

  async seal(): Promise<void> {
    await this.#ask((id) => ({ type: "seal", id }));
  }

  async close(): Promise<void> {
    await this.#ask((id) => ({ type: "close", id }));
    this.#port.close();
  }

  async #roomAgain(): Promise<void> {
    while (this.#inFlight >= IN_FLIGHT) await new Promise<void>((resume) => this.#room.push(resume));
  }

  abandon(): void {
    this.#port.close();
  }

  #ask(message: (id: number) => ToIndex): Promise<Answer | undefined> {
    const id = ++this.#ids;
    return new Promise((done, fail) => {
      this.#waiting.set(id, { done, fail });
      this.#send(message(id));
    });
  }

  #send(message: ToIndex): void {
    this.#port.postMessage(message);
  }
}
