/**
 * Summary statistics: what STATS_* work on. Two kinds share one face: `OnlineStatistics` sums a stream up in constant
 * space and merges, `WindowedStatistics` (its own file) keeps the last n values and is exact.
 */
import { StellarError } from "../language/error.ts";
import type { Opaque } from "../values/value.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { TDigest } from "./t-digest.ts";

/** Empty statistics have sum 0 and count 0; what needs more values than there are is NaN. */
export abstract class Statistics implements Opaque {
  static readonly stellarType: string = "statistics";
  readonly stellarType: string = "statistics";

  abstract get count(): number;
  abstract get sum(): number;
  abstract get sumSquares(): number;
  abstract get sumLogs(): number;
  abstract get min(): number;
  abstract get max(): number;
  abstract get mean(): number;
  abstract get variance(): number;
  abstract get populationVariance(): number;
  abstract get standardDeviation(): number;
  abstract get quadraticMean(): number;
  abstract get geometricMean(): number;
  abstract get skewness(): number;
  abstract get kurtosis(): number;

  abstract add(value: number): void;
  /** The value below which `percent` (0 to 100) of the values lie. */
  abstract percentile(percent: number): number;
  /** Statistics of both streams together; neither is changed. */
  abstract merge(other: Statistics): Statistics;
  abstract toBytes(): Uint8Array;

  toText(): string {
    return `<statistics of ${this.count} values>`;
  }
}

/**
 * Running sums, extremes, central moments (updated one by one after Welford and Terriberry, merged pairwise after
 * Chan and Pébay) and a t-digest.
 */
export class OnlineStatistics extends Statistics {
  #count = 0;
  #sum = 0;
  #sumSquares = 0;
  #sumLogs = 0;
  #min = Number.NaN;
  #max = Number.NaN;
  /** The mean, and the sums of the second, third and fourth powers of the distance from it. */
  #m1 = 0;
  #m2 = 0;
  #m3 = 0;
  #m4 = 0;
  #digest = new TDigest(150);

