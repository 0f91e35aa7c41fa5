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

/** Whether a number has a place in a column and comes back from it as it is. */
export function fitsNumber(value: number, type: ValueType): boolean {
  if (type === "double") return true;
  const { least, most } = RANGES[type];
  // A zero below zero is none: as a whole number it would lose its sign.
  return value >= least && value <= most && Number.isSafeInteger(value) && !Object.is(value, -0);
}

/** Remembers what the words of dictionaries stand for. */
export class WordReader {
  readonly #known = new WeakMap<
    Dictionary,
    { readonly type: ValueType; readonly words: (Read | undefined)[] }
  >();

  /** What each word of a dictionary stands for, by its code. */
  read(dictionary: Dictionary, type: ValueType): readonly (Read | undefined)[] {
    let known = this.#known.get(dictionary);
    if (known?.type !== type) {
      known = { type, words: [] };
      this.#known.set(dictionary, known);
    }
    // Words are only ever added.
    for (let code = known.words.length; code < dictionary.words.length; code++)
      known.words.push(readSpelled(dictionary.word(code), type));
    return known.words;
  }
}
