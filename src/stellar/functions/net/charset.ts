/** Text to bytes and back in the character sets of Java that matter outside of UTF-8. */
import { asBytes, decodeText } from "../../../core/text.ts";
import { StellarError } from "../../language/error.ts";
import { utf8 } from "./encodings.ts";

export type Charset = {
  readonly encode: (text: string) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => string;
};

const UTF8: Charset = {
  encode: utf8,
  decode: (bytes) => decodeText(asBytes(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length),
};

/** By name in upper case; Java's aliases included. */
const CHARSETS: ReadonlyMap<string, Charset> = new Map([
  ["UTF-8", UTF8],
  ["UTF8", UTF8],
  ["US-ASCII", narrow(127)],
  ["ASCII", narrow(127)],
  ["ISO-8859-1", narrow(255)],
  ["ISO8859_1", narrow(255)],
  ["LATIN1", narrow(255)],
  // Java writes a byte order mark only in UTF-16 proper.
  ["UTF-16", wide("utf-16be", [0xfe, 0xff])],
  ["UTF-16BE", wide("utf-16be", [])],
  ["UTF-16LE", wide("utf-16le", [])],
]);

/** The character set of a name; a StellarError when there is none. */
export function charsetOf(name: string): Charset {
  const charset = CHARSETS.get(name.toUpperCase());
  if (charset !== undefined) return charset;
  throw new StellarError(
    `\`${name.slice(0, 100)}\` is not a character set: take one of ${[...CHARSETS.keys()].join(", ")}`,
  );
}

/** One byte a character, a question mark for what lies beyond. */
function narrow(last: number): Charset {
  return {
    encode: (text) =>
      Uint8Array.from(text, (character) =>
        character <= String.fromCharCode(last) ? character.charCodeAt(0) : 63,
      ),
    decode: (bytes) =>
      Array.from(bytes, (byte) => (byte <= last ? String.fromCharCode(byte) : "\ufffd")).join(""),
  };
}

function wide(label: "utf-16be" | "utf-16le", mark: readonly number[]): Charset {
  const littleEndian = label === "utf-16le";
  return {
    encode: (text) => {
      const bytes = new Uint8Array(mark.length + text.length * 2);
      bytes.set(mark);
      const view = new DataView(bytes.buffer);
      const sound = text.toWellFormed();
      for (let index = 0; index < sound.length; index++) {
        view.setUint16(mark.length + index * 2, sound.charCodeAt(index), littleEndian);
      }
      return bytes;
    },
    decode: (bytes) => new TextDecoder(label).decode(bytes),
  };
}
