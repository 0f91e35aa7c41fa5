import type { Bound, PatternPart, Query } from "./tree.ts";

const SIMPLE = /^[A-Za-z0-9_][A-Za-z0-9_.@-]*$/;
const KEYWORDS = new Set(["AND", "OR", "NOT", "TO", "_exists_"]);

/** Writes a tree as text that `parse` reads as the same tree. */
export function toText(query: Query): string {
  switch (query.kind) {
    case "all":
      return "*:*";
    case "and":
      return query.parts.map(operand).join(" AND ");
    case "or":
      return query.parts.map(operand).join(" OR ");
    case "not":
      return `NOT ${operand(query.part)}`;
    case "term":
      return prefix(query.field) + quoteUnlessSimple(query.value);
    case "pattern":
      return prefix(query.field) + query.parts.map(patternText).join("");
    case "range":
      return `${prefix(query.field)}${query.from?.inclusive === false ? "{" : "["}${bound(query.from)} TO ${bound(query.to)}${query.to?.inclusive === false ? "}" : "]"}`;
    case "exists":
      return `_exists_:${quoteUnlessSimple(query.field)}`;
    case "network":
      return `${prefix(query.field)}${query.address}/${query.bits}`;
  }
}

function operand(query: Query): string {
  return query.kind === "and" || query.kind === "or" ? `(${toText(query)})` : toText(query);
}

function prefix(field: string | undefined): string {
  return field === undefined ? "" : `${quoteUnlessSimple(field)}:`;
}

function bound(end: Bound | undefined): string {
  return end === undefined ? "*" : quoteUnlessSimple(end.value);
}

function quoteUnlessSimple(text: string): string {
  return SIMPLE.test(text) && !KEYWORDS.has(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}

function patternText(part: PatternPart): string {
  if (part.kind === "text") return part.text.replace(/[^A-Za-z0-9_.]/g, "\\$&");
  return part.kind === "many" ? "*" : "?";
}
