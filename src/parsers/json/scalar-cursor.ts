import type { Arena } from "../../core/arena.ts";
import { DOUBLE, FALSE, INT, LONG, NULL, SPAN, TRUE, VALUE } from "../../core/column.ts";
import type { FieldValue } from "../../core/message.ts";
import { decodeText } from "../../core/text.ts";
import { isAscii, isWellFormed, writeCodePoint } from "./utf8.ts";

// Bytes past the end read as undefined and fail every comparison, so `as number` is harmless here.

/** Numbers written with more characters than this are refused. */
const NUMBER_LIMIT = 1000;

export const QUOTE = 34;
const BACKSLASH = 92;

/**
 * What two bytes of a text mean for its reader: 0 for go on, 1 or 2 when the first or second ends the plain text (a
 * quote, a backslash, a control character), plus HIGH when a byte before that is not ASCII.
 */
const STOPS = new Uint8Array(65536);
const HIGH = 4;
for (let pair = 0; pair < 65536; pair++) {
  const first = pair & 255;
  const second = pair >> 8;
  if (isStop(first)) STOPS[pair] = 1;
  else STOPS[pair] = (isStop(second) ? 2 : second > 127 ? HIGH : 0) | (first > 127 ? HIGH : 0);
}

function isStop(byte: number): boolean {
  return byte < 32 || byte === QUOTE || byte === BACKSLASH;
}

const POWERS = new Float64Array(23);
for (let power = 0; power < 23; power++) POWERS[power] = Number(`1e${power}`);

const ESCAPES = new Uint8Array(256);
for (const [letter, code] of [
  ['"', 34],
  ["\\", 92],
  ["/", 47],
  ["b", 8],
  ["f", 12],
  ["n", 10],
  ["r", 13],
  ["t", 9],
] as const) {
  ESCAPES[letter.charCodeAt(0)] = code;
}

/**
 * Reads the scalars of JSON (RFC 8259) from the bytes of a batch, allocating nothing: each call starts at a place and
 * returns the place after what it read, or -1 with `reason` and `place` set. The value itself lands in the fields.
 */
export class ScalarCursor {
  readonly arena: Arena;
  bytes: Uint8Array;
  view: DataView;
  /** Where the record ends. */
  end = 0;

  /** Kind of the scalar read last, one of the cell kinds of core/column.ts. */
  kind = 0;
  /** Its text, when the kind is SPAN, or the digits of a number. */
  start = 0;
  finish = 0;
  /** Its number, when the kind is INT, LONG or DOUBLE. */
  number = 0;
  /** The bigint, when the kind is VALUE; what `JsonCursor` reads. */
  object: FieldValue = null;

  /** Why reading failed, and where. */
  reason = "";
  place = 0;

  constructor(arena: Arena) {
    this.arena = arena;
    this.bytes = arena.bytes;
    this.view = new DataView(arena.bytes.buffer, arena.bytes.byteOffset, arena.bytes.byteLength);
  }

