/** Bytes as text, the way commons-codec 1.10 reads and writes it: decoding skips what does not belong. */
import { asBytes, decodeText, encodeText } from "../../../core/text.ts";
import { bytesToHex, hexToBytes } from "../../sketches/hex.ts";

export type Encoding = {
  readonly is: (text: string) => boolean;
  readonly encode: (text: string) => string;
  /** Never fails: at worst the text comes back as it is, or empty. */
  readonly decode: (text: string) => string;
};

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE32HEX = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** By name, in the order they are listed to users. */
export const ENCODINGS: ReadonlyMap<string, Encoding> = new Map([
  ["BASE32", power(BASE32, 5, /^[A-Z2-7=\t\n\r ]*$/)],
  ["BASE32HEX", power(BASE32HEX, 5, /^[0-9A-V=\t\n\r ]*$/)],
  // Both variants of the last two digits are read (RFC 4648, section 5).
  ["BASE64", power(BASE64, 6, /^[A-Za-z0-9+/\-_=\t\n\r ]*$/, { "-": 62, _: 63 })],
  ["BINARY", { is: (text) => /^[01]*$/.test(text), encode: toBinary, decode: fromBinary }],
  [
    "HEX",
    {
      is: isHex,
      encode: (text) => bytesToHex(utf8(text)),
      decode: (text) => (isHex(text) ? read(hexToBytes(text)) : text),
    },
  ],
]);

/** An encoding whose digits stand for that many bits each. */
function power(
  alphabet: string,
  bits: number,
  form: RegExp,
  others: Readonly<Record<string, number>> = {},
): Encoding {
  const values = new Int8Array(128).fill(-1);
  for (let value = 0; value < alphabet.length; value++) values[alphabet.charCodeAt(value)] = value;
  for (const [digit, value] of Object.entries(others)) values[digit.charCodeAt(0)] = value;
  const group = bits === 5 ? 8 : 4;
  return {
    is: (text) => form.test(text),
    encode: (text) => {
      const bytes = utf8(text);
      let encoded = "";
      let [held, count] = [0, 0];
      for (const byte of bytes) {
        held = (held << 8) | byte;
        count += 8;
        for (; count >= bits; count -= bits)
          encoded += alphabet.charAt((held >>> (count - bits)) & ((1 << bits) - 1));
        held &= (1 << count) - 1;
      }
      if (count > 0) encoded += alphabet.charAt((held << (bits - count)) & ((1 << bits) - 1));
      return encoded.padEnd(Math.ceil(encoded.length / group) * group, "=");
    },
    decode: (text) => {
      const bytes = new Uint8Array(Math.ceil((text.length * bits) / 8));
      let [held, count, length] = [0, 0, 0];
      for (let at = 0; at < text.length && text[at] !== "="; at++) {
        const value = values[text.charCodeAt(at)] ?? -1;
        if (value < 0) continue;
        held = (held << bits) | value;
        count += bits;
        if (count < 8) continue;
        count -= 8;
        bytes[length++] = held >>> count;
        held &= (1 << count) - 1;
      }
      return read(bytes.subarray(0, length));
    },
  };
}

/** Eight digits per byte, of the bytes from last to first. */
function toBinary(text: string): string {
  return Array.from(utf8(text).toReversed(), (byte) => byte.toString(2).padStart(8, "0")).join("");
}

function fromBinary(text: string): string {
  const digits = utf8(text);
  const bytes = Uint8Array.from({ length: Math.floor(digits.length / 8) }, (_, index) => {
    const end = digits.length - index * 8;
    // Whatever is no 1 counts as 0.
    return digits.subarray(end - 8, end).reduce((byte, digit) => (byte << 1) | (digit === 49 ? 1 : 0), 0);
  });
  const decoded = read(bytes);
  return Array.from(decoded).every((character) => character <= " ") ? text : decoded;
}

function isHex(text: string): boolean {
  return text.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(text);
}

/** Java writes half a surrogate pair as a question mark. */
export function utf8(text: string): Uint8Array {
  return encodeText(text.isWellFormed() ? text : text.replace(/\p{Surrogate}/gu, "?"));
}

function read(bytes: Uint8Array): string {
  // `decodeText` wants the platform's own kind of bytes.
  return decodeText(asBytes(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length);
}
