/** Exact statistics of the last n values of a stream, computed when asked (as commons-math's DescriptiveStatistics). */

import { StellarError } from "../language/error.ts";
import { checkCollectionSize } from "../values/budget.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { Statistics, unbiasedKurtosis, unbiasedSkewness } from "./statistics.ts";

export class WindowedStatistics extends Statistics {
  readonly size: number;
  /** The newest values in order of arrival; at most `size`. */
  #values: number[] = [];
  /** Where the oldest value is once the window is full. */
  #oldest = 0;

  constructor(size: number) {
    super();
    checkCollectionSize(size);
    this.size = size;
  }

  get count(): number {
    return this.#values.length;
  }
  get sum(): number {
    return this.#total((value) => value);
  }
  get sumSquares(): number {
    return this.#total((value) => value * value);
  }
  get sumLogs(): number {
    throw new StellarError("the sum of logarithms is not available for statistics over a window");
  }
  get min(): number {
    return this.count === 0 ? Number.NaN : this.#values.reduce((a, b) => Math.min(a, b));
  }
  get max(): number {
    return this.count === 0 ? Number.NaN : this.#values.reduce((a, b) => Math.max(a, b));
  }
  get mean(): number {
    const rough = this.sum / this.count;
    // The second pass takes back what rounding lost in the first.
    return rough + this.#total((value) => value - rough) / this.count;
  }
  get variance(): number {
    if (this.count < 2) return this.count === 0 ? Number.NaN : 0;
    return this.#central(2) / (this.count - 1);
  }
  get populationVariance(): number {
    return this.#central(2) / this.count;
  }
  get standardDeviation(): number {
    return this.count === 0 ? Number.NaN : Math.sqrt(this.variance);
  }
  get quadraticMean(): number {
    return Math.sqrt(this.sumSquares / this.count);
  }
  get geometricMean(): number {
    return Math.exp(this.#total(Math.log) / this.count);
  }
  get skewness(): number {
    return unbiasedSkewness(this.count, this.#central(3), this.standardDeviation);
  }
  get kurtosis(): number {
    return unbiasedKurtosis(this.count, this.#central(4), this.standardDeviation);
  }

  add(value: number): void {
    if (this.#values.length < this.size) {
      this.#values.push(value);
    } else {
      this.#values[this.#oldest] = value;
      this.#oldest = (this.#oldest + 1) % this.size;
    }
  }

  /** The estimate at position (n + 1)·p; `percent` is above 0. */
  percentile(percent: number): number {
    if (!(percent > 0 && percent <= 100)) {
      throw new StellarError(`a percentile must be above 0 and at most 100, not ${percent}`);
    }
    const sorted = Float64Array.from(this.#values.filter((value) => !Number.isNaN(value))).sort();
    const position = ((sorted.length + 1) * percent) / 100;
    const below = Math.floor(position);
    const lower = sorted[Math.max(0, Math.min(below, sorted.length) - 1)] ?? Number.NaN;
    if (below < 1 || below >= sorted.length) return lower;
    return lower + (position - below) * ((sorted[below] ?? lower) - lower);
  }

  merge(_other: Statistics): never {
    throw new StellarError("statistics over a window cannot be merged");
  }

  toBytes(): Uint8Array {
    const out = new ByteWriter(WindowedStatistics.tag);
    out.varint(this.size);
    out.varint(this.#values.length);
    for (const value of this.#inOrder()) out.double(value);
    return out.finish();
  }

  static readonly tag = 0x57;

  static fromBytes(bytes: Uint8Array): WindowedStatistics {
    const source = new ByteReader(bytes, WindowedStatistics.tag, "statistics over a window");
    const read = new WindowedStatistics(source.varint());
    for (let left = source.count(8); left > 0; left--) read.add(source.double());
    return read;
  }

  #inOrder(): number[] {
    return [...this.#values.slice(this.#oldest), ...this.#values.slice(0, this.#oldest)];
  }

  #total(of: (value: number) => number): number {
    let total = 0;
    for (const value of this.#values) total += of(value);
    return total;
  }

  /** The sum of powers of the distance from the mean. */
  #central(power: number): number {
    const mean = this.mean;
    return this.#total((value) => (value - mean) ** power);
  }
}
