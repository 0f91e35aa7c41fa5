import { emptyMessage, type FieldValue, type Message } from "../../core/message.ts";
import { readIse } from "./ise-grammar.ts";

/**
 * Reads pairs as ISE writes them: a comma that no pair follows belongs to the value before it, quotes are text, and a
 * backslash before a comma, semicolon, quote, brace or backslash is not part of the value.
 */
export function readIsePairs(text: string): Message | undefined {
  const message = readIse(joinValues(text));
  if (message === undefined) return undefined;
  for (const key of Object.keys(message)) message[key] = plain(message[key] as FieldValue);
  return message;
}

/** The text with the commas inside of values escaped, and quotes too, so that the grammar takes them for text. */
function joinValues(text: string): string {
  const pieces: string[] = [];
  for (const piece of split(text)) {
    const last = pieces.length - 1;
    if (piece.trim() === "") continue;
    if (last >= 0 && !piece.includes("=") && !piece.includes("{")) pieces[last] += `\\,${piece}`;
    else pieces.push(piece);
  }
  return pieces.join(",").replace(/(\\.)|"/gs, (found, escaped?: string) => escaped ?? `\\${found}`);
}

/** The parts between commas that are neither escaped nor inside braces. */
function split(text: string): string[] {
  const pieces: string[] = [];
  let start = 0;
  let close = -1;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === "\\") at++;
    else if (char === "{" && at > close) {
      // A brace that nothing closes is text.
      const end = text.indexOf("}", at);
      close = end < 0 ? text.length : end;
      if (end > 0) at = end;
    } else if (char === ",") {
      pieces.push(text.slice(start, at));
      start = at + 1;
    }
  }
  pieces.push(text.slice(start));
  return pieces;
}

function plain(value: FieldValue): FieldValue {
  if (typeof value === "string") return value.replace(/\\([,;"{}\\])/g, "$1");
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const map = emptyMessage();
  for (const [key, inner] of Object.entries(value as Message)) map[key] = plain(inner as FieldValue);
  return map;
}
