/** Sequence files of the original's packet store, made by hand to Hadoop's format. */

const SYNC = Buffer.from("00112233445566778899aabbccddeeff", "hex");
export const MARKER = Buffer.concat([Buffer.from("ffffffff", "hex"), SYNC]);

const WRITABLE = "org.apache.hadoop.io.";

/** The header of a file with such keys. */
export function sequenceHeader(
  options: { key?: string; value?: string; version?: number; isPacked?: boolean } = {},
): Buffer {
  const { key = "LongWritable", value = "BytesWritable", version = 6, isPacked = false } = options;
  const name = (text: string) => Buffer.concat([Buffer.of(text.length), Buffer.from(text)]);
  return Buffer.concat([
    Buffer.from("SEQ"),
    Buffer.of(version),
    name(WRITABLE + key),
    name(WRITABLE + value),
    Buffer.of(isPacked ? 1 : 0, 0),
    // One pair of metadata.
    ...(version >= 6 ? [Buffer.from([0, 0, 0, 1]), name("made by"), name("a test")] : []),
    SYNC,
  ]);
}

/** A record. */
export function sequenceRecord(key: Uint8Array, value: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(key.length + 4 + value.length);
  head.writeUInt32BE(key.length, 4);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(value.length);
  return Buffer.concat([head, key, size, value]);
}

/** A key: nanoseconds since 1970. */
export function longKey(value: bigint): Buffer {
  const key = Buffer.alloc(8);
  key.writeBigUInt64BE(value);
  return key;
}
