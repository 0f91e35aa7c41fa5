// Bytes are read within bounds known beforehand, hence `as number`.
import { LONGEST_KEY } from "./canonical.ts";
import type { Meaning } from "./meaning.ts";

const UPPER = 1;
const COLON = 2;
const DOT = 4;
const DASH = 8;
const FOREIGN = 16;
const SLASH_SEEN = 32;
const PERCENT = 64;
/** Neither a hexadecimal digit nor a sign of addresses. */
const WORDY = 128;
/** No text with such a byte has another spelling. */
const NEVER = 256;
const ODD = `"'{}<>()|^\`\\?&,;!#$*`;
/** What a byte of a text may mean for its canonical form. */
const KINDS = new Uint16Array(256);
for (let byte = 0; byte < 256; byte++) {
  const sign = String.fromCharCode(byte);
  if (byte >= 0x80) KINDS[byte] = FOREIGN;
  else if (byte <= 0x20 || ODD.includes(sign)) KINDS[byte] = NEVER;
  else KINDS[byte] = (/[A-Z]/.test(sign) ? UPPER : 0) | (/[0-9a-f:./%[\]]/i.test(sign) ? 0 : WORDY);
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
const PAIRED_MAC = 17;
/** `001122AABBCC` */
const BARE_MAC = 12;
const SLASH = 0x2f;
const DOT_BYTE = 0x2e;
const COLON_BYTE = 0x3a;
const DASH_BYTE = 0x2d;

/** Bytes looked at before what they mean is asked: what a text is shows early, and long ones are many. */
const STRETCH = 12;

/**
 * Tells, from its bytes, that a text is surely its own `canonicalKey`; false when it must be asked. Nearly all texts are,
 * and writers have no time for more than one look at each byte.
 */
export function isOwnKey(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length < 2 || length > LONGEST_KEY) return true;
  if (bytes[start] === SLASH) return true;
  let seen = 0;
  for (let at = start; at < end; ) {
    const stop = Math.min(end, at + STRETCH);
    for (; at < stop; at++) seen |= KINDS[bytes[at] as number] as number;
    if ((seen & COLON) !== 0)
      return isPlainWithColon(bytes, start, seen) || isOwnWithColon(bytes, start, end);
    if ((seen & NEVER) !== 0) return true;
  }
  // Without a colon it is a path or an IPv4 network, which has one spelling.
  if ((seen & SLASH_SEEN) !== 0) return true;
  if ((seen & FOREIGN) !== 0) return false;
  if ((seen & DOT) !== 0) {
    if ((seen & UPPER) !== 0 || bytes[end - 1] === DOT_BYTE) return false;
    return length !== DOTTED_MAC || bytes[start + 4] !== DOT_BYTE || bytes[start + 9] !== DOT_BYTE;
  }
  if ((seen & DASH) !== 0) return !hasMacSigns(bytes, start, end, DASH_BYTE);
  return (seen & UPPER) === 0 || length < SHORTEST_DIGEST || length > LONGEST_DIGEST;
}

/**
 * The same for values of a declared meaning: tells that `keysOf` has no other key. A single word says nothing by its form,
 * but as a host it is the same in any case.
 */
export function isOnlyKey(meaning: Meaning | undefined): typeof isOwnKey {
  switch (meaning) {
    case "network":
      return () => false;
    case "mac":
      return (bytes, start, end) => end - start !== BARE_MAC && isOwnKey(bytes, start, end);
    case "domain":
    case "host":
    case "email":
      return (bytes, start, end) => !hasUpper(bytes, start, end) && isOwnKey(bytes, start, end);
    default:
      return isOwnKey;
  }
}

function hasUpper(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte >= 0x41 && byte <= 0x5a) return true;
  }
  return false;
}

/**
 * Tells at a glance of a text with a colon that it is neither a URL nor an address, as `1:LQU9qZlK+B5F3KDmev6m5PMibrg=` is
 * neither, of which flows have one each. @param seen what the bytes up to a place behind the colon may mean.
 */
function isPlainWithColon(bytes: Uint8Array, start: number, seen: number): boolean {
  if ((seen & WORDY) === 0 || (seen & PERCENT) !== 0) return false;
  let at = start;
  while (bytes[at] !== COLON_BYTE) at++;
  return bytes[at + 1] !== SLASH;
}

function isOwnWithColon(bytes: Uint8Array, start: number, end: number): boolean {
  let seen = 0;
  for (let at = start; at < end; at++) {
    const kind = KINDS[bytes[at] as number] as number;
    if (kind === NEVER) return true;
    // A URL may hold anything behind its host.
    if (kind === COLON && at + 2 < end && bytes[at + 1] === SLASH && bytes[at + 2] === SLASH)
      return (seen & (UPPER | FOREIGN)) === 0 && isOwnUrl(bytes, at + 3, end);
    seen |= kind;
  }
  if ((seen & WORDY) !== 0) return (seen & PERCENT) === 0;
  // A MAC in its own form, of which link layers log two per message.
  return (seen & (UPPER | PERCENT | FOREIGN)) === 0 && hasMacSigns(bytes, start, end, COLON_BYTE);
}

/** Whether a text is as long as a MAC and has a sign where `00:11:22:aa:bb:cc` has its colons. */
function hasMacSigns(bytes: Uint8Array, start: number, end: number, sign: number): boolean {
  if (end - start !== PAIRED_MAC) return false;
  for (let at = start + 2; at < end; at += 3) if (bytes[at] !== sign) return false;
  return true;
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
