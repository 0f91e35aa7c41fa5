import { closeSync, openSync, readdirSync, readSync, renameSync, rmSync, writevSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { SEGMENT_HEADER_BYTES } from "./block.ts";
import { INDEX_HEADER_BYTES } from "./index-file.ts";
import { listSegments, type SegmentName, segmentName, segmentPath } from "./names.ts";

import { openSegmentIndex, readExactly } from "./segment-index.ts";

/**
 * What rules segments out, for many of them in one file: a search that opened the index of each would wait for the disk at each. A file has the
 * segments of `SEGMENTS` sequence numbers in the order in which they were sealed. Of each it has:
 *
 *   0 magic u32   4 bytes behind these 32 u32   8 sequence f64   16 begun f64   24 CRC-32 of what is before it and of what is behind these 32 u32   28 zero
 *  32 header of the segment (its salt makes the key of what follows)   96 header of the index   160 first part of the index
 *
 * Nothing here is known here alone. Segments that a file lacks, or lacks from damage on, are looked up in their own index, and a store that is
 * opened writes such a file again. So nothing waits until it is durable, and a failed write costs time, not packets.
 */
export type Summary = {
  readonly name: string;
  readonly segmentHeader: Buffer;
  readonly indexHeader: Buffer;
  /** The first part of the index as it is there; valid until the next summary is asked for. */
  readonly first: Buffer;
};

const SUMMARY = /^(\d{8,})\.summary$/;
const DIGITS = 8;
const SEGMENTS = 64;
const MAGIC = 0x4d55534d;
const HEADER_BYTES = 32;
const CHECKED_BYTES = 24;
const INDEX_AT = SEGMENT_HEADER_BYTES;
const FIRST_AT = INDEX_AT + INDEX_HEADER_BYTES;
const READ_BYTES = 1 << 20;
/** A filter has 16 bits per key, three keys per conversation, and a segment has some 500,000 conversations. */
const MOST_BYTES = 1 << 24;

/** The number of the file in which a segment is summed up. */
export function summaryOf({ sequence }: Pick<SegmentName, "sequence">): number {
  return Math.floor(sequence / SEGMENTS);
}

/** Sums up a segment that was just sealed. Several threads may do so at once: a file is only added to, each time in one write. */
export function addSummary(folder: string, segment: Pick<SegmentName, "name" | "sequence" | "begun">): void {
  try {
    append(summaryPath(folder, summaryOf(segment)), summarise(folder, segment));
  } catch {
    // No room, or no folder any more: searches then open the segment's own index.
  }
}

/** The summaries in a file, up to its end or to one that is damaged; none when there is no such file. */
export function* readSummaries(folder: string, file: number): Generator<Summary> {
  let handle: number;
  try {
    handle = openSync(summaryPath(folder, file), "r");
  } catch {
    return;
  }
  using _file = { [Symbol.dispose]: () => closeSync(handle) };
  let buffer = Buffer.alloc(READ_BYTES);
  let start = 0;
  let end = 0;
  let place = 0;
  /** Whether that many bytes from `start` on are in memory. */
  const has = (length: number): boolean => {
    if (end - start >= length) return true;
    const larger = length > buffer.length ? Buffer.alloc(length) : buffer;
    buffer.copy(larger, 0, start, end);
    buffer = larger;
    end -= start;
    start = 0;
    while (end < length) {
      const read = readSync(handle, buffer, end, buffer.length - end, place);
      if (read === 0) return false;
      end += read;
      place += read;
    }
    return true;
  };
  while (has(HEADER_BYTES)) {
    const stored = buffer.readUInt32LE(start + 4);
    if (buffer.readUInt32LE(start) !== MAGIC || stored < FIRST_AT || stored > MOST_BYTES) return;
    if (!has(HEADER_BYTES + stored)) return;
    const header = buffer.subarray(start, start + HEADER_BYTES);
    const bytes = buffer.subarray(start + HEADER_BYTES, start + HEADER_BYTES + stored);
    if (checksum(header, bytes) !== header.readUInt32LE(CHECKED_BYTES)) return;
    start += HEADER_BYTES + stored;
    yield {
      name: segmentName(header.readDoubleLE(8), header.readDoubleLE(16)),
      segmentHeader: bytes.subarray(0, INDEX_AT),
      indexHeader: bytes.subarray(INDEX_AT, FIRST_AT),
      first: bytes.subarray(FIRST_AT),
    };
  }
}

/** Writes those files again that lack a sealed segment, and removes those of which no segment is left. For the store's owner, before anybody writes. */
export function mendSummaries(folder: string): void {
  sweepSummaries(folder);
  const sealed = listSegments(folder).filter(({ isSealed }) => isSealed);
  for (const [file, segments] of Map.groupBy(sealed, summaryOf)) {
    const known = new Map<string, Buffer>();
    for (const { name, indexHeader } of readSummaries(folder, file))
      known.set(name, Buffer.from(indexHeader));
    const isWhole = segments.every(({ name }) => {
      const header = indexHeaderOf(folder, name);
      return header === undefined || known.get(name)?.equals(header);
    });
    if (!isWhole) rewrite(folder, file, segments);
  }
}

/** Removes the files of which no segment is left. */
export function sweepSummaries(folder: string): void {
  const needed = new Set(listSegments(folder).map(summaryOf));
  for (const name of readdirSync(folder)) {
    const [, file] = SUMMARY.exec(name) ?? [];
    if (file !== undefined && !needed.has(Number(file))) rmSync(join(folder, name), { force: true });
  }
}

/** Bytes of the summary of a segment. */
export function summaryBytes(firstBytes: number): number {
  return HEADER_BYTES + FIRST_AT + firstBytes;
}

function rewrite(folder: string, file: number, segments: readonly SegmentName[]): void {
  const path = summaryPath(folder, file);
  const written = `${path}.new`;
  rmSync(written, { force: true });
  try {
    for (const segment of segments) append(written, summarise(folder, segment));
    renameSync(written, path);
  } catch {
    // As in `addSummary`.
    rmSync(written, { force: true });
  }
}

/** The summary of a segment; undefined when its files cannot be read. */
function summarise(folder: string, segment: Pick<SegmentName, "name" | "sequence" | "begun">): Buffer[] {
  using index = openSegmentIndex(folder, segment.name);
  const first = index?.first();
  const segmentHeader = readBeginning(segmentPath(folder, segment.name), SEGMENT_HEADER_BYTES);
  if (index === undefined || first === undefined || segmentHeader === undefined) return [];
  const bytes = Buffer.concat([segmentHeader, index.headerBytes, first]);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt32LE(bytes.length, 4);
  header.writeDoubleLE(segment.sequence, 8);
  header.writeDoubleLE(segment.begun, 16);
  header.writeUInt32LE(checksum(header, bytes), CHECKED_BYTES);
  return [header, bytes];
}

/** Adds to the end of a file in one write, so that what threads add at once does not mix. */
function append(path: string, parts: readonly Buffer[]): void {
  if (parts.length === 0) return;
  const file = openSync(path, "a");
  using _file = { [Symbol.dispose]: () => closeSync(file) };
  writevSync(file, parts);
}

function indexHeaderOf(folder: string, name: string): Buffer | undefined {
  using index = openSegmentIndex(folder, name);
  return index?.headerBytes;
}

function readBeginning(path: string, length: number): Buffer | undefined {
  const file = openSync(path, "r");
  using _file = { [Symbol.dispose]: () => closeSync(file) };
  return readExactly(file, 0, length);
}

function checksum(header: Buffer, bytes: Buffer): number {
  return crc32(bytes, crc32(header.subarray(0, CHECKED_BYTES)));
}

function summaryPath(folder: string, file: number): string {
  return join(folder, `${String(file).padStart(DIGITS, "0")}.summary`);
}
