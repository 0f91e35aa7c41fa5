import { asBytes, decodeText } from "./text.ts";

/**
 * What records of a block came with besides their bytes: a key and headers, as messages of Kafka have them. They stay the bytes
 * that they came as and are taken apart when somebody asks, so that records of which nobody asks cost nothing.
 *
 * At `starts[i]` stand key, value and headers of record `i` as in a record of Kafka (protocol guide, "Record"): lengths are zigzag
 * numbers in seven bits per byte, -1 is no key and no value. The value may be left out here; it is passed over.
 */
export type Attached = {
  readonly bytes: Uint8Array;
  /** `NOTHING` for a record that came with nothing. */
  readonly starts: Uint32Array;
};

/** The start of a record that has neither key nor headers. */
export const NOTHING = 0xffffffff;

/** A header: a name, and a value that may be missing. */
export type Header = { readonly name: string; readonly value: Uint8Array | undefined };

/** Finds what records came with. One object for all records: `seek` sets where the parts of one are in `bytes`. */
export class AttachedReader {
  readonly bytes: Uint8Array;
  readonly #starts: Uint32Array;
  /** The key; -1 as its start when there is none. */
  keyStart = -1;
  keyEnd = -1;
  /** The headers without their number. */
  headersStart = 0;
  headersEnd = 0;
  headers = 0;
  #at = 0;

  constructor({ bytes, starts }: Attached) {
    this.bytes = asBytes(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#starts = starts;
  }

  /**
   * Goes to a record.
   * @throws Error when its bytes are not laid out as they should be
   */
  seek(record: number): void {
    const start = this.#starts[record] ?? NOTHING;
    this.keyStart = -1;
    this.keyEnd = -1;
    this.headers = 0;
    this.headersStart = 0;
    this.headersEnd = 0;
    if (start === NOTHING) return;
    this.#at = start;
    const key = this.#number();
    if (key >= 0) {
      this.keyStart = this.#at;
      this.keyEnd = this.#pass(key);
    }
    this.#pass(Math.max(0, this.#number()));
    this.headers = this.#number();
    if (this.headers < 0 || this.headers > this.bytes.length) throw new Error("its headers have no end");
    this.headersStart = this.#at;
    for (let header = 0; header < this.headers; header++) {
      this.#pass(Math.max(0, this.#number()));
      this.#pass(Math.max(0, this.#number()));
    }
    this.headersEnd = this.#at;
  }

  /** The key of the record at hand; undefined when it has none. A view. */
  key(): Uint8Array | undefined {
    return this.keyStart < 0 ? undefined : this.bytes.subarray(this.keyStart, this.keyEnd);
  }

  /** The headers of the record at hand, in their order. */
  *each(): Generator<Header, void> {
    this.#at = this.headersStart;
    for (let header = 0; header < this.headers; header++) {
      const [nameLength, nameStart] = [this.#number(), this.#at];
      const name = decodeText(this.bytes, nameStart, this.#pass(Math.max(0, nameLength)));
      const [length, start] = [this.#number(), this.#at];
      yield { name, value: length < 0 ? undefined : this.bytes.subarray(start, this.#pass(length)) };
    }
  }

  #pass(length: number): number {
    this.#at += length;
    if (this.#at > this.bytes.length) throw new Error("its key or a header is longer than the record");
    return this.#at;
  }

  #number(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.#at++] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return (value >>> 1) ^ -(value & 1);
  }
}

/** The same in memory of its own, without the values that may be in between: for what outlives the block it came with. */
export function copyAttached(attached: Attached, from = 0, to = attached.starts.length): Attached {
  const reader = new AttachedReader(attached);
  const builder = new Builder(to - from);
  for (let record = from; record < to; record++) {
    reader.seek(record);
    const headers = reader.bytes.subarray(reader.headersStart, reader.headersEnd);
    builder.add(reader.key(), reader.headers, [headers]);
  }
  return builder.build();
}

/** What records come with, from values: for tests and for small inputs. */
export function attach(
  records: readonly {
    readonly key?: string | Uint8Array | undefined;
    readonly headers?: readonly Header[];
  }[],
): Attached {
  const builder = new Builder(records.length);
  const encoder = new TextEncoder();
  for (const { key, headers = [] } of records) {
    const parts = headers.flatMap(({ name, value }) => [...sized(encoder.encode(name)), ...sized(value)]);
    builder.add(typeof key === "string" ? encoder.encode(key) : key, headers.length, parts);
  }
  return builder.build();
}

class Builder {
  readonly #starts: Uint32Array;
  readonly #parts: Uint8Array[] = [];
  #records = 0;
  #length = 0;

  constructor(records: number) {
    this.#starts = new Uint32Array(records);
  }

  add(key: Uint8Array | undefined, headers: number, parts: readonly Uint8Array[]): void {
    const hasSomething = key !== undefined || headers > 0;
    this.#starts[this.#records++] = hasSomething ? this.#length : NOTHING;
    if (!hasSomething) return;
    for (const part of [...sized(key), ...sized(undefined), encodeNumber(headers), ...parts]) {
      this.#parts.push(part);
      this.#length += part.length;
    }
  }

  build(): Attached {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return { bytes, starts: this.#starts };
  }
}

/** A length and the bytes of that length; -1 alone for none. */
function sized(bytes: Uint8Array | undefined): readonly Uint8Array[] {
  return bytes === undefined ? [encodeNumber(-1)] : [encodeNumber(bytes.length), bytes];
}

/** A zigzag number of up to five bytes. */
function encodeNumber(value: number): Uint8Array {
  const bytes: number[] = [];
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  while (zigzag >= 0x80) {
    bytes.push((zigzag & 0x7f) | 0x80);
    zigzag >>>= 7;
  }
  bytes.push(zigzag);
  return Uint8Array.from(bytes);
}
