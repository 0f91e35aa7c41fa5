import { isUtf8 } from "node:buffer";
import { TEXT_LIMIT } from "./protocol.ts";

/**
 * Bytes as text: UTF-8 if they are, else each byte beyond ASCII as `\xNN`, as Zeek writes it. Longer texts are cut and end with an ellipsis.
 */
export function textOf(bytes: Uint8Array, start: number, end: number, limit = TEXT_LIMIT): string {
  const isCut = end - start > limit;
  const last = isCut ? start + limit : end;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.max(0, last - start));
  const text =
    isUtf8(buffer) || (isCut && isUtf8(wholeCharacters(buffer)))
      ? buffer.toString("utf8")
      : buffer
          .toString("latin1")
          .replace(/[\x80-\xff]/g, (character) => `\\x${hexByte(character.charCodeAt(0))}`);
  return isCut ? `${text}…` : text;
}

/** Text whose characters are bytes, as `textOf` has it. */
export function textOfLatin1(latin1: string): string {
  // Most are ASCII, and stay what they are.
  if (latin1.length <= TEXT_LIMIT && !BEYOND_ASCII.test(latin1)) return latin1;
  const bytes = Buffer.from(latin1, "latin1");
  return textOf(bytes, 0, bytes.length);
}

const BEYOND_ASCII = /[\x80-\xff]/;

/** Characters of two bytes, little-endian, as Windows writes them; without zeros at the end. */
export function textOfUtf16(bytes: Uint8Array, start: number, end: number): string {
  const last = Math.min(end, start + 2 * TEXT_LIMIT, bytes.length);
  if (last <= start) return "";
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset + start, (last - start) & ~1);
  return buffer.toString("utf16le").replace(/\0+$/, "").toWellFormed();
}

export function hexOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.max(0, end - start)).toString("hex");
}

/** As many bytes as end with a whole character. */
function wholeCharacters(buffer: Buffer): Buffer {
  let end = buffer.length;
  while (end > 0 && end > buffer.length - 4 && (buffer[end - 1]! & 0xc0) === 0x80) end--;
  return buffer.subarray(0, Math.max(0, end - 1));
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
