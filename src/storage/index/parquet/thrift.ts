/** Types of a field or of a list's elements, as the compact protocol of Apache Thrift numbers them. */
const TRUE = 1;
const FALSE = 2;
const I8 = 3;
const I32 = 5;
const I64 = 6;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;

const encoder = new TextEncoder();

/**
 * Writes structures in the compact protocol of Apache Thrift, as the headers and the footer of a Parquet file are
 * (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md). Fields must come in the order of
 * their numbers.
 */
export class ThriftWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;
  /** The number of the last field, for each structure that is open. */
  #last: number[] = [];

  /** What was written so far; a view that the next write may change. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Starts again. */
  reset(): void {
    this.#length = 0;
    this.#last = [];
  }

  /** Opens a structure: as a field, or as an element of a list when it has no number. */
  begin(field?: number): void {
    if (field !== undefined) this.#field(field, STRUCT);
    this.#last.push(0);
  }

  end(): void {
    this.#byte(0);
    this.#last.pop();
  }

  /** Of a value of up to 127. */
  i8(field: number, value: number): void {
    this.#field(field, I8);
    this.#byte(value);
  }

  i32(field: number, value: number): void {
    this.#field(field, I32);
    this.#zigzag(value);
  }

  i64(field: number, value: number): void {
    this.#field(field, I64);
    this.#zigzag(value);
  }

  boolean(field: number, value: boolean): void {
    this.#field(field, value ? TRUE : FALSE);
  }

  text(field: number, value: string): void {
    this.binary(field, encoder.encode(value));
  }

  binary(field: number, value: Uint8Array): void {
    this.#field(field, BINARY);
    this.#binary(value);
  }

  /** A list of structures; each is begun and ended by the caller. */
  structs(field: number, count: number): void {
    this.#list(field, count, STRUCT);
  }

  i32s(field: number, values: readonly number[]): void {
    this.#list(field, values.length, I32);
    for (const value of values) this.#zigzag(value);
  }

  texts(field: number, values: readonly string[]): void {
    this.#list(field, values.length, BINARY);
    for (const value of values) this.#binary(encoder.encode(value));
  }

  #field(field: number, type: number): void {
    const last = this.#last.at(-1) as number;
    const step = field - last;
    if (step > 0 && step <= 15) this.#byte((step << 4) | type);
    else {
      this.#byte(type);
      this.#zigzag(field);
    }
    this.#last[this.#last.length - 1] = field;
  }

  #list(field: number, count: number, type: number): void {
    this.#field(field, LIST);
    if (count < 15) this.#byte((count << 4) | type);
    else {
      this.#byte(0xf0 | type);
      this.#varint(count);
    }
  }

  #binary(value: Uint8Array): void {
    this.#varint(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  #zigzag(value: number): void {
    this.#varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  /** Of a whole number below 2^53. */
  #varint(value: number): void {
    let left = value;
    while (left >= 128) {
      this.#byte((left % 128) | 128);
      left = Math.floor(left / 128);
    }
    this.#byte(left);
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#length + count, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
