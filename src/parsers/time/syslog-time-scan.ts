import { dayNumber, monthLength } from "../../java/calendar.ts";
import type { TimeZone } from "../../java/time-zone.ts";
import { twoDigits } from "./local-time.ts";
import { MONTHS, threeBytes, WEEKDAYS } from "./months.ts";
import { wordOffset } from "./zone-word.ts";

// Bytes outside the text read as undefined and fail every comparison.

const DAY = 86_400_000;
const BLANK = 32;
const COLON = 58;
const DASH = 45;
const PLUS = 43;
const STAR = 42;
const DOT = 46;
const COMMA = 44;
const PERCENT = 37;

/**
 * What `scanTime` found: the time itself is in bytes[start, end). `local` is milliseconds since 1970 on the clock of
 * the writer or, when the year is missing, those since midnight, with `month` (from 0) and `day`; otherwise `day` is 0.
 * A date that does not exist makes `local` NaN.
 */
export type Scanned = {
  start: number;
  end: number;
  local: number;
  /** Milliseconds east of Greenwich, when stated. */
  offset: number | undefined;
  month: number;
  day: number;
};

/** Finds a time at `start` (see `SyslogTime.scan`), fills `found` and returns where it ends, or -1. */
export function scanTime(
  bytes: Uint8Array,
  start: number,
  end: number,
  found: Scanned,
  zone: TimeZone,
): number {
  let at = start;
  if (bytes[at] === STAR || bytes[at] === DOT) at++;
  found.start = at;
  found.day = 0;
  found.offset = undefined;
  const isIso = ((bytes[at] as number) ^ 48) < 10;
  at = isIso ? isoDate(bytes, at, found) : namedDate(bytes, at, found);
  if (at < 0) return -1;
  const clock = clockTime(bytes, at);
  if (clock < 0) return -1;
  found.local += clock;
  at = fraction(bytes, at + 8, found);
  if (found.day > 0) at = trailingYear(bytes, at, end, found);
  at = zoneEnd(bytes, at, end, found, zone);
  if (at > end) return -1;
  found.end = at;
  const next = bytes[at];
  // A time ends where its word ends.
  return at === end || next === BLANK || next === COLON || next === COMMA ? at : -1;
}

/** Reads `yyyy-MM-dd` and a `T` or blank; returns where the clock's time starts. */
function isoDate(bytes: Uint8Array, at: number, found: Scanned): number {
  const middle = bytes[at + 10];
  if (bytes[at + 4] !== DASH || bytes[at + 7] !== DASH) return -1;
  if (middle !== 84 && middle !== 116 && middle !== BLANK) return -1;
  const year = twoDigits(bytes, at) * 100 + twoDigits(bytes, at + 2);
  const month = twoDigits(bytes, at + 5);
  const day = twoDigits(bytes, at + 8);
  if (year < 0 || month < 0 || day < 0) return -1;
  found.local = localDay(year, month - 1, day);
  return at + 11;
}

/** Reads `[weekday ]Mmm d [yyyy ]`. */
function namedDate(bytes: Uint8Array, start: number, found: Scanned): number {
  let at = start;
  let month = MONTHS.get(threeBytes(bytes, at));
  if (month === undefined) {
    if (!WEEKDAYS.has(threeBytes(bytes, at))) return -1;
    at += bytes[at + 3] === COMMA ? 5 : 4;
    month = MONTHS.get(threeBytes(bytes, at));
    if (month === undefined) return -1;
  }
  at += 3;
  if (bytes[at] !== BLANK) return -1;
  at += bytes[at + 1] === BLANK ? 2 : 1;
  let day = ((bytes[at] as number) ^ 48) >>> 0;
  if (day > 9) return -1;
  at++;
  const ones = ((bytes[at] as number) ^ 48) >>> 0;
  if (ones < 10) {
    day = day * 10 + ones;
    at++;
  }
  if (bytes[at] !== BLANK) return -1;
  at++;
  const year = bytes[at + 4] === BLANK ? twoDigits(bytes, at) * 100 + twoDigits(bytes, at + 2) : -1;
  if (year >= 0) {
    found.local = localDay(year, month, day);
    return at + 5;
  }
  return withoutYear(found, month, day, at);
}

function withoutYear(found: Scanned, month: number, day: number, at: number): number {
  found.month = month;
  found.day = day;
  // 2024 had every day that a year can have.
  found.local = day >= 1 && (day <= 28 || day <= monthLength(2024, month)) ? 0 : Number.NaN;
  return at;
}

/** The day that was asked for last: records follow each other. */
let lastKey = -1;
let lastDay = 0;

