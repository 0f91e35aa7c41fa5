import { StellarError } from "../language/error.ts";
import { defineFunction, type Namespace, raises } from "../language/function.ts";
import { isNumeric, numericValue, toText, type Value } from "../values/value.ts";

const bin = defineFunction({
  name: "BIN",
  summary: "Tells which bin a value falls in, given the bounds between the bins.",
  params: [
    { name: "value", type: "double", about: "The value to put into a bin." },
    { name: "bounds", type: "list", about: "Rising numbers, without the ends.", optional: true },
  ],
  returns: "integer",
  result:
    "The index of the first bound that is not below the value, or the number of bounds; -1 without a value or bounds.",
  examples: [
    ["BIN(9, [10, 20, 30])", 0],
    ["BIN(31, [10, 20, 30])", 3],
    ["BIN(null, [10])", -1],
    ["BIN(7, [5, 1])", raises("rise")],
  ],
  call: (value, bounds) => {
    if (value === null || bounds === undefined || bounds === null || bounds.length === 0) return -1;
    return binOf(value, bounds.length, (index) => bound(bounds[index]));
  },
});

/** The index of the first of `count` bounds that is not below the value. Bounds are asked for one by one. */
export function binOf(value: number, count: number, boundAt: (index: number) => number): number {
  let last = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < count; index++) {
    const next = boundAt(index);
    if (last > next) throw new StellarError(`bounds must rise: ${next} comes after ${last}`);
    if (value <= next) return index;
    last = next;
  }
  return count;
}

/** A bound as a number. */
export function bound(value: Value | undefined): number {
  if (isNumeric(value)) return numericValue(value);
  throw new StellarError(`a bound must be a number, not ${toText(value ?? null)}`);
}

export const binning: Namespace = {
  name: "binning",
  summary: "Numbers sorted into bins.",
  functions: [bin],
};
