// Bytes are read within bounds known beforehand, hence `as number`.
import type { Meaning } from "../../../schema/meaning.ts";
import { isOwnKey } from "../../../schema/own-key.ts";
import { BYTES } from "./json-bytes.ts";

const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
/** `+`, `-` and `.` */
const SIGNS: ReadonlySet<number> = new Set([0x2b, 0x2d, DOT]);
const MOST_OCTET = 255;
const MOST_PORT = 65_535;
/** Digits that any whole number of 64 bits may have, and ports. */
const MOST_DIGITS = 15;

/**
 * Whether a text surely is neither a number nor an address, and is what it is compared as; false when it needs a closer look.
 * @param classes of its bytes, as `JsonBytes.quoted` returns them
 */
export function isOnlyText(bytes: Uint8Array, from: number, to: number, classes: number): boolean {
  const first = bytes[from] as number;
  if ((classes & BYTES.wordy) === 0 && (isDigit(first) || SIGNS.has(first))) return false;
  const isZoned = (classes & BYTES.percent) !== 0 && (classes & BYTES.colon) !== 0;
  const isLikeAddress = (classes & BYTES.foreign) === 0 && (classes & (BYTES.dot | BYTES.colon)) !== 0;
  if (isZoned || isLikeAddress) return false;
  return isOwnKey(bytes, from, to);
}

/** Whether a text is an IPv4 address in its one spelling. */
export function isDottedDecimal(bytes: Uint8Array, from: number, to: number): boolean {
  let value = 0;
  let digits = 0;
  let dots = 0;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    if (byte === DOT) {
      if (digits === 0) return false;
      dots++;
      value = digits = 0;
      continue;
    }
    if (!isDigit(byte) || (digits > 0 && value === 0)) return false;
    value = value * 10 + byte - ZERO;
    digits++;
    if (value > MOST_OCTET) return false;
  }
  return dots === 3 && digits > 0;
}

/** Whether a text surely is a whole number of a field's meaning in its one spelling; false when it needs a closer look. */
export function isPlainWhole(bytes: Uint8Array, from: number, to: number, meaning?: Meaning): boolean {
  const digits = to - from;
  if (digits === 0 || digits > MOST_DIGITS || (digits > 1 && bytes[from] === ZERO)) return false;
  let value = 0;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    if (!isDigit(byte)) return false;
    value = value * 10 + byte - ZERO;
  }
  return meaning !== "port" || value <= MOST_PORT;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}
