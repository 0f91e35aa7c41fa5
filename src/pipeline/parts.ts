import { NOTHING } from "../core/attached.ts";
import { trimmedEnd } from "../core/block.ts";
import { isOutside } from "../core/fault.ts";
import { headingsOf } from "../core/heading.ts";
import type { Entry } from "../storage/topic/contract.ts";

/** Some neighbouring records of a block, to be dealt with by themselves. */
export type Part = Entry & {
  /** How many of its records are header lines, put before the others because these are read by them. */
  readonly repeated: number;
};

/**
 * Deals with an entry as a whole, and where that fails with halves of it, down to the single record that fails by itself: that
 * one is given up, and all others are dealt with once. An error that no record is to blame for is thrown on.
 * @param deal must leave nothing behind when it throws
 * @param failed is told of every attempt that did not work
 */
export async function inParts(
  entry: Entry,
  deal: (part: Part) => Promise<void>,
  giveUp: (part: Part, error: unknown) => Promise<void>,
  failed: (error: unknown, part: { readonly records: number; readonly isWhole: boolean }) => void,
): Promise<void> {
  const total = entry.block.ends.length;
  try {
    await deal({ ...entry, repeated: 0 });
    return;
  } catch (error) {
    if (isOutside(error)) throw error;
    failed(error, { records: total, isWhole: true });
  }
  // A single record is tried a second time too: what failed may have been what was left of earlier ones.
  const middle = total >> 1;
  const waiting: (readonly [from: number, to: number])[] =
    total > 1
      ? [
          [middle, total],
          [0, middle],
        ]
      : [[0, total]];
  for (let span = waiting.pop(); span !== undefined; span = waiting.pop()) {
    const [from, to] = span;
    const part = partOf(entry, from, to);
    try {
      await deal(part);
    } catch (error) {
      if (isOutside(error)) throw error;
      failed(error, { records: to - from, isWhole: false });
      const half = (from + to) >> 1;
      if (to - from > 1) waiting.push([half, to], [from, half]);
      else await giveUp(part, error);
    }
  }
}

/** The records [from, to) of an entry, each with the offset it has there, below the header lines they are read by. */
function partOf({ block, position }: Entry, from: number, to: number): Part {
  const { bytes, ends, arrival, attached } = block;
  const startOf = (record: number) => (record === 0 ? 0 : (ends[record - 1] as number));
  const recordAt = (record: number) =>
    bytes.subarray(startOf(record), trimmedEnd(bytes, startOf(record), ends[record] as number));
  const text = from === 0 ? "" : (headingsOf(ends.length, recordAt)?.(from - 1) ?? "");
  const heading = text === "" ? [] : text.split("\n").map((line) => Buffer.from(`${line}\n`));
  const start = startOf(from);
  const body = bytes.subarray(start, startOf(to));
  const head = Buffer.concat(heading);
  const partEnds = new Uint32Array(heading.length + to - from);
  let at = 0;
  for (const [line, { length }] of heading.entries()) {
    at += length;
    partEnds[line] = at;
  }
  for (let record = from; record < to; record++)
    partEnds[heading.length + record - from] = head.length + (ends[record] as number) - start;
  // Header lines that are repeated came with nothing.
  const starts = attached && new Uint32Array(partEnds.length).fill(NOTHING);
  starts?.set(attached?.starts.subarray(from, to) ?? [], heading.length);
  return {
    block: {
      ...{ bytes: head.length === 0 ? body : Buffer.concat([head, body]), ends: partEnds, arrival },
      attached: attached && starts && { bytes: attached.bytes, starts },
    },
    position: { ...position, offset: position.offset + from - heading.length },
    repeated: heading.length,
  };
}