function localDay(year: number, month: number, day: number): number {
  if (month < 0 || month > 11 || day < 1 || day > 31) return Number.NaN;
  const key = (year * 12 + month) * 32 + day;
  if (key === lastKey) return lastDay;
  if (day > monthLength(year, month)) return Number.NaN;
  lastKey = key;
  lastDay = dayNumber(year, month, day) * DAY;
  return lastDay;
}

/** Milliseconds of `HH:mm:ss` at `at`, a leap second included; -1 when it is not of that form, NaN for no such time. */
function clockTime(bytes: Uint8Array, at: number): number {
  if (bytes[at + 2] !== COLON || bytes[at + 5] !== COLON) return -1;
  const hour = twoDigits(bytes, at);
  const minute = twoDigits(bytes, at + 3);
  const second = twoDigits(bytes, at + 6);
  if (hour < 0 || minute < 0 || second < 0) return -1;
  if (hour > 23 || minute > 59 || second > 60) return Number.NaN;
  return ((hour * 60 + minute) * 60 + second) * 1000;
}

/** Adds the milliseconds of a fraction of the second, and returns where it ends. */
function fraction(bytes: Uint8Array, start: number, found: Scanned): number {
  if (bytes[start] !== DOT && bytes[start] !== COMMA) return start;
  let at = start + 1;
  let scale = 100;
  for (; ((bytes[at] as number) ^ 48) < 10; at++) {
    if (scale >= 1) found.local += ((bytes[at] as number) ^ 48) * scale;
    scale /= 10;
  }
  return at === start + 1 ? start : at;
}

/** Reads the year that the C library writes behind the time: `Mar  4 10:00:00 2026`. */
function trailingYear(bytes: Uint8Array, at: number, end: number, found: Scanned): number {
  const next = bytes[at + 5];
  if (bytes[at] !== BLANK || at + 5 > end) return at;
  // An IPv6 address may start with four digits and a colon.
  if (at + 5 < end && next !== BLANK && !(next === COLON && bytes[at + 6] === BLANK)) return at;
  const year = twoDigits(bytes, at + 1) * 100 + twoDigits(bytes, at + 3);
  if (year < 1970 || year > 2100) return at;
  found.local += localDay(year, found.month, found.day);
  found.day = 0;
  return at + 5;
}

/** Reads `Z`, an offset, or the name of a zone behind the time, each with a blank before it or none. */
function zoneEnd(bytes: Uint8Array, from: number, end: number, found: Scanned, zone: TimeZone): number {
  let at = from;
  if (bytes[at] === 90 || bytes[at] === 122) {
    found.offset = 0;
    return at + 1;
  }
  if (bytes[at] === BLANK) at++;
  const sign = bytes[at];
  if (sign === PLUS || sign === DASH) return offsetEnd(bytes, at, from, found);
  if (at === from) return from;
  let word = at;
  while (word < end && word < at + 5 && isCapital(bytes[word] as number)) word++;
  if (word < at + 3 || (word < end && bytes[word] !== BLANK && bytes[word] !== COLON)) return from;
  const isZone = bytes[word] === COLON || standsBeforeTag(bytes, word, end);
  const offset = wordOffset(bytes, at, word, isZone, zone, found.local);
  if (offset === undefined) return from;
  found.offset = offset;
  return word;
}

/** Reads `+hh`, `+hhmm` or `+hh:mm` at `at`; any other text leaves the time as it ended. */
function offsetEnd(bytes: Uint8Array, at: number, from: number, found: Scanned): number {
  const hours = twoDigits(bytes, at + 1);
  if (hours < 0 || hours > 18) return from;
  const colon = bytes[at + 3] === COLON && ((bytes[at + 4] as number) ^ 48) < 10 ? 1 : 0;
  const minutes = twoDigits(bytes, at + 3 + colon);
  const stated = minutes >= 0 && minutes < 60;
  const size = (hours * 60 + (stated ? minutes : 0)) * 60_000;
  found.offset = bytes[at] === DASH ? -size : size;
  return stated ? at + 5 + colon : at + 3;
}

/** Whether one more word and a tag follow, ` fw1 : %ASA-...`: that word is the host, and the one before it the zone. */
function standsBeforeTag(bytes: Uint8Array, from: number, end: number): boolean {
  let at = from + 1;
  while (at < end && bytes[at] !== BLANK && bytes[at] !== COLON) at++;
  if (at === from + 1) return false;
  if (bytes[at] === BLANK) at++;
  if (bytes[at] !== COLON) return false;
  at++;
  if (bytes[at] === BLANK) at++;
  return bytes[at] === PERCENT;
}

function isCapital(byte: number): boolean {
  return byte >= 65 && byte <= 90;
}
