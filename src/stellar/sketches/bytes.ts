/**
 * The binary form of the sketches: little-endian floats, and whole numbers as LEB128 varints, so that small counts
 * stay small. Every sketch starts with one tag byte of its own.
 */
import { StellarError } from "../language/error.ts";

export class ByteWriter {
  #bytes = new Uint8Array(64);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  constructor(tag: number) {
    this.byte(tag);
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#length;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** A whole number from 0 up to 2^53. */
  varint(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  double(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** 64 bits, signed. */
  long(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigInt64(this.#length, value, true);
    this.#length += 8;
  }

  /** A stretch of bytes after its length. */
  block(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Reads what a ByteWriter wrote; bytes that are cut short or of another kind are a StellarError. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #name: string;
  #at = 0;

  constructor(bytes: Uint8Array, tag: number, name: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#name = name;
    if (this.byte() !== tag) throw new StellarError(`these bytes are not a ${name}`);
  }

  byte(): number {
    this.#need(1);
    return this.#view.getUint8(this.#at++);
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw this.damage();
  }

  /** The error for bytes that make no sense. */
  damage(): StellarError {
    return new StellarError(`the bytes of this ${this.#name} are damaged`);
  }

  double(): number {
    this.#need(8);
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8, true);
  }

  long(): bigint {
    this.#need(8);
    this.#at += 8;
    return this.#view.getBigInt64(this.#at - 8, true);
  }

  /** A copy of a stretch of bytes. */
  block(): Uint8Array {
    const length = this.varint();
    this.#need(length);
    this.#at += length;
    return this.#bytes.slice(this.#at - length, this.#at);
  }

  /** How many bytes are left: a bound for counts read from hostile bytes. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Refuses a count whose elements of at least `size` bytes cannot all be there. */
  count(size: number): number {
    const count = this.varint();
    this.#need(count * size);
    return count;
  }

  #need(count: number): void {
    if (count > this.left) throw new StellarError(`the bytes of this ${this.#name} are cut short`);
  }
}
