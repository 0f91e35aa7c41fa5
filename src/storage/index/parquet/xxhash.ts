/**
 * XXH64 with seed 0 (Yann Collet, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md): the hash that the
 * bloom filters of Parquet are made of. Numbers of 64 bits are kept as two halves of 32: as bigint it takes three
 * times as long.
 */

const P1_LOW = 0x85ebca87 | 0;
const P1_HIGH = 0x9e3779b1 | 0;
const P2_LOW = 0x27d4eb4f | 0;
const P2_HIGH = 0xc2b2ae3d | 0;
const P3_LOW = 0x9e3779f9 | 0;
const P3_HIGH = 0x165667b1 | 0;
const P4_LOW = 0xc2b2ae63 | 0;
const P4_HIGH = 0x85ebca77 | 0;
const P5_LOW = 0x165667c5 | 0;
const P5_HIGH = 0x27d4eb2f | 0;

/** Halves of the low halves, for multiplying. */
const P1_0 = P1_LOW & 0xffff;
const P1_1 = P1_LOW >>> 16;
const P2_0 = P2_LOW & 0xffff;
const P2_1 = P2_LOW >>> 16;
const P3_0 = P3_LOW & 0xffff;
const P3_1 = P3_LOW >>> 16;
const P5_0 = P5_LOW & 0xffff;
const P5_1 = P5_LOW >>> 16;

/** The number at hand, low and high half; afterwards the result. Variables would be boxed. */
export const hashed = new Int32Array(2);

/** Hashes bytes [start, start + length) of a memory into `hashed`. */
export function xxhash64(view: DataView, start: number, length: number): void {
  if (length < 32) short(view, start, length);
  else long(view, start, length);
}

/**
 * The same for up to 31 bytes, which nearly all keys have. All but `upper` is written out, so that all of it stays in
 * registers: a call for each step takes three times as long.
 */
function short(view: DataView, start: number, length: number): void {
  const end = start + length;
  let at = start;
  let l = (P5_LOW + length) | 0;
  let h = (P5_HIGH + ((P5_LOW >>> 0) + length > 0xffffffff ? 1 : 0)) | 0;
  // The halves of a word at hand, and what a half was before or a sum.
  let x = 0;
  let y = 0;
  let f = 0;
  for (; at + 8 <= end; at += 8) {
    x = view.getInt32(at, true);
    y = view.getInt32(at + 4, true);
    y = (Math.imul(x, P2_HIGH) + Math.imul(y, P2_LOW) + upper(x, P2_0, P2_1)) | 0;
    x = Math.imul(x, P2_LOW);
    f = x;
    x = (x << 31) | (y >>> 1);
    y = (y << 31) | (f >>> 1);
    y = (Math.imul(x, P1_HIGH) + Math.imul(y, P1_LOW) + upper(x, P1_0, P1_1)) | 0;
    x = Math.imul(x, P1_LOW);
    l ^= x;
    h ^= y;
    f = l;
    l = (l << 27) | (h >>> 5);
    h = (h << 27) | (f >>> 5);
    h = (Math.imul(l, P1_HIGH) + Math.imul(h, P1_LOW) + upper(l, P1_0, P1_1)) | 0;
    l = Math.imul(l, P1_LOW);
    f = (l >>> 0) + (P4_LOW >>> 0);
    h = (h + P4_HIGH + (f > 0xffffffff ? 1 : 0)) | 0;
    l = f | 0;
  }
  if (at + 4 <= end) {
    x = view.getInt32(at, true);
    y = (Math.imul(x, P1_HIGH) + upper(x, P1_0, P1_1)) | 0;
    x = Math.imul(x, P1_LOW);
    l ^= x;
    h ^= y;
    f = l;
    l = (l << 23) | (h >>> 9);
    h = (h << 23) | (f >>> 9);
    h = (Math.imul(l, P2_HIGH) + Math.imul(h, P2_LOW) + upper(l, P2_0, P2_1)) | 0;
    l = Math.imul(l, P2_LOW);
    f = (l >>> 0) + (P3_LOW >>> 0);
    h = (h + P3_HIGH + (f > 0xffffffff ? 1 : 0)) | 0;
    l = f | 0;
    at += 4;
  }
  for (; at < end; at++) {
    x = view.getUint8(at);
    y = (Math.imul(x, P5_HIGH) + upper(x, P5_0, P5_1)) | 0;
    x = Math.imul(x, P5_LOW);
    l ^= x;
    h ^= y;
    f = l;
    l = (l << 11) | (h >>> 21);
    h = (h << 11) | (f >>> 21);
    h = (Math.imul(l, P1_HIGH) + Math.imul(h, P1_LOW) + upper(l, P1_0, P1_1)) | 0;
    l = Math.imul(l, P1_LOW);
  }
  l ^= h >>> 1;
  h = (Math.imul(l, P2_HIGH) + Math.imul(h, P2_LOW) + upper(l, P2_0, P2_1)) | 0;
  l = Math.imul(l, P2_LOW);
  l ^= (l >>> 29) | (h << 3);
  h ^= h >>> 29;
  h = (Math.imul(l, P3_HIGH) + Math.imul(h, P3_LOW) + upper(l, P3_0, P3_1)) | 0;
  l = Math.imul(l, P3_LOW);
  hashed[0] = l ^ h;
  hashed[1] = h;
}

