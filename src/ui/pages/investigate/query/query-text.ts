/**
 * Edits of the query text by clicks: include, exclude, only. The server alone parses queries; this reads just enough
 * of the syntax (quotes, brackets, escapes) to see the top-level clauses joined by AND, so that a second click on a
 * value takes its clause away again instead of piling up.
 */

/** A field's value as a click knows it; null stands for a message without the field. */
export type Value = string | number | boolean | null;

const RESERVED = new Set(["AND", "OR", "NOT", "TO"]);

/** A field name as it is written in a query: what has a meaning there is escaped, but for `*` in place of a number. */
export function fieldText(field: string): string {
  return field.replace(/[\s:()[\]{}"^~*?\\/!+\-=<>&|]/g, "\\$&").replace(/(?<=\.)\\\*(?=\.)/g, "*");
}

/** The clause that finds messages whose field has the value. */
export function clauseOf(field: string, value: Value): string {
  if (value === null) return `NOT _exists_:${fieldText(field)}`;
  return `${fieldText(field)}:${valueText(value)}`;
}

/** A value as it is written in a query; quoted unless it is a plain word or number. */
export function valueText(value: string | number | boolean): string {
  const text = String(value);
  if (/^[A-Za-z0-9_][A-Za-z0-9_.]*$/.test(text) && !RESERVED.has(text)) return text;
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** Adds a clause with AND; one that is there already stays alone, its opposite goes away. */
export function include(query: string, field: string, value: Value): string {
  return add(query, clauseOf(field, value));
}

/** Adds the clause's opposite. */
export function exclude(query: string, field: string, value: Value): string {
  return add(query, opposite(clauseOf(field, value)));
}

/** A query of nothing but the clause. */
export function only(field: string, value: Value): string {
  return clauseOf(field, value);
}

/** Whether the query includes or excludes the value by a top-level clause. */
export function stanceOn(query: string, field: string, value: Value): "included" | "excluded" | undefined {
  const present = clauses(query) ?? [];
  const clause = clauseOf(field, value);
  if (present.includes(clause)) return "included";
  return present.includes(opposite(clause)) ? "excluded" : undefined;
}

/** Takes a clause away, in either stance. */
export function drop(query: string, field: string, value: Value): string {
  const present = clauses(query);
  const clause = clauseOf(field, value);
  if (present === undefined) return query;
  return present.filter((other) => other !== clause && other !== opposite(clause)).join(" AND ");
}

function opposite(clause: string): string {
  return clause.startsWith("NOT ") ? clause.slice(4) : `NOT ${clause}`;
}

function add(query: string, clause: string): string {
  if (["", "*", "*:*"].includes(query.trim())) return clause;
  const present = clauses(query);
  if (present === undefined) return `(${query}) AND ${clause}`;
  const kept = present.filter((other) => other !== clause && other !== opposite(clause));
  return [...kept, clause].join(" AND ");
}

/**
 * The clauses that a query joins with AND at its top level, each with its own NOT; undefined when it joins them in
 * any other way (OR, or side by side) and must be taken as a whole.
 */
export function clauses(query: string): string[] | undefined {
  const found: string[] = [];
  let negated = false;
  let expectsClause = true;
  for (const word of words(query)) {
    const operator = { "&&": "AND", "||": "OR", "!": "NOT" }[word] ?? word;
    if (operator === "AND") {
      if (expectsClause) return undefined;
      expectsClause = true;
    } else if (operator === "OR") {
      return undefined;
    } else if (operator === "NOT") {
      if (!expectsClause || negated) return undefined;
      negated = true;
    } else {
      if (!expectsClause) return undefined;
      found.push(negated ? `NOT ${word}` : word);
      negated = false;
      expectsClause = false;
    }
  }
  return (expectsClause && found.length > 0) || negated ? undefined : found;
}

const CLOSERS: Record<string, string> = { "(": ")", "[": "]}", "{": "]}" };

/** Splits at white space that stands outside quotes and brackets. */
function words(query: string): string[] {
  const found: string[] = [];
  const open: string[] = [];
  let word = "";
  let quoted = false;
  for (let at = 0; at < query.length; at++) {
    const char = query[at] as string;
    if (char === "\\") {
      word += char + (query[++at] ?? "");
    } else if (quoted) {
      word += char;
      quoted = char !== '"';
    } else if (/\s/.test(char) && open.length === 0) {
      if (word !== "") found.push(word);
      word = "";
    } else {
      if (char === '"') quoted = true;
      else if (CLOSERS[char] !== undefined) open.push(CLOSERS[char]);
      else if (open.at(-1)?.includes(char)) open.pop();
      word += char;
    }
  }
  return word === "" ? found : [...found, word];
}
