/** Characters of a value that are shown. */
const MOST_CHARACTERS = 400;

const utf8 = new TextDecoder("utf-8", { fatal: true });
const latin1 = new TextDecoder("latin1");

/** The first characters of bytes, as UTF-8 where they are and each byte for itself elsewhere; control characters are made visible. */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  const part = bytes.subarray(start, Math.min(end, start + MOST_CHARACTERS));
  return visible(decode(part)) + (end - start > MOST_CHARACTERS ? "…" : "");
}

/** UTF-16 in little-endian order, as Windows writes names. */
export function readWide(bytes: Uint8Array, start: number, end: number): string {
  const part = bytes.subarray(start, Math.min(end, start + 2 * MOST_CHARACTERS));
  return visible(new TextDecoder("utf-16le").decode(part)) + (end - start > 2 * MOST_CHARACTERS ? "…" : "");
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return latin1.decode(bytes);
  }
}

/** Control characters, and those that turn the direction of writing, as `\u` and four digits; ends of lines as `\r` and `\n`. */
function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    if (character === "\r") return "\\r";
    if (character === "\n") return "\\n";
    if (character === "\t") return "\\t";
    return `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`;
  });
}
