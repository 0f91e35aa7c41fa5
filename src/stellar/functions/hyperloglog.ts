import { StellarError } from "../language/error.ts";
import { defineFunction, type Namespace, raises } from "../language/function.ts";
import { HyperLogLog } from "../sketches/hyperloglog.ts";
import { spend } from "../values/budget.ts";
import { toInteger, toText, type Value } from "../values/value.ts";

const hllpInit = defineFunction({
  name: "HLLP_INIT",
  summary: "Makes an empty estimator of the number of distinct items (HyperLogLog++).",
  params: [
    {
      name: "p",
      type: "any",
      about: "Precision: 2^p registers; 14 unless given, at least 4.",
      optional: true,
    },
    {
      name: "sp",
      type: "any",
      about: "Precision while there are few items: 25 unless p is given, then 0, which means none; p to 32.",
      optional: true,
    },
  ],
  returns: "object",
  examples: [
    ["HLLP_CARDINALITY(HLLP_INIT())", 0],
    ["HLLP_INIT(3)", raises("between 4 and sp")],
    ["HLLP_INIT('a')", raises("`p`")],
  ],
  pure: false,
  call: (p, sp) => {
    if (p === undefined) return new HyperLogLog();
    const estimator = new HyperLogLog(precision("p", p), sp === undefined ? 0 : precision("sp", sp));
    // Memory counts like time: one evaluation cannot make many huge estimators.
    spend(2 ** Math.min(estimator.p, 24) / 64);
    return estimator;
  },
});

function precision(name: string, value: Value): number {
  const number = toInteger(value);
  if (number === null)
    throw new StellarError(`HLLP_INIT: \`${name}\` must be a number, not ${toText(value)}`);
  return number;
}

const hllpAdd = defineFunction({
  name: "HLLP_ADD",
  summary: "Adds an item or the items of a list to an estimator, which is changed in place.",
  params: [
    { name: "hllp", type: HyperLogLog, about: "The estimator; null starts a new one." },
    { name: "item", type: "any", about: "An item, or a list of items; they count by their text." },
  ],
  returns: "object",
  result: "The same estimator.",
  examples: [
    ["HLLP_CARDINALITY(HLLP_ADD(HLLP_INIT(), ['a', 'b', 'a']))", 2],
    ["HLLP_CARDINALITY(HLLP_ADD(null, 'a'))", 1],
    ["HLLP_ADD(HLLP_INIT())", raises("2 arguments")],
  ],
  pure: false,
  call: (given, item) => {
    const estimator = given ?? new HyperLogLog();
    for (const single of Array.isArray(item) ? item : [item]) estimator.add(single);
    return estimator;
  },
});

const hllpCardinality = defineFunction({
  name: "HLLP_CARDINALITY",
  summary: "Estimates the number of distinct items an estimator has seen.",
  params: [
    { name: "hllp", type: "any", about: "The estimator; anything else has seen nothing.", optional: true },
    {
      name: "extra",
      type: "any",
      about: "Any second argument makes the result 0, as in the original.",
      optional: true,
    },
  ],
  returns: "long",
  examples: [
    ["HLLP_CARDINALITY(HLLP_ADD(HLLP_ADD(HLLP_INIT(5, 6), 'a'), 'b'))", 2],
    ["HLLP_CARDINALITY(null)", 0],
  ],
  pure: false,
  call: (estimator, extra) => {
    if (!(estimator instanceof HyperLogLog) || extra !== undefined) return 0;
    spend(2 ** Math.min(estimator.p, 24) / 64);
    return estimator.cardinality;
  },
});

const hllpMerge = defineFunction({
  name: "HLLP_MERGE",
  summary: "Merges estimators of the same precisions into a new one.",
  params: [{ name: "hllp", type: "any", about: "A list of estimators, or one." }],
  returns: "object",
  result: "Null of an empty list.",
  examples: [
    ["HLLP_CARDINALITY(HLLP_MERGE([HLLP_ADD(HLLP_INIT(), 'a'), HLLP_ADD(HLLP_INIT(), 'b')]))", 2],
    ["HLLP_MERGE([])", null],
    ["HLLP_MERGE([HLLP_INIT(5, 6), HLLP_INIT(6, 7)])", raises("different sizes")],
    ["HLLP_MERGE(1)", raises("estimator")],
  ],
  exact: true,
  pure: false,
  call: (given) => {
    const parts = (Array.isArray(given) ? given : [given]).map(estimatorOf);
    const [first, ...others] = parts;
    if (first === undefined) return null;
    return others.reduce((merged, part) => merged.merge(part), first.merge(first));
  },
});

function estimatorOf(value: Value): HyperLogLog {
  if (value instanceof HyperLogLog) return value;
  throw new StellarError(`HLLP_MERGE: ${toText(value).slice(0, 100)} is not a cardinality estimator`);
}

export const hyperloglog: Namespace = {
  name: "hyperloglog",
  summary: "Counts of distinct items in constant space.",
  functions: [hllpAdd, hllpCardinality, hllpInit, hllpMerge],
};
