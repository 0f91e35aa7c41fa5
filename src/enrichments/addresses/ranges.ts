/**
 * What is known of ranges of addresses, as sorted starts in memory that all threads share: a plain MMDB look-up
 * walks thirty nodes and decodes a record, this costs one bucket and a few comparisons.
 *
 * IPv6 is kept to the first 64 bits, which is the smallest block that is routed (RFC 7421).
 * Indexes stay within the arrays by construction, so typed-array reads are asserted with `as number`.
 */

/** One version's ranges: range `i` starts at starts[i] and ends before starts[i + 1]; 0 as value means nothing is known. */
export type RangeTable = {
  /** First 32 bits of each start. */
  readonly high: Uint32Array<SharedArrayBuffer>;
  /** Next 32 bits; empty for IPv4. */
  readonly low: Uint32Array<SharedArrayBuffer>;
  readonly values: Uint32Array<SharedArrayBuffer>;
  /** For each first 16 bits, the first range that starts there or later; one more entry at the end. */
  readonly buckets: Uint32Array<SharedArrayBuffer>;
};

const BUCKETS = 1 << 16;

/** The value of the range that an IPv4 address lies in; 0 when there is none. */
export function findIpv4(table: RangeTable, address: number): number {
  const index = rangeOfIpv4(table, address);
  return index < 0 ? 0 : (table.values[index] as number);
}

/** The index of the range that an IPv4 address lies in, or -1. */
export function rangeOfIpv4(table: RangeTable, address: number): number {
  const { high, buckets } = table;
  const bucket = address >>> 16;
  // The range sought may start before the bucket; `first - 1` is then the answer.
  let first = buckets[bucket] as number;
  let end = buckets[bucket + 1] as number;
  while (first < end) {
    const middle = (first + end) >>> 1;
    if ((high[middle] as number) <= address) first = middle + 1;
    else end = middle;
  }
  return first - 1;
}

/** The value of the range that the IPv6 address with these first 64 bits lies in; 0 when there is none. */
export function findIpv6(table: RangeTable, high: number, low: number): number {
  const index = rangeOfIpv6(table, high, low);
  return index < 0 ? 0 : (table.values[index] as number);
}

/** The index of the range that an IPv6 address lies in, or -1. */
export function rangeOfIpv6(table: RangeTable, high: number, low: number): number {
  const bucket = high >>> 16;
  let first = table.buckets[bucket] as number;
  let end = table.buckets[bucket + 1] as number;
  while (first < end) {
    const middle = (first + end) >>> 1;
    const start = table.high[middle] as number;
    if (start < high || (start === high && (table.low[middle] as number) <= low)) first = middle + 1;
    else end = middle;
  }
  return first - 1;
}

/** Collects ranges in ascending order, joining neighbours of one value, and gives them as a table. */
export class RangeBuilder {
  readonly #wide: boolean;
  #high: Uint32Array<ArrayBuffer>;
  #low: Uint32Array<ArrayBuffer>;
  #values: Uint32Array<ArrayBuffer>;
  #count = 0;

  constructor(version: 4 | 6, capacity = 1 << 16) {
    this.#wide = version === 6;
    this.#high = new Uint32Array(capacity);
    this.#low = new Uint32Array(this.#wide ? capacity : 0);
    this.#values = new Uint32Array(capacity);
  }

  /** From this address on, `value` holds (0: nothing is known). Addresses must not descend; of two equal ones the later counts. */
  add(high: number, low: number, value: number): void {
    let at = this.#count;
    if (at > 0 && this.#high[at - 1] === high && (!this.#wide || this.#low[at - 1] === low)) {
      at--;
      this.#count--;
    }
    if (at > 0 ? this.#values[at - 1] === value : value === 0) return;
    if (at === this.#values.length) this.#grow();
    this.#high[at] = high;
    if (this.#wide) this.#low[at] = low;
    this.#values[at] = value;
    this.#count = at + 1;
  }

  build(): RangeTable {
    const high = shared(this.#high, this.#count);
    const buckets = new Uint32Array(new SharedArrayBuffer((BUCKETS + 1) * 4));
    let bucket = 0;
    for (let index = 0; index < this.#count; index++) {
      const own = (high[index] as number) >>> 16;
      while (bucket <= own) buckets[bucket++] = index;
    }
    buckets.fill(this.#count, bucket);
    return {
      high,
      low: shared(this.#low, this.#wide ? this.#count : 0),
      values: shared(this.#values, this.#count),
      buckets,
    };
  }

  #grow(): void {
    this.#high = doubled(this.#high);
    if (this.#wide) this.#low = doubled(this.#low);
    this.#values = doubled(this.#values);
  }
}

function doubled(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(array.length * 2);
  grown.set(array);
  return grown;
}

function shared(array: Uint32Array, count: number): Uint32Array<SharedArrayBuffer> {
  const copy = new Uint32Array(new SharedArrayBuffer(count * 4));
  copy.set(array.subarray(0, count));
  return copy;
}

/** A copy of bytes in memory that all threads share. */
export function sharedBytes(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
