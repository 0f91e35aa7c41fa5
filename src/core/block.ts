import type { Attached } from "./attached.ts";

/**
 * What travels between threads and through topics: records back to back, never objects.
 * Record `i` is bytes[ends[i - 1], ends[i]) with `ends[-1]` read as 0; a line feed (and carriage return) at its end
 * belongs to the framing and not to the record.
 */
export type Block = {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
  /** When the block arrived, epoch milliseconds: the time part of its messages' guids, so it must survive replay. */
  readonly arrival: number;
  /** Keys and headers of the records, where any has some. */
  readonly attached?: Attached | undefined;
};

/** Where a block is in its topic: with it, every message has a name that a replay makes again. */
export type Position = { readonly topic: string; readonly partition: number; readonly offset: number };

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Where record bytes[start, end) ends without its framing. */
export function trimmedEnd(bytes: Uint8Array, start: number, end: number): number {
  let last = end;
  if (last > start && bytes[last - 1] === LINE_FEED) {
    last--;
    if (last > start && bytes[last - 1] === CARRIAGE_RETURN) last--;
  }
  return last;
}

/** A block of the given records, for tests and small inputs. */
export function blockOf(records: readonly (string | Uint8Array)[], arrival: number): Block {
  const encoder = new TextEncoder();
  const parts = records.map((record) => (typeof record === "string" ? encoder.encode(record) : record));
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  const ends = new Uint32Array(parts.length);
  let at = 0;
  for (const [index, part] of parts.entries()) {
    bytes.set(part, at);
    at += part.length;
    ends[index] = at;
  }
  return { bytes, ends, arrival };
}
