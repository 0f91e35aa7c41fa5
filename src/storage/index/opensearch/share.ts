import { MessageChannel } from "node:worker_threads";
import { type Failure, Fault, failureOf } from "../../../core/fault.ts";
import type { IndexHandle, IndexWriter } from "../contract.ts";
import { BulkWriter } from "./bulk-writer.ts";
import { Client } from "./client.ts";
import type { SeenFields } from "./document.ts";
import { handleOf, type WriterHandle } from "./handle.ts";
import { Internal } from "./internal.ts";
import { Names } from "./names.ts";
import type { WriterOwner } from "./writer-parts.ts";
import type { Entrance } from "./writers.ts";

type ToIndex =
  | { readonly type: "entered"; readonly id: number }
  | { readonly type: "position"; readonly id: number; readonly key: string }
  | { readonly type: "committed"; readonly key: string; readonly offset: number }
  | { readonly type: "stored"; readonly positions: ReadonlyMap<string, number> }
  | { readonly type: "noted"; readonly sensor: string; readonly seen: SeenFields }
  | { readonly type: "refused"; readonly sensor: string; readonly count: number; readonly reason: string }
  | { readonly type: "failing"; readonly failure: Failure | undefined; readonly lasting: number }
  | { readonly type: "answer"; readonly id: number; readonly stored?: number; readonly error?: Failure }
  | { readonly type: "end" };

type ToWriter =
  | { readonly type: "settle" | "leave"; readonly id: number }
  | { readonly type: "answer"; readonly id: number; readonly value?: number | undefined };

/** Serves a writer for another thread. */
export function serveBulkWriter(
  { owner, join, end }: Entrance,
  reach: Pick<WriterHandle, "connection" | "prefix" | "patience">,
): IndexHandle {
  const { port1: port, port2 } = new MessageChannel();
  const send = (message: ToWriter) => port.postMessage(message);
  const asked = new Map<number, PromiseWithResolvers<number>>();
  let ids = 0;
  const ask = (type: "settle" | "leave") => {
    const waiting = Promise.withResolvers<number>();
    asked.set(++ids, waiting);
    send({ type, id: ids });
    return waiting.promise;
  };
  let hasEnded = false;
  port.on("message", (message: ToIndex) => {
    switch (message.type) {
      case "entered":
        void owner.entered().then(() => send({ type: "answer", id: message.id }));
        return;
      case "position":
        void owner
          .committedPosition(message.key)
          .then((value) => send({ type: "answer", id: message.id, value }));
        return;
      case "committed":
        owner.committed(message.key, message.offset);
        return;
      case "stored":
        owner.stored(message.positions);
        return;
      case "noted":
        owner.noted(message.sensor, message.seen);
        return;
      case "refused":
        owner.refused(message.sensor, message.count, message.reason);
        return;
      case "failing":
        owner.failing(message.failure, message.lasting);
        return;
      case "answer": {
        const waiting = asked.get(message.id);
        asked.delete(message.id);
        if (message.error === undefined) waiting?.resolve(message.stored ?? 0);
        else waiting?.reject(new Fault(message.error.code, message.error.message));
        return;
      }
      case "end":
        hasEnded = true;
        port.close();
    }
  });
  port.on("close", () => {
    // A thread that ended takes with it what it had not stored; its topic has it still.
    for (const { resolve } of asked.values()) resolve(0);
    asked.clear();
    end(!hasEnded);
  });
  port.unref();
  join({ settle: () => ask("settle"), leave: async () => void (await ask("leave")) });
  return handleOf({ transfer: [port2], ...reach });
}

/** A writer in a thread that does not own the index. */
export function joinBulkWriter(handle: IndexHandle): IndexWriter {
  // Made by `serveBulkWriter`: handles are passed on as they are.
  const { transfer, connection, prefix, patience } = handle as WriterHandle;
  const [port] = transfer;
  const client = new Client(connection);
  const names = new Names(prefix);
  const send = (message: ToIndex) => port.postMessage(message);
  const asked = new Map<number, (value: number | undefined) => void>();
  let ids = 0;
  const ask = (message: (id: number) => ToIndex) =>
    new Promise<number | undefined>((resolve) => {
      asked.set(++ids, resolve);
      send(message(ids));
    });
  const entered = ask((id) => ({ type: "entered", id }));
  const owner: WriterOwner = {
    entered: async () => void (await entered),
    committedPosition: (key) => ask((id) => ({ type: "position", id, key })),
    committed: (key, offset) => send({ type: "committed", key, offset }),
    stored: (positions) => send({ type: "stored", positions }),
    noted: (sensor, seen) => send({ type: "noted", sensor, seen }),
    refused: (sensor, count, reason) => send({ type: "refused", sensor, count, reason }),
    failing: (failure, lasting) => send({ type: "failing", failure, lasting }),
  };
  const writer = new BulkWriter({ client, names, internal: new Internal(client, names), owner, patience });
  const answer = (id: number, work: Promise<unknown>) =>
    work.then(
      (stored) => send({ type: "answer", id, ...(typeof stored === "number" && { stored }) }),
      (error: unknown) => send({ type: "answer", id, error: failureOf(error, "INDEX_UNREACHABLE") }),
    );
  port.on("message", (message: ToWriter) => {
    if (message.type === "answer") {
      asked.get(message.id)?.(message.value);
      asked.delete(message.id);
    } else void answer(message.id, message.type === "settle" ? writer.settle() : writer.leave());
  });
  const end = async () => {
    try {
      await writer[Symbol.asyncDispose]();
      send({ type: "end" });
    } finally {
      port.close();
      await client[Symbol.asyncDispose]();
    }
  };
  return {
    write: (sensor, batch) => writer.write(sensor, batch),
    commit: (position, records, onKept) => writer.commit(position, records, onKept),
    position: (topic, partition) => writer.position(topic, partition),
    seal: () => writer.seal(),
    [Symbol.asyncDispose]: end,
  };
}
