import type { FieldNames } from "./fields.ts";
import type { Query } from "./tree.ts";
import { withClauses } from "./visit.ts";

/**
 * A condition on a family of fields (`threat.triage.rules.*.name:Scan`) as one on any of its members. A family that
 * has none stays as it is, so that an index can say that no message has such a field.
 */
export function withFamilies(query: Query, names: FieldNames): Query {
  return withClauses(query, (clause) => {
    if (clause.kind === "all" || clause.field === undefined) return clause;
    const members = names.family(clause.field) ?? [];
    if (members.length === 0) return clause;
    return { kind: "or", parts: members.map((field) => ({ ...clause, field })) };
  });
}