  get count(): number {
    return this.#count;
  }
  get sum(): number {
    return this.#sum;
  }
  get sumSquares(): number {
    return this.#sumSquares;
  }
  get sumLogs(): number {
    return this.#sumLogs;
  }
  get min(): number {
    return this.#min;
  }
  get max(): number {
    return this.#max;
  }
  get mean(): number {
    return this.#sum / this.#count;
  }
  get variance(): number {
    return this.#m2 / (this.#count - 1);
  }
  get populationVariance(): number {
    throw new StellarError("the population variance needs statistics over a window, such as STATS_INIT(100)");
  }
  get standardDeviation(): number {
    return Math.sqrt(this.variance);
  }
  get quadraticMean(): number {
    return Math.sqrt(this.#sumSquares / this.#count);
  }
  get geometricMean(): number {
    throw new StellarError("the geometric mean needs statistics over a window, such as STATS_INIT(100)");
  }
  get skewness(): number {
    return unbiasedSkewness(this.#count, this.#m3, this.standardDeviation);
  }
  get kurtosis(): number {
    return unbiasedKurtosis(this.#count, this.#m4, this.standardDeviation);
  }

  /** Adds a value; NaN, and what makes a sum overflow, is refused and changes nothing. */
  add(value: number): void {
    const before = this.#count;
    const n = before + 1;
    const delta = value - this.#m1;
    const step = delta / n;
    const step2 = step * step;
    const term = delta * step * before;
    const m1 = this.#m1 + step;
    const m4 = this.#m4 + term * step2 * (n * n - 3 * n + 3) + 6 * step2 * this.#m2 - 4 * step * this.#m3;
    const m3 = this.#m3 + term * step * (n - 2) - 3 * step * this.#m2;
    const m2 = this.#m2 + term;
    const sum = this.#sum + value;
    const sumSquares = this.#sumSquares + value * value;
    refuseOverflow(sum, sumSquares, m1, m2, m3, m4);
    this.#digest.add(value);
    this.#count = n;
    this.#sum = sum;
    this.#sumSquares = sumSquares;
    this.#sumLogs += Math.log(value);
    this.#min = before === 0 ? value : Math.min(this.#min, value);
    this.#max = before === 0 ? value : Math.max(this.#max, value);
    this.#m1 = m1;
    this.#m2 = m2;
    this.#m3 = m3;
    this.#m4 = m4;
  }

  percentile(percent: number): number {
    if (!(percent >= 0 && percent <= 100)) {
      throw new StellarError(`a percentile must be between 0 and 100, not ${percent}`);
    }
    return this.#digest.quantile(percent / 100);
  }

  merge(other: Statistics): OnlineStatistics {
    if (!(other instanceof OnlineStatistics))
      throw new StellarError("statistics over a window cannot be merged");
    const b = other;
    const merged = new OnlineStatistics();
    const n = this.#count + b.#count;
    merged.#count = n;
    merged.#sum = this.#sum + b.#sum;
    merged.#sumSquares = this.#sumSquares + b.#sumSquares;
    merged.#sumLogs = this.#sumLogs + b.#sumLogs;
    // The original takes the left side's extremes when either side is empty, which makes them NaN when it is the left.
    merged.#min = this.#count > 0 && b.#count > 0 ? Math.min(this.#min, b.#min) : this.#min;
    merged.#max = this.#count > 0 && b.#count > 0 ? Math.max(this.#max, b.#max) : this.#max;
    if (n > 0) {
      const delta = b.#m1 - this.#m1;
      const delta2 = delta * delta;
      const [na, nb] = [this.#count, b.#count];
      merged.#m1 = (na * this.#m1 + nb * b.#m1) / n;
      merged.#m2 = this.#m2 + b.#m2 + (delta2 * na * nb) / n;
      merged.#m3 =
        this.#m3 +
        b.#m3 +
        (delta2 * delta * na * nb * (na - nb)) / (n * n) +
        (3 * delta * (na * b.#m2 - nb * this.#m2)) / n;
      merged.#m4 =
        this.#m4 +
        b.#m4 +
        (delta2 * delta2 * na * nb * (na * na - na * nb + nb * nb)) / (n * n * n) +
        (6 * delta2 * (na * na * b.#m2 + nb * nb * this.#m2)) / (n * n) +
        (4 * delta * (na * b.#m3 - nb * this.#m3)) / n;
      refuseOverflow(merged.#sum, merged.#sumSquares, merged.#m1, merged.#m2, merged.#m3, merged.#m4);
    }
    merged.#digest.merge(this.#digest);
    merged.#digest.merge(b.#digest);
    return merged;
  }

  toBytes(): Uint8Array {
    const out = new ByteWriter(OnlineStatistics.tag);
    out.varint(this.#count);
    for (const value of [this.#sum, this.#sumSquares, this.#sumLogs, this.#min, this.#max]) out.double(value);
    for (const value of [this.#m1, this.#m2, this.#m3, this.#m4]) out.double(value);
    this.#digest.write(out);
    return out.finish();
  }

  static readonly tag = 0x53;

  static fromBytes(bytes: Uint8Array): OnlineStatistics {
    const source = new ByteReader(bytes, OnlineStatistics.tag, "statistics");
    const read = new OnlineStatistics();
    read.#count = source.varint();
    read.#sum = source.double();
    read.#sumSquares = source.double();
    read.#sumLogs = source.double();
    read.#min = source.double();
    read.#max = source.double();
    read.#m1 = source.double();
    read.#m2 = source.double();
    read.#m3 = source.double();
    read.#m4 = source.double();
    read.#digest = TDigest.read(source);
    return read;
  }
}

function refuseOverflow(sum: number, sumSquares: number, ...moments: number[]): void {
  if (![sumSquares, ...moments].every((value) => Math.abs(value) !== Number.POSITIVE_INFINITY)) {
    throw new StellarError("the statistics overflow: a value is too large");
  }
  if (sumSquares === 0 && sum > 0)
    throw new StellarError("the statistics underflow: the values are too small");
}

/** From the sum of cubes around the mean; NaN below three values. */
export function unbiasedSkewness(n: number, cubes: number, deviation: number): number {
  if (n < 3) return Number.NaN;
  return ((n / ((n - 1) * (n - 2))) * cubes) / deviation ** 3;
}

/** Excess over the normal distribution, from the sum of fourth powers around the mean; NaN below four values. */
export function unbiasedKurtosis(n: number, fourths: number, deviation: number): number {
  if (n < 4) return Number.NaN;
  const scale = (n * (n + 1)) / ((n - 1) * (n - 2) * (n - 3));
  return (scale * fourths) / deviation ** 4 - (3 * (n - 1) ** 2) / ((n - 2) * (n - 3));
}
