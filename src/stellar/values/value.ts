/**
 * The values of Stellar.
 *
 * | Stellar | here |
 * |---|---|
 * | null, boolean, string | the JS primitives |
 * | int (32 bit) | `number`, always whole and within int range |
 * | long (64 bit) | `bigint` |
 * | float, double | `Float`, `Double` of core/number.ts |
 * | character | `Char`: what MAP and FILTER hand out when they go over a string |
 * | list | a JS array (mutable: LIST_ADD changes it in place) |
 * | set, map | `StellarSet`, `StellarMap`: insertion-ordered, keyed by Java equality (1, 1L and 1.0 differ) |
 * | lambda | `Lambda` |
 * | anything else | `Opaque`: sketches, samplers, ... |
 *
 * A bare non-integral `number` is never a value: what comes from a message passes `fromMessage`.
 */
import { Double, Float, isInt } from "../../core/number.ts";
import { intoParts } from "./budget.ts";
import { Char, isOpaque, Lambda, type Numeric, StellarMap, StellarSet, type Value } from "./kinds.ts";
import { toText } from "./text.ts";

export { Double, Float, isInt } from "../../core/number.ts";
export {
  toBoolean,
  toDouble,
  toInteger,
  toLong,
} from "./conversion.ts";
export {
  Char,
  type Collection,
  equals,
  isCollection,
  isNumeric,
  isOpaque,
  keyOf,
  Lambda,
  type List,
  type Numeric,
  numericValue,
  type Opaque,
  StellarMap,
  StellarSet,
  type Value,
} from "./kinds.ts";
export { toText } from "./text.ts";

/** The type's name as users see it: `int`, `list`, `bloom filter`. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case "boolean":
    case "string":
      return typeof value;
    case "number":
      return "int";
    case "bigint":
      return "long";
  }
  if (value === null) return "null";
  if (value instanceof Double) return "double";
  if (value instanceof Float) return "float";
  if (value instanceof Char) return "char";
  if (Array.isArray(value)) return "list";
  if (value instanceof StellarSet) return "set";
  if (value instanceof StellarMap) return "map";
  if (value instanceof Lambda) return "lambda";
  return value.stellarType;
}

/** A word with its article: `an int`, `a list`. */
export function withArticle(word: string): string {
  if (word === "null") return word;
  return `${/^[aeiou]/.test(word) ? "an" : "a"} ${word}`;
}

/** The value's type for sentences: `an int`, `null`. */
export function aTypeName(value: Value): string {
  return withArticle(typeName(value));
}

/**
 * The Stellar number of a plain JS number: whole and small is int, whole and exact (within 2^53) is long, all else,
 * -0 included, is double. The same rule as `Column.setNumber`.
 */
function fromNumber(value: number): Numeric {
  if (isInt(value)) return Object.is(value, -0) ? new Double(value) : value;
  return Number.isSafeInteger(value) ? BigInt(value) : new Double(value);
}

/**
 * The value of a plain message value or of parsed JSON: numbers by `fromNumber`, objects become maps (own keys
 * only), arrays lists, `undefined` null. Values that are Stellar's already pass through.
 */
export function fromMessage(value: unknown): Value {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "bigint":
      return value;
    case "number":
      return fromNumber(value);
    case "object":
      return value === null ? null : fromObject(value);
    default:
      return null;
  }
}

function fromObject(value: object): Value {
  if (value instanceof Double || value instanceof Float || value instanceof Char) return value;
  if (value instanceof StellarMap || value instanceof StellarSet || value instanceof Lambda) return value;
  if (Array.isArray(value)) return intoParts(value.length, () => value.map(fromMessage));
  if (value instanceof Date) return BigInt(value.getTime());
  if (value instanceof Set)
    return intoParts(value.size, () => new StellarSet(Array.from(value, fromMessage)));
  if (value instanceof Map)
    return intoParts(
      value.size,
      () => new StellarMap(Array.from(value, ([k, v]) => [fromMessage(k), fromMessage(v)])),
    );
  if (Object.getPrototypeOf(value) !== Object.prototype && isOpaque(value)) return value;
  const entries = Object.entries(value);
  return intoParts(
    entries.length,
    () => new StellarMap(entries.map(([key, entry]) => [key, fromMessage(entry)])),
  );
}

/**
 * The plain value a message keeps: maps become objects (keys as text), sets and lists arrays, characters strings;
 * longs stay `bigint`, doubles and floats keep their classes (both print as numbers in JSON).
 */
export function toMessage(value: Value): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Double || value instanceof Float) return value;
  if (value instanceof Char) return value.value;
  if (Array.isArray(value)) return intoParts(value.length, () => value.map(toMessage));
  if (value instanceof StellarSet) return intoParts(value.size, () => Array.from(value, toMessage));
  if (value instanceof StellarMap) return intoParts(value.size, () => objectOf(value));
  if (value instanceof Lambda) return toText(value);
  return value.toMessage === undefined ? toText(value) : value.toMessage();
}

function objectOf(map: StellarMap): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, value] of map) {
    // A plain assignment of `__proto__` would change the prototype.
    Object.defineProperty(result, toText(key), {
      value: toMessage(value),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return result;
}
