/**
 * The generator of `java.util.Random`: a 48-bit linear congruential generator, documented in the class's Javadoc.
 *
 * Samplers and TLSH bins are seeded with 0, so their results are only reproducible with exactly this sequence. The state
 * is kept as two 24-bit halves because a 48-bit product does not fit a double and BigInt would be a hundred times slower.
 */

const MULTIPLIER_LOW = 0xece66d;
const MULTIPLIER_HIGH = 0x5de;
const HALF = 0x1000000;
const DOUBLE_UNIT = 2 ** -53;

export class Random {
  #high: number;
  #low: number;

  /** `seed`: a Java long; whole numbers up to 2^53 are exact, use a bigint beyond. */
  constructor(seed: number | bigint) {
    const scrambled = BigInt.asUintN(48, BigInt(seed) ^ 0x5deece66dn);
    this.#high = Number(scrambled >> 24n);
    this.#low = Number(scrambled & 0xffffffn);
  }

  /** The 48 bits of state as a whole number, for storage. */
  get state(): number {
    return this.#high * HALF + this.#low;
  }

  /** A generator that goes on from a stored state. */
  static resume(state: number): Random {
    const random = new Random(0);
    random.#high = Math.floor(state / HALF) % HALF;
    random.#low = state % HALF;
    return random;
  }

  /** The next `bits` (1 to 32) random bits as a signed 32-bit number. */
  next(bits: number): number {
    const low = this.#low * MULTIPLIER_LOW + 0xb;
    const carry = Math.floor(low / HALF);
    const high = this.#high * MULTIPLIER_LOW + this.#low * MULTIPLIER_HIGH + carry;
    this.#low = low % HALF;
    this.#high = high % HALF;
    // The upper 32 of the 48 bits: all 24 high ones and the top 8 low ones.
    return (((this.#high << 8) | (this.#low >>> 16)) >>> (32 - bits)) | 0;
  }

  /** Uniform in 0 (inclusive) to `bound` (exclusive); without a bound, any 32-bit int. Throws a RangeError unless bound > 0. */
  nextInt(bound?: number): number {
    if (bound === undefined) return this.next(32);
    if (!(bound > 0)) throw new RangeError("bound must be positive");
    if ((bound & -bound) === bound) {
      return Number((BigInt(bound) * BigInt(this.next(31))) >> 31n);
    }
    for (;;) {
      const bits = this.next(31);
      const value = bits % bound;
      // Java detects the incomplete last bucket by int overflow.
      if (((bits - value + (bound - 1)) | 0) >= 0) return value;
    }
  }

  nextLong(): bigint {
    return BigInt.asIntN(64, (BigInt(this.next(32)) << 32n) + BigInt(this.next(32)));
  }

  /** Uniform in 0 (inclusive) to 1 (exclusive). */
  nextDouble(): number {
    const high = this.next(26);
    return (high * 0x8000000 + this.next(27)) * DOUBLE_UNIT;
  }

  nextBoolean(): boolean {
    return this.next(1) !== 0;
  }
}
