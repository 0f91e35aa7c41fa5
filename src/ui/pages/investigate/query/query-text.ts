/**
 * Edits of the query text by clicks: include, exclude, only. The parser says which conditions the text joins with AND, so
 * that a second click on a value takes its condition away again, however it is spelt, instead of piling up.
 */
import { parse, parseConditions } from "../../../../query/parse.ts";
import { toText } from "../../../../query/to-text.ts";
import type { Query } from "../../../../query/tree.ts";

/** A field's value as a click knows it; null stands for a message without the field. */
export type Value = string | number | boolean | null;

/** The condition that finds messages whose field has the value. */
function conditionOf(field: string, value: Value): Query {
  if (value === null) return { kind: "not", part: { kind: "exists", field } };
  return { kind: "term", field, value: String(value) };
}

/** The same as text. */
export function clauseOf(field: string, value: Value): string {
  return toText(conditionOf(field, value));
}

/** Adds a condition with AND; one that is there already stays alone, its opposite goes away. */
export function include(query: string, field: string, value: Value): string {
  return add(query, conditionOf(field, value));
}

/** Adds the condition's opposite. */
export function exclude(query: string, field: string, value: Value): string {
  return add(query, opposite(conditionOf(field, value)));
}

/** A query of nothing but the condition. */
export function only(field: string, value: Value): string {
  return clauseOf(field, value);
}

/** Whether the query includes or excludes the value by a condition that it joins with AND. */
export function stanceOn(query: string, field: string, value: Value): "included" | "excluded" | undefined {
  const present = (conditions(query) ?? []).map(({ meaning }) => meaning);
  const condition = conditionOf(field, value);
  if (present.includes(toText(condition))) return "included";
  return present.includes(toText(opposite(condition))) ? "excluded" : undefined;
}

/** Takes a condition away, in either stance. */
export function drop(query: string, field: string, value: Value): string {
  const kept = without(query, conditionOf(field, value));
  return kept === undefined ? query : kept.join(" AND ");
}

function opposite(condition: Query): Query {
  return condition.kind === "not" ? condition.part : { kind: "not", part: condition };
}

function add(query: string, condition: Query): string {
  const clause = toText(condition);
  if (isEverything(query)) return clause;
  const kept = without(query, condition);
  return kept === undefined ? `(${query}) AND ${clause}` : [...kept, clause].join(" AND ");
}

/** The query's conditions as they are written, but one and its opposite; undefined when it is to be taken as a whole. */
function without(query: string, condition: Query): string[] | undefined {
  const gone = [toText(condition), toText(opposite(condition))];
  return conditions(query)
    ?.filter(({ meaning }) => !gone.includes(meaning))
    .map(({ text }) => text);
}

/** The conditions that a query joins with AND: as they are written, and in the one spelling by which they compare. */
function conditions(query: string): { text: string; meaning: string }[] | undefined {
  try {
    return parseConditions(query)?.map(({ query: meant, from, to }) => ({
      text: query.slice(from, to),
      meaning: toText(meant),
    }));
  } catch {
    // It is not a query yet; the editor says why.
    return undefined;
  }
}

function isEverything(query: string): boolean {
  try {
    return parse(query).kind === "all";
  } catch {
    return false;
  }
}
