import { describe, expect, test } from "vitest";
import { Random } from "../../java/random.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { MadState } from "./mad.ts";
import { OnlineStatistics } from "./statistics.ts";
import { TDigest } from "./t-digest.ts";
import { WindowedStatistics } from "./windowed-statistics.ts";

const random = new Random(42);
const uniform = (): number => random.nextDouble();
const exponential = (): number => -Math.log(1 - random.nextDouble());
const normal = (): number =>
  Math.sqrt(-2 * Math.log(1 - random.nextDouble())) * Math.cos(2 * Math.PI * random.nextDouble());

function digestOf(values: Iterable<number>): TDigest {
  const digest = new TDigest(150);
  for (const value of values) digest.add(value);
  return digest;
}

function copied(digest: TDigest): TDigest {
  const out = new ByteWriter(1);
  digest.write(out);
  return TDigest.read(new ByteReader(out.finish(), 1, "digest"));
}

describe("t-digest", () => {
  test("is exact while every value has its own centroid", () => {
    const values = Array.from({ length: 299 }, () => normal());
    const digest = digestOf(values);
    const sorted = values.toSorted((a, b) => a - b);
    for (const q of [0, 0.01, 0.1, 0.5, 0.77, 0.99, 1]) {
      const rank = q * 298;
      const below = Math.floor(rank);
      const exact = sorted[below]! + (rank - below) * ((sorted[below + 1] ?? 0) - sorted[below]!);
      expect(digest.quantile(q)).toBeCloseTo(exact, 12);
    }
    expect(digest.centroids).toBe(299);
  });

  // The error of a quantile, measured as the share of values between estimate and truth, is small in the middle and
  // tiny at the ends.
  test.each([
    ["uniform", uniform],
    ["exponential", exponential],
    ["normal", normal],
    ["ascending", (index: number): number => index],
    ["descending", (index: number): number => -index],
    ["ten values only", (index: number): number => index % 10],
  ])("estimates 200,000 values: %s", (_name, draw) => {
    const values = Array.from({ length: 200_000 }, (_, index) => draw(index));
    const digest = digestOf(values);
    expect(digest.centroids).toBeLessThan(2500);
    const sorted = Float64Array.from(values).sort();
    for (const copy of [digest, copied(digest)]) {
      for (const [q, tolerance] of [
        [0.0001, 0.00005],
        [0.001, 0.0002],
        [0.01, 0.001],
        [0.25, 0.004],
        [0.5, 0.005],
        [0.9, 0.003],
        [0.999, 0.0002],
        [0.9999, 0.00005],
      ] as const) {
        const estimate = copy.quantile(q);
        const low = sorted[Math.max(0, Math.floor((q - tolerance) * 199_999))]!;
        const high = sorted[Math.min(199_999, Math.ceil((q + tolerance) * 199_999))]!;
        expect(estimate).toBeGreaterThanOrEqual(low);
        expect(estimate).toBeLessThanOrEqual(high);
      }
    }
  });

  test("merged parts estimate like the whole", () => {
    const merged = new TDigest(150);
    const values: number[] = [];
    for (let part = 0; part < 50; part++) {
      const some = Array.from({ length: 2000 }, () => exponential() + part / 50);
      values.push(...some);
      merged.merge(digestOf(some));
    }
    const sorted = values.toSorted((a, b) => a - b);
    expect(merged.count).toBe(100_000);
    for (const q of [0.001, 0.1, 0.5, 0.9, 0.999]) {
      const tolerance = 0.02 * Math.sqrt(q * (1 - q)) + 0.0001;
      expect(merged.quantile(q)).toBeGreaterThanOrEqual(sorted[Math.floor((q - tolerance) * 99_999)]!);
      expect(merged.quantile(q)).toBeLessThanOrEqual(sorted[Math.ceil((q + tolerance) * 99_999)]!);
    }
  });

  test("empty and out of range", () => {
    expect(new TDigest().quantile(0.5)).toBeNaN();
    expect(() => new TDigest().quantile(1.01)).toThrow("between 0 and 1, not 1.01");
    expect(() => new TDigest().add(Number.NaN)).toThrow("NaN");
  });
});

