import type { Meaning } from "./meaning.ts";

/** What one of a duration, or of an instant since 1970, is. */
export const UNITS = ["ns", "us", "ms", "s", "min"] as const;

export type Unit = (typeof UNITS)[number];

/** A declared field: all that the program knows of a field before it sees a message. */
export type Field = {
  /**
   * The name, or a pattern of names: `*` stands for any characters, dots too, `#` for a number. Both stand for at least
   * one character.
   */
  readonly name: string;
  /** Left out where values differ in kind; the form of each value decides then, as it does for undeclared fields. */
  readonly meaning?: Meaning;
  /** Whether a value is a list of values that have this meaning. */
  readonly isList?: true;
  /** Of durations, where all sensors have the same, and of instants that are not in milliseconds. */
  readonly unit?: Unit;
  /** One sentence. */
  readonly about: string;
  /** The field's name in the Elastic Common Schema. */
  readonly ecs?: string;
  /** The attribute in the Open Cybersecurity Schema Framework. */
  readonly ocsf?: string;
};

/** What a declaration may say besides name, meaning and sentence. */
export type Details = Pick<Field, "isList" | "unit" | "ecs" | "ocsf">;

/** Declares a field. */
export function field(name: string, meaning: Meaning, about: string, details: Details = {}): Field {
  return { name, meaning, about, ...details };
}

/** Declares a field whose values differ in kind. */
export function mixed(name: string, about: string, details: Details = {}): Field {
  return { name, about, ...details };
}
