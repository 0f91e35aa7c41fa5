/**
 * The t-digest of Dunning and Ertl ("Computing extremely accurate quantiles using t-digests", 2019): a sorted list of
 * weighted means, small at the ends and large in the middle, that answers any quantile of a stream.
 *
 * No centroid outgrows 4·n·q·(1−q)/compression, the bound of the paper's first variant and of the original. So up to
 * twice the compression every value keeps a centroid of its own and quantiles are exact interpolations. Unlike the
 * original, which breaks ties at random, the same values in the same order make the same digest.
 *
 * All indexes are below the counts kept beside the arrays, so typed-array reads are asserted with `!`.
 */
import { StellarError } from "../language/error.ts";
import type { ByteReader, ByteWriter } from "./bytes.ts";

const MAX_PENDING = 256;

export class TDigest {
  readonly compression: number;
  #means = new Float64Array(8);
  #weights = new Float64Array(8);
  /** Centroids in use. */
  #size = 0;
  /** Total weight, without what is pending. */
  #merged = 0;
  /** Values not yet among the centroids. */
  #pending: number[] = [];
  #compressAt: number;

  constructor(compression = 150) {
    this.compression = compression;
    this.#compressAt = compression * 4;
  }

  /** How many values were added. */
  get count(): number {
    return this.#merged + this.#pending.length;
  }

  /** Adds a value; NaN is refused. */
  add(value: number): void {
    if (Number.isNaN(value)) throw new StellarError("a digest cannot take NaN");
    if (this.#pending.push(value) >= MAX_PENDING) this.#settle();
  }

  /** Adds all that another digest holds; the other stays as it is. */
  merge(other: TDigest): void {
    other.#settle();
    this.#settle();
    this.#insert(other.#means.slice(0, other.#size), other.#weights.slice(0, other.#size));
  }

  /**
   * The value below which the share `q` (0 to 1) of all values lies: linear between the middles of centroids, and
   * beyond the first and the last. NaN when empty.
   */
  quantile(q: number): number {
    if (!(q >= 0 && q <= 1)) throw new StellarError(`a quantile must be between 0 and 1, not ${q}`);
    this.#settle();
    const size = this.#size;
    if (size === 0) return Number.NaN;
    const means = this.#means;
    const weights = this.#weights;
    if (size === 1) return means[0]!;
    // A centroid of weight w that starts at rank r stands for the rank r + (w - 1) / 2.
    const rank = q * (this.#merged - 1);
    let before = 0;
    let right = 0;
    while (right < size - 1 && before + (weights[right]! - 1) / 2 < rank) before += weights[right++]!;
    const rightRank = before + (weights[right]! - 1) / 2;
    if (right === 0) {
      if (rightRank === rank) return means[0]!;
      right = 1;
      const nextRank = weights[0]! + (weights[1]! - 1) / 2;
      return between(rightRank, rank, nextRank, means[0]!, means[1]!);
    }
    const leftRank = before - (weights[right - 1]! + 1) / 2;
    return between(leftRank, rank, rightRank, means[right - 1]!, means[right]!);
  }

  /** How many centroids there are, for tests and diagnosis. */
  get centroids(): number {
    this.#settle();
    return this.#size;
  }

  /** Writes the digest; `read` returns it. */
  write(out: ByteWriter): void {
    this.#compress();
    out.varint(this.compression);
    out.varint(this.#size);
    for (let index = 0; index < this.#size; index++) {
      out.varint(this.#weights[index]!);
      out.double(this.#means[index]!);
    }
  }

  static read(source: ByteReader): TDigest {
    const digest = new TDigest(source.varint());
    const size = source.count(9);
    const means = new Float64Array(size);
    const weights = new Float64Array(size);
    for (let index = 0; index < size; index++) {
      weights[index] = source.varint();
      means[index] = source.double();
    }
    digest.#insert(means, weights);
    return digest;
  }

  #settle(): void {
    if (this.#pending.length === 0) return;
    const values = Float64Array.from(this.#pending).sort();
    this.#pending = [];
    this.#insert(values, new Float64Array(values.length).fill(1));
  }

  /** Merges sorted centroids into the sorted arrays, from the end so that nothing needs a second copy. */
  #insert(means: Float64Array, weights: Float64Array): void {
    const total = this.#size + means.length;
    this.#reserve(total);
    let mine = this.#size - 1;
    let theirs = means.length - 1;
    for (let to = total - 1; theirs >= 0; to--) {
      // Of equal means the older stays in front, so that the order of arrival decides nothing else.
      if (mine >= 0 && this.#means[mine]! > means[theirs]!) {
        this.#means[to] = this.#means[mine]!;
        this.#weights[to] = this.#weights[mine--]!;
      } else {
        this.#means[to] = means[theirs]!;
        this.#weights[to] = weights[theirs]!;
        this.#merged += weights[theirs--]!;
      }
    }
    this.#size = total;
    if (total > this.#compressAt) {
      this.#compress();
      this.#compressAt = Math.max(this.compression * 4, this.#size * 2);
    }
  }

  /** Joins neighbours from left to right as long as the joined centroid stays within its bound at both its ends. */
  #compress(): void {
    this.#settle();
    const means = this.#means;
    const weights = this.#weights;
    const total = this.#merged;
    let to = 0;
    let before = 0;
    for (let from = 1; from < this.#size; from++) {
      const joined = weights[to]! + weights[from]!;
      const low = before / total;
      const high = (before + joined) / total;
      const bound = ((4 * total) / this.compression) * Math.min(low * (1 - low), high * (1 - high));
      if (joined <= bound) {
        means[to] = means[to]! + ((means[from]! - means[to]!) * weights[from]!) / joined;
        weights[to] = joined;
      } else {
        before += weights[to++]!;
        means[to] = means[from]!;
        weights[to] = weights[from]!;
      }
    }
    if (this.#size > 0) this.#size = to + 1;
  }

  #reserve(count: number): void {
    if (count <= this.#means.length) return;
    const length = Math.max(count, this.#means.length * 2);
    const means = new Float64Array(length);
    const weights = new Float64Array(length);
    means.set(this.#means.subarray(0, this.#size));
    weights.set(this.#weights.subarray(0, this.#size));
    this.#means = means;
    this.#weights = weights;
  }
}

/** The value at `rank` on the line through (left, leftValue) and (right, rightValue), also outside of them. */
function between(left: number, rank: number, right: number, leftValue: number, rightValue: number): number {
  if (leftValue === rightValue) return leftValue;
  const share = (rank - left) / (right - left);
  return leftValue * (1 - share) + rightValue * share;
}
