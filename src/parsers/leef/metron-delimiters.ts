import { PatternError } from "../../java/pattern-error.ts";
import { compileRegex } from "../../java/regex.ts";

/** Whether a character is between attributes. */
export type Delimiter = (char: string) => boolean;

/** Delimiters that headers name themselves, kept compiled; a sender must not be able to fill the memory. */
const KEPT = 100;
const kept = new Map<string, Delimiter | undefined>();

/**
 * What the delimiter field of a LEEF 2.0 header means: the inside of a class of characters in Java's syntax, as the
 * original reads it, except that `^` is itself; a tab when it is empty. Undefined when it is no class.
 */
export function delimiterOf(field: string): Delimiter | undefined {
  if (field === "") return isTab;
  if (kept.has(field)) return kept.get(field);
  const delimiter = compile(field);
  if (kept.size < KEPT) kept.set(field, delimiter);
  return delimiter;
}

function isTab(char: string): boolean {
  return char === "\t";
}

function compile(field: string): Delimiter | undefined {
  if (/^[^\\[\]&-]$/.test(field)) return (char) => char === field;
  try {
    const set = compileRegex(`[${field.replaceAll("^", "\\^")}]`);
    return (char) => set.matches(char);
  } catch (error) {
    if (error instanceof PatternError) return undefined;
    throw error;
  }
}
