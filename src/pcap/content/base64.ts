import type { Step } from "./step.ts";

const PAD = 61;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** The value of each byte in base64, both alphabets (RFC 4648, 4 and 5); -1 of others. */
const VALUES = new Int8Array(256).fill(-1);
for (const [value, letter] of [
  ..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
].entries())
  VALUES[letter.charCodeAt(0)] = value;
VALUES[45] = 62;
VALUES[95] = 63;

/** Decodes base64, passing over what is not of it; line ends and blanks are expected, anything else is told. */
export function decodeBase64(pieces: readonly Uint8Array[]): Step {
  const decoded: Uint8Array[] = [];
  let bits = 0;
  let count = 0;
  let strange = 0;
  for (const piece of pieces) {
    const out = new Uint8Array(Math.ceil((piece.length * 3) / 4) + 3);
    let length = 0;
    for (const byte of piece) {
      const value = VALUES[byte]!;
      if (value < 0) {
        // Padding ends a group; several that were coded one by one may follow each other.
        if (byte === PAD) count = 0;
        else if (byte !== LINE_FEED && byte !== CARRIAGE_RETURN && byte !== 32 && byte !== 9) strange++;
        continue;
      }
      bits = ((bits << 6) | value) & 0xffffff;
      count += 6;
      if (count >= 8) {
        count -= 8;
        out[length++] = (bits >> count) & 255;
      }
    }
    decoded.push(out.subarray(0, length));
  }
  return {
    pieces: decoded,
    note: strange > 0 ? `${strange} bytes that are not of it were passed over` : undefined,
  };
}

/** Decodes quoted-printable (RFC 2045, 6.7); what is no escape stays as it is. */
export function decodeQuotedPrintable(pieces: readonly Uint8Array[]): Step {
  const [first] = pieces;
  const bytes = pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces);
  const out = new Uint8Array(bytes.length);
  let length = 0;
  let strange = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte !== PAD) {
      out[length++] = byte;
      continue;
    }
    const next = bytes[at + 1];
    if (next === LINE_FEED) at++;
    else if (next === CARRIAGE_RETURN && bytes[at + 2] === LINE_FEED) at += 2;
    else {
      const value = Number.parseInt(String.fromCharCode(next ?? 0, bytes[at + 2] ?? 0), 16);
      if (isHex(next) && isHex(bytes[at + 2])) {
        out[length++] = value;
        at += 2;
      } else {
        out[length++] = byte;
        strange++;
      }
    }
  }
  const note = strange > 0 ? `${strange} escapes are none and stay as they are` : undefined;
  return { pieces: [out.subarray(0, length)], note };
}

function isHex(byte: number | undefined): boolean {
  return byte !== undefined && /[0-9A-Fa-f]/.test(String.fromCharCode(byte));
}
