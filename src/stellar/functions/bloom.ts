import { StellarError } from "../language/error.ts";
import { defineFunction, type Namespace, raises } from "../language/function.ts";
import { BloomFilter } from "../sketches/bloom.ts";
import { spend } from "../values/budget.ts";
import { keyOf, toDouble, toInteger, toText, type Value } from "../values/value.ts";

const DEFAULT_SIZE = 100_000;
const DEFAULT_RATE = 0.01;
const FILTER = { name: "bloom", type: BloomFilter, about: "The bloom filter." } as const;

const bloomInit = defineFunction({
  name: "BLOOM_INIT",
  summary: "Makes an empty bloom filter.",
  params: [
    {
      name: "expectedInsertions",
      type: "any",
      about:
        "How many values it is sized for; as in the original, only heeded when a second argument follows.",
      optional: true,
    },
    {
      name: "falsePositiveRate",
      type: "any",
      about: "The share of false positives; as in the original, only heeded when a third argument follows.",
      optional: true,
    },
    { name: "heed", type: "any", about: "Any value, so that the rate is heeded.", optional: true },
  ],
  returns: "object",
  examples: [
    ["BLOOM_EXISTS(BLOOM_ADD(BLOOM_INIT(10, 0.01), 'a'), 'a')", true],
    ["BLOOM_INIT('many', 0.01)", raises("expectedInsertions")],
  ],
  pure: false,
  call: (size, rate, heed) => {
    const expected = rate === undefined ? DEFAULT_SIZE : toInteger(size ?? null);
    const falsePositives = heed === undefined ? DEFAULT_RATE : toDouble(rate ?? null);
    if (expected === null) throw new StellarError("BLOOM_INIT: `expectedInsertions` must be a number");
    if (falsePositives === null) throw new StellarError("BLOOM_INIT: `falsePositiveRate` must be a number");
    const filter = BloomFilter.sized(expected, falsePositives);
    // Memory counts like time: one evaluation cannot make many huge filters.
    spend(filter.size / 512);
    return filter;
  },
});

const bloomAdd = defineFunction({
  name: "BLOOM_ADD",
  summary: "Adds values to a bloom filter, which is changed in place.",
  params: [FILTER, { name: "value", type: "any", about: "A value to add; null is skipped.", rest: true }],
  returns: "object",
  result: "The same filter.",
  examples: [
    ["BLOOM_EXISTS(BLOOM_ADD(BLOOM_INIT(), 'a', 'b'), 'b')", true],
    ["BLOOM_ADD(null, 'a')", raises("bloom")],
  ],
  pure: false,
  call: (filter, ...values) => {
    if (filter === null) throw new StellarError("BLOOM_ADD: `bloom` is null");
    for (const value of values) if (value !== null) filter.add(bloomKey(value));
    return filter;
  },
});

const bloomExists = defineFunction({
  name: "BLOOM_EXISTS",
  summary: "Tells whether a value was probably added to a bloom filter; false is certain.",
  params: [
    { ...FILTER, optional: true },
    { name: "value", type: "any", about: "The value to look for; null is never there.", optional: true },
  ],
  returns: "boolean",
  examples: [
    ["BLOOM_EXISTS(BLOOM_ADD(BLOOM_INIT(), 'a'), 'a')", true],
    ["BLOOM_EXISTS(BLOOM_INIT(), 'a')", false],
    ["BLOOM_EXISTS(BLOOM_ADD(BLOOM_INIT(), 1), '1')", false],
    ["BLOOM_EXISTS(BLOOM_INIT(), null)", false],
  ],
  pure: false,
  call: (filter, value) => {
    if (value === undefined || value === null) return false;
    if (filter === undefined || filter === null) throw new StellarError("BLOOM_EXISTS: `bloom` is null");
    return filter.has(bloomKey(value));
  },
});

const bloomMerge = defineFunction({
  name: "BLOOM_MERGE",
  summary: "Merges bloom filters into the first of them.",
  params: [
    {
      name: "filters",
      type: "any",
      about: "A list of bloom filters of one size; other elements are skipped.",
      optional: true,
    },
  ],
  returns: "object",
  result: "The first filter, or null when there is none.",
  examples: [
    ["BLOOM_EXISTS(BLOOM_MERGE([BLOOM_ADD(BLOOM_INIT(), 'a'), BLOOM_ADD(BLOOM_INIT(), 'b')]), 'b')", true],
    ["BLOOM_MERGE([])", null],
  ],
  pure: false,
  call: (filters) => {
    if (!Array.isArray(filters)) return null;
    const [first, ...others] = filters.filter((filter) => filter instanceof BloomFilter);
    for (const other of others) first?.merge(other);
    return first ?? null;
  },
});

/** A text that values share exactly when they are equal: type and text, and for collections their elements. */
function bloomKey(value: Value): string {
  if (typeof value === "string") return value.startsWith("\0") ? `\0${value}` : value;
  if (typeof value !== "object" || value === null) return `\0${typeof value}${value}`;
  const key = keyOf(value);
  return typeof key === "string" ? key : toText(value);
}

export const bloom: Namespace = {
  name: "bloom",
  summary: "Bloom filters: huge sets in little space that are sometimes wrong about what they hold.",
  functions: [bloomAdd, bloomExists, bloomInit, bloomMerge],
};
