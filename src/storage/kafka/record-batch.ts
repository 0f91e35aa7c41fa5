/**
 * Kafka's record batch, format 2 (Kafka protocol guide, "Record Batch"), to and from a block without an object per record:
 *
 *   0 first offset i64   8 length of what follows i32   12 leader epoch i32   16 magic i8 = 2   17 CRC-32C of what follows u32
 *  21 attributes i16   23 last offset delta i32   27 first time i64   35 largest time i64   43 producer i64
 *  51 producer epoch i16   53 first sequence i32   57 records i32   61 the records, compressed or not
 *
 * Numbers are big-endian. A record: length, attributes i8, time delta, offset delta, key, value, headers; lengths and deltas
 * are zigzag numbers in seven bits per byte, and a length of -1 is no key or no value.
 */
import { crc32c } from "@node-rs/crc32";
import { type Attached, AttachedReader } from "../../core/attached.ts";
import type { Block } from "../../core/block.ts";
import { COMPRESSIONS, type Compression, compress, decompress } from "./compression.ts";

export const HEADER_BYTES = 61;
const [AT_LENGTH, AT_MAGIC, AT_CRC, AT_ATTRIBUTES] = [8, 16, 17, 21];
/** What the length counts begins here. */
const AFTER_LENGTH = 12;
const MAGIC = 2;
const [COMPRESSION_BITS, TRANSACTION_BIT, CONTROL_BIT] = [0b111, 0b10000, 0b100000];
/** Bytes of a record beside key, value and headers at the most: two numbers of one byte, five of up to five. */
export const RECORD_OVERHEAD = 27;

/** Who sends a batch, so that a broker takes it once: from InitProducerId, and the records sent to the partition before. */
export type Sequence = { readonly producer: bigint; readonly epoch: number; readonly first: number };

/** Makes a batch of all records of a block, each with the block's arrival as its time, and with the key unless it came with one. */
export function encodeBatch(
  { bytes, ends, arrival, attached }: Block,
  { producer, epoch, first }: Sequence,
  compression: Compression,
  key?: Uint8Array,
): Buffer {
  const records = ends.length;
  const payload =
    (ends[records - 1] ?? 0) +
    (attached?.bytes.length ?? 0) +
    records * (RECORD_OVERHEAD + (key?.length ?? 0));
  // Compressed, the records are written into a buffer of their own; else right behind the header.
  const start = roomForHeader(compression);
  const written = Buffer.allocUnsafe(start + payload);
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const came = attached && new AttachedReader(attached);
  let own = key;
  let keyBytes = (own?.length ?? 0) + sizeOfNumber(own?.length ?? -1);
  // Number of headers included.
  let headerBytes = 1;
  let at = start;
  let from = 0;
  for (let index = 0; index < records; index++) {
    const end = ends[index] as number;
    const length = end - from;
    if (came !== undefined) {
      came.seek(index);
      own = came.key() ?? key;
      keyBytes = (own?.length ?? 0) + sizeOfNumber(own?.length ?? -1);
      headerBytes = sizeOfNumber(came.headers) + came.headersEnd - came.headersStart;
    }
    // Attributes and time delta are zero, a byte each.
    at = writeNumber(
      written,
      at,
      2 + sizeOfNumber(index) + keyBytes + sizeOfNumber(length) + length + headerBytes,
    );
    written[at++] = 0;
    written[at++] = 0;
    at = writeNumber(written, at, index);
    at = writeNumber(written, at, own?.length ?? -1);
    if (own !== undefined) {
      written.set(own, at);
      at += own.length;
    }
    at = writeNumber(written, at, length);
    source.copy(written, at, from, end);
    at += length;
    if (came === undefined) written[at++] = 0;
    else {
      at = writeNumber(written, at, came.headers);
      written.set(came.bytes.subarray(came.headersStart, came.headersEnd), at);
      at += came.headersEnd - came.headersStart;
    }
    from = end;
  }
  return sealed(written, at, { records, arrival, producer, epoch, first }, compression);
}

