import type { Query } from "../../../query/tree.ts";

/** The form of the guids that messages have (src/pipeline/guid.ts). */
const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The guids that alone can match a query; undefined when it may match any. Files are told apart by the range of their guids. */
export function guidsOf(query: Query | undefined): readonly string[] | undefined {
  if (query?.kind === "and") return query.parts.map(guidsOf).find((guids) => guids !== undefined);
  if (query?.kind === "or") {
    const parts = query.parts.map(guidsOf);
    return parts.every((guids) => guids !== undefined) ? parts.flat() : undefined;
  }
  if (query?.kind !== "term" || query.field !== "guid" || !GUID.test(query.value)) return undefined;
  return [query.value, query.value.toLowerCase()];
}
