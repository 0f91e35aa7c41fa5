/**
 * Austin Appleby's MurmurHash2 (64A) and MurmurHash3 (x64, 128 bits), public domain algorithms.
 *
 * A 64-bit word is two unsigned halves, because BigInt is some fifty times slower. The halves of the running word are
 * in module variables, `high` and `low`: returning a pair would allocate on every step.
 *
 * Reads stay below the length of the bytes, so they are asserted with `!`.
 */
import { allocateBytes, encodeInto, encodeText } from "../../core/text.ts";

let high = 0;
let low = 0;

/** (high, low) times the given word, modulo 2^64. */
function multiply(factorHigh: number, factorLow: number): void {
  const a0 = low & 0xffff;
  const a1 = low >>> 16;
  const b0 = factorLow & 0xffff;
  const b1 = factorLow >>> 16;
  const bottom = a0 * b0;
  const middle = a1 * b0 + (bottom >>> 16);
  const middle2 = a0 * b1 + (middle % 0x10000);
  const carry = a1 * b1 + Math.floor(middle / 0x10000) + Math.floor(middle2 / 0x10000);
  high = (carry + Math.imul(high, factorLow) + Math.imul(low, factorHigh)) >>> 0;
  low = (((middle2 & 0xffff) << 16) | (bottom & 0xffff)) >>> 0;
}

function add(otherHigh: number, otherLow: number): void {
  const sum = low + otherLow;
  high = (high + otherHigh + (sum > 0xffffffff ? 1 : 0)) >>> 0;
  low = sum >>> 0;
}

function exclusiveOr(otherHigh: number, otherLow: number): void {
  high = (high ^ otherHigh) >>> 0;
  low = (low ^ otherLow) >>> 0;
}

/** (high, low) ^= (high, low) >>> bits, for 33 to 63 bits. */
function foldDown(bits: number): void {
  low = (low ^ (high >>> (bits - 32))) >>> 0;
}

/** Rotates left by 1 to 31 bits. */
function rotate(bits: number): void {
  const oldHigh = high;
  high = ((high << bits) | (low >>> (32 - bits))) >>> 0;
  low = ((low << bits) | (oldHigh >>> (32 - bits))) >>> 0;
}

function swap(): void {
  [high, low] = [low, high];
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

/** A word of up to four bytes, little-endian, from what is left before `end`. */
function partialWord(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (let index = Math.min(at + 4, end) - 1; index >= at; index--) value = (value << 8) | bytes[index]!;
  return value >>> 0;
}

const M2_HIGH = 0xc6a4a793;
const M2_LOW = 0x5bd1e995;

/** MurmurHash64A of the first `length` bytes; writes the high and the low half into `out`. The seed is 32 bits. */
export function murmur2(bytes: Uint8Array, length: number, seed: number, out: Uint32Array): void {
  high = M2_HIGH;
  low = M2_LOW;
  multiply(0, length);
  let hashHigh = high;
  let hashLow = (low ^ seed) >>> 0;
  const whole = length - (length % 8);
  for (let at = 0; at < whole; at += 8) {
    low = word(bytes, at);
    high = word(bytes, at + 4);
    multiply(M2_HIGH, M2_LOW);
    foldDown(47);
    multiply(M2_HIGH, M2_LOW);
    exclusiveOr(hashHigh, hashLow);
    multiply(M2_HIGH, M2_LOW);
    hashHigh = high;
    hashLow = low;
  }
  high = hashHigh;
  low = hashLow;
  if (whole < length) {
    exclusiveOr(partialWord(bytes, whole + 4, length), partialWord(bytes, whole, length));
    multiply(M2_HIGH, M2_LOW);
  }
  foldDown(47);
  multiply(M2_HIGH, M2_LOW);
  foldDown(47);
  out[0] = high;
  out[1] = low;
}

/** MurmurHash3 x64 128 of the first `length` bytes; writes h1 (high, low) and h2 (high, low) into `out`. The seed is 32 bits. */
export function murmur3(bytes: Uint8Array, length: number, seed: number, out: Uint32Array): void {
  let h1High = 0;
  let h1Low = seed >>> 0;
  let h2High = 0;
  let h2Low = seed >>> 0;
  const whole = length - (length % 16);
  for (let at = 0; at < whole; at += 16) {
    mixFirst(word(bytes, at + 4), word(bytes, at));
    exclusiveOr(h1High, h1Low);
    rotate(27);
    add(h2High, h2Low);
    multiply(0, 5);
    add(0, 0x52dce729);
    h1High = high;
    h1Low = low;
    mixSecond(word(bytes, at + 12), word(bytes, at + 8));
    exclusiveOr(h2High, h2Low);
    rotate(31);
    add(h1High, h1Low);
    multiply(0, 5);
    add(0, 0x38495ab5);
    h2High = high;
    h2Low = low;
  }
  if (length - whole > 8) {
    mixSecond(partialWord(bytes, whole + 12, length), partialWord(bytes, whole + 8, length));
    h2High = (h2High ^ high) >>> 0;
    h2Low = (h2Low ^ low) >>> 0;
  }
  if (length > whole) {
    const end = Math.min(length, whole + 8);
    mixFirst(partialWord(bytes, whole + 4, end), partialWord(bytes, whole, end));
    h1High = (h1High ^ high) >>> 0;
    h1Low = (h1Low ^ low) >>> 0;
  }
  high = h1High;
  low = (h1Low ^ length) >>> 0;
  h2Low = (h2Low ^ length) >>> 0;
  add(h2High, h2Low);
  h1High = high;
  h1Low = low;
  high = h2High;
  low = h2Low;
  add(h1High, h1Low);
  finalMix();
  h2High = high;
  h2Low = low;
  high = h1High;
  low = h1Low;
  finalMix();
  add(h2High, h2Low);
  out[0] = high;
  out[1] = low;
  add(h2High, h2Low);
  out[2] = high;
  out[3] = low;
}

function mixFirst(wordHigh: number, wordLow: number): void {
  high = wordHigh;
  low = wordLow;
  multiply(0x87c37b91, 0x114253d5);
  rotate(31);
  multiply(0x4cf5ad43, 0x2745937f);
}

function mixSecond(wordHigh: number, wordLow: number): void {
  high = wordHigh;
  low = wordLow;
  multiply(0x4cf5ad43, 0x2745937f);
  // Left by 33 is: halves exchanged, then left by 1.
  swap();
  rotate(1);
  multiply(0x87c37b91, 0x114253d5);
}

function finalMix(): void {
  foldDown(33);
  multiply(0xff51afd7, 0xed558ccd);
  foldDown(33);
  multiply(0xc4ceb9fe, 0x1a85ec53);
  foldDown(33);
}

const scratch = allocateBytes(1024);

/** Hashes the UTF-8 bytes of a text by one of the above, without allocating for short ones. */
export function hashText(
  hash: (bytes: Uint8Array, length: number, seed: number, out: Uint32Array) => void,
  text: string,
  seed: number,
  out: Uint32Array,
): void {
  if (text.length * 3 <= scratch.length) {
    hash(scratch, encodeInto(text, scratch, 0), seed, out);
  } else {
    const bytes = encodeText(text);
    hash(bytes, bytes.length, seed, out);
  }
}
