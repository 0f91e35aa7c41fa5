import type { Clock } from "../../core/context.ts";
import { civilDate, dayNumber, monthLength } from "../../stellar/java/calendar.ts";
import { readIso } from "./iso.ts";
import { LocalTime, timeOfDay, twoDigits } from "./local-time.ts";

// Bytes outside the text read as undefined and fail every comparison.

const DAY = 86_400_000;
/** A date without a year this far ahead of the clock is taken as last year's. */
const AHEAD = 4 * DAY;

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
  readonly #local: LocalTime;
  readonly #clock: Clock;
  #now = 0;
  #year = 1970;

  constructor(zone: string, clock: Clock) {
    this.#local = new LocalTime(zone);
    this.#clock = clock;
    this.tick();
  }

  /** Looks at the clock; once a batch is enough. */
  tick(): void {
    this.#now = this.#clock.now();
    const local = this.#now + this.#local.zone.offsetAt(this.#now);
    this.#year = civilDate(Math.floor(local / DAY)).year;
  }

  /** Epoch milliseconds of the time that bytes[start, end) spell, or NaN. */
  read(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    // Digits first: an ISO date. Otherwise `Mmm dd HH:mm:ss` is 15 bytes, with a year 20.
    if (((bytes[start] as number) ^ 48) < 10) {
      // Java knows no second 60, which the reader of ISO times lets pass as leap seconds.
      const isTime = statesZone(bytes, start, end) && bytes[start + 17] !== 54;
      return isTime ? (readIso(bytes, start, end)?.millis ?? Number.NaN) : Number.NaN;
    }
    if (length !== 15 && length !== 20) return Number.NaN;
    const month = MONTHS.get(
      key(bytes[start] as number, bytes[start + 1] as number, bytes[start + 2] as number),
    );
    if (month === undefined || bytes[start + 3] !== 32 || bytes[start + 6] !== 32) return Number.NaN;
    const padded = bytes[start + 4] === 32;
    const day = padded ? digit(bytes[start + 5]) : twoDigits(bytes, start + 4);
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
    const year = twoDigits(bytes, start + 7) * 100 + twoDigits(bytes, start + 9);
    if (padded || year < 0 || bytes[start + 11] !== 32) return Number.NaN;
    // Java's reader takes a day past the end of its month as the last one.
    return this.#local.toUtc(dayNumber(year, month, Math.min(day, monthLength(year, month))) * DAY + time);
  }

  #withoutYear(month: number, day: number, time: number): number {
    if (day > monthLength(this.#year, month)) return Number.NaN;
    const millis = this.#local.toUtc(dayNumber(this.#year, month, day) * DAY + time);
    if (millis <= this.#now + AHEAD) return millis;
    if (day > monthLength(this.#year - 1, month)) return Number.NaN;
    return this.#local.toUtc(dayNumber(this.#year - 1, month, day) * DAY + time);
  }
}

/** Whether an ISO time ends in Z or an offset such as +02:00. */
function statesZone(bytes: Uint8Array, start: number, end: number): boolean {
  return bytes[end - 1] === 90 || (end - start >= 25 && bytes[end - 3] === 58);
}

function digit(byte: number | undefined): number {
  const value = ((byte as number) ^ 48) >>> 0;
  return value < 10 ? value : -1;
}
