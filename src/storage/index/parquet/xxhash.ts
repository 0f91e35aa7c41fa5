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

/** The number at hand, low and high half; afterwards the result. Variables would be boxed. */
export const hashed = new Int32Array(2);

/** Hashes bytes [start, start + length) of a memory into `hashed`. */
export function xxhash64(view: DataView, start: number, length: number): void {
  const end = start + length;
  const at = length >= 32 ? stripes(view, start, end) : start;
  if (length < 32) {
    hashed[0] = P5_LOW;
    hashed[1] = P5_HIGH;
  }
  add(length, 0);
  rest(view, at, end);
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
  const a0 = (hashed[0] as number) & 0xffff;
  const a1 = (hashed[0] as number) >>> 16;
  const b0 = otherLow & 0xffff;
  const b1 = otherLow >>> 16;
  const p01 = Math.imul(a0, b1);
  const p10 = Math.imul(a1, b0);
  const middle = (Math.imul(a0, b0) >>> 16) + (p01 & 0xffff) + (p10 & 0xffff);
  const carried = Math.imul(a1, b1) + (p01 >>> 16) + (p10 >>> 16) + (middle >>> 16);
  hashed[1] =
    (Math.imul(hashed[0] as number, otherHigh) + Math.imul(hashed[1] as number, otherLow) + carried) | 0;
  hashed[0] = Math.imul(hashed[0] as number, otherLow);
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
