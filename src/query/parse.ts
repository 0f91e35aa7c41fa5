import { type Condition, Parser } from "./parser.ts";
import { Reader } from "./reader.ts";
import type { Query } from "./tree.ts";

/**
 * Reads a search as analysts write it: Lucene's query string. Words are beside each other as OR, as in Lucene; NOT
 * binds tighter than AND, AND tighter than OR. `+` and `-` (and NOT without an OR before it) require and forbid.
 * Empty text matches everything.
 *
 * @throws Fault QUERY_INVALID with `line`, `column`, `offset` and, where one is near, `suggestions` in its details.
 */
export function parse(text: string): Query {
  return new Parser(new Reader(text)).parse();
}

/**
 * The conditions that a text joins with AND, each with its own NOT and where it is written; undefined when it joins them
 * in another way (OR, or side by side). A group in parentheses is one condition.
 *
 * @throws Fault QUERY_INVALID as `parse` does.
 */
export function parseConditions(text: string): readonly Condition[] | undefined {
  const parser = new Parser(new Reader(text));
  parser.parse();
  return parser.conditions;
}
