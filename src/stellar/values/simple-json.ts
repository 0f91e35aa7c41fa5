import type { FieldValue } from "../../core/message.ts";
import { Double, Float } from "../../core/number.ts";
import { toText } from "./text.ts";
import { fromMessage } from "./value.ts";

const NAMED: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "/": "\\/",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};
// The characters are the point of the pattern: json-simple escapes them.
// biome-ignore lint/suspicious/noControlCharactersInRegex: see above
const ESCAPED = /["\\/\u0000-\u001f\u007f-\u009f\u2000-\u20ff]/g;

/**
 * JSON without blanks as json-simple writes it, the library with which the original puts JSON into fields: slashes
 * and some other characters escaped, decimals with their point, numbers that are not finite as null.
 */
export function writeJson(value: FieldValue): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value !== "object" || value === null) return finite(Number(value), value);
  if (value instanceof Double || value instanceof Float) return finite(value.value, value);
  if (Array.isArray(value)) return `[${value.map(writeJson).join()}]`;
  return `{${Object.entries(value)
    .map(([key, entry]) => `${quoted(key)}:${writeJson(entry)}`)
    .join()}}`;
}

function finite(number: number, value: FieldValue): string {
  return Number.isFinite(number) ? toText(fromMessage(value)) : "null";
}

function quoted(text: string): string {
  return `"${text.replace(ESCAPED, escapeOf)}"`;
}

function escapeOf(char: string): string {
  return NAMED[char] ?? `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}
