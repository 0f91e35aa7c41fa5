/** Record batches whose records have keys of their own, as compacted topics want them: see record-batch.ts for the format. */
import { type Compression, decompress } from "./compression.ts";
import {
  type BatchHeader,
  HEADER_BYTES,
  RECORD_OVERHEAD,
  RecordReader,
  roomForHeader,
  type Sequence,
  sealed,
  sizeOfNumber,
  writeNumber,
} from "./record-batch.ts";

/** A record of a compacted topic. No value (a tombstone) says that the key is gone. */
export type KeyedRecord = { readonly key: Buffer; readonly value: Buffer | null };

/** Makes one batch of records, all of the time `arrival` (epoch milliseconds). */
export function encodeKeyed(
  records: readonly KeyedRecord[],
  arrival: number,
  sequence: Sequence,
  compression: Compression,
): Buffer {
  const start = roomForHeader(compression);
  const payload = records.reduce(
    (sum, { key, value }) => sum + RECORD_OVERHEAD + key.length + (value?.length ?? 0),
    0,
  );
  const written = Buffer.allocUnsafe(start + payload);
  let at = start;
  for (const [index, { key, value }] of records.entries()) {
    const size = value?.length ?? -1;
    const content = key.length + Math.max(0, size) + sizeOfNumber(key.length) + sizeOfNumber(size);
    // Attributes, time delta and number of headers are zero, a byte each.
    at = writeNumber(written, at, 3 + sizeOfNumber(index) + content);
    written[at++] = 0;
    written[at++] = 0;
    at = writeNumber(written, at, index);
    at = writeNumber(written, at, key.length);
    at += key.copy(written, at);
    at = writeNumber(written, at, size);
    if (value !== null) at += value.copy(written, at);
    written[at++] = 0;
  }
  return sealed(written, at, { ...sequence, records: records.length, arrival }, compression);
}

/** A record within the bytes that `takeKeyed` passes: its key, and its value when `valueEnd` is not -1. */
export type KeyedPlace = {
  bytes: Buffer;
  offset: number;
  keyStart: number;
  keyEnd: number;
  valueStart: number;
  valueEnd: number;
};

/**
 * Passes the records of a sound batch from an offset on. The place is used again for the next record; its bytes stay as they are while
 * those of the fetch do.
 * @throws Error when they are not what the header says
 */
export function takeKeyed(
  bytes: Buffer,
  at: number,
  header: BatchHeader,
  from: number,
  take: (place: Readonly<KeyedPlace>) => void,
): void {
  const payload = decompress(bytes.subarray(at + HEADER_BYTES, at + header.length), header.codec);
  const reader = new RecordReader(payload);
  const place = { bytes: payload, offset: 0, keyStart: 0, keyEnd: 0, valueStart: 0, valueEnd: 0 };
  for (let index = 0; index < header.records; index++) {
    const size = reader.number();
    const end = reader.at + size;
    if (size < 0 || end > payload.length) throw new Error("a record is longer than the batch");
    reader.at++;
    reader.number();
    place.offset = header.first + reader.number();
    const key = Math.max(0, reader.number());
    place.keyStart = reader.at;
    place.keyEnd = reader.at += key;
    const value = reader.number();
    place.valueStart = reader.at;
    place.valueEnd = value < 0 ? -1 : reader.at + value;
    if (place.keyEnd > end || place.valueEnd > end) throw new Error("a value is longer than its record");
    reader.at = end;
    if (place.offset >= from) take(place);
  }
}
