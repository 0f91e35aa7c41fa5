import type { Query } from "./tree.ts";

/** An OR of more parts than this is left together: each alternative is a search of its own. */
const MOST = 8;

/**
 * A query as several, of which each message it finds is found by exactly one. An OR of values is taken apart; all else
 * stays whole. For rare values: an engine that keeps summaries of stretches of a column (bloom filters, ranges) leaves
 * stretches out by a value of one column, and not by an OR.
 */
export function alternatives(query: Query): readonly Query[] {
  const together = query.kind === "and" ? query.parts : [query];
  const either = together.find(isOrOfValues);
  if (either === undefined) return [query];
  const others = together.filter((part) => part !== either);
  const parts = partsOf(either);
  return parts.map((part, index) => {
    const before = parts.slice(0, index).map((other): Query => ({ kind: "not", part: other }));
    return { kind: "and", parts: [part, ...others, ...before] };
  });
}

function isOrOfValues(query: Query): boolean {
  if (query.kind !== "or") return false;
  const parts = partsOf(query);
  return parts.length <= MOST && parts.every(needsValue);
}

/** The parts of an OR and of the ORs in it. */
function partsOf(query: Query): readonly Query[] {
  return query.kind === "or" ? query.parts.flatMap(partsOf) : [query];
}

/** Whether some field must have a certain value. */
function needsValue(query: Query): boolean {
  if (query.kind === "and") return query.parts.some(needsValue);
  return query.kind === "term" && query.field !== undefined;
}