  /** Takes the arena's bytes again, as they may have grown. */
  refresh(): void {
    const bytes = this.arena.bytes;
    if (bytes === this.bytes) return;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  fail(reason: string, place: number): -1 {
    this.reason = place >= this.end ? "the record ends too early" : reason;
    this.place = place;
    return -1;
  }

  /** Skips blanks. */
  space(from: number): number {
    let at = from;
    for (;;) {
      const byte = this.bytes[at];
      if (byte !== 32 && byte !== 10 && byte !== 13 && byte !== 9) return at;
      at++;
    }
  }

  /** Reads any scalar. */
  scalar(at: number): number {
    const byte = this.bytes[at] as number;
    if (byte === QUOTE) return this.string(at);
    if ((byte ^ 48) < 10 || byte === 45) return this.numeral(at);
    return this.literal(at);
  }

  /** Reads a string whose opening quote is at `at`. */
  string(at: number): number {
    const view = this.view;
    const end = this.end;
    let place = at + 1;
    let high = 0;
    for (;;) {
      const stop = STOPS[view.getUint16(place, true)] as number;
      if (stop !== 0) {
        high |= stop & HIGH;
        if (stop !== HIGH) {
          place += (stop & 3) - 1;
          break;
        }
      }
      place += 2;
      if (place >= end) return this.fail("", end);
    }
    if (place >= end) return this.fail("", end);
    const byte = this.bytes[place];
    if (byte !== QUOTE) {
      if (byte === BACKSLASH) return this.#escaped(at + 1, place);
      return this.fail("a control character inside a text", place);
    }
    this.kind = SPAN;
    this.start = at + 1;
    this.finish = place;
    if (high !== 0) this.#repair();
    return place + 1;
  }

  /** Reads a string that has escapes; the first backslash is at `from`. The decoded text goes into the arena. */
  #escaped(start: number, from: number): number {
    const end = this.end;
    const base = this.arena.reserve(end - start + 16);
    this.refresh();
    const bytes = this.bytes;
    let to = base;
    let at = start;
    for (; at < from; at++) bytes[to++] = bytes[at] as number;
    let high = 0;
    for (; at < end; ) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) break;
      if (byte !== BACKSLASH) {
        if (byte < 32) return this.fail("a control character inside a text", at);
        high |= byte;
        bytes[to++] = byte;
        at++;
        continue;
      }
      const letter = bytes[at + 1] as number;
      const plain = ESCAPES[letter] as number;
      if (plain !== 0) {
        bytes[to++] = plain;
        at += 2;
        continue;
      }
      if (letter !== 117) return this.fail("an unknown escape", at);
      let code = this.#hex(at + 2, end);
      if (code < 0) return this.fail("an incomplete \\u escape", at);
      at += 6;
      if (code >= 0xd800 && code < 0xe000) {
        const low = bytes[at] === BACKSLASH && bytes[at + 1] === 117 ? this.#hex(at + 2, end) : -1;
        if (code < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
          code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
          at += 6;
        } else code = 0xfffd;
      }
      to = writeCodePoint(bytes, to, code);
    }
    if (at >= end) return this.fail("", end);
    this.arena.length = to;
    this.kind = SPAN;
    this.start = base;
    this.finish = to;
    // The part before the first backslash was not looked at again.
    if ((high & 0x80) !== 0 || !isAscii(bytes, start, from)) this.#repair();
    return at + 1;
  }

  #hex(at: number, end: number): number {
    if (at + 4 > end) return -1;
    let code = 0;
    for (let index = at; index < at + 4; index++) {
      const byte = this.bytes[index] as number;
      let digit = byte ^ 48;
      if (digit > 9) {
        digit = (byte | 32) - 87;
        if (digit < 10 || digit > 15) return -1;
      }
      code = (code << 4) | digit;
    }
    return code;
  }

  /** Replaces malformed UTF-8 in the text read last, as decoding would. */
  #repair(): void {
    if (isWellFormed(this.bytes, this.start, this.finish)) return;
    this.start = this.arena.appendText(this.arena.text(this.start, this.finish));
    this.finish = this.arena.length;
    this.refresh();
  }

  /** Reads a number. Whole ones are INT, LONG or, beyond 2^53, a bigint VALUE; others DOUBLE. */
  numeral(from: number): number {
    const bytes = this.bytes;
    const negative = bytes[from] === 45;
    const first = negative ? from + 1 : from;
    let at = first;
    let whole = 0;
    let digit = ((bytes[at] as number) ^ 48) >>> 0;
    if (digit > 9) return this.fail("a minus sign without a number", at);
    if (digit === 0 && ((bytes[at + 1] as number) ^ 48) >>> 0 < 10) {
      return this.fail("a number with a leading zero", at);
    }
    const near = at + 9;
    do {
      whole = (Math.imul(whole, 10) + digit) | 0;
      digit = ((bytes[++at] as number) ^ 48) >>> 0;
    } while (digit < 10 && at < near);
    const byte = bytes[at] as number;
    if (at < near && byte !== 46 && (byte | 32) !== 101) {
      this.kind = INT;
      this.number = negative ? 0 - whole : whole;
      this.start = from;
      this.finish = at;
      return at;
    }
    return this.#longNumeral(from, first, at, whole, negative);
  }

  /** Goes on after nine digits, or at a point or exponent. */
  #longNumeral(from: number, first: number, next: number, head: number, negative: boolean): number {
    const bytes = this.bytes;
    let at = next;
    let tail = 0;
    let point = -1;
    let byte = bytes[at] as number;
    const begin = at;
    for (;;) {
      const digit = (byte ^ 48) >>> 0;
      // Past nine more digits the sum is not wanted: the text is read the long way.
      if (digit < 10) tail = (Math.imul(tail, 10) + digit) | 0;
      else if (byte === 46 && point < 0) {
        if (((bytes[at + 1] as number) ^ 48) >>> 0 > 9)
          return this.fail("a decimal point without digits", at);
        point = at;
      } else break;
      byte = bytes[++at] as number;
    }
    const exponent = (byte | 32) === 101;
    this.start = from;
    if (exponent) {
      at = this.#exponent(at);
      if (at < 0) return at;
    }
    this.finish = at;
    if (at - first > NUMBER_LIMIT) return this.fail("a number of too many digits", from);
    const count = at - begin - (point < 0 ? 0 : 1);
    const mantissa =
      count > 9 || exponent ? Number.POSITIVE_INFINITY : head * (POWERS[count] as number) + tail;
    if (point < 0 && !exponent) return this.#wholeNumber(from, at, mantissa, negative);
    this.kind = DOUBLE;
    // Both exact, so their quotient is correctly rounded (Clinger 1990); anything else goes the long way.
    if (mantissa <= Number.MAX_SAFE_INTEGER) {
      const value = mantissa / (POWERS[at - point - 1] as number);
      this.number = negative ? -value : value;
    } else this.number = Number(decodeText(bytes, from, at));
    return at;
  }

  #exponent(from: number): number {
    const bytes = this.bytes;
    let at = from + 1;
    if (bytes[at] === 43 || bytes[at] === 45) at++;
    if (((bytes[at] as number) ^ 48) >>> 0 > 9) return this.fail("an exponent without digits", at);
    while (((bytes[at] as number) ^ 48) >>> 0 < 10 && at < this.end) at++;
    return at;
  }

  #wholeNumber(from: number, at: number, magnitude: number, negative: boolean): number {
    if (magnitude <= Number.MAX_SAFE_INTEGER) {
      const value = negative ? 0 - magnitude : magnitude;
      this.number = value;
      this.kind = (value | 0) === value ? INT : LONG;
      return at;
    }
    const exact = BigInt(decodeText(this.bytes, from, at));
    const value = Number(exact);
    this.number = value;
    if (Number.isSafeInteger(value)) this.kind = (value | 0) === value ? INT : LONG;
    else {
      this.kind = VALUE;
      this.object = exact;
    }
    return at;
  }

  /** Reads true, false or null. */
  literal(at: number): number {
    if (at + 4 > this.end) return this.fail("a value was expected", this.end);
    const word = this.view.getInt32(at, true);
    if (word === 0x65757274) {
      this.kind = TRUE;
      return at + 4;
    }
    if (word === 0x6c6c756e) {
      this.kind = NULL;
      return at + 4;
    }
    if (word === 0x736c6166 && this.bytes[at + 4] === 101) {
      this.kind = FALSE;
      return at + 5;
    }
    return this.fail("a value was expected", at);
  }
}