function long(view: DataView, start: number, length: number): void {
  const at = stripes(view, start, start + length);
  add(length, 0);
  rest(view, at, start + length);
  // Spreads every bit over all of them.
  xorShifted(33);
  multiply(P2_LOW, P2_HIGH);
  xorShifted(29);
  multiply(P3_LOW, P3_HIGH);
  hashed[0] = (hashed[0] as number) ^ (hashed[1] as number);
}

const lanes = new Int32Array(8);

/** Takes in all whole stripes of 32 bytes and returns where the rest begins. */
function stripes(view: DataView, start: number, end: number): number {
  let at = start;
  lanes[0] = (P1_LOW + P2_LOW) | 0;
  lanes[1] = (P1_HIGH + P2_HIGH + ((P1_LOW >>> 0) + (P2_LOW >>> 0) > 0xffffffff ? 1 : 0)) | 0;
  lanes[2] = P2_LOW;
  lanes[3] = P2_HIGH;
  lanes[4] = 0;
  lanes[5] = 0;
  lanes[6] = -P1_LOW | 0;
  lanes[7] = ~P1_HIGH;
  for (; at + 32 <= end; at += 32) {
    for (let lane = 0; lane < 8; lane += 2) {
      round(
        lanes[lane] as number,
        lanes[lane + 1] as number,
        view.getInt32(at + lane * 4, true),
        view.getInt32(at + lane * 4 + 4, true),
      );
      lanes[lane] = hashed[0] as number;
      lanes[lane + 1] = hashed[1] as number;
    }
  }
  let sumLow = 0;
  let sumHigh = 0;
  for (let lane = 0; lane < 8; lane += 2) {
    hashed[0] = lanes[lane] as number;
    hashed[1] = lanes[lane + 1] as number;
    rotate(ROTATIONS[lane >> 1] as number);
    add(sumLow, sumHigh);
    sumLow = hashed[0] as number;
    sumHigh = hashed[1] as number;
  }
  for (let lane = 0; lane < 8; lane += 2) {
    round(0, 0, lanes[lane] as number, lanes[lane + 1] as number);
    hashed[0] = (hashed[0] as number) ^ sumLow;
    hashed[1] = (hashed[1] as number) ^ sumHigh;
    multiply(P1_LOW, P1_HIGH);
    add(P4_LOW, P4_HIGH);
    sumLow = hashed[0] as number;
    sumHigh = hashed[1] as number;
  }
  return at;
}

const ROTATIONS = [1, 7, 12, 18];

