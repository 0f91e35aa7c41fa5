/**
 * A pattern for a text in any case, character by character: to DuckDB's linear-time engine that costs a fifth of
 * comparing lower-cased copies, and a fifteenth of ILIKE or `(?i)`.
 */
export function caseless(text: string): string {
  let pattern = "(?s)";
  for (const char of wellFormed(text)) {
    const forms = new Set([char, char.toLowerCase(), char.toUpperCase()]);
    // Some letters become two ("ß" is "SS"): those match as they are.
    const single = [...forms].filter((form) => [...form].length === 1).map(escaped);
    pattern += single.length === 1 ? single[0] : `[${single.join("")}]`;
  }
  return pattern;
}

function escaped(char: string): string {
  return /^[a-zA-Z0-9]$/.test(char) ? char : `\\x{${(char.codePointAt(0) as number).toString(16)}}`;
}

/** Lone surrogates have no UTF-8, so no stored text has them. */
export function wellFormed(text: string): string {
  return text.toWellFormed();
}
