import { cutNote, type Step } from "./step.ts";

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

/** Decodes base64 to `limit` bytes at most, passing over what is not of it; line ends and blanks are expected, anything else is told. */
export function decodeBase64(pieces: Iterable<Uint8Array>, limit: number): Step {
  const decoded: Uint8Array[] = [];
  let total = 0;
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
    decoded.push(out.subarray(0, Math.min(length, limit - total)));
    total += length;
    if (total > limit) return { pieces: decoded, note: cutNote(limit) };
  }
  return {
    pieces: decoded,
    note: strange > 0 ? `${strange} bytes that are not of it were passed over` : undefined,
  };
}

/** Decodes quoted-printable (RFC 2045, 6.7) to `limit` bytes at most; what is no escape stays as it is. */
export function decodeQuotedPrintable(pieces: Iterable<Uint8Array>, limit: number): Step {
  const decoded: Uint8Array[] = [];
  let total = 0;
  let strange = 0;
  /** An escape that may go on in the next piece. */
  let begun: Uint8Array = new Uint8Array(0);
  const take = (bytes: Uint8Array, isLast: boolean): Uint8Array => {
    const out = new Uint8Array(bytes.length);
    let length = 0;
    let at = 0;
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte !== PAD) {
        out[length++] = byte;
        continue;
      }
      if (at + 2 >= bytes.length && !isLast) break;
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
    decoded.push(out.subarray(0, Math.min(length, limit - total)));
    total += length;
    return bytes.subarray(at);
  };
  for (const piece of pieces) {
    begun = take(begun.length === 0 ? piece : Buffer.concat([begun, piece]), false);
    if (total > limit) return { pieces: decoded, note: cutNote(limit) };
  }
  take(begun, true);
  const note = strange > 0 ? `${strange} escapes are none and stay as they are` : undefined;
  return { pieces: decoded, note };
}

function isHex(byte: number | undefined): boolean {
  return byte !== undefined && /[0-9A-Fa-f]/.test(String.fromCharCode(byte));
}
