/**
 * HyperLogLog++ (Heule, Nunkesser, Hall 2013): counts distinct items in constant space.
 *
 * Few items are kept sparsely, as places in a table of 2^sp counters of which only the used ones are stored, and are
 * counted linearly, which is all but exact. Many items go to 2^p registers. There the paper corrects the raw estimate
 * by measured tables; this uses Ertl's estimator (2017, "New cardinality estimation algorithms for HyperLogLog
 * sketches"), which needs no tables and has no bias, above the paper's own thresholds for linear counting.
 * Items are hashed like the original's (MurmurHash64A of the text), so both agree on the registers.
 *
 * Array reads are below lengths that are fixed by p, so they are asserted with `!`.
 */
import { StellarError } from "../language/error.ts";
import { type Opaque, toText, type Value } from "../values/value.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { hashText, murmur2 } from "./murmur.ts";

/** Linear counting is better than the estimate up to these counts, for p = 4 to 18 (the paper's appendix). */
const LINEAR_UP_TO = [10, 20, 40, 80, 220, 400, 900, 1800, 3100, 6500, 11500, 20000, 50000, 120000, 350000];
const SEED = 0xe17a1465;
/** 16 million registers; more precision has no use and would exhaust memory. */
const MAX_DENSE_P = 24;
/** A sparse entry is `place * 64 + rank`. */
const RANKS = 64;
const hash = new Uint32Array(2);

export class HyperLogLog implements Opaque {
  static readonly stellarType = "cardinality estimator";
  readonly stellarType = "cardinality estimator";
  readonly p: number;
  readonly sp: number;
  /** Sorted sparse entries, one a place; undefined once the registers are in use. */
  #sparse: number[] | Float64Array | undefined;
  /** Sparse entries that are not sorted in yet; undefined without any, as there may be a million of these objects. */
  #fresh: Set<number> | undefined;
  #registers: Uint8Array | undefined;

  /** `p`: 2^p registers, 4 or more; `sp`: bits of a sparse place, p to 32, or 0 for no sparse form. */
  constructor(p = 14, sp = 25) {
    if (p < 4 || (p > sp && sp !== 0)) throw new StellarError(`p must be between 4 and sp, not ${p}`);
    if (sp > 32) throw new StellarError(`sp must be at most 32, not ${sp}`);
    this.p = p;
    this.sp = sp;
    if (sp === 0) this.#registers = newRegisters(p);
    else this.#sparse = [];
  }

  /** Adds an item by its text, so that 1 and '1' are the same. */
  add(item: Value): void {
    if (item === null) hash.fill(0);
    else hashText(murmur2, toText(item), SEED, hash);
    this.#addHash(hash[0]!, hash[1]!);
  }

  /** The estimated number of distinct items, rounded. */
  get cardinality(): number {
    const sparse = this.#settled();
    if (sparse !== undefined) return Math.round(linearCount(2 ** this.sp, 2 ** this.sp - sparse.length));
    const registers = this.#registers!;
    const counts = new Array<number>(66).fill(0);
    for (const rank of registers) counts[rank]!++;
    const empty = counts[0]!;
    if (empty > 0) {
      const linear = linearCount(registers.length, empty);
      if (linear <= (LINEAR_UP_TO[this.p - 4] ?? registers.length)) return Math.round(linear);
    }
    return Math.round(estimate(counts, registers.length, 64 - this.p));
  }

  /** The estimator of both sets together; neither is changed. Both must have the same precision. */
  merge(other: HyperLogLog): HyperLogLog {
    if (this.p !== other.p || this.sp !== other.sp) {
      throw new StellarError("estimators of different sizes cannot be merged");
    }
    const merged = new HyperLogLog(this.p, this.sp);
    for (const part of [this, other]) {
      const sparse = part.#settled();
      if (sparse !== undefined) merged.#addEntries(sparse);
      else merged.#addRegisters(part.#registers!);
    }
    return merged;
  }

  toText(): string {
    return `<cardinality estimator of about ${this.cardinality} items>`;
  }

