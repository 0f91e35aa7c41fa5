import type { FieldNames } from "./fields.ts";
import type { Query } from "./tree.ts";

/**
 * A condition on a family of fields (`threat.triage.rules.*.name:Scan`) as one on any of its members. A family that
 * has none stays as it is, so that an index can say that no message has such a field.
 */
export function withFamilies(query: Query, names: FieldNames): Query {
  switch (query.kind) {
    case "all":
      return query;
    case "and":
    case "or":
      return { ...query, parts: query.parts.map((part) => withFamilies(part, names)) };
    case "not":
      return { ...query, part: withFamilies(query.part, names) };
    default: {
      const members = query.field === undefined ? [] : (names.family(query.field) ?? []);
      if (members.length === 0) return query;
      return { kind: "or", parts: members.map((field) => ({ ...query, field })) };
    }
  }
}