describe("online statistics", () => {
  // Moments of {2, 4, 4, 4, 5, 5, 7, 9}; skewness and kurtosis as spreadsheets' SKEW and KURT give them.
  test("of eight values", () => {
    const statistics = new OnlineStatistics();
    for (const value of [2, 4, 4, 4, 5, 5, 7, 9]) statistics.add(value);
    expect(statistics.mean).toBe(5);
    expect(statistics.variance).toBeCloseTo(32 / 7, 12);
    expect(statistics.skewness).toBeCloseTo(0.8184875533567997, 12);
    expect(statistics.kurtosis).toBeCloseTo(0.940625, 12);
    expect(statistics.min).toBe(2);
    expect(statistics.max).toBe(9);
    expect(statistics.quadraticMean).toBeCloseTo(Math.sqrt(29), 12);
  });

  test("parts merged equal the whole", () => {
    const whole = new OnlineStatistics();
    let merged: OnlineStatistics | undefined;
    for (let part = 0; part < 20; part++) {
      const some = new OnlineStatistics();
      for (let index = 0; index < 100 + part; index++) {
        const value = exponential() * 10 + part;
        some.add(value);
        whole.add(value);
      }
      merged = merged === undefined ? some : merged.merge(some);
    }
    for (const copy of [merged!, OnlineStatistics.fromBytes(merged!.toBytes())]) {
      for (const field of ["count", "min", "max"] as const) expect(copy[field]).toBe(whole[field]);
      for (const field of [
        "sum",
        "sumSquares",
        "sumLogs",
        "mean",
        "variance",
        "skewness",
        "kurtosis",
      ] as const) {
        expect(copy[field] / whole[field]).toBeCloseTo(1, 10);
      }
      expect(copy.percentile(50) / whole.percentile(50)).toBeCloseTo(1, 1);
    }
  });

  test("overflow is refused and changes nothing", () => {
    const statistics = new OnlineStatistics();
    statistics.add(1);
    expect(() => statistics.add(1e200)).toThrow("overflow");
    expect(() => statistics.add(Number.POSITIVE_INFINITY)).toThrow("overflow");
    expect(() => statistics.add(Number.NaN)).toThrow("NaN");
    expect(statistics.count).toBe(1);
    expect(statistics.mean).toBe(1);
    expect(() => new OnlineStatistics().add(1e-300)).toThrow("underflow");
  });

  test("damaged bytes are refused", () => {
    const bytes = new OnlineStatistics().toBytes();
    expect(() => OnlineStatistics.fromBytes(bytes.slice(0, 20))).toThrow("cut short");
    expect(() => OnlineStatistics.fromBytes(new Uint8Array())).toThrow("cut short");
    expect(() => OnlineStatistics.fromBytes(Uint8Array.of(1, 2, 3))).toThrow("not a statistics");
  });
});

describe("statistics over a window", () => {
  test("forget what left the window", () => {
    const statistics = new WindowedStatistics(3);
    for (const value of [1000, 1, 2, 3, 4]) statistics.add(value);
    for (const copy of [statistics, WindowedStatistics.fromBytes(statistics.toBytes())]) {
      expect(copy.count).toBe(3);
      expect([copy.min, copy.max, copy.mean, copy.sum, copy.sumSquares]).toEqual([2, 4, 3, 9, 29]);
      copy.add(5);
      expect(copy.min).toBe(3);
    }
  });

  // NIST's recommended estimate on position (n + 1)·p: the example of the engineering statistics handbook, 2.6.2.
  test("percentile", () => {
    const statistics = new WindowedStatistics(12);
    for (const value of [
      95.1772, 95.1567, 95.1937, 95.1959, 95.1442, 95.061, 95.1591, 95.1195, 95.1065, 95.0925, 95.199,
      95.1682,
    ]) {
      statistics.add(value);
    }
    expect(statistics.percentile(90)).toBeCloseTo(95.19807, 9);
    expect(statistics.percentile(1)).toBe(95.061);
    expect(statistics.percentile(100)).toBe(95.199);
    expect(() => statistics.percentile(0)).toThrow("above 0");
  });

  test("of one value and of none", () => {
    const statistics = new WindowedStatistics(5);
    expect(statistics.mean).toBeNaN();
    expect(statistics.variance).toBeNaN();
    expect(statistics.min).toBeNaN();
    expect(statistics.percentile(50)).toBeNaN();
    expect(statistics.sum).toBe(0);
    statistics.add(7);
    expect([statistics.mean, statistics.variance, statistics.standardDeviation]).toEqual([7, 0, 0]);
    expect(statistics.percentile(50)).toBe(7);
    expect(statistics.skewness).toBeNaN();
  });
});

test("median absolute deviation across periods", () => {
  const first = MadState.follow([]);
  for (let index = 0; index < 1000; index++) first.add(normal() * 2 + 10);
  const copy = MadState.fromBytes(first.toBytes());
  const next = MadState.follow([first, copy]);
  // For a normal distribution the modified z-score is the distance in standard deviations.
  expect(next.score(10 + 2 * 5, 0.6745)).toBeGreaterThan(4.3);
  expect(next.score(10 + 2 * 5, 0.6745)).toBeLessThan(5.7);
  expect(next.score(10, 0.6745)).toBeLessThan(0.3);
  expect(MadState.follow([]).score(1, 1)).toBeNaN();
});
