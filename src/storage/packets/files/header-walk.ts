import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { BLOCK_HEADER_BYTES, decodeBlockHeader, SEGMENT_HEADER_BYTES } from "./block.ts";

/** What the headers of a segment's blocks say so far; what is behind them was not read, so it may be damaged. */
export type HeaderWalk = {
  /** Where the next block begins. */
  readonly at: number;
  readonly packets: number;
  /** Microseconds since 1970; infinite while there are no packets. */
  readonly minTime: number;
  readonly maxTime: number;
};

export const WALK_START: HeaderWalk = {
  at: SEGMENT_HEADER_BYTES,
  packets: 0,
  minTime: Number.POSITIVE_INFINITY,
  maxTime: Number.NEGATIVE_INFINITY,
};

/** Walks the headers of a segment that has no index, on from where it was before: a segment that is written is asked for often. */
export function walkHeaders(path: string, from: HeaderWalk): HeaderWalk {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return from;
  }
  using _file = { [Symbol.dispose]: () => closeSync(file) };
  const { size } = fstatSync(file);
  const bytes = Buffer.alloc(BLOCK_HEADER_BYTES);
  let { at, packets, minTime, maxTime } = from;
  while (at + BLOCK_HEADER_BYTES <= size) {
    const read = readSync(file, bytes, 0, BLOCK_HEADER_BYTES, at);
    const header = decodeBlockHeader(bytes.subarray(0, read), 0);
    const end = at + BLOCK_HEADER_BYTES + (header?.stored ?? 0);
    if (header === undefined || end > size) break;
    at = end;
    packets += header.packets;
    minTime = Math.min(minTime, header.minTime);
    maxTime = Math.max(maxTime, header.maxTime);
  }
  return { at, packets, minTime, maxTime };
}
