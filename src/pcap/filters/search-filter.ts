import { AuthorError } from "../../core/author-error.ts";
import { parseByteseek } from "./bytes/byteseek.ts";
import { literal } from "./bytes/pattern.ts";
import { parseByteRegex } from "./bytes/regex.ts";
import { type ByteSearch, compileSearch } from "./bytes/search.ts";
import type { PacketFilter } from "./filter.ts";

/** What to look for among bytes, by the syntax it is written in. */
export type SearchText =
  /** The original's patterns. */
  | { readonly byteseek: string }
  /** A regular expression as RE2 reads it. */
  | { readonly regex: string }
  /** Text as it is, in UTF-8; in any case when it says so (of ASCII). */
  | { readonly text: string; readonly isCaseless?: boolean }
  /** Bytes in hex, with spaces or colons as one likes. */
  | { readonly hex: string };

/**
 * Compiles what to look for.
 * @throws AuthorError with the place of the first mistake
 */
export function compileSearchText(search: SearchText): ByteSearch {
  if ("byteseek" in search) return compileSearch(parseByteseek(search.byteseek));
  if ("regex" in search) return compileSearch(parseByteRegex(search.regex));
  if ("hex" in search) return compileSearch(literal(bytesOf(search.hex)));
  if (search.text === "") throw new AuthorError("There is no text to look for.");
  return compileSearch(literal(new TextEncoder().encode(search.text), search.isCaseless));
}

/** Packets whose frame holds what is looked for, headers included, as the original searches. */
export function frameSearch(search: SearchText): PacketFilter {
  const find = compileSearchText(search);
  return ({ packets }, packet) => {
    const start = packets.starts[packet]!;
    return find(packets.bytes, start, start + packets.captured[packet]!);
  };
}

/** Packets whose payload holds it, that of any tunnel too; each payload begins and ends for itself. */
export function payloadSearch(search: SearchText): PacketFilter {
  const find = compileSearchText(search);
  return ({ packets, layers }, _packet, first, end) => {
    for (let row = first; row < end; row++) {
      const start = layers.payload[row]!;
      if (find(packets.bytes, start, start + layers.payloadLength[row]!)) return true;
    }
    return false;
  };
}

function bytesOf(hex: string): readonly number[] {
  const digits = /[^0-9a-fA-F\s:]/.exec(hex);
  if (digits !== null)
    throw new AuthorError(`${digits[0]} is no hex digit.`, { start: digits.index, end: digits.index + 1 });
  const bytes = hex.replaceAll(/[\s:]/g, "");
  if (bytes === "" || bytes.length % 2 !== 0)
    throw new AuthorError("Bytes are written as two hex digits each.", { start: 0, end: hex.length });
  return Array.from({ length: bytes.length / 2 }, (_, at) =>
    Number.parseInt(bytes.slice(2 * at, 2 * at + 2), 16),
  );
}
