/** Text to bytes and back. UTF-8 is known everywhere; other character sets are large tables, which the server has. */
import { asBytes, decodeText } from "../../../core/text.ts";
import { StellarError } from "../../language/error.ts";
import type { Services } from "../../run/services.ts";
import { utf8 } from "./encodings.ts";

/** What a character set has no sign for becomes a question mark, what no sign has as bytes U+FFFD. */
export type Charset = {
  readonly encode: (text: string) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => string;
};

declare module "../../run/services.ts" {
  interface Services {
    /** Character sets by their Java or IANA names; undefined for one nobody knows. */
    readonly charsets?: (name: string) => Charset | undefined;
  }
}

const UTF8: Charset = {
  encode: utf8,
  decode: (bytes) => decodeText(asBytes(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length),
};

/** The character set of a name; a StellarError when there is none. */
export function charsetOf(name: string, { charsets }: Services): Charset {
  if (/^utf-?8$/i.test(name)) return UTF8;
  const charset = charsets?.(name);
  if (charset !== undefined) return charset;
  throw new StellarError(
    `\`${name.slice(0, 100)}\` is not a character set${charsets === undefined ? " that this place has" : ""}`,
  );
}
