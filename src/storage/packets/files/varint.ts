/**
 * Whole numbers in as few bytes as they need: seven bits per byte, the least first (LEB128). Numbers go up to 2^53; signed ones, from -2^53 on, are
 * folded so that small ones of either sign are short.
 */

/** Writes a number from 0 to 2^53 and returns the place behind it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let place = at;
  let rest = value;
  while (rest > 0x7fffffff) {
    bytes[place++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  return writeSmall(bytes, place, rest);
}

/** Below this a number and its sign fit 31 bits. */
const SMALL = 1 << 30;

/** Writes a number of either sign, -1 as 1, 1 as 2, -2 as 3 and so on, and returns the place behind it. */
export function writeFolded(bytes: Uint8Array, at: number, value: number): number {
  // Most packets differ little from the one before, and these differences are whole numbers of the processor.
  if (value < SMALL && value > -SMALL) return writeSmall(bytes, at, (value << 1) ^ (value >> 31));
  // Twice a number may be more than a number can hold to the last bit, so its sign is set apart.
  const positive = value < 0 ? -value - 1 : value;
  bytes[at] = (positive % 64) * 2 + (value < 0 ? 1 : 0) + 0x80;
  return writeVarint(bytes, at + 1, Math.floor(positive / 64));
}

/** The most bytes a number takes. */
export const VARINT_BYTES = 8;

function writeSmall(bytes: Uint8Array, at: number, value: number): number {
  let place = at;
  let rest = value | 0;
  while (rest > 0x7f) {
    bytes[place++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[place++] = rest;
  return place;
}

/** Reads numbers one after another. Behind the end it reads zeros; `isBroken` then tells. */
export class VarintReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  at: number;
  isBroken = false;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.at = start;
    this.#end = Math.min(end, bytes.length);
  }

  get isDone(): boolean {
    return this.at >= this.#end;
  }

  next(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < VARINT_BYTES; count++) {
      const byte = this.#bytes[this.at];
      if (byte === undefined || this.at >= this.#end) break;
      this.at++;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    this.isBroken = true;
    return 0;
  }

  /** What `writeFolded` wrote. */
  nextFolded(): number {
    const first = this.#bytes[this.at] ?? 0;
    let positive = (first & 0x7f) >> 1;
    if (first < 0x80) {
      this.next();
    } else {
      this.at++;
      positive += this.next() * 64;
    }
    return first % 2 === 0 ? positive : -positive - 1;
  }
}
