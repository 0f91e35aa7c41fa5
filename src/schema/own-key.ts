// Bytes are read within bounds known beforehand, hence `as number`.
import { LONGEST_KEY } from "./canonical.ts";

const UPPER = 1;
const COLON = 2;
const DOT = 4;
const DASH = 8;
const FOREIGN = 16;
/** No value that has another spelling holds such a byte. */
const NEVER = 32;
/** What a byte of a text may mean for its canonical form. */
const KINDS = new Uint8Array(256);
KINDS.fill(NEVER, 0, 0x21);
for (const sign of '"{}<>|^`\\') KINDS[sign.charCodeAt(0)] = NEVER;
KINDS.fill(UPPER, 0x41, 0x5b);
KINDS[0x3a] = COLON;
KINDS[0x2e] = DOT;
KINDS[0x2d] = DASH;
KINDS.fill(FOREIGN, 0x80);

const SHORTEST_DIGEST = 32;
const LONGEST_DIGEST = 128;
const SHORTEST_MAC = 14;
const LONGEST_MAC = 17;
const SLASH = 0x2f;
const DOT_BYTE = 0x2e;

/**
 * Tells, from its bytes, that a text is surely its own `canonicalKey`; false when it must be asked. Nearly all texts are,
 * and writers have no time for more than one look at each byte.
 */
export function isOwnKey(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length < 2 || length > LONGEST_KEY) return true;
  if (bytes[start] === SLASH) return true;
  let seen = 0;
  for (let at = start; at < end; at++) {
    const kind = KINDS[bytes[at] as number] as number;
    if (kind === 0) continue;
    // A URL may hold anything behind its host.
    if (kind === COLON && bytes[at + 1] === SLASH && bytes[at + 2] === SLASH && at + 2 < end)
      return (seen & (UPPER | FOREIGN)) === 0 && isOwnUrl(bytes, at + 3, end);
    seen |= kind;
    if (kind === NEVER) return true;
  }
  if ((seen & (COLON | FOREIGN)) !== 0) return false;
  if ((seen & DOT) !== 0) {
    if ((seen & UPPER) !== 0 || bytes[end - 1] === DOT_BYTE) return false;
    return length !== SHORTEST_MAC;
  }
  if ((seen & DASH) !== 0) return length !== LONGEST_MAC;
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
