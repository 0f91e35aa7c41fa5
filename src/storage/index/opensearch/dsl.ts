import type { FieldType } from "../contract.ts";
import type { FieldKind } from "./mapping.ts";

/** A condition in OpenSearch's query language. */
export type Dsl = Readonly<Record<string, unknown>>;

/** What a search knows of a field. */
export type DslField = {
  readonly kind: FieldKind;
  /** Its name in the objects of documents. */
  readonly part: string;
  /** The type of its values; undefined when it is not known. */
  readonly type: FieldType | undefined;
};

/** What every message meets, and what none does. */
export const ALL: Dsl = { match_all: {} };
export const NEVER: Dsl = { match_none: {} };

/** One of the conditions, without those that nothing meets. */
export function either(conditions: readonly (Dsl | undefined)[]): Dsl {
  const given = conditions.filter((condition) => condition !== undefined && condition !== NEVER);
  if (given.length < 2) return given[0] ?? NEVER;
  return { bool: { should: given, minimum_should_match: 1 } };
}
