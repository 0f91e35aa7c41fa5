import type { Actor } from "../core/actor.ts";
import { parse } from "./parse.ts";
import type { Query } from "./tree.ts";

/** A query as an actor may ask it: only what its scope finds too. Throws Fault QUERY_INVALID for a scope that is none. */
export function withinScope(query: Query, { scope }: Actor): Query {
  return scope === undefined ? query : { kind: "and", parts: [query, parse(scope)] };
}
