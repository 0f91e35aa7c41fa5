import type { Clock } from "../../core/context.ts";
import { civilDate, dayNumber, monthLength } from "../../java/calendar.ts";
import { PatternError } from "../../java/pattern-error.ts";
import { type DateFormat, simpleDateFormat } from "../../java/simple-date-format.ts";
import { LocalTime } from "./local-time.ts";
import { NearestYear } from "./nearest-year.ts";

const DAY = 86_400_000;
const AHEAD = 4 * DAY;
/** Formats that records name themselves, kept compiled; a record must not be able to fill the memory. */
const KEPT = 100;

/**
 * Reads the dates of CEF and LEEF attributes: all digits are milliseconds; else the first pattern that fits the start
 * of the text. A date without a year is of the one that brings it nearest to the clock without being more than four
 * days ahead; what states a year and lies further ahead is put a year back all the same, as in the original.
 */
export class MultiFormat {
  readonly #formats: readonly DateFormat[];
  readonly #local: LocalTime;
  readonly #clock: Clock;
  readonly #years: NearestYear;
  readonly #named = new Map<string, DateFormat | undefined>();

  constructor(patterns: readonly string[], zone: string, clock: Clock) {
    this.#formats = patterns.map((pattern) => simpleDateFormat(pattern, { zone, now: clock.now() }));
    this.#local = new LocalTime(zone);
    this.#clock = clock;
    this.#years = new NearestYear(this.#local);
  }

  /** Epoch milliseconds, or NaN when no format fits. `pattern` stands in for the list. */
  read(text: string, pattern?: string): number {
    if (/^\d+$/.test(text)) return Number(text);
    for (const format of pattern === undefined ? this.#formats : this.#namedFormat(pattern)) {
      const millis = format.parse(text);
      if (!Number.isNaN(millis)) return this.#inYear(millis);
    }
    return Number.NaN;
  }

  #namedFormat(pattern: string): readonly DateFormat[] {
    let format = this.#named.get(pattern);
    if (format === undefined && !this.#named.has(pattern)) {
      format = compile(pattern, this.#local.zone.id, this.#clock.now());
      if (this.#named.size < KEPT) this.#named.set(pattern, format);
    }
    return format === undefined ? [] : [format];
  }

  #inYear(millis: number): number {
    const now = this.#clock.now();
    const { year, month, day } = this.#date(millis);
    if (year === 1970) {
      this.#years.tick(now);
      return this.#years.ofLocal(millis + this.#local.zone.offsetAt(millis));
    }
    if (millis <= now + AHEAD) return millis;
    // There is no 29 February a year back; the original takes the 28th.
    const days = Math.max(0, day - monthLength(year - 1, month));
    return this.#withYear(millis - days * DAY, year - 1);
  }

  #date(millis: number): ReturnType<typeof civilDate> {
    return civilDate(Math.floor((millis + this.#local.zone.offsetAt(millis)) / DAY));
  }

  #withYear(millis: number, year: number): number {
    const local = millis + this.#local.zone.offsetAt(millis);
    const day = Math.floor(local / DAY);
    const date = civilDate(day);
    return this.#local.toUtc((dayNumber(year, date.month, date.day) - day) * DAY + local);
  }
}

function compile(pattern: string, zone: string, now: number): DateFormat | undefined {
  try {
    return simpleDateFormat(pattern, { zone, now });
  } catch (error) {
    if (error instanceof PatternError) return undefined;
    throw error;
  }
}
