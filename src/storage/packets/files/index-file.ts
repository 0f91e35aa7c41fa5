import { crc32 } from "node:zlib";
import { addressKey, addToBloom, communityKey, newBloom } from "./bloom.ts";
import type { SegmentKey } from "./cipher.ts";
import { KeySet } from "./key-set.ts";
import { KEY_WORDS, KIND_WORD, PORTS, type TupleTable, VERSION_SHIFT, VLAN_WORD } from "./tuples.ts";
import { writeVarint } from "./varint.ts";

/**
 * The index beside a sealed segment, in two parts of which a search mostly reads the first alone.
 *
 *   0 magic "MPKIDX"   6 version u8   7 whether the parts are encrypted u8   8 least time f64   16 greatest time f64   24 packets u32   28 blocks u32
 *  32 conversations without addresses u32, of IPv4 u32, of IPv6 u32   44 words of the filter u32   48 bytes of the first part u32, of the second u32
 *  56 CRC-32 of the header before it and of the first part u32   60 CRC-32 of the second part u32
 *  64 first part: the filter of addresses and Community IDs (bloom.ts)
 *     second part: of each block its place f64, least and greatest time f64, packets before it u32, packets u32; then of the conversations of each
 *     version the columns of `columnsOf`; then the packets of each conversation as the differences from one to the next
 *
 * Numbers are little-endian, as the processors are that Node runs on with the packages we need.
 */
export type IndexHeader = {
  readonly minTime: number;
  readonly maxTime: number;
  readonly packets: number;
  readonly blocks: number;
  /** Conversations without addresses, of IPv4 and of IPv6. */
  readonly tuples: readonly [number, number, number];
  readonly filterWords: number;
  readonly firstBytes: number;
  readonly secondBytes: number;
  readonly isEncrypted: boolean;
};

export const INDEX_HEADER_BYTES = 64;
const MAGIC = Buffer.from("MPKIDX");
const VERSION = 1;
const AUTHENTICATED_BYTES = 48;
const FIRST_CHECKSUM = 56;
const SECOND_CHECKSUM = 60;
/** Words of the two addresses of a conversation without any, of IPv4 and of IPv6. */
export const ADDRESS_WORDS = [0, 2, 8] as const;
const VERSIONS = [0, 4, 6];
/** The most bytes that a packet's number takes. */
const PACKET_BYTES = 5;
/** A block's place, times, packets before it and packets. */
export const BLOCK_ENTRY_BYTES = 32;

/** Where a block is, and what it has; one without packets tells of an interface, or of something else. */
export type BlockPlace = {
  readonly at: number;
  readonly minTime: number;
  readonly maxTime: number;
  readonly before: number;
  readonly packets: number;
};

/** The bytes of the index of a segment. */
export function encodeIndex(
  table: TupleTable,
  blocks: readonly BlockPlace[],
  key: SegmentKey | undefined,
): Uint8Array {
  const order = byVersion(table);
  const filter = filterOf(table);
  const first = Buffer.from(filter.buffer);
  const second = Buffer.concat([
    encodeBlocks(blocks),
    ...order.flatMap((tuples, index) => columnsOf(table, tuples, ADDRESS_WORDS[index] ?? 0)),
    ...postingsOf(table, order.flat()),
  ]);
  const header = Buffer.alloc(INDEX_HEADER_BYTES);
  MAGIC.copy(header);
  header[6] = VERSION;
  header[7] = key === undefined ? 0 : 1;
  header.writeDoubleLE(least(blocks), 8);
  header.writeDoubleLE(greatest(blocks), 16);
  header.writeUInt32LE(
    blocks.reduce((sum, { packets }) => sum + packets, 0),
    24,
  );
  header.writeUInt32LE(blocks.length, 28);
  for (const [index, tuples] of order.entries()) header.writeUInt32LE(tuples.length, 32 + 4 * index);
  header.writeUInt32LE(filter.length, 44);
  const seal = (part: Uint8Array) => key?.seal(part, authenticatedHeader(header)) ?? part;
  const one = seal(first);
  const other = seal(second);
  header.writeUInt32LE(one.length, 48);
  header.writeUInt32LE(other.length, 52);
  header.writeUInt32LE(firstChecksum(header, one), FIRST_CHECKSUM);
  header.writeUInt32LE(crc32(other), SECOND_CHECKSUM);
  return Buffer.concat([header, one, other]);
}

/** Reads the header of an index; undefined when it is none, or of another version. */
export function decodeIndexHeader(header: Buffer): IndexHeader | undefined {
  if (header.length < INDEX_HEADER_BYTES || !header.subarray(0, 6).equals(MAGIC)) return undefined;
  if (header[6] !== VERSION) return undefined;
  return {
    minTime: header.readDoubleLE(8),
    maxTime: header.readDoubleLE(16),
    packets: header.readUInt32LE(24),
    blocks: header.readUInt32LE(28),
    tuples: [header.readUInt32LE(32), header.readUInt32LE(36), header.readUInt32LE(40)],
    filterWords: header.readUInt32LE(44),
    firstBytes: header.readUInt32LE(48),
    secondBytes: header.readUInt32LE(52),
    isEncrypted: header[7] === 1,
  };
}

/** Whether the header and the first part of an index are what was written. */
export function isSoundFirst(header: Buffer, first: Uint8Array): boolean {
  return firstChecksum(header, first) === header.readUInt32LE(FIRST_CHECKSUM);
}

