import { constants, crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { SegmentKey } from "./cipher.ts";

/**
 * The unit of a segment file: some packets, or something to know about those that follow.
 *
 *   0 magic u32   4 kind u8   5 codec u8   6 cipher u8   7 zero   8 packets u32   12 stored u32   16 raw u32   20 directory u32
 *  24 least time f64   32 greatest time f64   40 packets before it in the segment u32   44 CRC-32 of the header before it and of what is stored u32
 *  48 what is stored: the frames and their directory (directory.ts), compressed, then encrypted
 *
 * Numbers are little-endian, times microseconds since 1970. The checksum is over what is on the disk, so that damage is found without a key.
 */
export type BlockHeader = {
  readonly kind: number;
  readonly isCompressed: boolean;
  readonly isEncrypted: boolean;
  readonly packets: number;
  /** Bytes behind the header. */
  readonly stored: number;
  /** Bytes unpacked: the frames and the directory. */
  readonly raw: number;
  readonly directory: number;
  readonly minTime: number;
  readonly maxTime: number;
  /** How many packets of the segment come before. */
  readonly before: number;
  readonly checksum: number;
};

export const KIND = { packets: 1, interface: 2, secrets: 3 } as const;

/** Before the first block of a segment is the header of the segment. */
export const SEGMENT_HEADER_BYTES = 64;
export const BLOCK_HEADER_BYTES = 48;
const MAGIC = 0x4b4c424d;
/** How each block begins. */
export const BLOCK_MAGIC = Buffer.from("MBLK");
const CHECKED_BYTES = 44;
/** No block that is written is longer; one that says so is damaged. */
const MOST_BLOCK = 1 << 28;
const LEVEL = { [constants.ZSTD_c_compressionLevel]: 1 };

export type BlockContent = {
  readonly kind: number;
  readonly packets: number;
  readonly directory: number;
  readonly minTime: number;
  readonly maxTime: number;
  readonly before: number;
};

/** The bytes to write for a block: its header and what is stored, the latter not copied where it is neither compressed nor encrypted. */
export function encodeBlock(
  content: BlockContent,
  raw: Uint8Array,
  compress: boolean,
  key: SegmentKey | undefined,
): [header: Uint8Array, stored: Uint8Array] {
  const packed = compress ? zstdCompressSync(raw, { params: LEVEL, pledgedSrcSize: raw.length }) : raw;
  const isCompressed = compress && packed.length < raw.length;
  let stored: Uint8Array = isCompressed ? packed : raw;
  const header = Buffer.alloc(BLOCK_HEADER_BYTES);
  header.writeUInt32LE(MAGIC, 0);
  header[4] = content.kind;
  header[5] = isCompressed ? 1 : 0;
  header[6] = key === undefined ? 0 : 1;
  header.writeUInt32LE(content.packets, 8);
  header.writeUInt32LE(raw.length, 16);
  header.writeUInt32LE(content.directory, 20);
  header.writeDoubleLE(content.minTime, 24);
  header.writeDoubleLE(content.maxTime, 32);
  header.writeUInt32LE(content.before, 40);
  if (key !== undefined) stored = key.seal(stored, authenticated(header));
  header.writeUInt32LE(stored.length, 12);
  header.writeUInt32LE(crc32(stored, crc32(header.subarray(0, CHECKED_BYTES))), CHECKED_BYTES);
  return [header, stored];
}

/** Reads a header; undefined when there is none. Whether it is sound only `isSound` tells, with what is stored. */
export function decodeBlockHeader(bytes: Buffer, at: number): BlockHeader | undefined {
  if (at + BLOCK_HEADER_BYTES > bytes.length || bytes.readUInt32LE(at) !== MAGIC) return undefined;
  const header: BlockHeader = {
    kind: bytes.readUInt8(at + 4),
    isCompressed: bytes.readUInt8(at + 5) === 1,
    isEncrypted: bytes.readUInt8(at + 6) === 1,
    packets: bytes.readUInt32LE(at + 8),
    stored: bytes.readUInt32LE(at + 12),
    raw: bytes.readUInt32LE(at + 16),
    directory: bytes.readUInt32LE(at + 20),
    minTime: bytes.readDoubleLE(at + 24),
    maxTime: bytes.readDoubleLE(at + 32),
    before: bytes.readUInt32LE(at + 40),
    checksum: bytes.readUInt32LE(at + CHECKED_BYTES),
  };
  const isLikely = header.stored <= MOST_BLOCK && header.raw <= MOST_BLOCK && header.directory <= header.raw;
  return isLikely ? header : undefined;
}

/**
 * Writes what is known of a block into its header: how it begins, and its length by where the next one does. When these alone were damaged, it
 * is sound again, which the checksum tells.
 */
export function mendHeader(block: Buffer): void {
  block.writeUInt32LE(MAGIC, 0);
  block.writeUInt32LE(block.length - BLOCK_HEADER_BYTES, 12);
}

/** Whether a block, header included, is what was written. */
export function isSound(block: Uint8Array, { checksum }: BlockHeader): boolean {
  const before = crc32(block.subarray(0, CHECKED_BYTES));
  return crc32(block.subarray(BLOCK_HEADER_BYTES), before) === checksum;
}

/** The frames and the directory of a sound block; undefined when they cannot be had: another key, or bytes made by somebody else. */
export function unpackBlock(
  block: Uint8Array,
  header: BlockHeader,
  key: SegmentKey | undefined,
): Uint8Array | undefined {
  let bytes: Uint8Array | undefined = block.subarray(BLOCK_HEADER_BYTES);
  if (header.isEncrypted) bytes = key?.open(bytes, authenticated(block));
  if (bytes === undefined || !header.isCompressed) return bytes?.length === header.raw ? bytes : undefined;
  try {
    const raw = zstdDecompressSync(bytes, { maxOutputLength: header.raw });
    return raw.length === header.raw ? raw : undefined;
  } catch {
    return undefined;
  }
}

/** What of a header is authenticated: all but how long the sealed bytes are and the checksum over them. */
function authenticated(header: Uint8Array): Uint8Array {
  const part = Buffer.from(header.subarray(0, CHECKED_BYTES));
  part.writeUInt32LE(0, 12);
  return part;
}
