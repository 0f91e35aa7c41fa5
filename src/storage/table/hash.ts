/**
 * Hashing of keys where they are. Two 32-bit lanes with the mixing of MurmurHash3 (Austin Appleby, public domain) but
 * different multipliers and rotations, so that together they behave like 64 bits. Casts to `number` below are array
 * reads within bounds, on a path of millions per second.
 */

/** Where `hashSpan` leaves the two lanes: two results without an object. */
export const lanes = new Int32Array(2);

/** The bytes hashed last, as whole words: keys of one batch are in the same memory. */
let hashed: Uint8Array = new Uint8Array(0);
let view = new DataView(hashed.buffer);

/** Hashes bytes[start, end) into `lanes`. */
export function hashSpan(bytes: Uint8Array, start: number, end: number): void {
  if (bytes !== hashed) {
    hashed = bytes;
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  let low = 0x2c1b3c6d;
  let high = 0x297a2d39;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word = view.getInt32(at, true);
    const a = Math.imul(word, 0xcc9e2d51);
    low = Math.imul(rotate(low ^ Math.imul(rotate(a, 15), 0x1b873593), 13), 5) + 0xe6546b64;
    const b = Math.imul(word, 0x239b961b);
    high = Math.imul(rotate(high ^ Math.imul(rotate(b, 17), 0xab0e9789), 19), 5) + 0x561ccd1b;
  }
  let rest = 0;
  for (let shift = 0; at < end; at++, shift += 8) rest |= (bytes[at] as number) << shift;
  low ^= Math.imul(rotate(Math.imul(rest, 0xcc9e2d51), 15), 0x1b873593);
  high ^= Math.imul(rotate(Math.imul(rest, 0x239b961b), 17), 0xab0e9789);
  lanes[0] = finish(low ^ (end - start));
  lanes[1] = finish(high ^ Math.imul(end - start, 0x9e3779b1));
}

/** Spreads every bit of a 32-bit number over all of them. */
export function finish(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}
