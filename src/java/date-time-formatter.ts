/**
 * Reading dates by a `java.time.format.DateTimeFormatter` pattern. It differs from SimpleDateFormat: the whole text
 * must match, letters bound the digits, names are case-sensitive, `S` is a fraction of a second of any length, values
 * must be in range (a day past the end of its month becomes its last day), two-digit years are 2000 to 2099.
 */
import { dayNumber, monthLength } from "./calendar.ts";
import { DAYS, MONTHS } from "./date-names.ts";
import { readQuoted, runLength } from "./date-pattern.ts";
import { PatternError } from "./pattern-error.ts";
import { type TimeZone, timeZone } from "./time-zone.ts";
import { matchZoneName, namedOffset } from "./zone-text.ts";

const LETTERS = "yuMLdDEaHkKhmsSnzZXx";
/** Letters that hold a plain number, with its legal range. */
const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  y: [1, 999_999_999],
  u: [-999_999_999, 999_999_999],
  M: [1, 12],
  L: [1, 12],
  d: [1, 31],
  D: [1, 366],
  H: [0, 23],
  k: [1, 24],
  K: [0, 11],
  h: [1, 12],
  m: [0, 59],
  s: [0, 59],
  n: [0, 999_999_999],
};
/** The same field under another letter. */
const SYNONYMS: Readonly<Record<string, string>> = { L: "M", y: "u" };

type Field = { readonly letter: string; readonly count: number };
type Piece = string | Field | { readonly optional: readonly Piece[] };
type Found = { readonly values: Map<string, number>; offset?: number; name?: string };

export type DateTimeReader = {
  readonly pattern: string;
  /** Epoch milliseconds (a finer fraction is cut off), or NaN when the whole text is not such a date. */
  readonly parse: (text: string) => number;
};

/** Compiles a pattern; a zone in the text wins over `zone`. Throws a PatternError for a pattern it cannot read. */
export function dateTimeFormatter(
  pattern: string,
  options: { readonly zone?: string | TimeZone } = {},
): DateTimeReader {
  const { pieces } = readPieces(pattern, 0, false);
  const zone = typeof options.zone === "object" ? options.zone : timeZone(options.zone ?? "UTC");
  return {
    pattern,
    parse: (text) => {
      const found: Found = { values: new Map() };
      const end = match(pieces, text, 0, found, zone);
      return end === text.length ? resolve(found, zone) : Number.NaN;
    },
  };
}

function readPieces(pattern: string, start: number, nested: boolean): { pieces: Piece[]; end: number } {
  const pieces: Piece[] = [];
  let at = start;
  while (at < pattern.length) {
    const char = pattern.charAt(at);
    if (char === "'") {
      const quoted = readQuoted(pattern, at);
      pieces.push(quoted.text);
      at = quoted.end;
    } else if (char === "[") {
      const inner = readPieces(pattern, at + 1, true);
      pieces.push({ optional: inner.pieces });
      at = inner.end;
    } else if (char === "]" && nested) {
      return { pieces, end: at + 1 };
    } else if (/[A-Za-z]/.test(char)) {
      const count = runLength(pattern, at);
      if (!LETTERS.includes(char)) throw new PatternError(`Unknown pattern letter: ${char}`, pattern, at);
      pieces.push({ letter: char, count });
      at += count;
    } else if ("{}#]".includes(char)) {
      throw new PatternError(`Pattern includes reserved character: '${char}'`, pattern, at);
    } else {
      pieces.push(char);
      at++;
    }
  }
  return { pieces, end: at };
}

/** The index after what matched, or -1. */
function match(pieces: readonly Piece[], text: string, start: number, found: Found, zone: TimeZone): number {
  let at = start;
  for (const [index, piece] of pieces.entries()) {
    if (typeof piece === "string") at = text.startsWith(piece, at) ? at + piece.length : -1;
    else if ("optional" in piece) {
      const end = match(piece.optional, text, at, found, zone);
      if (end >= 0) at = end;
    } else at = matchField(piece, reservedAfter(pieces, index), text, at, found, zone);
    if (at < 0) return -1;
  }
  return at;
}

/** Digits that the fixed-width numbers right behind a field need. */
function reservedAfter(pieces: readonly Piece[], index: number): number {
  let reserved = 0;
  for (const piece of pieces.slice(index + 1)) {
    if (typeof piece !== "object" || "optional" in piece || RANGES[piece.letter] === undefined) break;
    if (piece.count !== 2) break;
    reserved += 2;
  }
  return reserved;
}

function matchField(
  { letter, count }: Field,
  reserved: number,
  text: string,
  at: number,
  found: Found,
  zone: TimeZone,
): number {
  switch (letter) {
    case "E":
      return matchName(DAYS, count, text, at, () => {});
    case "a":
      return matchHalf(text, at, found);
    case "S":
      return matchFraction(count, text, at, found);
    case "z":
      return matchZone(text, at, found, zone);
    case "Z":
    case "X":
    case "x":
      return matchOffset(letter, count, text, at, found);
  }
  if ((letter === "M" || letter === "L") && count >= 3) {
    return matchName(MONTHS, count, text, at, (index) => put(found, "M", index + 1));
  }
  return matchNumber({ letter, count }, reserved, text, at, found);
}

