// All indexes are within the record, or read as undefined and fail every comparison.

const TAB = 9;
const BLANK = 32;
const EQUALS = 61;
const COLON = 58;
const BACKSLASH = 92;
const DOUBLE_QUOTE = 34;
const SINGLE_QUOTE = 39;

const KEY = 1;
const KEY_START = 2;
const SEPARATOR = 4;
const SPACE = 8;
const CLOSER = 16;
const OPENER = 32;

const CLOSERS = new Map([
  [91, 93], // [ ]
  [40, 41], // ( )
  [123, 125], // { }
]);

/** What each byte may be. */
const CLASSES = new Uint8Array(256);
for (const char of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_@")
  CLASSES[char.charCodeAt(0)] = KEY | KEY_START;
for (const char of "0123456789.-/%#$") CLASSES[char.charCodeAt(0)] = KEY;
for (const char of " \t\r\n") CLASSES[char.charCodeAt(0)] = SEPARATOR | SPACE;
for (const char of ",;|") CLASSES[char.charCodeAt(0)] = SEPARATOR;
for (const [opener, closer] of CLOSERS) {
  CLASSES[opener] = OPENER;
  CLASSES[closer] = CLOSER;
}
// Bytes of UTF-8 beyond ASCII may be letters of a key.
CLASSES.fill(KEY | KEY_START, 128);

export type PairOptions = {
  /** The one byte between pairs; undefined when the first pair tells it. */
  readonly separator: number | undefined;
  /** The one byte between key and value; undefined for `=`, and `:` before a quote. */
  readonly assignment: number | undefined;
  /** Whether a backslash in quotes protects a quote or a backslash. */
  readonly backslash: boolean;
};

/**
 * Finds the pairs of one record after another: `key=value`, `key="value"`, `key:"value"`, between blanks, commas,
 * semicolons or bars, with or without brackets. What it found last is in its fields; nothing is allocated.
 */
export class PairScanner {
  bytes = new Uint8Array();
  /** Where the first key begins: what is before it is another matter. */
  first = 0;
  keyStart = 0;
  keyEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  isQuoted = false;
  /** Whether the value holds escapes; and which quote it stood in. */
  isEscaped = false;
  quote = 0;
  /** Words without a key behind a value in quotes; empty when start and end are the same. */
  wordsStart = 0;
  wordsEnd = 0;
  /** Where a quote was opened that is never closed; -1 when all is well. */
  openQuote = -1;

  readonly #options: PairOptions;
  #end = 0;
  #at = 0;
  #separator = 0;
  #valueAt = 0;
  /** The key that ended the value before, so that it need not be looked for again. */
  #seenAt = -1;
  #seenEnd = -1;
  /** No single quote closes from here to the end of the record. */
  #noSingle = false;

  constructor(options: PairOptions) {
    this.#options = options;
  }

  /** Finds the first pair in bytes[start, end); false when there is none, or its quote stays open. */
  open(start: number, end: number): boolean {
    this.openQuote = -1;
    this.#noSingle = false;
    this.#seenAt = -1;
    this.#separator = this.#options.separator ?? 0;
    this.#end = end;
    const first = this.#findKey(start, start);
    if (first < 0) return false;
    this.first = first;
    const closer = CLOSERS.get(this.bytes[first - 1] as number);
    if (closer !== undefined) {
      let last = end;
      while (last > first && this.#isSpace(last - 1)) last--;
      if (this.bytes[last - 1] === closer) this.#end = last - 1;
    }
    this.#at = first;
    return this.next();
  }

  /** Finds the next pair; false at the end of the record, or when a quote stays open. */
  next(): boolean {
    const { bytes } = this;
    this.wordsStart = this.wordsEnd;
    let at = this.#at;
    while (at < this.#end && this.#isBetween(bytes[at] as number)) at++;
    if (at >= this.#end) return false;
    let keyEnd = at === this.#seenAt ? this.#seenEnd : this.#keyAt(at);
    if (keyEnd < 0) {
      const next = this.#findKey(at, at);
      this.wordsStart = at;
      this.wordsEnd = next < 0 ? this.#end : next;
      while (this.wordsEnd > at && this.#isBetween(bytes[this.wordsEnd - 1] as number)) this.wordsEnd--;
      if (next < 0) {
        this.#at = this.#end;
        this.keyEnd = this.keyStart;
        return this.wordsEnd > this.wordsStart;
      }
      at = next;
      keyEnd = this.#keyAt(at);
    }
    this.keyStart = at;
    this.keyEnd = keyEnd;
    this.isEscaped = false;
    const from = this.#valueAt;
    const quote = bytes[from] as number;
    if (quote === DOUBLE_QUOTE || (quote === SINGLE_QUOTE && !this.#noSingle)) {
      if (this.#quoted(from, quote)) return true;
      if (quote === DOUBLE_QUOTE) {
        this.openQuote = from;
        return false;
      }
      this.#noSingle = true;
    }
    this.#plain(from);
    return true;
  }

  /** Reads a value in quotes; false when they are never closed. */
  #quoted(from: number, quote: number): boolean {
    const { bytes } = this;
    const end = this.#end;
    let escaped = false;
    for (let at = from + 1; at < end; at++) {
      const byte = bytes[at];
      if (byte === BACKSLASH && this.#options.backslash) {
        escaped = true;
        at++;
      } else if (byte === quote) {
        const next = bytes[at + 1] as number;
        if (at + 1 < end && next === quote) {
          escaped = true;
          at++;
        } else if (at + 1 >= end || this.#isBetween(next)) {
          this.valueStart = from + 1;
          this.valueEnd = at;
          this.isQuoted = true;
          this.isEscaped = escaped;
          this.quote = quote;
          this.#at = at + 1;
          if (this.#separator === 0 && at + 1 < end) this.#learn(next);
          return true;
        }
      }
    }
    return false;
  }

  /** Reads a value without quotes: it ends before the next key, so it may hold blanks and other separators. */
  #plain(from: number): void {
    const { bytes } = this;
    const end = this.#end;
    const before = bytes[this.keyStart - 1] as number;
    const closer = CLASSES[before] === OPENER ? (CLOSERS.get(before) as number) : -1;
    const hasWords = this.#isCapital();
    let at = from;
    for (; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte === closer && (at + 1 === end || this.#isBetween(bytes[at + 1] as number))) break;
      if (this.#separates(byte)) {
        let next = at + 1;
        while (next < end && this.#isBetween(bytes[next] as number)) next++;
        const keyEnd = next < end ? this.#keyAt(next) : -1;
        if (keyEnd < 0 && next < end && !hasWords) continue;
        this.#seenAt = next;
        this.#seenEnd = keyEnd;
        if (this.#separator === 0) this.#learn(byte);
        break;
      }
    }
    this.#at = at;
    while (at > from && this.#isSpace(at - 1)) at--;
    while (from < at && this.#isSpace(from)) from++;
    this.valueStart = from;
    this.valueEnd = at;
    this.isQuoted = false;
  }

  /** Whether the key is in capitals, as netfilter writes them: beside such pairs stand single words. */
  #isCapital(): boolean {
    for (let at = this.keyStart; at < this.keyEnd; at++) {
      const byte = this.bytes[at] as number;
      if (byte < 65 || byte > 90) return false;
    }
    return true;
  }

  #learn(byte: number): void {
    if (((CLASSES[byte] as number) & SEPARATOR) === 0) return;
    this.#separator = ((CLASSES[byte] as number) & SPACE) !== 0 ? BLANK : byte;
  }

  #separates(byte: number): boolean {
    const separator = this.#separator;
    if (byte === separator) return true;
    if (separator === 0) return ((CLASSES[byte] as number) & SEPARATOR) !== 0;
    return separator === BLANK && ((CLASSES[byte] as number) & SPACE) !== 0;
  }

  #isSpace(at: number): boolean {
    return ((CLASSES[this.bytes[at] as number] as number) & SPACE) !== 0;
  }

  /** Whether a byte may be between two pairs. */
  #isBetween(byte: number): boolean {
    return ((CLASSES[byte] as number) & (SEPARATOR | CLOSER | OPENER)) !== 0 || byte === this.#separator;
  }

  /** Where the next key begins at or behind `from`, or -1. `start` is where the record begins. */
  #findKey(from: number, start: number): number {
    const { bytes } = this;
    for (let at = from; at < this.#end; at++) {
      if (((CLASSES[bytes[at] as number] as number) & KEY_START) === 0) continue;
      const isFirst = at === start || !((CLASSES[bytes[at - 1] as number] as number) & KEY);
      const keyEnd = isFirst ? this.#keyAt(at) : -1;
      if (keyEnd >= 0) return at;
      while (at + 1 < this.#end && ((CLASSES[bytes[at + 1] as number] as number) & KEY) !== 0) at++;
    }
    return -1;
  }

  /** The end of the key that begins at `at`, with `#valueAt` set behind what follows it; -1 when there is no key. */
  #keyAt(at: number): number {
    const { bytes } = this;
    if (((CLASSES[bytes[at] as number] as number) & KEY_START) === 0) return -1;
    let end = at + 1;
    while (end < this.#end && ((CLASSES[bytes[end] as number] as number) & KEY) !== 0) end++;
    if (end >= this.#end) return -1;
    const byte = bytes[end];
    this.#valueAt = end + 1;
    const { assignment } = this.#options;
    if (assignment !== undefined) return byte === assignment ? end : -1;
    if (byte === EQUALS) return end;
    const quote = bytes[end + 1];
    return byte === COLON && (quote === DOUBLE_QUOTE || quote === SINGLE_QUOTE) ? end : -1;
  }
}

/** The byte of an option of one character. */
export function byteOf(char: string | undefined): number | undefined {
  if (char === undefined) return undefined;
  return char === "\\t" ? TAB : char.charCodeAt(0);
}
