// Bytes are read within bounds known beforehand, hence `as number`.
import { LONGEST_KEY } from "./canonical.ts";

const UPPER = 1;
const COLON = 2;
const DOT = 4;
const DASH = 8;
const FOREIGN = 16;
const SLASH_SEEN = 32;
const PERCENT = 64;
/** Neither a hexadecimal digit nor a sign of addresses. */
const WORDY = 128;
/** What a byte of a text may mean for its canonical form; a text with a byte of -1 has no other spelling. */
const KINDS = new Int16Array(256);
for (let byte = 0; byte < 256; byte++) {
  const sign = String.fromCharCode(byte);
  KINDS[byte] = byte <= 0x20 || '"{}<>|^`\\'.includes(sign) ? -1 : byte >= 0x80 ? FOREIGN : 0;
  if (/[A-Z]/.test(sign)) KINDS[byte] = UPPER;
  if (byte > 0x20 && byte < 0x80 && !/[0-9a-f:./%[\]]/i.test(sign))
    KINDS[byte] = (KINDS[byte] as number) < 0 ? -1 : (KINDS[byte] as number) | WORDY;
}
const SIGNS: readonly (readonly [string, number])[] = [
  [":", COLON],
  [".", DOT],
  ["-", DASH | WORDY],
  ["/", SLASH_SEEN],
  ["%", PERCENT],
];
for (const [sign, kind] of SIGNS) KINDS[sign.charCodeAt(0)] = kind;

const SHORTEST_DIGEST = 32;
const LONGEST_DIGEST = 128;
/** `0011.22AA.BBCC` and `00-11-22-AA-BB-CC`. */
const DOTTED_MAC = 14;
const DASHED_MAC = 17;
const SLASH = 0x2f;
const DOT_BYTE = 0x2e;

/**
 * Tells, from its bytes, that a text is surely its own `canonicalKey`; false when it must be asked. Nearly all texts are,
 * and writers have no time for more than one look at each byte.
 */
export function isOwnKey(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length < 2 || length > LONGEST_KEY) return true;
  let seen = 0;
  for (let at = start; at < end; at++) {
    const kind = KINDS[bytes[at] as number] as number;
    if (kind === 0) continue;
    if (kind < 0) return true;
    // A URL may hold anything behind its host.
    if (kind === COLON && at + 2 < end && bytes[at + 1] === SLASH && bytes[at + 2] === SLASH)
      return (seen & (UPPER | FOREIGN)) === 0 && isOwnUrl(bytes, at + 3, end);
    seen |= kind;
  }
  if ((seen & COLON) !== 0) return (seen & WORDY) !== 0 && (seen & PERCENT) === 0;
  // Without a colon it is a path or an IPv4 network, which has one spelling.
  if ((seen & SLASH_SEEN) !== 0) return true;
  if ((seen & FOREIGN) !== 0) return false;
  if ((seen & DOT) !== 0) {
    if ((seen & UPPER) !== 0 || bytes[end - 1] === DOT_BYTE) return false;
    return length !== DOTTED_MAC;
  }
  if ((seen & DASH) !== 0) return length !== DASHED_MAC;
  return (seen & UPPER) === 0 || length < SHORTEST_DIGEST || length > LONGEST_DIGEST;
}

/** Whether what follows `scheme://` is a plain host in its own form, and a path. */
function isOwnUrl(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === SLASH) return at > start && bytes[at - 1] !== DOT_BYTE;
    const isPlain = (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x2d;
    if (!isPlain && byte !== DOT_BYTE) return false;
  }
  return false;
}