/** What of a batch is in its header. */
export type Sealing = Sequence & { readonly records: number; readonly arrival: number };

/** Bytes to leave free before the records of a batch that `sealed` makes: the header goes there when they are not compressed. */
export function roomForHeader(compression: Compression): number {
  return compression === "none" ? HEADER_BYTES : 0;
}

/** A batch of the records that were written into a buffer behind `roomForHeader`, up to a place. */
export function sealed(
  written: Buffer,
  end: number,
  { records, arrival, producer, epoch, first }: Sealing,
  compression: Compression,
): Buffer {
  const batch =
    compression === "none"
      ? written.subarray(0, end)
      : Buffer.concat([Buffer.allocUnsafe(HEADER_BYTES), compress(written.subarray(0, end), compression)]);
  const time = BigInt(Math.floor(arrival));
  batch.writeBigInt64BE(0n, 0);
  batch.writeInt32BE(batch.length - AFTER_LENGTH, AT_LENGTH);
  batch.writeInt32BE(-1, 12);
  batch.writeInt8(MAGIC, AT_MAGIC);
  batch.writeInt16BE(COMPRESSIONS[compression], AT_ATTRIBUTES);
  batch.writeInt32BE(records - 1, 23);
  batch.writeBigInt64BE(time, 27);
  batch.writeBigInt64BE(time, 35);
  batch.writeBigInt64BE(producer, 43);
  batch.writeInt16BE(epoch, 51);
  batch.writeInt32BE(first, 53);
  batch.writeInt32BE(records, 57);
  batch.writeUInt32BE(crc32c(batch.subarray(AT_ATTRIBUTES)), AT_CRC);
  return batch;
}

/** A batch as it is among the bytes of a fetch, its records not looked at yet. */
export type BatchHeader = {
  readonly first: number;
  /** Offset behind its last record, which may be one that has been removed since. */
  readonly next: number;
  /** Bytes of all of it. */
  readonly length: number;
  readonly codec: number;
  /** The largest time of its records: the time of all of them when we or the broker gave it, epoch milliseconds. */
  readonly time: number;
  readonly producer: bigint;
  readonly isTransactional: boolean;
  /** A marker that ends a transaction, and no records of anybody. */
  readonly isControl: boolean;
  readonly records: number;
};

/** Reads the header of the batch at a place; undefined when the bytes end within the batch. Throws Error when it is none. */
export function readHeader(bytes: Buffer, at: number): BatchHeader | undefined {
  if (bytes.length - at < HEADER_BYTES) return undefined;
  const length = AFTER_LENGTH + bytes.readInt32BE(at + AT_LENGTH);
  const magic = bytes.readInt8(at + AT_MAGIC);
  if (magic !== MAGIC) throw new Error(`its format is ${magic}, and 2 is the one since Kafka 0.11`);
  if (length < HEADER_BYTES) throw new Error("it is shorter than its header");
  if (bytes.length - at < length) return undefined;
  const attributes = bytes.readInt16BE(at + AT_ATTRIBUTES);
  const first = Number(bytes.readBigInt64BE(at));
  return {
    first,
    next: first + bytes.readInt32BE(at + 23) + 1,
    length,
    codec: attributes & COMPRESSION_BITS,
    time: Number(bytes.readBigInt64BE(at + 35)),
    producer: bytes.readBigInt64BE(at + 43),
    isTransactional: (attributes & TRANSACTION_BIT) !== 0,
    isControl: (attributes & CONTROL_BIT) !== 0,
    records: bytes.readInt32BE(at + 57),
  };
}

/** Whether a batch is what was written, by its checksum. */
export function isSound(bytes: Buffer, at: number, { length }: BatchHeader): boolean {
  return crc32c(bytes.subarray(at + AT_ATTRIBUTES, at + length)) === bytes.readUInt32BE(at + AT_CRC);
}

