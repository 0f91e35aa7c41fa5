/**
 * What is known of ranges of addresses, as sorted starts in memory that all threads share: a plain MMDB look-up
 * walks thirty nodes and decodes a record, this costs some comparisons.
 *
 * IPv6 is kept to the first 64 bits, which is the smallest block that is routed (RFC 7421).
 * Indexes stay within the arrays by construction, so typed-array reads are asserted with `as number`.
 */

/**
 * One version's ranges: range `i` ends before range `i + 1`; 0 as value means nothing is known. Those that share their first bits, 16 of IPv4 and
 * 32 of IPv6, are a group, which says these bits once: they would be a third of the memory.
 */
export type RangeTable = {
  /** What follows the group's bits in each start: 16 bits of IPv4, 32 of IPv6. */
  readonly starts: Uint16Array<SharedArrayBuffer> | Uint32Array<SharedArrayBuffer>;
  readonly values: Uint32Array<SharedArrayBuffer>;
  /** The first bits of each group of IPv6, ascending. The groups of IPv4 are all there are; nothing is kept of them here. */
  readonly groups: Uint32Array<SharedArrayBuffer>;
  /** The first range of each group; one more entry at the end. */
  readonly firsts: Uint32Array<SharedArrayBuffer>;
};

const IPV4_GROUPS = 1 << 16;

/** The value of the range that an IPv4 address is in; 0 when there is none. */
export function findIpv4(table: RangeTable, address: number): number {
  const index = rangeOfIpv4(table, address);
  return index < 0 ? 0 : (table.values[index] as number);
}

/** The index of the range that an IPv4 address is in, or -1. */
export function rangeOfIpv4({ starts, firsts }: RangeTable, address: number): number {
  const group = address >>> 16;
  // The range sought may start before the group; the last one before it is then the answer.
  return lastUpTo(starts, firsts[group] as number, firsts[group + 1] as number, address & 0xffff);
}

/** The value of the range that the IPv6 address with these first 64 bits is in; 0 when there is none. */
export function findIpv6(table: RangeTable, high: number, low: number): number {
  const index = rangeOfIpv6(table, high, low);
  return index < 0 ? 0 : (table.values[index] as number);
}

/** The index of the range that an IPv6 address is in, or -1. */
export function rangeOfIpv6({ starts, groups, firsts }: RangeTable, high: number, low: number): number {
  const group = lastUpTo(groups, 0, groups.length, high);
  if (group < 0) return -1;
  const end = firsts[group + 1] as number;
  return groups[group] === high ? lastUpTo(starts, firsts[group] as number, end, low) : end - 1;
}

/** The first address of a range: of IPv4 as one number of 32 bits, of IPv6 its first 64 bits. */
export function startOfRange({ starts, groups, firsts }: RangeTable, index: number): bigint {
  const group = lastUpTo(firsts, 0, firsts.length, index);
  return starts instanceof Uint16Array
    ? (BigInt(group) << 16n) | BigInt(starts[index] as number)
    : (BigInt(groups[group] as number) << 32n) | BigInt(starts[index] as number);
}

/** The last index in [first, end) of sorted numbers whose number is no more than `most`; `first - 1` when there is none. */
function lastUpTo(sorted: Uint16Array | Uint32Array, first: number, end: number, most: number): number {
  while (first < end) {
    const middle = (first + end) >>> 1;
    if ((sorted[middle] as number) <= most) first = middle + 1;
    else end = middle;
  }
  return first - 1;
}

/** Collects ranges in ascending order, joining neighbours of one value, and returns them as a table. */
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
    const count = this.#count;
    const values = shared(this.#values, count);
    return this.#wide
      ? { starts: shared(this.#low, count), values, ...this.#groups() }
      : { starts: lastBits(this.#high, count), values, ...this.#ipv4Groups() };
  }

  #ipv4Groups(): Pick<RangeTable, "groups" | "firsts"> {
    const firsts = new Uint32Array(new SharedArrayBuffer((IPV4_GROUPS + 1) * 4));
    let group = 0;
    for (let index = 0; index < this.#count; index++) {
      const own = (this.#high[index] as number) >>> 16;
      while (group <= own) firsts[group++] = index;
    }
    firsts.fill(this.#count, group);
    return { groups: new Uint32Array(new SharedArrayBuffer(0)), firsts };
  }

  #groups(): Pick<RangeTable, "groups" | "firsts"> {
    const [groups, firsts] = [[] as number[], [] as number[]];
    for (let index = 0; index < this.#count; index++) {
      const own = this.#high[index] as number;
      if (own === groups.at(-1)) continue;
      groups.push(own);
      firsts.push(index);
    }
    firsts.push(this.#count);
    return { groups: shared(groups, groups.length), firsts: shared(firsts, firsts.length) };
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

function shared(numbers: ArrayLike<number>, count: number): Uint32Array<SharedArrayBuffer> {
  const copy = new Uint32Array(new SharedArrayBuffer(count * 4));
  for (let index = 0; index < count; index++) copy[index] = numbers[index] as number;
  return copy;
}

/** The last 16 bits of each number. */
function lastBits(numbers: Uint32Array, count: number): Uint16Array<SharedArrayBuffer> {
  const copy = new Uint16Array(new SharedArrayBuffer(count * 2));
  for (let index = 0; index < count; index++) copy[index] = numbers[index] as number;
  return copy;
}

/** A copy of bytes in memory that all threads share. */
export function sharedBytes(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
