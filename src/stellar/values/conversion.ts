/**
 * The lenient conversions the original applies nearly everywhere: what does not convert becomes null and is never an error.
 * A list or set converts by its first element. Text is trimmed and read as Java reads it.
 */
import { Double, Float, INT_MAX, INT_MIN } from "../../core/number.ts";
import { isCollection, isNumeric, numericValue, type Value } from "./kinds.ts";
import { toText, trimmed } from "./text.ts";

const LONG_MAX = 2n ** 63n - 1n;
const LONG_MIN = -(2n ** 63n);
const FLOAT_MAX = 3.4028234663852886e38;
const INTEGER = /^[+-]?[0-9]+$/;
const DECIMAL = /^[+-]?(?:NaN|Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fFdD]?)$/;

/** An int as a JS number, or null; fractions are cut toward zero, what is out of range is null. */
export function toInteger(value: Value): number | null {
  if (typeof value === "number") return value;
  const whole = toWhole(value);
  return whole === null || whole < INT_MIN || whole > INT_MAX ? null : Number(whole);
}

/** A long as a bigint, or null. */
export function toLong(value: Value): bigint | null {
  return typeof value === "bigint" ? value : toWhole(value);
}

function toWhole(value: Value): bigint | null {
  const single = firstOf(value);
  if (single === null) return null;
  if (typeof single === "number") return BigInt(single);
  if (typeof single === "bigint") return single;
  if (typeof single === "boolean") return single ? 1n : 0n;
  if (single instanceof Double || single instanceof Float) return truncate(single.value);
  const text = trimmed(toText(single));
  // The length keeps a hostile text from costing quadratic time: a long has 19 digits.
  if (text.length > 400 || !INTEGER.test(text)) return null;
  const whole = BigInt(text.startsWith("+") ? text.slice(1) : text);
  return whole < LONG_MIN || whole > LONG_MAX ? null : whole;
}

/** Java's cast of a double to long: NaN is 0, beyond the range is the nearest end. */
function truncate(value: number): bigint {
  if (Number.isNaN(value)) return 0n;
  if (value >= 2 ** 63) return LONG_MAX;
  if (value <= -(2 ** 63)) return LONG_MIN;
  return BigInt(Math.trunc(value));
}

/** A double as a JS number, or null. */
export function toDouble(value: Value): number | null {
  const single = firstOf(value);
  if (single === null) return null;
  if (isNumeric(single)) return numericValue(single);
  if (typeof single === "boolean") return single ? 1 : 0;
  return parseDouble(toText(single));
}

/** A float as a JS number of that precision, or null when there is none or it is out of range. */
export function toFloat(value: Value): number | null {
  const double = toDouble(value);
  if (double === null) return null;
  return Math.abs(double) > FLOAT_MAX ? null : Math.fround(double);
}

/** Reads a decimal text as Java's `Double.valueOf` does (hexadecimal floats excepted); null when it is none. */
function parseDouble(text: string): number | null {
  const number = trimmed(text);
  if (!DECIMAL.test(number)) return null;
  return Number(/[fFdD]$/.test(number) ? number.slice(0, -1) : number);
}

/** true, yes, y, on, 1 and false, no, n, off, 0, in any case; everything else is null. */
export function toBoolean(value: Value): boolean | null {
  if (typeof value === "boolean") return value;
  const single = firstOf(value);
  if (single === null) return null;
  switch (toText(single).toLowerCase()) {
    case "true":
    case "yes":
    case "y":
    case "on":
    case "1":
      return true;
    case "false":
    case "no":
    case "n":
    case "off":
    case "0":
      return false;
    default:
      return null;
  }
}

function firstOf(value: Value): Value {
  if (!isCollection(value)) return value;
  for (const element of value) return element;
  return null;
}
