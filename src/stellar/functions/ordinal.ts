import { StellarError } from "../language/error.ts";
import { defineFunction, type Namespace, raises } from "../language/function.ts";
import { Statistics } from "../sketches/statistics.ts";
import { toBoolean, toDouble, toFloat, toInteger, toLong } from "../values/conversion.ts";
import { Char, Double, Float, isCollection, toText, typeName, type Value } from "../values/value.ts";

const PARAMS = [
  {
    name: "values",
    type: "any",
    about: "A list or set of values that have an order, or a statistics object.",
  },
] as const;

const max = defineFunction({
  name: "MAX",
  summary:
    "Gives the greatest of the values; before each comparison the greatest so far is converted to the next one's type.",
  params: PARAMS,
  returns: "any",
  examples: [
    ["MAX([1, 3, 2])", 3],
    ["MAX(['23', 25])", 25],
    ["MAX([25, 'abc'])", "abc"],
    ["MAX([null])", null],
    ["MAX(5)", raises("list")],
  ],
  call: (values) => {
    if (values instanceof Statistics) return new Double(values.max);
    return best(values, (order) => order < 0);
  },
});

const min = defineFunction({
  name: "MIN",
  summary:
    "Gives the least of the values; before each comparison the least so far is converted to the next one's type.",
  params: PARAMS,
  returns: "any",
  examples: [
    ["MIN([3, 1, 2])", 1],
    ["MIN(['b', 'a', null])", "a"],
    ["MIN([[1], [2]])", raises("order")],
  ],
  call: (values) => {
    if (values instanceof Statistics) return new Double(values.min);
    return best(values, (order) => order > 0);
  },
});

export const ordinal: Namespace = {
  name: "ordinal",
  summary: "Find the greatest and the least.",
  functions: [max, min],
};

function best(values: Value, replaces: (order: number) => boolean): Value {
  if (!isCollection(values)) {
    throw new StellarError(`a list, a set or statistics are needed, not a ${typeName(values)}`);
  }
  let winner: Value = null;
  for (const value of values) {
    if (value === null) continue;
    if (
      typeof value === "object" &&
      !(value instanceof Double || value instanceof Float || value instanceof Char)
    ) {
      throw new StellarError(`a ${typeName(value)} has no order`);
    }
    if (winner === null || replaces(compare(winner, value))) winner = value;
  }
  return winner;
}

/** Orders `left`, converted to the type of `right`, against `right`, as the `compareTo` of that type does. */
function compare(left: Value, right: Value): number {
  if (typeof right === "string") return order(toText(left), right);
  if (right instanceof Char) {
    if (left instanceof Char) return order(left.value, right.value);
    throw unconvertible(left, right);
  }
  if (typeof right === "boolean") return order(converted(toBoolean(left), left, right), right);
  if (typeof right === "number") return order(converted(toInteger(left), left, right), right);
  if (typeof right === "bigint") return order(converted(toLong(left), left, right), right);
  if (right instanceof Float) return orderDoubles(converted(toFloat(left), left, right), right.value);
  if (right instanceof Double) return orderDoubles(converted(toDouble(left), left, right), right.value);
  throw unconvertible(left, right);
}

function converted<T>(result: T | null, left: Value, right: Value): T {
  if (result === null) throw unconvertible(left, right);
  return result;
}

function unconvertible(left: Value, right: Value): StellarError {
  return new StellarError(`\`${toText(left)}\` cannot be compared with a ${typeName(right)}`);
}

function order<T extends string | number | bigint | boolean>(left: T, right: T): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** As `Double.compareTo`: NaN is the greatest and -0.0 less than 0.0. */
function orderDoubles(left: number, right: number): number {
  if (left < right) return -1;
  if (left > right) return 1;
  if (Object.is(left, right)) return 0;
  if (Number.isNaN(left)) return 1;
  if (Number.isNaN(right)) return -1;
  return Object.is(left, -0) ? -1 : 1;
}
