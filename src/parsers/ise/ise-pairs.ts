import { emptyMessage, type Message } from "../../core/message.ts";

/**
 * Reads pairs as ISE writes them: `key=value, key=value`. A value is the text up to the next pair, with the equals
 * signs and commas in it, escaped or not; a backslash before a comma, semicolon, quote, brace or backslash is not part
 * of it. A key that comes again makes a list of its values. Undefined when a pair has no key.
 */
export function readIsePairs(text: string): Message | undefined {
  const message = emptyMessage();
  for (const piece of pairs(text)) {
    const equals = piece.indexOf("=");
    const key = plain(piece.slice(0, equals).trim());
    if (equals < 1 || key === "") return undefined;
    const value = plain(piece.slice(equals + 1).trim());
    const before = message[key];
    if (before === undefined) message[key] = value === "" ? null : value;
    else if (Array.isArray(before)) before.push(value);
    else message[key] = [before ?? "", value];
  }
  return message;
}

/** The pairs, each with the commas that no pair follows. */
function pairs(text: string): string[] {
  const found: string[] = [];
  for (const piece of split(text)) {
    const last = found.length - 1;
    if (piece.trim() === "") continue;
    if (last >= 0 && !piece.includes("=")) found[last] += `,${piece}`;
    else found.push(piece);
  }
  return found;
}

/** The parts between commas that are neither escaped nor inside braces. */
function split(text: string): string[] {
  const pieces: string[] = [];
  let start = 0;
  const lastClose = text.lastIndexOf("}");
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === "\\") at++;
    // A brace that nothing closes is text.
    else if (char === "{" && at < lastClose) at = text.indexOf("}", at);
    else if (char === ",") {
      pieces.push(text.slice(start, at));
      start = at + 1;
    }
  }
  pieces.push(text.slice(start));
  return pieces;
}

function plain(value: string): string {
  return value.includes("\\") ? value.replace(/\\([,;"{}\\])/g, "$1") : value;
}