  toBytes(): Uint8Array {
    const out = new ByteWriter(HyperLogLog.tag);
    out.byte(this.p);
    out.byte(this.sp);
    const sparse = this.#settled();
    out.byte(sparse === undefined ? 1 : 0);
    if (sparse === undefined) {
      out.block(pack(this.#registers!));
    } else {
      out.varint(sparse.length);
      let before = 0;
      for (const entry of sparse) {
        out.varint(entry - before);
        before = entry;
      }
    }
    return out.finish();
  }

  static readonly tag = 0x48;

  static fromBytes(bytes: Uint8Array): HyperLogLog {
    const source = new ByteReader(bytes, HyperLogLog.tag, HyperLogLog.stellarType);
    const read = new HyperLogLog(source.byte(), source.byte());
    if (source.byte() === 1) {
      read.#addRegisters(unpack(source.block(), 2 ** read.p));
      return read;
    }
    const entries = new Float64Array(source.count(1));
    for (let index = 0, entry = 0; index < entries.length; index++) {
      entry += source.varint();
      entries[index] = entry;
    }
    if ((entries.at(-1) ?? 0) >= 2 ** read.sp * RANKS)
      throw new StellarError("the bytes of this estimator are damaged");
    read.#addEntries(entries);
    return read;
  }

  #addHash(high: number, low: number): void {
    if (this.#registers !== undefined) {
      raise(this.#registers, high >>> (32 - this.p), rankAfter(high, low, this.p));
      return;
    }
    this.#fresh ??= new Set();
    this.#fresh.add((high >>> (32 - this.sp)) * RANKS + rankAfter(high, low, this.sp));
    if (this.#fresh.size > 64 + (this.#sparse?.length ?? 0) / 4) this.#settled();
  }

  #addEntries(entries: Iterable<number>): void {
    for (const entry of entries) {
      if (this.#registers === undefined) {
        this.#fresh ??= new Set();
        this.#fresh.add(entry);
      } else this.#raiseEntry(this.#registers, entry);
    }
    this.#settled();
  }

  #addRegisters(registers: Uint8Array): void {
    const mine = this.#toDense();
    for (let place = 0; place < mine.length; place++) raise(mine, place, registers[place]!);
  }

  /** The sorted sparse entries with all fresh ones in place, or undefined when the registers are in use. */
  #settled(): number[] | Float64Array | undefined {
    if (this.#sparse === undefined || this.#fresh === undefined) return this.#sparse;
    const all = Float64Array.from([...this.#sparse, ...this.#fresh]).sort();
    this.#fresh = undefined;
    let to = -1;
    for (const entry of all) {
      // Only the highest rank of a place counts, and it sorts last.
      if (to < 0 || place(all[to]!) !== place(entry)) to++;
      all[to] = entry;
    }
    this.#sparse = all.slice(0, to + 1);
    if (this.#sparse.length <= 0.75 * 2 ** this.p) return this.#sparse;
    this.#toDense();
    return undefined;
  }

  #toDense(): Uint8Array {
    if (this.#registers !== undefined) return this.#registers;
    const registers = newRegisters(this.p);
    for (const entry of [...(this.#sparse ?? []), ...(this.#fresh ?? [])]) this.#raiseEntry(registers, entry);
    this.#sparse = undefined;
    this.#fresh = undefined;
    this.#registers = registers;
    return registers;
  }

  #raiseEntry(registers: Uint8Array, entry: number): void {
    const extra = this.sp - this.p;
    const below = place(entry) % 2 ** extra;
    const rank = below === 0 ? extra + (entry % RANKS) : extra - (31 - Math.clz32(below));
    raise(registers, Math.floor(place(entry) / 2 ** extra), rank);
  }
}

function place(entry: number): number {
  return Math.floor(entry / RANKS);
}

function newRegisters(p: number): Uint8Array {
  if (p > MAX_DENSE_P) throw new StellarError(`2^${p} registers are over the limit of 2^${MAX_DENSE_P}`);
  return new Uint8Array(2 ** p);
}

function raise(registers: Uint8Array, index: number, rank: number): void {
  if (registers[index]! < rank) registers[index] = rank;
}

/** One more than the zeros that follow the first `bits` bits of a hash. */
function rankAfter(high: number, low: number, bits: number): number {
  const rest = bits === 32 ? 0 : high << bits;
  return rest !== 0 ? Math.clz32(rest) + 1 : 32 - bits + Math.clz32(low) + 1;
}

function linearCount(all: number, empty: number): number {
  return all * Math.log(all / empty);
}

/** Ertl's improved raw estimator; `counts[k]` registers have rank k, of at most `most` + 1. */
function estimate(counts: readonly number[], registers: number, most: number): number {
  let z = registers * tau(1 - counts[most + 1]! / registers);
  for (let rank = most; rank >= 1; rank--) z = 0.5 * (z + counts[rank]!);
  z += registers * sigma(counts[0]! / registers);
  return (registers * registers) / (2 * Math.LN2 * z);
}

function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY;
  let [x, y, z, before] = [share, 1, share, -1];
  while (z !== before) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let [x, y, z, before] = [share, 1, 1 - share, -1];
  while (z !== before) {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}

/** Registers at six bits each. */
function pack(registers: Uint8Array): Uint8Array {
  const packed = new Uint8Array((registers.length * 6) / 8);
  for (let from = 0, to = 0; from < registers.length; from += 4, to += 3) {
    const bits =
      registers[from]! |
      (registers[from + 1]! << 6) |
      (registers[from + 2]! << 12) |
      (registers[from + 3]! << 18);
    packed[to] = bits;
    packed[to + 1] = bits >>> 8;
    packed[to + 2] = bits >>> 16;
  }
  return packed;
}

function unpack(packed: Uint8Array, count: number): Uint8Array {
  if (packed.length !== (count * 6) / 8) throw new StellarError("the bytes of this estimator are damaged");
  const registers = new Uint8Array(count);
  for (let from = 0, to = 0; to < count; from += 3, to += 4) {
    const bits = packed[from]! | (packed[from + 1]! << 8) | (packed[from + 2]! << 16);
    for (let part = 0; part < 4; part++) registers[to + part] = (bits >>> (part * 6)) & 63;
  }
  return registers;
}
