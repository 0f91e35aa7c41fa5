import { Fault } from "../../../core/fault.ts";
import type { Pattern, PatternPart } from "../../../query/tree.ts";
import { type Dsl, either } from "./dsl.ts";

/** Past these a pattern is an automaton that is long in making, for a word that nobody types. */
const MOST_WILDCARDS = 100;
const MOST_SINGLE = 1000;

/**
 * Numbers and addresses as people see them, against the parts of a pattern. Every place that the parts so far may reach to is
 * kept, so that no way to share the text among wildcards is tried twice.
 */
const SCRIPT = `
  if (!doc.containsKey(params.field)) return false;
  def values = doc[params.field];
  for (int at = 0; at < values.size(); at++) {
    def value = values.get(at);
    String text = value instanceof Double ? new BigDecimal(value.toString()).toPlainString() : value.toString();
    if (value instanceof Double && text.endsWith('.0')) text = text.substring(0, text.length() - 2);
    boolean[] ends = new boolean[text.length() + 1];
    ends[0] = true;
    for (def part : params.parts) {
      boolean[] next = new boolean[text.length() + 1];
      boolean before = false;
      for (int end = 0; end <= text.length(); end++) {
        before = before || ends[end];
        if (part == '*') next[end] = before;
        else if (ends[end] && part == '?' && end < text.length()) next[end + 1] = true;
        else if (ends[end] && part.startsWith('=') && text.startsWith(part.substring(1), end)) next[end + part.length() - 1] = true;
      }
      ends = next;
    }
    if (ends[text.length()]) return true;
  }
  return false;`;

/**
 * That a text of some fields matches a pattern as a whole, letter by letter, or a number or address of others does.
 * @throws Fault QUERY_INVALID for more wildcards than a word may have
 */
export function patternDsl(texts: readonly string[], values: readonly string[], pattern: Pattern): Dsl {
  checkWildcards(pattern);
  const value = wildcardOf(pattern.parts);
  const parts = pattern.parts.map((part) =>
    part.kind === "text" ? `=${part.text}` : part.kind === "many" ? "*" : "?",
  );
  return either([
    ...texts.map((field) => ({ wildcard: { [field]: { value } } })),
    ...values.map((field) => ({ script: { script: { source: SCRIPT, params: { field, parts } } } })),
  ]);
}

/** That a pattern stands anywhere in a text, in upper or lower case. */
export function insideWildcard(
  field: "original" | "words",
  parts: readonly PatternPart[],
  pattern?: Pattern,
): Dsl {
  if (pattern !== undefined) checkWildcards(pattern);
  const inner = wildcardOf(parts).replace(/^\*+|(?<!\\)\*+$/g, "");
  if (inner === "") return { exists: { field } };
  return { wildcard: { [field]: { value: `*${inner}*` } } };
}

/** Whether every value fits a pattern. */
export function isEverything({ parts }: Pattern): boolean {
  return parts.length > 0 && parts.every(({ kind }) => kind === "many");
}

function wildcardOf(parts: readonly PatternPart[]): string {
  let value = "";
  for (const part of parts) {
    if (part.kind === "text") value += part.text.toWellFormed().replace(/[\\*?]/g, "\\$&");
    else if (part.kind === "one") value += "?";
    else if (!value.endsWith("*") || value.endsWith("\\*")) value += "*";
  }
  return value;
}

function checkWildcards({ parts, place }: Pattern): void {
  const many = parts.filter(({ kind }) => kind === "many").length;
  const single = parts.filter(({ kind }) => kind === "one").length;
  if (many > MOST_WILDCARDS || single > MOST_SINGLE)
    throw new Fault(
      "QUERY_INVALID",
      `a word has at most ${MOST_WILDCARDS} \`*\` and ${MOST_SINGLE} \`?\`, and this one has ${many} and ${single}`,
      { details: { ...place } },
    );
}
