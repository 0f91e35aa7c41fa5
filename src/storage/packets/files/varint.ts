/**
 * Whole numbers in as few bytes as they need: seven bits a byte, the least first (LEB128). Numbers go up to 2^53; signed ones are folded
 * so that small ones of either sign are short.
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
  return writeVarint(bytes, at, value < 0 ? -2 * value - 1 : 2 * value);
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

/** What `writeFolded` wrote as this number. */
export function unfold(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
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
}
