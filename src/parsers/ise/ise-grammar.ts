import { emptyMessage, type FieldValue, type Message } from "../../core/message.ts";

/** Characters that end a text, except that a backslash lets some pass. */
const ENDS = '"=,\r\n\f\t';
const ESCAPABLE = 'rnf\\/"bt,';
const TAG = "(tag=0)";
const DEPTH_LIMIT = 200;

/**
 * Reads `key = value (, key = value)*` with an optional last comma. A value that itself reads `key = value` is a map.
 * Undefined when the text is not of this form.
 */
export function readIse(text: string): Message | undefined {
  const message = emptyMessage();
  let at = 0;
  for (;;) {
    at = skip(text, at);
    if (at >= text.length) return message;
    const end = textEnd(text, at);
    if (end === at || text[end] !== "=") return undefined;
    const key = text.slice(at, end).trim();
    const value = readValue(text, end + 1);
    if (value === undefined) return undefined;
    message[key] = value.value;
    at = skip(text, value.end);
    if (at >= text.length) return message;
    if (text[at] !== ",") return undefined;
    at++;
  }
}

type Value = { readonly value: FieldValue; readonly end: number };

function readValue(text: string, from: number): Value | undefined {
  const keys: string[] = [];
  let at = from;
  for (;;) {
    at = skip(text, at);
    if (at >= text.length || text[at] === ",") return nest(keys, null, at);
    const braced = text[at] === "{" ? endOf(text, "}", at) - 1 : -1;
    if (braced >= 0) {
      return text[braced + 1] === "," ? nest(keys, text.slice(at, braced + 1), braced + 1) : undefined;
    }
    if (text.startsWith(TAG, at)) {
      const start = at + TAG.length;
      const end = textEnd(text, start);
      return end > start ? nest(keys, text.slice(at, end).trim(), end) : undefined;
    }
    const end = textEnd(text, at);
    if (end === at) return undefined;
    if (text[end] !== "=") return nest(keys, text.slice(at, end).trim(), end);
    keys.push(text.slice(at, end).trim());
    if (keys.length > DEPTH_LIMIT) return undefined;
    at = end + 1;
  }
}

/** A value under keys, the first of which is the outermost. */
function nest(keys: readonly string[], innermost: FieldValue, end: number): Value {
  const value = keys.reduceRight<FieldValue>((inner, key) => {
    const map = emptyMessage();
    map[key] = inner;
    return map;
  }, innermost);
  return { value, end };
}

function textEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const char = text[at] as string;
    if (char === "\\" && at + 1 < text.length && ESCAPABLE.includes(text[at + 1] as string)) at += 2;
    else if (ENDS.includes(char)) break;
    else at++;
  }
  return at;
}

/** Skips line ends and comments; what opens a comment and has no end is text. */
function skip(text: string, from: number): number {
  let at = from;
  for (;;) {
    while (at < text.length && "\r\n\f\t".includes(text[at] as string)) at++;
    const end = commentEnd(text, at);
    if (end < 0) return at;
    at = end;
  }
}

function commentEnd(text: string, at: number): number {
  if (text.startsWith("/*", at)) return endOf(text, "*/", at + 2);
  if (text[at] !== "#" && !text.startsWith("//", at)) return -1;
  const ends = [endOf(text, "\n", at), endOf(text, "\r", at)].filter((end) => end >= 0);
  return ends.length === 0 ? -1 : Math.min(...ends);
}

/** Where the next `mark` from `at` on ends, or -1; quick to say that there is none, for it is asked again and again. */
function endOf(text: string, mark: string, at: number): number {
  if (text.lastIndexOf(mark) < at) return -1;
  return text.indexOf(mark, at) + mark.length;
}