function matchNumber(
  { letter, count }: Field,
  reserved: number,
  text: string,
  start: number,
  found: Found,
): number {
  const isYear = letter === "y" || letter === "u";
  const fixed = count === 2 || (count > 2 && !isYear);
  const signed = isYear && count !== 2 && /[+-]/.test(text.charAt(start));
  let at = signed ? start + 1 : start;
  const available = digitsAt(text, at);
  const width = fixed ? count : Math.max(Math.min(available - reserved, 10), 0);
  if (available < width || width < (isYear ? count : 1)) return -1;
  let value = Number(text.slice(at, at + width));
  at += width;
  if (isYear && count === 2) value += 2000;
  if (signed && text.charAt(start) === "-") value = -value;
  const [low, high] = RANGES[letter] as readonly [number, number];
  return value >= low && value <= high && put(found, SYNONYMS[letter] ?? letter, value) ? at : -1;
}

/** Two fields of one name must agree. */
function put(found: Found, letter: string, value: number): boolean {
  const before = found.values.get(letter);
  found.values.set(letter, value);
  return before === undefined || before === value;
}

function digitsAt(text: string, start: number): number {
  let end = start;
  while (text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) end++;
  return end - start;
}

function matchName(
  names: readonly string[],
  count: number,
  text: string,
  at: number,
  use: (index: number) => void,
): number {
  const width = count >= 4 ? undefined : 3;
  const index = names.findIndex((name) => text.startsWith(name.slice(0, width), at));
  if (index < 0) return -1;
  use(index);
  return at + (width ?? (names[index] as string).length);
}

function matchHalf(text: string, at: number, found: Found): number {
  const half = ["AM", "PM"].indexOf(text.slice(at, at + 2));
  return half >= 0 && put(found, "a", half) ? at + 2 : -1;
}

function matchFraction(count: number, text: string, at: number, found: Found): number {
  if (digitsAt(text, at) < count) return -1;
  const nanos = Number(text.slice(at, at + Math.min(count, 9)).padEnd(9, "0"));
  return put(found, "n", nanos) ? at + count : -1;
}

function matchZone(text: string, at: number, found: Found, zone: TimeZone): number {
  const offset = /^(?:GMT|UTC|UT)?([+-]\d{1,2}(?::?\d{2})?)/.exec(text.slice(at));
  if (offset !== null) {
    found.offset = offsetMillis(offset[1] as string);
    return at + offset[0].length;
  }
  const id = /^[A-Za-z]+(?:\/[A-Za-z_+0-9-]+)+/.exec(text.slice(at));
  const length = id?.[0].length ?? matchZoneName(text, at, zone)?.length;
  if (length === undefined) return text.charAt(at) === "Z" ? zulu(found, at) : -1;
  found.name = text.slice(at, at + length);
  return at + length;
}

function zulu(found: Found, at: number): number {
  found.offset = 0;
  return at + 1;
}

function matchOffset(letter: string, count: number, text: string, at: number, found: Found): number {
  if (letter === "X" && text.charAt(at) === "Z") return zulu(found, at);
  const colon = letter === "Z" ? count === 5 : count === 3;
  const shape = colon
    ? /^[+-]\d{2}:\d{2}/
    : letter !== "Z" && count === 1
      ? /^[+-]\d{2}(?:\d{2})?/
      : /^[+-]\d{4}/;
  const offset = shape.exec(text.slice(at, at + 6));
  if (offset === null) return -1;
  found.offset = offsetMillis(offset[0]);
  return at + offset[0].length;
}

function offsetMillis(text: string): number {
  const digits = text.slice(1).replace(":", "");
  const hours = Number(digits.length < 3 ? digits : digits.slice(0, -2));
  const minutes = digits.length < 3 ? 0 : Number(digits.slice(-2));
  return (text.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function resolve(found: Found, zone: TimeZone): number {
  const { values } = found;
  const year = values.get("u");
  const time = timeOfDay(values);
  if (year === undefined || time === undefined) return Number.NaN;
  const day = dayOfYear(values, year);
  const local = day * 86_400_000 + time;
  if (found.offset !== undefined) return local - found.offset;
  if (found.name === undefined) return zone.toUtc(local);
  const named = matchZoneName(found.name, 0, zone);
  return named === undefined ? timeZone(found.name).toUtc(local) : local - namedOffset(named, local);
}

function dayOfYear(values: ReadonlyMap<string, number>, year: number): number {
  const ordinal = values.get("D");
  if (ordinal !== undefined) return dayNumber(year, 0, 1) + ordinal - 1;
  const month = values.get("M");
  const day = values.get("d");
  if (month === undefined || day === undefined) return Number.NaN;
  return dayNumber(year, month - 1, Math.min(day, monthLength(year, month - 1)));
}

function timeOfDay(values: ReadonlyMap<string, number>): number | undefined {
  const half = values.get("a");
  const twelve = values.get("K") ?? (values.has("h") ? (values.get("h") as number) % 12 : undefined);
  let hour = values.get("H") ?? (values.has("k") ? (values.get("k") as number) % 24 : undefined);
  if (hour === undefined && twelve !== undefined && half !== undefined) hour = twelve + 12 * half;
  if (hour === undefined) return undefined;
  const seconds = (hour * 60 + (values.get("m") ?? 0)) * 60 + (values.get("s") ?? 0);
  return seconds * 1000 + Math.floor((values.get("n") ?? 0) / 1_000_000);
}
