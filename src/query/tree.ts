import type { Place } from "./place.ts";

/**
 * A search as a tree: what `parse` makes of the text an analyst types, what each index compiles to its own language.
 * Field names stand as they were written; an index resolves them against the fields it knows (`threat:triage:score`
 * and `threat.triage.score` are one field).
 */
export type Query = Clause | And | Or | Not;

/** A condition that holds no other ones. */
export type Clause = All | Term | Pattern | Range | Exists | Network;

export type And = { readonly kind: "and"; readonly parts: readonly Query[] };
export type Or = { readonly kind: "or"; readonly parts: readonly Query[] };
export type Not = { readonly kind: "not"; readonly part: Query };

/** Every message meets it. */
type All = { readonly kind: "all" };

/** A value: in a field it must be equal, without a field (`undefined`) it may be anywhere in the text of the message. */
export type Term = {
  readonly kind: "term";
  readonly field: string | undefined;
  readonly value: string;
  /** Only what is found by the column's own text, or only by its key; absent in what people write. */
  readonly by?: "text" | "key";
  readonly place?: Place;
};

/** Text with wildcards: `*` any characters, `?` one. Literal parts and wildcards alternate freely. */
export type Pattern = {
  readonly kind: "pattern";
  readonly field: string | undefined;
  readonly parts: readonly PatternPart[];
  readonly place?: Place;
};

export type PatternPart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "many" }
  | { readonly kind: "one" };

/** One end of a range. */
export type Bound = { readonly value: string; readonly inclusive: boolean; readonly place?: Place };

/** Values between two ends; an end that is undefined is open. At least one end is given. */
export type Range = {
  readonly kind: "range";
  readonly field: string;
  readonly from: Bound | undefined;
  readonly to: Bound | undefined;
  readonly place?: Place;
};

/** The message has the field with a value that is not null. */
type Exists = { readonly kind: "exists"; readonly field: string; readonly place?: Place };

/** The field is an address of the network `address/bits`. */
export type Network = {
  readonly kind: "network";
  readonly field: string;
  readonly address: string;
  readonly bits: number;
  readonly place?: Place;
};

/** Whether a clause looks for a value in a certain field. */
export function isFieldTerm(clause: Query): clause is Term & { readonly field: string } {
  return clause.kind === "term" && clause.field !== undefined;
}
