/** Which partitions the records of a sensor go to: in turn, or by a key, so that records of one key stay in order. */
import type { SensorDocument } from "../config/sensor.ts";
import { AttachedReader, attach, type Header } from "../core/attached.ts";
import type { Block } from "../core/block.ts";
import { headingsOf } from "../core/heading.ts";
import type { Destination } from "../storage/topic/contract.ts";
import { partitionOfKey } from "../storage/topic/key.ts";

/** What of a block goes where. */
export type Portion = { readonly to: Destination; readonly block: Block };

const MAP = 123;

/**
 * Deals a block out by the key that the sensor names. Records that have no such key go to the partition whose turn it is, as
 * do all of a block with header lines, since its lines are read by those. The key becomes that of each record, unless it came
 * with one of its own.
 * @param turn the partition whose turn it is
 */
export function portionsOf(
  block: Block,
  key: SensorDocument["partitionKey"],
  partitions: number,
  turn: number,
): readonly Portion[] {
  if (key === undefined) return [{ to: turn, block }];
  if ("fixed" in key) return [{ to: { key: key.fixed }, block }];
  const { bytes, ends } = block;
  const recordAt = (record: number) =>
    bytes.subarray(record === 0 ? 0 : (ends[record - 1] as number), ends[record]);
  if (headingsOf(ends.length, recordAt) !== undefined) return [{ to: turn, block }];
  const records = new Map<number, number[]>();
  const keys = Array.from(ends, (_, record) => keyOf(recordAt(record), key.field));
  for (const [record, found] of keys.entries()) {
    const partition = found === undefined ? turn : partitionOfKey(found, partitions);
    const before = records.get(partition);
    if (before === undefined) records.set(partition, [record]);
    else before.push(record);
  }
  return [...records].map(([to, some]) => ({ to, block: pick(block, some, keys, recordAt) }));
}

/** The text of a field of a record that is a JSON map; undefined when there is none. */
function keyOf(record: Uint8Array, field: string): string | undefined {
  if (record[0] !== MAP) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(record).toString());
    const found = (value as Readonly<Record<string, unknown>>)[field];
    return typeof found === "string" || typeof found === "number" ? String(found) : undefined;
  } catch {
    // What is no JSON has no field; its parser says so.
    return undefined;
  }
}

/** Some records of a block as a block of their own, each with its key. */
function pick(
  block: Block,
  records: readonly number[],
  keys: readonly (string | undefined)[],
  recordAt: (record: number) => Uint8Array,
): Block {
  const parts = records.map(recordAt);
  const ends = new Uint32Array(parts.length);
  let length = 0;
  for (const [index, part] of parts.entries()) {
    length += part.length;
    ends[index] = length;
  }
  const came = block.attached && new AttachedReader(block.attached);
  const attached = attach(
    records.map((record) => {
      came?.seek(record);
      const headers: readonly Header[] = came === undefined ? [] : [...came.each()];
      return { key: came?.key() ?? keys[record], headers };
    }),
  );
  return { bytes: Buffer.concat(parts), ends, arrival: block.arrival, attached };
}
