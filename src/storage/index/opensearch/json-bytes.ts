// The loops below run for every byte of every message: arrays are indexed within bounds known beforehand, hence `as number`.
import { isUtf8 } from "node:buffer";
import { allocateBytes, decodeText, encodeInto, encodeText } from "../../../core/text.ts";

/** What the bytes of a text are, together: bits of what `quoted` returns. */
export const BYTES = {
  /** JSON says it in more than one byte. */
  escaped: 1,
  /** A part of a character beyond ASCII. */
  high: 2,
  /** Stands in no number. */
  wordy: 4,
  /** Stands in no address, but for the name of an interface behind `%`. */
  foreign: 8,
  dot: 16,
  colon: 32,
  percent: 64,
} as const;

const CLASSES = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  const sign = String.fromCharCode(byte);
  let bits = byte >= 0x80 ? BYTES.high : 0;
  if (byte < 0x20 || sign === '"' || sign === "\\") bits |= BYTES.escaped;
  if (!/[0-9.eE+-]/.test(sign)) bits |= BYTES.wordy;
  if (!/[0-9a-fA-F.:[\]%]/.test(sign)) bits |= BYTES.foreign;
  if (sign === ".") bits |= BYTES.dot;
  if (sign === ":") bits |= BYTES.colon;
  if (sign === "%") bits |= BYTES.percent;
  CLASSES[byte] = bits;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;
const HEX = new TextEncoder().encode("0123456789abcdef");
/** JSON's short escapes, by the byte that they stand for. */
const SHORT = new Map([
  [0x08, "b"],
  [0x09, "t"],
  [0x0a, "n"],
  [0x0c, "f"],
  [0x0d, "r"],
]);
const SHORT_ESCAPES = Uint8Array.from({ length: 0x20 }, (_, byte) => SHORT.get(byte)?.charCodeAt(0) ?? 0);
/** The longest escape: `\u001f`. */
const MOST_PER_BYTE = 6;
/** From here on a native copy is faster than a loop. */
const LONG = 64;
const SEVEN_DIGITS = 1e7;
const MOST_DIGITS = 17;

/** Bytes that are written again and again, as words of four, the last one filled up: a tenth of the whole cost less than one by one. */
export type Piece = { readonly words: Int32Array; readonly length: number };

export function pieceOf(text: string): Piece {
  const bytes = encodeText(text);
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  const words = Int32Array.from({ length: padded.length / 4 }, (_, word) => view.getInt32(4 * word, true));
  return { words, length: bytes.length };
}

/** JSON as bytes, written from the front to the back. What is added must be JSON where nothing else is said. */
export class JsonBytes {
  bytes: Uint8Array<ArrayBuffer>;
  length = 0;
  #view: DataView;

  constructor(bytes: Uint8Array<ArrayBuffer> = allocateBytes(4096)) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Goes on with other bytes, from their beginning. */
  replace(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.length = 0;
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = allocateBytes(Math.max(needed, this.bytes.length * 2));
    const { length } = this;
    grown.set(this.bytes.subarray(0, length));
    this.replace(grown);
    this.length = length;
  }

  addPiece({ words, length }: Piece): void {
    this.reserve(4 * words.length);
    const view = this.#view;
    for (let word = 0, at = this.length; word < words.length; word++, at += 4)
      view.setInt32(at, words[word] as number, true);
    this.length += length;
  }

  /** Adds bytes [from, to) of a source, which may be this one's own. */
  add(source: Uint8Array, from = 0, to = source.length): void {
    this.reserve(to - from);
    const { bytes, length } = this;
    this.length = length + to - from;
    if (to - from >= LONG) {
      if (source === bytes) bytes.copyWithin(length, from, to);
      else bytes.set(source.subarray(from, to), length);
      return;
    }
    for (let index = from, at = length; index < to; index++, at++) bytes[at] = source[index] as number;
  }

  /** Adds what was written at [from, to) once more. */
  again(from: number, to: number): void {
    // Room first: the bytes may be replaced by longer ones.
    this.reserve(to - from);
    this.add(this.bytes, from, to);
  }

  addText(text: string): void {
    this.reserve(text.length * 3);
    this.length += encodeInto(text, this.bytes, this.length);
  }

  /** Adds a whole number within 2^53. */
  addWhole(value: number): void {
    this.reserve(MOST_DIGITS);
    let rest = value;
    if (rest < 0) {
      this.bytes[this.length++] = MINUS;
      rest = -rest;
    }
    if (rest < SEVEN_DIGITS) {
      this.#addDigits(rest, 1);
      return;
    }
    const high = Math.floor(rest / SEVEN_DIGITS);
    this.addWhole(high);
    this.#addDigits(rest - high * SEVEN_DIGITS, 7);
  }

  /** Adds a finite number as JavaScript writes it. */
  addNumber(value: number): void {
    if (Number.isSafeInteger(value)) this.addWhole(value);
    else this.addText(String(value));
  }

  /**
   * Adds the text of bytes [from, to) of a source as a JSON string; what is no UTF-8 becomes U+FFFD.
   * @returns bits of `BYTES`
   */
  quoted(source: Uint8Array, from: number, to: number): number {
    this.reserve((to - from) * MOST_PER_BYTE + 2);
    const { bytes, length } = this;
    let at = length;
    let classes = 0;
    bytes[at++] = QUOTE;
    for (let index = from; index < to; index++) {
      const byte = source[index] as number;
      const bits = CLASSES[byte] as number;
      classes |= bits;
      if ((bits & BYTES.escaped) === 0) bytes[at++] = byte;
      else at = addEscape(bytes, at, byte);
    }
    bytes[at++] = QUOTE;
    this.length = at;
    if ((classes & BYTES.high) !== 0 && !isUtf8(source.subarray(from, to))) {
      this.length = length;
      this.addText(JSON.stringify(decodeText(source, from, to)));
    }
    return classes;
  }

  /** Adds a number below 10^7 with at least so many digits. */
  #addDigits(value: number, least: number): void {
    let count = least;
    for (let power = 10 ** least; value >= power; power *= 10) count++;
    const { bytes } = this;
    let rest = value;
    for (let at = this.length + count - 1; at >= this.length; at--) {
      const tenth = (rest / 10) | 0;
      bytes[at] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.length += count;
  }
}

function addEscape(bytes: Uint8Array, place: number, byte: number): number {
  let at = place;
  bytes[at++] = BACKSLASH;
  const short = byte < 0x20 ? (SHORT_ESCAPES[byte] as number) : byte;
  if (short !== 0) {
    bytes[at++] = short;
    return at;
  }
  bytes[at++] = 0x75;
  bytes[at++] = ZERO;
  bytes[at++] = ZERO;
  bytes[at++] = HEX[byte >> 4] as number;
  bytes[at++] = HEX[byte & 15] as number;
  return at;
}
