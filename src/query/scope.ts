import type { Actor } from "../core/actor.ts";
import { canonicalKey } from "../schema/canonical.ts";
import { fieldKey } from "./fields.ts";
import { parse } from "./parse.ts";
import type { Clause, Pattern, Query } from "./tree.ts";
import { eachClause, visit } from "./visit.ts";

/** A query as an actor may ask it: only what its scope finds too. Throws Fault QUERY_INVALID for a scope that is none. */
export function withinScope(query: Query, { scope }: Actor): Query {
  return scope === undefined ? query : { kind: "and", parts: [query, parse(scope)] };
}

/**
 * Tells which sensors exist for an actor: all but those of which its scope finds no message, whatever the messages are.
 * Throws Fault QUERY_INVALID for a scope that is none.
 */
export function sensorsSeenBy({ scope }: Actor): (sensor: string) => boolean {
  if (scope === undefined) return () => true;
  const query = parse(scope);
  return (sensor) => finds(query, sensor) !== false;
}

/** Whether a query finds the messages of a sensor: true for all, false for none, undefined when it depends on them. */
function finds(query: Query, sensor: string): boolean | undefined {
  return visit<boolean | undefined>(query, {
    ...eachClause((clause) => clauseFinds(clause, sensor)),
    and: (parts) => (parts.includes(false) ? false : parts.includes(undefined) ? undefined : true),
    or: (parts) => (parts.includes(true) ? true : parts.includes(undefined) ? undefined : false),
    not: (part) => (part === undefined ? undefined : !part),
  });
}

/** The platform writes the sensor's name to `source.type` whatever the record says, so it is known without the message. */
function clauseFinds(clause: Clause, sensor: string): boolean | undefined {
  if (clause.kind === "all") return true;
  if (clause.field === undefined || fieldKey(clause.field) !== "source.type") return undefined;
  switch (clause.kind) {
    case "term":
      return canonicalKey(clause.value) === canonicalKey(sensor);
    case "pattern":
      return fits(clause, sensor);
    case "exists":
      return true;
    case "range":
    case "network":
      return undefined;
  }
}

function fits({ parts }: Pattern, text: string): boolean {
  // Every place the parts so far may reach to: no way to share the text among wildcards is tried twice.
  let ends = [0];
  for (const part of parts) {
    if (part.kind === "many")
      ends = Array.from({ length: text.length + 1 }, (_, at) => at).slice(Math.min(...ends));
    else if (part.kind === "one") ends = ends.map((end) => end + 1).filter((end) => end <= text.length);
    else ends = ends.filter((end) => text.startsWith(part.text, end)).map((end) => end + part.text.length);
    if (ends.length === 0) return false;
  }
  return ends.includes(text.length);
}
