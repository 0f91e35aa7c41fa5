import * as fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../core/testing/runs.ts";
import { StellarError } from "../language/error.ts";
import {
  Char,
  Double,
  equals,
  Float,
  Lambda,
  StellarMap,
  StellarSet,
  toText,
  typeName,
  type Value,
} from "../values/value.ts";
import { BloomFilter } from "./bloom.ts";
import { HyperLogLog } from "./hyperloglog.ts";
import { MadState } from "./mad.ts";
import { Reservoir } from "./reservoir.ts";
import { OnlineStatistics } from "./statistics.ts";
import { storeValue } from "./store-value.ts";
import { restoreValue } from "./stored-value.ts";
import { WindowedStatistics } from "./windowed-statistics.ts";

const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.string({ unit: "binary" }),
    fc.constantFrom("", "\0", "\0a", "\ud800", "a\udfffb"),
    fc.double().map((number) => new Double(number)),
    fc.float().map((number) => new Float(number)),
    fc.string({ minLength: 1, maxLength: 1 }).map((unit) => new Char(unit)),
    fc.array(tie("value")),
    fc.array(tie("value")).map((values) => new StellarSet(values)),
    fc.array(fc.tuple(tie("value"), tie("value"))).map((entries) => new StellarMap(entries)),
  ),
}));

test("any value comes back equal and of its type", () => {
  fc.assert(
    fc.property(value, (given) => {
      const back = restoreValue(storeValue(given));
      expect(typeName(back)).toBe(typeName(given));
      expect(equals(back, given)).toBe(true);
    }),
    { numRuns: runs(500) },
  );
});

test("sketches come back with what they know", () => {
  const statistics = new OnlineStatistics();
  const windowed = new WindowedStatistics(3);
  const estimator = new HyperLogLog();
  const filter = BloomFilter.sized(100, 0.01);
  const state = MadState.follow([]);
  const sampler = new Reservoir(3);
  for (let number = 1; number <= 10; number++) {
    for (const sketch of [statistics, windowed, estimator, state, sampler]) sketch.add(number);
    filter.add(String(number));
  }
  const given: Value[] = [statistics, windowed, estimator, filter, state, sampler];
  const back = restoreValue(storeValue(given));
  if (!Array.isArray(back)) throw new Error("not a list");
  expect(back.map(toText)).toEqual(given.map(toText));
  expect(storeValue(back)).toEqual(storeValue(given));
  expect((back[3] as BloomFilter).has("7")).toBe(true);
  expect((back[4] as MadState).score(20, 1)).toBe(state.score(20, 1));
});

test("small values take few bytes", () => {
  expect(storeValue(7)).toHaveLength(3);
  expect(storeValue("abc")).toHaveLength(6);
  expect(storeValue([1, 2, 3])).toHaveLength(9);
});

test("lambdas and endless nesting are refused", () => {
  expect(() => storeValue([new Lambda([], () => null)])).toThrow("a lambda cannot be stored");
  const endless: Value[] = [];
  endless.push(endless);
  expect(() => storeValue(endless)).toThrow("nests deeper");
});

test("arbitrary bytes give a value or a StellarError, never anything else", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      for (const candidate of [bytes, Uint8Array.of(1, ...bytes)]) {
        try {
          restoreValue(candidate);
        } catch (error) {
          expect(error).toBeInstanceOf(StellarError);
        }
      }
    }),
    { numRuns: runs(3000) },
  );
});
