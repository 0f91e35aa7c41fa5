/**
 * Words with wildcards as conditions of SQL that take time in proportion to the text, whatever the word. The engine's
 * LIKE with an escape tries every way to share the text among the wildcards: `*a*a*b` over 20,000 times `a` takes it hours,
 * in one step that nothing can interrupt.
 */
import { Fault } from "../../../core/fault.ts";
import type { Pattern, PatternPart } from "../../../query/tree.ts";

/** Past these a condition is a program that is long in making, for a word that nobody types. */
const MOST_WILDCARDS = 100;
const MOST_SINGLE = 1000;
/** The engine repeats a part of a pattern up to so many times. */
const MOST_REPEATED = 1000;

/** A condition that a text matches a word as a whole, letter by letter. `bind` keeps a value and returns its placeholder. */
export function patternSql(sql: string, pattern: Pattern, bind: (value: string) => string): string {
  const parts = simplified(pattern);
  const texts = parts.flatMap((part) => (part.kind === "text" ? part.text : []));
  const shape = parts.map((part) => LETTERS[part.kind]).join("");
  const [one = ""] = texts;
  switch (shape) {
    case "*":
      return `${sql} IS NOT NULL`;
    case "t*":
      return `starts_with(${sql}, ${bind(one)})`;
    case "*t":
      return `ends_with(${sql}, ${bind(one)})`;
    case "*t*":
      return `contains(${sql}, ${bind(one)})`;
  }
  // Without an escape and without `_` the engine looks for one text after the other and never turns back.
  const isPlain = !shape.includes("?") && texts.every((text) => !/[%_]/.test(text));
  if (isPlain) {
    const like = parts.map((part) => (part.kind === "text" ? part.text : "%")).join("");
    return `${sql} LIKE ${bind(like)}`;
  }
  const match = `regexp_matches(${sql}, ${bind(`(?s)^(${regexOf(parts, escaped)})$`)})`;
  // Where the beginning is known, most texts and whole row groups are ruled out by it.
  return shape.startsWith("t") ? `(starts_with(${sql}, ${bind(one)}) AND ${match})` : match;
}

/** A condition that a word with wildcards stands anywhere in a text, in upper or lower case. */
export function patternInsideSql(sql: string, pattern: Pattern, bind: (value: string) => string): string {
  const parts = simplified(pattern);
  // What may stand before and after says nothing.
  const first = parts[0]?.kind === "many" ? 1 : 0;
  const inner = parts.slice(first, parts.at(-1)?.kind === "many" ? -1 : undefined);
  if (inner.length === 0) return `${sql} IS NOT NULL`;
  return `regexp_matches(${sql}, ${bind(`(?s)(${regexOf(inner, caseless)})`)})`;
}

/**
 * A text as a pattern for it in any case, letter by letter: to the engine that costs a fifth of comparing lower-cased
 * copies, and a fifteenth of ILIKE or `(?i)`.
 */
export function caseless(text: string): string {
  let pattern = "";
  for (const char of text.toWellFormed()) {
    const forms = new Set([char, char.toLowerCase(), char.toUpperCase()]);
    // Some letters become two ("ß" is "SS"): those match as they are.
    const single = [...forms].filter((form) => [...form].length === 1).map(escapedChar);
    pattern += single.length === 1 ? single[0] : `[${single.join("")}]`;
  }
  return pattern;
}

const LETTERS = { text: "t", many: "*", one: "?" } as const;

/** Neighbouring texts as one and neighbouring `*` as one. @throws Fault QUERY_INVALID for more wildcards than a word may have. */
function simplified({ parts, place }: Pattern): PatternPart[] {
  const found: PatternPart[] = [];
  for (const part of parts) {
    const last = found.at(-1);
    if (part.kind === "many" && last?.kind === "many") continue;
    if (part.kind === "text" && last?.kind === "text")
      found[found.length - 1] = { kind: "text", text: last.text + part.text };
    else found.push(part);
  }
  const many = found.filter(({ kind }) => kind === "many").length;
  const single = found.filter(({ kind }) => kind === "one").length;
  if (many > MOST_WILDCARDS || single > MOST_SINGLE)
    throw new Fault(
      "QUERY_INVALID",
      `a word has at most ${MOST_WILDCARDS} \`*\` and ${MOST_SINGLE} \`?\`, and this one has ${many} and ${single}`,
      { details: { ...place } },
    );
  return found;
}

/**
 * The group around what this returns is needed: without one the engine turns a pattern of texts and `.*` back into LIKE
 * with an escape.
 */
function regexOf(parts: readonly PatternPart[], ofText: (text: string) => string): string {
  let regex = "";
  let single = 0;
  const flush = () => {
    for (; single > 0; single -= Math.min(single, MOST_REPEATED))
      regex += `.{${Math.min(single, MOST_REPEATED)}}`;
  };
  for (const part of parts) {
    if (part.kind === "one") {
      single++;
      continue;
    }
    flush();
    regex += part.kind === "many" ? ".*" : ofText(part.text);
  }
  flush();
  return regex;
}

function escaped(text: string): string {
  let pattern = "";
  for (const char of text.toWellFormed()) pattern += escapedChar(char);
  return pattern;
}

function escapedChar(char: string): string {
  return /^[a-zA-Z0-9]$/.test(char) ? char : `\\x{${(char.codePointAt(0) as number).toString(16)}}`;
}
