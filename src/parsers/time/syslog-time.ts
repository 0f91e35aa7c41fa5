import type { Clock } from "../../core/context.ts";
import { civilDate, dayNumber, monthLength } from "../../stellar/java/calendar.ts";
import { type TimeZone, timeZone } from "../../stellar/java/time-zone.ts";
import { readIso } from "./iso.ts";

// Bytes outside the text read as undefined and fail every comparison.

const DAY = 86_400_000;
/** A date without a year this far ahead of the clock is taken as last year's. */
const AHEAD = 4 * DAY;
/** Clocks change at quarters of an hour, so one offset holds for each. */
const QUARTER = 900_000;

const MONTHS = new Map(
  ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"].map((name, month) => [
    key(name.charCodeAt(0), name.charCodeAt(1), name.charCodeAt(2)),
    month,
  ]),
);

function key(first: number, second: number, third: number): number {
  return (first << 16) | (second << 8) | third;
}

/**
 * Reads the timestamps of syslog senders (RFC 3164 and its habits): `Jan  5 08:52:35`, `Jan 05 2016 08:52:35`, or ISO.
 * What has no zone is in the device's; what has no year is of this year, or of the last when that would lie more than
 * four days ahead.
 */
export class SyslogTime {
  readonly #zone: TimeZone;
  readonly #clock: Clock;
  #now = 0;
  #year = 1970;
  #quarter = Number.NaN;
  #offset = 0;

  constructor(zone: string, clock: Clock) {
    this.#zone = timeZone(zone);
    this.#clock = clock;
    this.tick();
  }

  /** Looks at the clock; once a batch is enough. */
  tick(): void {
    this.#now = this.#clock.now();
    const local = this.#now + this.#zone.offsetAt(this.#now);
    this.#year = civilDate(Math.floor(local / DAY)).year;
  }

  /** Epoch milliseconds of the time that bytes[start, end) spell, or NaN. */
  read(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    // Digits first: an ISO date. Otherwise `Mmm dd HH:mm:ss` is 15 bytes, with a year 20.
    if (((bytes[start] as number) ^ 48) < 10) {
      return statesZone(bytes, start, end) ? (readIso(bytes, start, end)?.millis ?? Number.NaN) : Number.NaN;
    }
    if (length !== 15 && length !== 20) return Number.NaN;
    const month = MONTHS.get(
      key(bytes[start] as number, bytes[start + 1] as number, bytes[start + 2] as number),
    );
    if (month === undefined || bytes[start + 3] !== 32 || bytes[start + 6] !== 32) return Number.NaN;
    const padded = bytes[start + 4] === 32;
    const day = padded ? two(48, bytes[start + 5]) : two(bytes[start + 4], bytes[start + 5]);
    const time = timeOfDay(bytes, end - 8);
    if (day < 1 || day > 31 || time < 0) return Number.NaN;
    return length === 15
      ? this.#withoutYear(month, day, time)
      : this.#withYear(bytes, start, padded, month, day, time);
  }

  #withYear(
    bytes: Uint8Array,
    start: number,
    padded: boolean,
    month: number,
    day: number,
    time: number,
  ): number {
    const year = two(bytes[start + 7], bytes[start + 8]) * 100 + two(bytes[start + 9], bytes[start + 10]);
    if (padded || year < 0 || bytes[start + 11] !== 32) return Number.NaN;
    // Java's reader takes a day past the end of its month as the last one.
    return this.#toUtc(dayNumber(year, month, Math.min(day, monthLength(year, month))) * DAY + time);
  }

  #withoutYear(month: number, day: number, time: number): number {
    if (day > monthLength(this.#year, month)) return Number.NaN;
    const millis = this.#toUtc(dayNumber(this.#year, month, day) * DAY + time);
    if (millis <= this.#now + AHEAD) return millis;
    if (day > monthLength(this.#year - 1, month)) return Number.NaN;
    return this.#toUtc(dayNumber(this.#year - 1, month, day) * DAY + time);
  }

  #toUtc(local: number): number {
    const quarter = Math.floor(local / QUARTER);
    if (quarter !== this.#quarter) {
      this.#quarter = quarter;
      this.#offset = local - this.#zone.toUtc(local);
    }
    return local - this.#offset;
  }
}

/** Whether an ISO time ends in Z or an offset such as +02:00. */
function statesZone(bytes: Uint8Array, start: number, end: number): boolean {
  return bytes[end - 1] === 90 || (end - start >= 25 && bytes[end - 3] === 58);
}

/** Milliseconds of `HH:mm:ss` at `at`, or something below zero. */
function timeOfDay(bytes: Uint8Array, at: number): number {
  if (bytes[at + 2] !== 58 || bytes[at + 5] !== 58) return -1;
  const hour = two(bytes[at], bytes[at + 1]);
  const minute = two(bytes[at + 3], bytes[at + 4]);
  const second = two(bytes[at + 6], bytes[at + 7]);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return -1;
  return ((hour * 60 + minute) * 60 + second) * 1000;
}

/** Two digits as a number, or something far below zero. */
function two(first: number | undefined, second: number | undefined): number {
  const tens = ((first as number) ^ 48) >>> 0;
  const ones = ((second as number) ^ 48) >>> 0;
  return tens < 10 && ones < 10 ? tens * 10 + ones : -100000;
}
