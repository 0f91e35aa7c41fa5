/**
 * What the operators mean, on values. The walker and compiled code both call these, so they agree by construction
 * wherever compiled code does not take a shortcut.
 */
import type { ArithmeticOperator } from "../language/ast.ts";
import { StellarError } from "../language/error.ts";
import { toBoolean } from "./conversion.ts";
import {
  aTypeName,
  Char,
  Double,
  equals,
  Float,
  isCollection,
  isNumeric,
  type Numeric,
  numericValue,
  StellarMap,
  StellarSet,
  type Value,
} from "./value.ts";

/** `left op right` by Java's rules: the wider type wins, ints and longs wrap, null counts as int 0. */
export function arithmetic(op: ArithmeticOperator, left: Value, right: Value): Value {
  const a = operand(op, left);
  const b = operand(op, right);
  if (typeof a === "number" && typeof b === "number") return intArithmetic(op, a, b);
  if (a instanceof Double || b instanceof Double) {
    return new Double(realArithmetic(op, numericValue(a), numericValue(b)));
  }
  if (a instanceof Float || b instanceof Float) {
    return new Float(realArithmetic(op, asFloat(a), asFloat(b)));
  }
  return longArithmetic(op, BigInt(a), BigInt(b));
}

function operand(op: ArithmeticOperator, value: Value): Numeric {
  if (value === null) return 0;
  if (isNumeric(value)) return value;
  throw new StellarError(`\`${op}\` works on numbers, not on ${aTypeName(value)}`);
}

/** Java's int arithmetic. */
function intArithmetic(op: ArithmeticOperator, a: number, b: number): number {
  switch (op) {
    case "+":
      return (a + b) | 0;
    case "-":
      return (a - b) | 0;
    case "*":
      return Math.imul(a, b);
    case "/":
      if (b === 0) throw new StellarError("division by zero");
      return (a / b) | 0;
  }
}

function longArithmetic(op: ArithmeticOperator, a: bigint, b: bigint): bigint {
  switch (op) {
    case "+":
      return BigInt.asIntN(64, a + b);
    case "-":
      return BigInt.asIntN(64, a - b);
    case "*":
      return BigInt.asIntN(64, a * b);
    case "/":
      if (b === 0n) throw new StellarError("division by zero");
      return BigInt.asIntN(64, a / b);
  }
}

function realArithmetic(op: ArithmeticOperator, a: number, b: number): number {
  switch (op) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
  }
}

function asFloat(value: Numeric): number {
  return Math.fround(numericValue(value));
}

/** Unary minus: of the operand's own type, null as int 0. */
export function negate(value: Value): Value {
  const number = operand("-", value);
  if (typeof number === "number") return -number | 0;
  if (typeof number === "bigint") return BigInt.asIntN(64, -number);
  return number instanceof Double ? new Double(-number.value) : new Float(-number.value);
}

/** The operator `==`: numbers by value in the wider type, all else by Java's `equals`. */
export function isEqual(left: Value, right: Value): boolean {
  if (left === right) return true;
  if (isNumeric(left) && isNumeric(right)) return compareNumbers(left, right) === 0;
  return equals(left, right);
}

/** Negative, zero or positive; NaN when either is NaN. */
function compareNumbers(left: Numeric, right: Numeric): number {
  if (left instanceof Double || right instanceof Double)
    return difference(numericValue(left), numericValue(right));
  if (left instanceof Float || right instanceof Float) return difference(asFloat(left), asFloat(right));
  return left < right ? -1 : left > right ? 1 : 0;
}

function difference(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return a === b ? 0 : Number.NaN;
}

/** The operators `< <= > >=`: false when either is null, an error for two kinds that have no order. */
export function isOrdered(op: "<" | "<=" | ">" | ">=", left: Value, right: Value): boolean {
  if (left === null || right === null) return false;
  const order = compare(op, left, right);
  switch (op) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}

function compare(op: string, left: Value, right: Value): number {
  if (isNumeric(left) && isNumeric(right)) return compareNumbers(left, right);
  if (typeof left === "string" && typeof right === "string") return left < right ? -1 : left > right ? 1 : 0;
  if (typeof left === "boolean" && typeof right === "boolean") return Number(left) - Number(right);
  if (left instanceof Char && right instanceof Char) return compare(op, left.value, right.value);
  throw new StellarError(`\`${op}\` cannot compare ${aTypeName(left)} with ${aTypeName(right)}`);
}

/** The operator `in`: part of a string, element of a list or set, key of a map, otherwise equality; null has nothing. */
export function isIn(key: Value, container: Value): boolean {
  if (container === null) return false;
  if (typeof container === "string") return typeof key === "string" && container.includes(key);
  if (Array.isArray(container)) return isElement(key, container);
  if (container instanceof StellarSet || container instanceof StellarMap) return container.has(key);
  return equals(key, container);
}

function isElement(key: Value, list: readonly Value[]): boolean {
  // Primitives compare by identity, which is Java's equality for them.
  if (typeof key !== "object" || key === null) return list.includes(key);
  return list.some((element) => equals(key, element));
}

/** How `and`, `or` and `not` read a value: null and empty collections are false, the rest converts. */
export function truth(value: Value): boolean {
  if (typeof value === "boolean") return value;
  if (isFalsy(value)) return false;
  return toBoolean(value) ?? false;
}

/** Null and empty collections, which count as Boolean false wherever a condition stands. */
export function isFalsy(value: Value): boolean {
  if (value === null) return true;
  if (isCollection(value)) return Array.isArray(value) ? value.length === 0 : value.size === 0;
  return value instanceof StellarMap && value.size === 0;
}

/** How `if`, `?:` and `match` read a condition: booleans, null and empty collections only. */
export function condition(value: Value): boolean {
  if (typeof value === "boolean") return value;
  if (isFalsy(value)) return false;
  throw new StellarError(`a condition must be a boolean, not ${aTypeName(value)}`);
}
