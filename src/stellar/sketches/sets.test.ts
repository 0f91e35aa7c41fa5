import { describe, expect, test } from "vitest";
import { BloomFilter } from "./bloom.ts";
import { HyperLogLog } from "./hyperloglog.ts";
import { Reservoir } from "./reservoir.ts";

describe("cardinality", () => {
  // The standard error is 1.04 / sqrt(2^p); four of them leave one chance in ten thousand for a right program to fail,
  // and the items are fixed.
  test.each([
    [14, 25],
    [14, 0],
    [10, 14],
    [4, 0],
    [5, 6],
    [18, 32],
  ])("p %i, sp %i", (p, sp) => {
    const estimator = new HyperLogLog(p, sp);
    const most = p === 4 || p === 5 ? 5000 : 120_000;
    let next = 1;
    for (let item = 1; item <= most; item++) {
      estimator.add(`item ${item}`);
      if (item !== next && item !== most) continue;
      next = Math.ceil(next * 1.7);
      const error = Math.abs(estimator.cardinality / item - 1);
      expect(error, `at ${item}`).toBeLessThan((4 * 1.04) / Math.sqrt(2 ** p));
    }
    const copy = HyperLogLog.fromBytes(estimator.toBytes());
    expect(copy.cardinality).toBe(estimator.cardinality);
  });

  test("sparse counts are exact up to thousands", () => {
    const estimator = new HyperLogLog();
    for (let item = 1; item <= 2000; item++) {
      estimator.add(item);
      estimator.add(item);
    }
    expect(Math.abs(estimator.cardinality - 2000)).toBeLessThan(2);
    expect(estimator.toBytes().length).toBeLessThan(2000 * 4);
  });

  test.each([
    ["sparse with sparse", 100, 100],
    ["sparse with dense", 100, 40_000],
    ["dense with sparse", 40_000, 100],
    ["dense with dense", 40_000, 40_000],
  ])("merging %s equals adding to one", (_name, left, right) => {
    const [a, b, both] = [new HyperLogLog(), new HyperLogLog(), new HyperLogLog()];
    for (let item = 0; item < left; item++) {
      a.add(`l${item}`);
      both.add(`l${item}`);
    }
    for (let item = 0; item < right; item++) {
      const name = item % 2 === 0 ? `l${item}` : `r${item}`;
      b.add(name);
      both.add(name);
    }
    expect(a.merge(b).cardinality).toBe(both.cardinality);
    expect(HyperLogLog.fromBytes(a.merge(b).toBytes()).cardinality).toBe(both.cardinality);
  });

  test("limits", () => {
    expect(() => new HyperLogLog(3)).toThrow("p must be between 4 and sp");
    expect(() => new HyperLogLog(26, 25)).toThrow("p must be between 4 and sp");
    expect(() => new HyperLogLog(5, 33)).toThrow("at most 32");
    expect(() => new HyperLogLog(30, 0)).toThrow("over the limit");
    expect(() => new HyperLogLog(5, 6).merge(new HyperLogLog(6, 7))).toThrow("different sizes");
    expect(() => HyperLogLog.fromBytes(Uint8Array.of(0x48, 14, 25, 0, 200))).toThrow("cut short");
  });
});

describe("bloom filter", () => {
  test.each([
    [1000, 0.01],
    [10_000, 0.001],
    [100, 0.2],
  ])("of %i values at a rate of %f", (values, rate) => {
    const filter = BloomFilter.sized(values, rate);
    for (let value = 0; value < values; value++) filter.add(`in ${value}`);
    for (let value = 0; value < values; value++) expect(filter.has(`in ${value}`)).toBe(true);
    let wrong = 0;
    const copy = BloomFilter.fromBytes(filter.toBytes());
    for (let value = 0; value < 20_000; value++) if (copy.has(`out ${value}`)) wrong++;
    expect(wrong / 20_000).toBeLessThan(rate * 1.5 + 0.001);
    expect(filter.falsePositives).toBeLessThan(rate * 1.3);
  });

  // Guava's formulas for its documented defaults.
  test("is sized as guava sizes it", () => {
    const filter = BloomFilter.sized(100_000, 0.01);
    expect([filter.size, filter.hashes]).toEqual([958_528, 7]);
    expect(BloomFilter.sized(0, 0.5).size).toBe(64);
  });

  test("merges into the first", () => {
    const [a, b] = [BloomFilter.sized(100, 0.01), BloomFilter.sized(100, 0.01)];
    a.add("a");
    b.add("b");
    a.merge(b);
    expect([a.has("a"), a.has("b"), b.has("a")]).toEqual([true, true, false]);
    expect(() => a.merge(BloomFilter.sized(1000, 0.01))).toThrow("different sizes");
  });

  test("limits", () => {
    expect(() => BloomFilter.sized(1e12, 0.01)).toThrow("over the limit");
    expect(() => BloomFilter.sized(10, 0)).toThrow("between 0 and 1");
    expect(() => BloomFilter.sized(10, 1)).toThrow("between 0 and 1");
    expect(() => BloomFilter.sized(-1, 0.1)).toThrow("negative");
  });
});

describe("reservoir", () => {
  // Recorded from the original (reference, section 5).
  test("of size 3 over 1 to 10 is the original's", () => {
    const reservoir = new Reservoir(3);
    for (let value = 1; value <= 10; value++) reservoir.add(value);
    expect(reservoir.values).toEqual([1, 10, 9]);
    expect(reservoir.seen).toBe(10);
  });

  test("is uniform", () => {
    const hits = new Array<number>(1000).fill(0);
    const reservoir = new Reservoir(10_000);
    for (let value = 0; value < 200_000; value++) reservoir.add(value % 1000);
    for (const value of reservoir.values) hits[Number(value)]!++;
    // Ten expected for each; the sum of squares over expectation is near the 999 degrees of freedom.
    const chiSquare = hits.reduce((sum, hit) => sum + (hit - 10) ** 2 / 10, 0);
    expect(chiSquare).toBeGreaterThan(850);
    expect(chiSquare).toBeLessThan(1150);
  });

  test("goes on where it was stored", () => {
    const [all, first] = [new Reservoir(5), new Reservoir(5)];
    for (let value = 0; value < 500; value++) {
      all.add(value);
      first.add(value);
    }
    const resumed = Reservoir.restore(first.state, first.values);
    for (let value = 500; value < 1000; value++) {
      all.add(value);
      resumed.add(value);
    }
    expect(resumed.values).toEqual(all.values);
    expect(() => new Reservoir(0)).toThrow("positive");
  });
});
