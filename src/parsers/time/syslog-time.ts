import type { Clock } from "../../core/context.ts";
import { dayNumber, monthLength } from "../../java/calendar.ts";
import { readIso } from "./iso.ts";
import { LocalTime, timeOfDay, twoDigits } from "./local-time.ts";
import { MONTHS, threeBytes } from "./months.ts";
import { NearestYear } from "./nearest-year.ts";
import { type Scanned, scanTime } from "./syslog-time-scan.ts";

// Bytes outside the text read as undefined and fail every comparison.

const DAY = 86_400_000;

/**
 * Reads the timestamps of syslog senders. What has no zone is in the device's; what has no year is of the year that
 * brings it nearest to the clock without being more than four days ahead of it.
 */
export class SyslogTime {
  readonly #local: LocalTime;
  readonly #clock: Clock;
  readonly #years: NearestYear;
  /** Where the parts of a time lie that `scan` found. */
  readonly #scanned: Scanned = { start: 0, end: 0, local: 0, offset: undefined, month: 0, day: 0 };
  /** What `scan` read: epoch milliseconds, or NaN for a date that does not exist. */
  millis = Number.NaN;

  /** @param asOriginal whether a missing year is found as in the original, see `NearestYear`. */
  constructor(zone: string, clock: Clock, asOriginal = false) {
    this.#local = new LocalTime(zone);
    this.#clock = clock;
    this.#years = new NearestYear(this.#local, asOriginal);
    this.tick();
  }

  /** Looks at the clock; once per batch is enough. */
  tick(): void {
    this.#years.tick(this.#clock.now());
  }

  /**
   * Finds the time at `start` in whatever form devices write it, puts it into `millis` and returns where it ends; -1
   * when there is none. Forms: `Mar 4 10:00:00`, with blanks or a zero before the day, a weekday before the month, a
   * year behind the day or behind the time, a fraction, an offset or the name of a zone; ISO 8601 with or without a
   * zone; each behind the mark that Cisco sets while a clock is not synchronised.
   */
  scan(bytes: Uint8Array, start: number, end: number): number {
    const scanned = this.#scanned;
    const at = scanTime(bytes, start, end, scanned, this.#local.zone);
    if (at < 0) return -1;
    const { local, offset, day, month } = scanned;
    if (day > 0)
      this.millis = offset === undefined ? this.#years.millis(month, day, local) : this.#offsetYear();
    else this.millis = offset === undefined ? this.#local.toUtc(local) : local - offset;
    return at;
  }

  /** A time with an offset and no year: the year is that of the moment, which the device's zone finds well enough. */
  #offsetYear(): number {
    const { local, offset = 0, month, day } = this.#scanned;
    const millis = this.#years.millis(month, day, local);
    return Number.isNaN(millis) ? millis : millis + this.#local.zone.offsetAt(millis) - offset;
  }

  /**
   * Epoch milliseconds of the time that bytes[start, end) spell, or NaN, in the forms that the original knows:
   * `Jan  5 08:52:35`, `Jan 05 2016 08:52:35`, or ISO with a zone.
   */
  read(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    // Digits first: an ISO date. Otherwise `Mmm dd HH:mm:ss` is 15 bytes, with a year 20.
    if (((bytes[start] as number) ^ 48) < 10) {
      // Java knows no second 60, which the reader of ISO times lets pass as leap seconds.
      const isTime = statesZone(bytes, start, end) && bytes[start + 17] !== 54;
      return isTime ? (readIso(bytes, start, end)?.millis ?? Number.NaN) : Number.NaN;
    }
    if (length !== 15 && length !== 20) return Number.NaN;
    const month = MONTHS.get(threeBytes(bytes, start));
    if (month === undefined || bytes[start + 3] !== 32 || bytes[start + 6] !== 32) return Number.NaN;
    const padded = bytes[start + 4] === 32;
    const day = padded ? digit(bytes[start + 5]) : twoDigits(bytes, start + 4);
    const time = timeOfDay(bytes, end - 8);
    if (day < 1 || day > 31 || time < 0) return Number.NaN;
    return length === 15
      ? this.#years.millis(month, day, time)
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
}

/** Whether an ISO time ends in Z or an offset such as +02:00. */
function statesZone(bytes: Uint8Array, start: number, end: number): boolean {
  return bytes[end - 1] === 90 || (end - start >= 25 && bytes[end - 3] === 58);
}

function digit(byte: number | undefined): number {
  const value = ((byte as number) ^ 48) >>> 0;
  return value < 10 ? value : -1;
}
