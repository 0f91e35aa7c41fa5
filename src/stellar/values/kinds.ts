/** The smaller kinds of values and the tests that tell them apart; value.ts is the door to all of them. */
import { Double, Float } from "../../core/number.ts";
import type { Value } from "./value.ts";

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
