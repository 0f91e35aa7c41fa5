import fc from "fast-check";
import { Batch } from "../../core/batch.ts";
import { blockOf } from "../../core/block.ts";
import type { FieldValue, Message } from "../../core/message.ts";

/** Whatever a field of a message may hold. */
export const anyValue: fc.Arbitrary<FieldValue> = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.string()),
  fc.ipV4(),
  fc.ipV6(),
);

/** A batch of messages, as a stage of the loop gets it. */
export function batchOf(messages: readonly Message[]): Batch {
  const batch = new Batch();
  const records = messages.map(() => "x");
  batch.load(blockOf(records, 0), { topic: "t", partition: 0, offset: 0 });
  for (const [record, message] of messages.entries()) batch.addMessage(record, message);
  return batch;
}

/** The messages that are neither rejected nor dropped. */
export function liveMessages(batch: Batch): Message[] {
  const rows = Array.from({ length: batch.rows }, (_value, row) => row);
  return rows.filter((row) => batch.live[row] === 1).map((row) => batch.message(row));
}