/** Whether the second part is what was written with this header. */
export function isSoundSecond(header: Buffer, second: Uint8Array): boolean {
  return crc32(second) === header.readUInt32LE(SECOND_CHECKSUM);
}

/** The part of a header that its encrypted parts were sealed with. */
export function authenticatedHeader(header: Buffer): Uint8Array {
  return header.subarray(0, AUTHENTICATED_BYTES);
}

function firstChecksum(header: Buffer, first: Uint8Array): number {
  return crc32(first, crc32(header.subarray(0, FIRST_CHECKSUM)));
}

function versionOf(table: TupleTable, tuple: number): number {
  return (table.keys[tuple * KEY_WORDS + KIND_WORD] as number) >>> VERSION_SHIFT;
}

function byVersion(table: TupleTable): number[][] {
  const order: number[][] = [[], [], []];
  for (let tuple = 0; tuple < table.count; tuple++)
    order[VERSIONS.indexOf(versionOf(table, tuple))]?.push(tuple);
  return order;
}

function filterOf(table: TupleTable): Uint32Array<ArrayBuffer> {
  const keys = new KeySet(3 * table.count);
  for (let tuple = 0; tuple < table.count; tuple++) {
    const version = versionOf(table, tuple);
    if (version === 0) continue;
    keys.add(addressKey(table.keys, tuple * KEY_WORDS, version));
    keys.add(addressKey(table.keys, tuple * KEY_WORDS + 4, version));
    keys.add(communityKey(table.communities[tuple] as number));
  }
  const filter = newBloom(keys.count);
  for (let at = 0; at < keys.count; at++) addToBloom(filter, keys.keys[at] as number);
  return filter;
}

function encodeBlocks(blocks: readonly BlockPlace[]): Buffer {
  const bytes = Buffer.alloc(blocks.length * BLOCK_ENTRY_BYTES);
  for (const [index, { at, minTime, maxTime, before, packets }] of blocks.entries()) {
    const start = index * BLOCK_ENTRY_BYTES;
    bytes.writeDoubleLE(at, start);
    bytes.writeDoubleLE(minTime, start + 8);
    bytes.writeDoubleLE(maxTime, start + 16);
    bytes.writeUInt32LE(before, start + 24);
    bytes.writeUInt32LE(packets, start + 28);
  }
  return bytes;
}

/**
 * The conversations of one version as columns of words: addresses (none, 2 or 8 columns), ports (or the EtherType), the protocol below the VLAN, and of
 * those with addresses the beginning of the Community ID's digest.
 */
function columnsOf(
  { keys, communities }: TupleTable,
  tuples: readonly number[],
  addressWords: number,
): Buffer[] {
  const column = (read: (start: number, tuple: number) => number) => {
    const words = new Uint32Array(tuples.length);
    for (let at = 0; at < words.length; at++) {
      const tuple = tuples[at] as number;
      words[at] = read(tuple * KEY_WORDS, tuple);
    }
    return Buffer.from(words.buffer);
  };
  const word = (index: number) => column((start) => keys[start + index] as number);
  const addresses = addressWords === 2 ? [3, 7] : [0, 1, 2, 3, 4, 5, 6, 7].slice(0, addressWords);
  return [
    ...addresses.map(word),
    word(PORTS),
    column(
      (start) =>
        (((keys[start + VLAN_WORD] as number) << 16) | ((keys[start + KIND_WORD] as number) & 0xffff)) >>> 0,
    ),
    ...(addressWords === 0 ? [] : [column((_, tuple) => communities[tuple] as number)]),
  ];
}

/** Where the packets of each conversation begin among the bytes that follow, one more for where they end; and these bytes. */
function postingsOf(table: TupleTable, order: readonly number[]): [starts: Buffer, bytes: Buffer] {
  const { rows, rowTuple, rowPacket, count } = table;
  // Rows by conversation, each in the order of packets: a counting sort.
  const begins = new Uint32Array(count + 1);
  for (let row = 0; row < rows; row++) {
    const tuple = (rowTuple[row] as number) + 1;
    begins[tuple] = (begins[tuple] as number) + 1;
  }
  for (let tuple = 0; tuple < count; tuple++)
    begins[tuple + 1] = (begins[tuple + 1] as number) + (begins[tuple] as number);
  const next = begins.slice();
  const sorted = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    const tuple = rowTuple[row] as number;
    sorted[next[tuple] as number] = rowPacket[row] as number;
    next[tuple] = (next[tuple] as number) + 1;
  }
  const bytes = Buffer.allocUnsafe(rows * PACKET_BYTES);
  const starts = new Uint32Array(order.length + 1);
  let at = 0;
  for (const [index, tuple] of order.entries()) {
    starts[index] = at;
    let before = 0;
    for (let row = begins[tuple] as number; row < (begins[tuple + 1] as number); row++) {
      at = writeVarint(bytes, at, (sorted[row] as number) - before);
      before = sorted[row] as number;
    }
  }
  starts[order.length] = at;
  return [Buffer.from(starts.buffer), bytes.subarray(0, at)];
}

const least = (blocks: readonly BlockPlace[]) =>
  blocks.reduce((least, { minTime }) => Math.min(least, minTime), Number.POSITIVE_INFINITY);
const greatest = (blocks: readonly BlockPlace[]) =>
  blocks.reduce((greatest, { maxTime }) => Math.max(greatest, maxTime), Number.NEGATIVE_INFINITY);