/** Takes in what is no whole stripe. */
function rest(view: DataView, start: number, end: number): void {
  let at = start;
  for (; at + 8 <= end; at += 8) {
    const beforeLow = hashed[0] as number;
    const beforeHigh = hashed[1] as number;
    round(0, 0, view.getInt32(at, true), view.getInt32(at + 4, true));
    hashed[0] = (hashed[0] as number) ^ beforeLow;
    hashed[1] = (hashed[1] as number) ^ beforeHigh;
    rotate(27);
    multiply(P1_LOW, P1_HIGH);
    add(P4_LOW, P4_HIGH);
  }
  if (at + 4 <= end) {
    mixIn(view.getInt32(at, true), P1_LOW, P1_HIGH);
    rotate(23);
    multiply(P2_LOW, P2_HIGH);
    add(P3_LOW, P3_HIGH);
    at += 4;
  }
  for (; at < end; at++) {
    mixIn(view.getUint8(at), P5_LOW, P5_HIGH);
    rotate(11);
    multiply(P1_LOW, P1_HIGH);
  }
}

/** rotate(accumulated + lane * P2, 31) * P1. */
function round(accumulatedLow: number, accumulatedHigh: number, laneLow: number, laneHigh: number): void {
  hashed[0] = laneLow;
  hashed[1] = laneHigh;
  multiply(P2_LOW, P2_HIGH);
  add(accumulatedLow, accumulatedHigh);
  rotate(31);
  multiply(P1_LOW, P1_HIGH);
}

/** Combines the number at hand with a 32-bit word times a prime. */
function mixIn(word: number, primeLow: number, primeHigh: number): void {
  const beforeLow = hashed[0] as number;
  const beforeHigh = hashed[1] as number;
  hashed[0] = word;
  hashed[1] = 0;
  multiply(primeLow, primeHigh);
  hashed[0] = (hashed[0] as number) ^ beforeLow;
  hashed[1] = (hashed[1] as number) ^ beforeHigh;
}

function add(otherLow: number, otherHigh: number): void {
  const sum = ((hashed[0] as number) >>> 0) + (otherLow >>> 0);
  hashed[0] = sum | 0;
  hashed[1] = ((hashed[1] as number) + otherHigh + (sum > 0xffffffff ? 1 : 0)) | 0;
}

function multiply(otherLow: number, otherHigh: number): void {
  const low = hashed[0] as number;
  hashed[1] =
    (Math.imul(low, otherHigh) +
      Math.imul(hashed[1] as number, otherLow) +
      upper(low, otherLow & 0xffff, otherLow >>> 16)) |
    0;
  hashed[0] = Math.imul(low, otherLow);
}

/**
 * The high half of the product of two numbers of 32 bits, the other given as its own halves. The engine takes it into
 * its callers only while it is this small.
 */
function upper(low: number, other0: number, other1: number): number {
  const low0 = low & 0xffff;
  const low1 = low >>> 16;
  const middle = low0 * other1 + ((low0 * other0) >>> 16);
  return low1 * other1 + (middle >>> 16) + ((low1 * other0 + (middle & 0xffff)) >>> 16);
}

/** By 1 to 31 bits. */
function rotate(by: number): void {
  const before = hashed[0] as number;
  hashed[0] = ((hashed[0] as number) << by) | ((hashed[1] as number) >>> (32 - by));
  hashed[1] = ((hashed[1] as number) << by) | (before >>> (32 - by));
}

/** value ^ (value >> by), by 33 or 29 bits. */
function xorShifted(by: 33 | 29): void {
  if (by === 33) hashed[0] = (hashed[0] as number) ^ ((hashed[1] as number) >>> 1);
  else {
    hashed[0] = (hashed[0] as number) ^ (((hashed[0] as number) >>> 29) | ((hashed[1] as number) << 3));
    hashed[1] = (hashed[1] as number) ^ ((hashed[1] as number) >>> 29);
  }
}
