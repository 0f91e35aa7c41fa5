/** How the records of a batch are compressed: what Kafka's clients may choose, by the number in a batch's attributes. */
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { compressionsAlgorithms } from "@platformatic/kafka";

const [NONE, GZIP, SNAPPY, LZ4, ZSTD] = [0, 1, 2, 3, 4];

export const COMPRESSIONS = { none: NONE, lz4: LZ4 } as const;

/** What a batch of ours is compressed with. */
export type Compression = keyof typeof COMPRESSIONS;

/** Bytes that a batch may have when it is no longer compressed: a few bytes of somebody else's may claim to be many. */
const MOST_BYTES = 256 * 1024 * 1024;
/** The largest block of an LZ4 frame by the number in its header (LZ4 frame format 1.6). */
const LZ4_BLOCKS = [0, 0, 0, 0, 64 << 10, 256 << 10, 1 << 20, 4 << 20];
const LZ4_MAGIC = 0x184d2204;
/** What snappy-java puts before its chunks. */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const XERIAL_HEADER_BYTES = 16;

export function compress(bytes: Buffer, compression: Compression): Buffer {
  return compression === "none" ? bytes : compressionsAlgorithms.lz4.compressSync(bytes);
}

/**
 * The records of a batch.
 * @throws Error when they are no sound data of that compression, or more than 256 MB
 */
export function decompress(bytes: Buffer, codec: number): Buffer {
  switch (codec) {
    case NONE:
      return bytes;
    case GZIP:
      return gunzipSync(bytes, { maxOutputLength: MOST_BYTES });
    case SNAPPY:
      checkSize(sizeOfSnappy(bytes));
      return compressionsAlgorithms.snappy.decompressSync(bytes);
    case LZ4:
      checkSize(mostOfLz4(bytes));
      return compressionsAlgorithms.lz4.decompressSync(bytes);
    case ZSTD:
      return zstdDecompressSync(bytes, { maxOutputLength: MOST_BYTES });
    default:
      throw new Error(`${codec} is no compression that is known`);
  }
}

function checkSize(bytes: number): void {
  if (bytes > MOST_BYTES) throw new Error(`its records have more than ${MOST_BYTES} bytes`);
}

/** Bytes that Snappy data says to have, a length in seven bits per byte before each chunk. */
function sizeOfSnappy(bytes: Buffer): number {
  if (!bytes.subarray(0, XERIAL.length).equals(XERIAL)) return snappyLength(bytes, 0);
  let sum = 0;
  for (let at = XERIAL_HEADER_BYTES; at + 4 <= bytes.length; at += 4 + bytes.readUInt32BE(at))
    sum += snappyLength(bytes, at + 4);
  return sum;
}

function snappyLength(bytes: Buffer, from: number): number {
  let length = 0;
  for (let index = 0; index < 5; index++) {
    const byte = bytes[from + index] ?? 0;
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) break;
  }
  return length;
}

/** The most that an LZ4 frame can hold: its blocks, each as large as its header allows. */
function mostOfLz4(bytes: Buffer): number {
  if (bytes.length < 7 || bytes.readUInt32LE(0) !== LZ4_MAGIC) return 0;
  const [flags = 0, descriptor = 0] = bytes.subarray(4, 6);
  const [hasBlockChecksums, hasSize, hasDictionary] = [flags & 0x10, flags & 0x08, flags & 0x01];
  const block = LZ4_BLOCKS[(descriptor >> 4) & 7] ?? 0;
  let blocks = 0;
  let at = 7 + (hasSize ? 8 : 0) + (hasDictionary ? 4 : 0);
  while (at + 4 <= bytes.length) {
    const length = bytes.readUInt32LE(at) & 0x7fffffff;
    if (length === 0) break;
    blocks++;
    at += 4 + length + (hasBlockChecksums ? 4 : 0);
  }
  return blocks * block;
}
