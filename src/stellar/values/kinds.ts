/** The kinds of values, and the tests that tell them apart; value.ts is the door to all of them. */
import { Double, Float } from "../../core/number.ts";
import { checkTextSize, intoParts } from "./budget.ts";

export type Value =
  | null
  | boolean
  | string
  | number
  | bigint
  | Double
  | Float
  | Char
  | Value[]
  | StellarSet
  | StellarMap
  | Lambda
  | Opaque;

export type List = Value[];

/** One UTF-16 unit out of a string; not equal to the string of one character (as in Java). */
export class Char {
  readonly value: string;
  constructor(value: string) {
    this.value = value;
  }
}

/** A function value. `call` accepts any number of arguments: extra ones are ignored, missing ones are null. */
export class Lambda {
  readonly params: readonly string[];
  readonly call: (...args: Value[]) => Value;
  constructor(params: readonly string[], call: (...args: Value[]) => Value) {
    this.params = params;
    this.call = call;
  }
}

/**
 * A value the language passes around without looking inside. Classes implement it and repeat `stellarType` as a
 * static, so that the class itself can stand as a parameter's type (see function.ts).
 */
export interface Opaque {
  /** The name users see in errors and help: `bloom filter`, `statistics`. */
  readonly stellarType: string;
  /** Same key, equal values; without it equality is identity. */
  equalityKey?(): string;
  /** The text of TO_STRING and of the shell; without it the type's name in angle brackets. */
  toText?(): string;
  /** What a message keeps of it; without it the text. Must be plain data. */
  toMessage?(): unknown;
}

export function isOpaque(value: unknown): value is Opaque {
  return typeof value === "object" && value !== null && "stellarType" in value;
}

/** Int, long, float or double. */
export type Numeric = number | bigint | Double | Float;

export function isNumeric(value: Value | undefined): value is Numeric {
  return (
    typeof value === "number" ||
    typeof value === "bigint" ||
    value instanceof Double ||
    value instanceof Float
  );
}

/** The number's value as a JS double (a long may lose its low bits). */
export function numericValue(value: Numeric): number {
  if (typeof value === "number") return value;
  return typeof value === "bigint" ? Number(value) : value.value;
}

/**
 * A key that two values share exactly when Java's `equals` holds: type strict (1, 1L, 1.0 differ), lists by order,
 * sets and maps regardless of order, NaN equal to itself, 0.0 different from -0.0. Strings are their own key, so
 * keyed access with strings costs nothing extra.
 */
export function keyOf(value: Value): unknown {
  if (typeof value === "string") return value.charCodeAt(0) === 0 ? `\0${value}` : value;
  if (typeof value !== "object" || value === null) return value;
  return objectKey(value);
}

/** Java's `equals`: deep and type strict. For the `==` operator of the language see semantics.ts. */
export function equals(left: Value, right: Value): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  return objectKey(left) === objectKey(right);
}

function objectKey(value: object & Value): unknown {
  if (value instanceof Double) return `\0d${numberKey(value.value)}`;
  if (value instanceof Float) return `\0f${numberKey(value.value)}`;
  if (value instanceof Char) return `\0c${value.value}`;
  if (Array.isArray(value)) return intoParts(value.length, () => `\0[${joined(value, nestedKey)}`);
  if (value instanceof StellarSet) return intoParts(value.size, () => `\0{${joined(value, nestedKey, true)}`);
  if (value instanceof StellarMap)
    return intoParts(
      value.size,
      () => `\0m${joined(value, ([key, entry]) => nestedKey(key) + nestedKey(entry), true)}`,
    );
  if (isOpaque(value) && value.equalityKey !== undefined)
    return `\0o${value.stellarType}\0${value.equalityKey()}`;
  return value;
}

/** The keys of all parts as one text, in a fixed order where theirs does not count. */
function joined<T>(parts: Iterable<T>, keyOfPart: (part: T) => string, sorts = false): string {
  const keys: string[] = [];
  let length = 0;
  for (const part of parts) {
    const key = keyOfPart(part);
    length += key.length;
    checkTextSize(length);
    keys.push(key);
  }
  return (sorts ? keys.sort() : keys).join("");
}

function numberKey(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Keys inside a collection are texts, each with its length, so that no two sequences read the same. */
function nestedKey(value: Value): string {
  const key = keyOf(value);
  const text = typeof key === "object" && key !== null ? `@${identity(key)}` : `${typeof key}:${String(key)}`;
  return `${text.length}${text}`;
}

const identities = new WeakMap<object, number>();
let lastIdentity = 0;

function identity(object: object): number {
  const known = identities.get(object);
  if (known !== undefined) return known;
  identities.set(object, ++lastIdentity);
  return lastIdentity;
}

/** A set of values. Iterates in the order of insertion. */
export class StellarSet {
  readonly #values = new Map<unknown, Value>();

  constructor(values: Iterable<Value> = []) {
    for (const value of values) this.add(value);
  }
  get size(): number {
    return this.#values.size;
  }
  has(value: Value): boolean {
    return this.#values.has(keyOf(value));
  }
  /** Adds a value; one equal to it keeps its place. */
  add(value: Value): void {
    const key = keyOf(value);
    if (!this.#values.has(key)) this.#values.set(key, value);
  }
  /** Removes a value and tells whether it was there. */
  delete(value: Value): boolean {
    return this.#values.delete(keyOf(value));
  }
  [Symbol.iterator](): IterableIterator<Value> {
    return this.#values.values();
  }
}

/** A map from any value to any value. Iterates `[key, value]` in the order of insertion. */
export class StellarMap {
  readonly #values = new Map<unknown, Value>();
  /** The keys that are not their own `keyOf`. */
  #originals: Map<unknown, Value> | undefined;

  constructor(entries: Iterable<readonly [Value, Value]> = []) {
    for (const [key, value] of entries) this.set(key, value);
  }
  get size(): number {
    return this.#values.size;
  }
  has(key: Value): boolean {
    return this.#values.has(keyOf(key));
  }
  /** The value of a key; `undefined` when the key is absent, null when it is there with null. */
  get(key: Value): Value | undefined {
    return this.#values.get(keyOf(key));
  }
  set(key: Value, value: Value): void {
    const inner = keyOf(key);
    if (inner !== key) {
      this.#originals ??= new Map();
      if (!this.#originals.has(inner)) this.#originals.set(inner, key);
    }
    this.#values.set(inner, value);
  }
  delete(key: Value): boolean {
    const inner = keyOf(key);
    this.#originals?.delete(inner);
    return this.#values.delete(inner);
  }
  values(): IterableIterator<Value> {
    return this.#values.values();
  }
  *keys(): IterableIterator<Value> {
    for (const inner of this.#values.keys()) yield this.#original(inner);
  }
  *[Symbol.iterator](): IterableIterator<[Value, Value]> {
    for (const [inner, value] of this.#values) yield [this.#original(inner), value];
  }
  #original(inner: unknown): Value {
    const original = this.#originals?.get(inner);
    // Whatever has no original is a primitive or an opaque object, which is its own key.
    return original === undefined ? (inner as Exclude<Value, Opaque | Lambda>) : original;
  }
}

/** A list or a set: what has elements one after the other. A map has none (as in Java). */
export type Collection = Value[] | StellarSet;

export function isCollection(value: Value | undefined): value is Collection {
  return Array.isArray(value) || value instanceof StellarSet;
}