/** Whether a control batch says that its producer's transaction was given up: the second number of its key is then 0. */
export function isAbort(bytes: Buffer, at: number): boolean {
  const records = bytes.subarray(at + HEADER_BYTES);
  const reader = new RecordReader(records);
  reader.number();
  reader.at++;
  reader.number();
  reader.number();
  return reader.number() >= 4 && records.readInt16BE(reader.at + 2) === 0;
}

/** Records that follow one another without a gap. */
export type Run = {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
  /** Keys and headers, where any record of the batch has some. */
  readonly attached: Attached | undefined;
};

/** Takes batches apart in memory that it uses again: what it yields is overwritten by the next one. */
export class BatchDecoder {
  #values = new Uint8Array(1 << 20);
  #ends = new Uint32Array(1 << 12);
  #starts = new Uint32Array(1 << 12);

  /**
   * The records of a sound batch from an offset on, as one run, or as several where records in between have been removed.
   * @throws Error when they are not what the header says
   */
  *decode(bytes: Buffer, at: number, header: BatchHeader, from: number): Generator<Run, void> {
    const payload = decompress(bytes.subarray(at + HEADER_BYTES, at + header.length), header.codec);
    if (this.#values.length < payload.length) this.#values = new Uint8Array(payload.length * 2);
    if (header.records > payload.length) throw new Error("it says to have more records than bytes");
    if (this.#ends.length < header.records) {
      this.#ends = new Uint32Array(header.records * 2);
      this.#starts = new Uint32Array(header.records * 2);
    }
    const [values, ends, starts] = [this.#values, this.#ends, this.#starts];
    // Whether a record has a key or headers: if none has, nobody is given anything to look through.
    let hasMore = false;
    const run = (): Run => ({
      offset: first,
      bytes: values.subarray(0, length),
      ends: ends.subarray(0, count),
      attached: hasMore ? { bytes: payload, starts: starts.subarray(0, count) } : undefined,
    });
    const reader = new RecordReader(payload);
    let [first, count, length] = [header.first, 0, 0];
    for (let index = 0; index < header.records; index++) {
      const size = reader.number();
      const end = reader.at + size;
      if (size < 0 || end > payload.length) throw new Error("a record is longer than the batch");
      reader.at++;
      reader.number();
      const offset = header.first + reader.number();
      const start = reader.at;
      const key = reader.number();
      if (key > 0) reader.at += key;
      const value = Math.max(0, reader.number());
      if (reader.at + value > end || key > size) throw new Error("a value is longer than its record");
      if (offset >= from) {
        if (count > 0 && offset !== first + count) {
          yield run();
          [count, length] = [0, 0];
        }
        if (count === 0) first = offset;
        payload.copy(values, length, reader.at, reader.at + value);
        length += value;
        // A single byte of zero is the number of headers when there are none.
        if (key >= 0 || reader.at + value + 1 < end) hasMore = true;
        starts[count] = start;
        ends[count++] = length;
      }
      reader.at = end;
    }
    if (count > 0) yield run();
  }
}

/** Reads the numbers of records. */
export class RecordReader {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** A zigzag number of up to five bytes. Behind the end of the bytes are zeros. */
  number(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.at++] ?? 0;
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80 && shift < 70; shift += 7) {
      byte = bytes[this.at++] ?? 0;
      // Times may be more than 32 bits; they are passed over, so their upper bits may go.
      if (shift < 32) value |= (byte & 0x7f) << shift;
    }
    return (value >>> 1) ^ -(value & 1);
  }
}

export function sizeOfNumber(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x200000) return 3;
  return zigzag < 0x10000000 ? 4 : 5;
}

export function writeNumber(bytes: Buffer, from: number, value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  let at = from;
  while (zigzag >= 0x80) {
    bytes[at++] = (zigzag & 0x7f) | 0x80;
    zigzag >>>= 7;
  }
  bytes[at++] = zigzag;
  return at;
}
