/**
 * A Bloom filter: tells that a value was surely not added, or probably was. Sized by guava's formulas; the places of
 * a value come from the two halves of its MurmurHash3 (Kirsch and Mitzenmacher 2006).
 *
 * Places are below the number of bits, so array reads are asserted with `!`.
 */
import { StellarError } from "../language/error.ts";
import type { Opaque } from "../values/value.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { hashText, murmur3 } from "./murmur.ts";

/** 256 MB of bits. */
const MAX_BITS = 2 ** 31;
const hash = new Uint32Array(4);
const walk = { at: 0, stride: 0 };

export class BloomFilter implements Opaque {
  static readonly stellarType = "bloom filter";
  readonly stellarType = "bloom filter";
  /** How many places a value has. */
  readonly hashes: number;
  /** The bits, eight a byte; a multiple of 64. */
  readonly #bits: Uint8Array;

  private constructor(hashes: number, bits: Uint8Array) {
    this.hashes = hashes;
    this.#bits = bits;
  }

  /** A filter for that many values with the given share (0 to 1, exclusive) of false positives. */
  static sized(expected: number, falsePositives: number): BloomFilter {
    if (!(expected >= 0))
      throw new StellarError(`the expected number of values must not be negative: ${expected}`);
    if (!(falsePositives > 0 && falsePositives < 1)) {
      throw new StellarError(`the false positive rate must be between 0 and 1, not ${falsePositives}`);
    }
    const values = Math.max(1, expected);
    const wanted = Math.trunc((-values * Math.log(falsePositives)) / (Math.LN2 * Math.LN2));
    const hashes = Math.max(1, Math.round((wanted / values) * Math.LN2));
    const bits = Math.max(64, Math.ceil(wanted / 64) * 64);
    if (bits > MAX_BITS)
      throw new StellarError(`a bloom filter of ${bits} bits is over the limit of ${MAX_BITS}`);
    return new BloomFilter(hashes, new Uint8Array(bits / 8));
  }

  /** How many bits there are. */
  get size(): number {
    return this.#bits.length * 8;
  }

  /** Adds a value by a text that no other value has (see `bloomKey` of functions/bloom.ts). */
  add(key: string): void {
    this.#start(key);
    const size = this.size;
    let at = walk.at;
    for (let index = 0; index < this.hashes; index++) {
      this.#bits[at >>> 3]! |= 1 << (at & 7);
      at += walk.stride;
      if (at >= size) at -= size;
    }
  }

  /** False when the value was surely never added. */
  has(key: string): boolean {
    this.#start(key);
    const size = this.size;
    let at = walk.at;
    for (let index = 0; index < this.hashes; index++) {
      if ((this.#bits[at >>> 3]! & (1 << (at & 7))) === 0) return false;
      at += walk.stride;
      if (at >= size) at -= size;
    }
    return true;
  }

  /** Adds all values of another filter of the same size to this one. */
  merge(other: BloomFilter): void {
    if (other.size !== this.size || other.hashes !== this.hashes) {
      throw new StellarError("bloom filters of different sizes cannot be merged");
    }
    for (let index = 0; index < this.#bits.length; index++) this.#bits[index]! |= other.#bits[index]!;
  }

  /** The probable share of false positives, from the bits that are set. */
  get falsePositives(): number {
    let set = 0;
    for (let byte of this.#bits) for (; byte !== 0; byte &= byte - 1) set++;
    return (set / this.size) ** this.hashes;
  }

  toBytes(): Uint8Array {
    const out = new ByteWriter(BloomFilter.tag);
    out.varint(this.hashes);
    out.block(this.#bits);
    return out.finish();
  }

  static readonly tag = 0x42;

  static fromBytes(bytes: Uint8Array): BloomFilter {
    const source = new ByteReader(bytes, BloomFilter.tag, BloomFilter.stellarType);
    const hashes = source.varint();
    const bits = source.block();
    if (bits.length === 0 || bits.length % 8 !== 0 || hashes > 255) {
      throw new StellarError("the bytes of this bloom filter are damaged");
    }
    return new BloomFilter(hashes, bits);
  }

  /** Puts the first place of a value and the distance to the next into `walk`. */
  #start(key: string): void {
    hashText(murmur3, key, 0, hash);
    // Guava steps through the 64-bit sums of both halves; their low 53 bits are enough to spread over 2^31 places.
    walk.at = (hash[1]! + (hash[0]! & 0x1fffff) * 0x100000000) % this.size;
    walk.stride = (hash[3]! + (hash[2]! & 0x1fffff) * 0x100000000) % this.size;
  }
}
