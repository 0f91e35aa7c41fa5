import { crc32 } from "node:zlib";
import { type Attached, copyAttached } from "../../../core/attached.ts";
import type { Block } from "../../../core/block.ts";

/**
 * The unit of a segment file: one block as it was appended.
 *
 *   0 magic u32   4 records u32   8 first offset u64   16 arrival f64   24 bytes u32   28 CRC-32 of the payload u32
 *  32 durable f64   40 CRC-32 of the header before it u32   44 zero u32
 *  48 ends, u32 each, then the bytes, then zeros up to a multiple of 8
 *
 * Where records came with keys or headers, the bytes go on behind the last record: where those of each record begin, u32 each,
 * then what `Attached` holds. Readers that do not need them pass over them.
 *
 * Numbers are little-endian, and `ends` is stored as the processor holds it, which is the same on every processor
 * that Node runs on with the packages we need. `durable` is the offset up to which the partition was known to be on
 * disk when the frame was made: it tells a write torn by a crash (nobody was told that it is safe) from damage.
 */
export type Frame = {
  readonly records: number;
  /** Offset of the first record. */
  readonly offset: number;
  readonly arrival: number;
  /** Bytes of all its records, and of what they came with. */
  readonly bytes: number;
  readonly checksum: number;
  readonly durable: number;
};

export const HEADER_BYTES = 48;
const MAGIC = 0x4d524654;
/** What every frame begins with. */
export const MAGIC_BYTES = Buffer.from([0x54, 0x46, 0x52, 0x4d]);

/** Length of a frame on disk, header and padding included. */
export function frameLength(records: number, bytes: number): number {
  return Math.ceil((HEADER_BYTES + records * 4 + bytes) / 8) * 8;
}

/** The parts to write one after another for a block, without copying its bytes. */
export function encodeFrame(block: Block, offset: number, durable: number): Uint8Array[] {
  const records = block.ends.length;
  const recordBytes = records === 0 ? 0 : (block.ends[records - 1] as number);
  const bytes = block.bytes.subarray(0, recordBytes);
  const attached = block.attached && encodeAttached(block.attached);
  const length = recordBytes + (attached?.length ?? 0);
  const ends = new Uint8Array(block.ends.buffer, block.ends.byteOffset, records * 4);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt32LE(records, 4);
  header.writeBigUInt64LE(BigInt(offset), 8);
  header.writeDoubleLE(block.arrival, 16);
  header.writeUInt32LE(length, 24);
  const checksum = crc32(bytes, crc32(ends));
  header.writeUInt32LE(attached === undefined ? checksum : crc32(attached, checksum), 28);
  header.writeDoubleLE(durable, 32);
  header.writeUInt32LE(crc32(header.subarray(0, 40)), 40);
  const padding = frameLength(records, length) - HEADER_BYTES - ends.length - length;
  const parts = attached === undefined ? [header, ends, bytes] : [header, ends, bytes, attached];
  return padding === 0 ? parts : [...parts, new Uint8Array(padding)];
}

/** Reads the header at `at`, `undefined` if there is no sound one. */
export function decodeHeader(buffer: Buffer, at: number): Frame | undefined {
  if (buffer.readUInt32LE(at) !== MAGIC) return undefined;
  if (crc32(buffer.subarray(at, at + 40)) !== buffer.readUInt32LE(at + 40)) return undefined;
  return {
    records: buffer.readUInt32LE(at + 4),
    offset: Number(buffer.readBigUInt64LE(at + 8)),
    arrival: buffer.readDoubleLE(at + 16),
    bytes: buffer.readUInt32LE(at + 24),
    checksum: buffer.readUInt32LE(at + 28),
    durable: buffer.readDoubleLE(at + 32),
  };
}

/** Tells whether there is nothing at `at`: never written, or the end of what was reserved. */
export function isBlank(buffer: Buffer, at: number): boolean {
  for (let index = at; index < at + HEADER_BYTES; index++) if (buffer[index] !== 0) return false;
  return true;
}

/** Tells whether the payload behind a header at `at` is what was written. */
export function isSound(frame: Frame, buffer: Buffer, at: number): boolean {
  const start = at + HEADER_BYTES;
  return crc32(buffer.subarray(start, start + frame.records * 4 + frame.bytes)) === frame.checksum;
}

/**
 * The block of a frame at `at` (a multiple of 8 within its memory), from its record `skip` on. A view, not a copy,
 * unless records are skipped.
 */
export function decodeBlock(frame: Frame, buffer: Buffer, at: number, skip: number): Block {
  const start = at + HEADER_BYTES;
  const ends = new Uint32Array(buffer.buffer, buffer.byteOffset + start, frame.records);
  const recordBytes = ends.at(-1) ?? 0;
  const all = buffer.subarray(start + frame.records * 4, start + frame.records * 4 + frame.bytes);
  const bytes = recordBytes === all.length ? all : all.subarray(0, recordBytes);
  const attached =
    recordBytes === all.length ? undefined : decodeAttached(all.subarray(recordBytes), frame.records, skip);
  if (skip === 0) return { bytes, ends, arrival: frame.arrival, attached };
  const from = ends[skip - 1] as number;
  return {
    bytes: bytes.subarray(from),
    ends: ends.slice(skip).map((end) => end - from),
    arrival: frame.arrival,
    attached,
  };
}

function encodeAttached(attached: Attached): Uint8Array {
  const { bytes, starts } = copyAttached(attached);
  return Buffer.concat([new Uint8Array(starts.buffer, starts.byteOffset, starts.byteLength), bytes]);
}

function decodeAttached(bytes: Uint8Array, records: number, skip: number): Attached {
  // They may begin anywhere, and numbers are read at multiples of 4.
  const starts = new Uint32Array(new Uint8Array(bytes.subarray(skip * 4, records * 4)).buffer);
  return { bytes: bytes.subarray(records * 4), starts };
}
