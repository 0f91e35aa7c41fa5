import { Batch } from "../../../core/batch.ts";
import { blockOf } from "../../../core/block.ts";
import type { FieldValue, Message } from "../../../core/message.ts";
import { parse } from "../../../query/parse.ts";
import type { Index, IndexHandle, IndexWriter } from "../contract.ts";

/**
 * What an implementation may do otherwise:
 *
 * - `unseen`: what is written is seen once it is committed, and not before.
 * - `server`: files are the engine's own affair: it merges and mends them, and tells only what they hold.
 * - `spread`: messages of one batch are in several indexes, of which one may have texts where another has numbers.
 * - `list-keys`: words with wildcards are compared also with the one spelling of values in lists, as with that of others.
 */
export type Difference = "unseen" | "server" | "spread" | "list-keys";

/** What an implementation brings to the suite. */
export type IndexSubject = {
  /** Opens the same, at first empty, index again and again; the one before is disposed of first. */
  open(): Promise<Index>;
  /** Opens a writer from what `share` returned. */
  join(handle: IndexHandle): IndexWriter;
  /** Deletes everything. */
  remove(): Promise<void>;
};

/** An index just opened, and how to have something disposed of when the test ends. */
export type Started = {
  readonly made: IndexSubject;
  readonly index: Index;
  readonly writer: IndexWriter;
  /** Opens the index once more; the caller has disposed of the one before. */
  reopen(): Promise<Index>;
};

export const NOON = Date.UTC(2026, 10, 21, 12);

/** A batch of one message a record; `offset` counts records. Guids and times are given where absent. */
export function batchOf(messages: readonly Record<string, FieldValue>[], offset = 0, topic = "t"): Batch {
  const batch = new Batch();
  const lines = messages.map((message) =>
    typeof message.original_string === "string" ? message.original_string : "-",
  );
  batch.load(blockOf(lines, NOON), { topic, partition: 0, offset });
  for (const [record, message] of messages.entries()) {
    const row = batch.addMessage(record, {
      guid: `g${offset + record}`,
      timestamp: NOON + offset + record,
      ...message,
    } as Message);
    if (typeof message.original_string === "string")
      batch
        .column("original_string")
        .setSpan(row, batch.recordStarts[record] as number, batch.recordEnds[record] as number);
  }
  return batch;
}

/** Writes and commits a batch. */
export async function put(writer: IndexWriter, sensor: string, batch: Batch): Promise<void> {
  await writer.write(sensor, batch);
  await writer.commit(batch.position, batch.records);
}

/** Guids of the messages that match, sorted. */
export async function guids(index: Index, text: string): Promise<string[]> {
  const { messages } = await index.search({
    query: parse(text),
    sort: [{ field: "guid", descending: false }],
  });
  return messages.map((message) => message.guid as string);
}
