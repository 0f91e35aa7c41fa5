import { civilDate, dayNumber, monthLength } from "../../java/calendar.ts";
import type { LocalTime } from "./local-time.ts";

const DAY = 86_400_000;
/** How far ahead of ours a sender's clock may be: four days, as in the original. */
const AHEAD = 4 * DAY;

/** The same for a reader that is told the year: epoch milliseconds, or NaN when it reads none. */
export function inNearestYear(now: number, read: (year: number) => number): number {
  const year = new Date(now).getUTCFullYear();
  for (let candidate = year + 1; candidate >= year - 1; candidate--) {
    const millis = read(candidate);
    if (millis <= now + AHEAD) return millis;
  }
  return Number.NaN;
}

/**
 * Finds the year of times that state none: of the moments a text may mean, the last one that is not more than four
 * days ahead. So a sender may be ahead on New Year's Eve, and a record may be almost a year late.
 */
export class NearestYear {
  readonly #local: LocalTime;
  readonly #asOriginal: boolean;
  #latest = 0;
  #year = 1970;
  /** The day that was asked for last, and when it began in the year that was found: records follow each other. */
  #lastDay = -1;
  #lastStart = 0;

  /** @param asOriginal never next year, and a day that this year does not have is none. */
  constructor(local: LocalTime, asOriginal = false) {
    this.#local = local;
    this.#asOriginal = asOriginal;
  }

  /** Says what time it is; once per batch is enough. */
  tick(now: number): void {
    this.#latest = now + AHEAD;
    const local = now + this.#local.zone.offsetAt(now);
    this.#year = civilDate(Math.floor(local / DAY)).year;
    this.#lastDay = -1;
  }

  /** Epoch milliseconds of a day (month from 0) and a time of day; NaN when neither year has that day. */
  millis(month: number, day: number, time: number): number {
    const key = month * 32 + day;
    if (key === this.#lastDay) {
      const millis = this.#local.toUtc(this.#lastStart + time);
      if (millis <= this.#latest) return millis;
    }
    // Next year is worth a look only for the days that four days ahead can be.
    let year = month === 0 && day <= 5 && !this.#asOriginal ? this.#year + 1 : this.#year;
    for (; year >= this.#year - 1; year--) {
      if (day > 28 && day > monthLength(year, month)) {
        if (this.#asOriginal) return Number.NaN;
        continue;
      }
      const start = dayNumber(year, month, day) * DAY;
      const millis = this.#local.toUtc(start + time);
      if (millis > this.#latest) continue;
      this.#lastDay = key;
      this.#lastStart = start;
      return millis;
    }
    return Number.NaN;
  }

  /** The same for a local time of any year, of which month, day and time of day are right. */
  ofLocal(local: number): number {
    const day = Math.floor(local / DAY);
    const date = civilDate(day);
    return this.millis(date.month, date.day, local - day * DAY);
  }
}
