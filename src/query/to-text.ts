import type { Bound, PatternPart, Query } from "./tree.ts";
import { visit } from "./visit.ts";

const SIMPLE = /^[A-Za-z0-9_][A-Za-z0-9_.@-]*$/;
const KEYWORDS = new Set(["AND", "OR", "NOT", "TO", "_exists_"]);

/** Writes a tree as text that `parse` reads as the same tree. */
export function toText(query: Query): string {
  return visit<string>(query, {
    all: () => "*:*",
    and: (parts, and) => parts.map((part, at) => operand(part, and.parts[at])).join(" AND "),
    or: (parts, or) => parts.map((part, at) => operand(part, or.parts[at])).join(" OR "),
    not: (part, not) => `NOT ${operand(part, not.part)}`,
    term: ({ field, value }) => prefix(field) + valueText(value),
    pattern: ({ field, parts }) => prefix(field) + parts.map(patternText).join(""),
    range: ({ field, from, to }) =>
      `${prefix(field)}${from?.inclusive === false ? "{" : "["}${bound(from)} TO ${bound(to)}${to?.inclusive === false ? "}" : "]"}`,
    exists: ({ field }) => `_exists_:${valueText(field)}`,
    network: ({ field, address, bits }) => `${prefix(field)}${address}/${bits}`,
  });
}

/** A field's name as it is written before a colon: what has a meaning there is escaped, but `*` in place of a number. */
export function fieldText(field: string): string {
  if (field === "" || KEYWORDS.has(field)) return `"${field}"`;
  return field.replace(/[\s:()[\]{}"^~*?\\/!+\-=<>&|]/g, "\\$&").replace(/(?<=\.)\\\*(?=\.)/g, "*");
}

/** A value as it is written; quoted unless it is a plain word or number. */
export function valueText(value: string): string {
  return SIMPLE.test(value) && !KEYWORDS.has(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;
}

function operand(text: string, query: Query | undefined): string {
  return query?.kind === "and" || query?.kind === "or" ? `(${text})` : text;
}

function prefix(field: string | undefined): string {
  return field === undefined ? "" : `${fieldText(field)}:`;
}

function bound(end: Bound | undefined): string {
  return end === undefined ? "*" : valueText(end.value);
}

function patternText(part: PatternPart): string {
  if (part.kind === "text") return part.text.replace(/[^A-Za-z0-9_.]/g, "\\$&");
  return part.kind === "many" ? "*" : "?";
}
