import type { Dictionary } from "../../../core/dictionary.ts";
import type { Meaning } from "../../../schema/meaning.ts";
import { readValue } from "../../../schema/read.ts";
import type { ValueType } from "./column-type.ts";

const MOST_PORT = 65_535;
/** Timestamps of the years 1 to 9999: others are none to most readers of files. */
const LEAST_TIME = Date.parse("0001-01-01T00:00:00.000Z");
const MOST_TIME = Date.parse("9999-12-31T23:59:59.999Z");
const WHOLE = { least: Number.MIN_SAFE_INTEGER, most: Number.MAX_SAFE_INTEGER };

/** The whole numbers that columns of a type hold; fractions have no bounds. */
const RANGES: Record<Exclude<ValueType, "double">, { readonly least: number; readonly most: number }> = {
  int: { least: 0, most: MOST_PORT },
  time: { least: LEAST_TIME, most: MOST_TIME },
  long: WHOLE,
  boolean: WHOLE,
};

/** The meaning by which a text is read. */
const MEANINGS: Record<ValueType, Meaning> = {
  int: "port",
  long: "count",
  time: "count",
  double: "number",
  boolean: "truth",
};

/** What a text stands for: a truth is 1 or 0; `isPlain` tells that it is spelt as `String` does. */
export type Read = { readonly value: number | bigint; readonly isPlain: boolean };

/** What a text stands for in a column of a type; undefined when it has no value there. */
export function readSpelled(text: string, type: ValueType): Read | undefined {
  const value = readValue(text, MEANINGS[type]);
  if (typeof value === "boolean") return { value: value ? 1 : 0, isPlain: String(value) === text };
  if (typeof value === "bigint") {
    if (type === "long") return { value, isPlain: String(value) === text };
    return type === "double" ? { value: Number(value), isPlain: false } : undefined;
  }
  if (typeof value !== "number" || !fitsNumber(value, type)) return undefined;
  return { value, isPlain: String(value) === text };
}

/** The least and the greatest whole number that a column holds; undefined where it holds fractions. */
export function rangeOf(type: ValueType): { readonly least: number; readonly most: number } | undefined {
  return type === "double" ? undefined : RANGES[type];
}

/** Whether a number has a place in a column and comes back from it as it is. */
export function fitsNumber(value: number, type: ValueType): boolean {
  if (type === "double") return true;
  const { least, most } = RANGES[type];
  return value >= least && value <= most && isWhole(value);
}

/** A zero below zero is none: as a whole number it would lose its sign. */
export function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}

/** How a word is told by a column: not at all, by its value though it is spelt otherwise, or by its value alone. */
export const NO_VALUE = 0;
const SPELT_OTHERWISE = 1;
export const PLAIN = 2;

/** What the words of a dictionary stand for, by their codes. */
class WordValues {
  readonly type: ValueType;
  /** NO_VALUE, SPELT_OTHERWISE or PLAIN. */
  tellings = new Uint8Array(0);
  values = new Float64Array(0);
  /** Those values that a double does not hold. */
  readonly wide = new Map<number, bigint>();
  #count = 0;

  constructor(type: ValueType) {
    this.type = type;
  }

  /** Reads the words that are new: they are only ever added. */
  readFrom({ words }: Dictionary): void {
    if (this.values.length < words.length) this.#grow(words.length * 2);
    for (; this.#count < words.length; this.#count++) {
      const read = readSpelled(words[this.#count] as string, this.type);
      if (read === undefined) continue;
      this.tellings[this.#count] = read.isPlain ? PLAIN : SPELT_OTHERWISE;
      if (typeof read.value === "bigint") this.wide.set(this.#count, read.value);
      else this.values[this.#count] = read.value;
    }
  }

  #grow(length: number): void {
    const { tellings, values } = this;
    this.tellings = new Uint8Array(length);
    this.tellings.set(tellings);
    this.values = new Float64Array(length);
    this.values.set(values);
  }
}

/** Remembers what the words of dictionaries stand for. */
export class WordReader {
  readonly #known = new WeakMap<Dictionary, WordValues>();

  /** What each word of a dictionary stands for. */
  read(dictionary: Dictionary, type: ValueType): Omit<WordValues, "readFrom"> {
    let known = this.#known.get(dictionary);
    if (known?.type !== type) {
      known = new WordValues(type);
      this.#known.set(dictionary, known);
    }
    known.readFrom(dictionary);
    return known;
  }
}
