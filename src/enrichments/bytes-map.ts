/**
 * A hash table from byte strings to numbers, for values that recur in a stream: a look-up neither decodes nor
 * allocates. It is bounded: when `full` it takes no more, and its owner clears it when that is convenient.
 *
 * Indexes are masked to the table's size, so typed-array reads are asserted with `as number`.
 */
export class BytesMap {
  readonly #mask: number;
  readonly #limit: number;
  readonly #maxBytes: number;
  /** Per slot: hash, key's start, key's end, value + 1 (0: free). */
  readonly #slots: Uint32Array;
  #keys: Uint8Array;
  #used = 0;
  #count = 0;

  /**
   * @param limit how many keys it holds at most.
   * @param maxBytes how many bytes they may have together.
   */
  constructor(limit: number, maxBytes = limit * 64) {
    let size = 16;
    while (size < limit * 2) size *= 2;
    this.#mask = size - 1;
    this.#limit = limit;
    this.#maxBytes = maxBytes;
    this.#slots = new Uint32Array(size * 4);
    this.#keys = new Uint8Array(4096);
  }

  /** The number kept for a key, or -1. */
  get(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(bytes, start, end);
    const slots = this.#slots;
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const value = slots[slot * 4 + 3] as number;
      if (value === 0) return -1;
      if (slots[slot * 4] === hash && this.#equals(slot, bytes, start, end)) return value - 1;
    }
  }

  get full(): boolean {
    return this.#count >= this.#limit || this.#used >= this.#maxBytes;
  }

  /** Keeps a number for a key that `get` did not find; nothing happens when it is full. */
  set(bytes: Uint8Array, start: number, end: number, value: number): void {
    if (this.full) return;
    const hash = hashBytes(bytes, start, end);
    const slots = this.#slots;
    let slot = hash & this.#mask;
    while (slots[slot * 4 + 3] !== 0) slot = (slot + 1) & this.#mask;
    slots[slot * 4] = hash;
    slots[slot * 4 + 1] = this.#used;
    slots[slot * 4 + 2] = this.#used + (end - start);
    slots[slot * 4 + 3] = value + 1;
    this.#append(bytes, start, end);
    this.#count++;
  }

  clear(): void {
    this.#slots.fill(0);
    this.#used = 0;
    this.#count = 0;
  }

  #equals(slot: number, bytes: Uint8Array, start: number, end: number): boolean {
    const keyStart = this.#slots[slot * 4 + 1] as number;
    const length = (this.#slots[slot * 4 + 2] as number) - keyStart;
    if (length !== end - start) return false;
    for (let index = 0; index < length; index++) {
      if (this.#keys[keyStart + index] !== bytes[start + index]) return false;
    }
    return true;
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    const needed = this.#used + (end - start);
    if (needed > this.#keys.length) {
      const grown = new Uint8Array(Math.max(needed, this.#keys.length * 2));
      grown.set(this.#keys.subarray(0, this.#used));
      this.#keys = grown;
    }
    this.#keys.set(bytes.subarray(start, end), this.#used);
    this.#used = needed;
  }
}

/** Each process chooses its own, so that nobody can send keys that all collide. */
const SEED = (Math.random() * 0x100000000) | 0;

/** FNV-1a over the bytes, with a last mix because the table uses the low bits. */
function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = SEED;
  for (let index = start; index < end; index++) {
    hash = Math.imul(hash ^ (bytes[index] as number), 0x01000193);
  }
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 0;
}
