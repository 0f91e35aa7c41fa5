import { hexOf } from "../../../../../../parts/cells.ts";
import type { ByteRange, Side } from "../packets-state.ts";

/** Finding bytes in what both sides said: text in any case of ASCII letters, bytes in hex, or a regular expression over bytes. */

export const FIND_KINDS = ["text", "hex", "regex"] as const;

export type FindKind = (typeof FIND_KINDS)[number];

/** Where to look: bytes that follow each other. */
export type Haystack = { readonly side: Side; readonly position: number; readonly bytes: Uint8Array };

/** More than this nobody steps through. */
export const MOST_HITS = 10_000;

/** The source of a regular expression over bytes, each of them a character of U+0000 to U+00FF; or what is wrong with the text. */
export function patternOf(kind: FindKind, text: string): { source: string } | { mistake: string } {
  if (kind === "text") return { source: [...new TextEncoder().encode(text)].map(anyCase).join("") };
  if (kind === "hex") {
    const digits = text.replace(/[\s:]|0x/gi, "");
    if (!/^([0-9a-f]{2})+$/i.test(digits)) return { mistake: "Bytes are two hex digits each: 4d 5a 90" };
    return { source: digits.replace(/../g, "\\x$&") };
  }
  try {
    new RegExp(text, "gs");
    return { source: text };
  } catch (error) {
    return { mistake: error instanceof Error ? error.message : String(error) };
  }
}

/** Where a pattern is found, in the order of what was said. */
export function findIn(haystacks: readonly Haystack[], source: string): ByteRange[] {
  const pattern = new RegExp(source, "gs");
  const hits: ByteRange[] = [];
  for (const { side, position, bytes } of haystacks) {
    for (const { index, 0: found } of characters(bytes).matchAll(pattern)) {
      // An expression may match nothing at all, anywhere.
      if (found === "") continue;
      hits.push({ side, from: position + index, to: position + index + found.length - 1 });
      if (hits.length === MOST_HITS) return hits;
    }
  }
  return hits;
}

function anyCase(byte: number): string {
  const letter = String.fromCharCode(byte);
  if (!/[a-z]/i.test(letter)) return `\\x${hexOf(byte)}`;
  return `[${letter.toLowerCase()}${letter.toUpperCase()}]`;
}

/** Bytes as characters, one each. */
function characters(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 8192)
    parts.push(String.fromCharCode(...bytes.subarray(at, at + 8192)));
  return parts.join("");
}
