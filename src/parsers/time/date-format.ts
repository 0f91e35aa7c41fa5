import type { Clock } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import { type DateTimeReader, dateTimeFormatter } from "../../java/date-time-formatter.ts";
import { PatternError } from "../../java/pattern-error.ts";
import { simpleDateFormat } from "../../java/simple-date-format.ts";
import { LocalTime } from "./local-time.ts";
import { NearestYear } from "./nearest-year.ts";

/** Reads dates of one pattern: epoch milliseconds, or NaN for a text that is no such date. */
export type DateReader = { readonly parse: (text: string) => number };

/** A year that has every day a year can have. */
const LEAP_YEAR = "2024";

/**
 * Compiles a SimpleDateFormat pattern of the option `name`; throws CONFIG_INVALID for a wrong one. Decimals of seconds
 * may be of any number. A pattern without a year reads times of the year that brings them nearest to the clock. The
 * lenient reading is that of the original, which takes February 31 for a day of March.
 */
export function openDateFormat(
  name: string,
  pattern: string,
  zone: string,
  clock: Clock,
  lenient = true,
): DateReader {
  return open(name, pattern, /[yY]/, zone, clock, (text, of) =>
    simpleDateFormat(text, { zone: of, now: clock.now(), decimals: true, lenient }),
  );
}

/** Compiles a java.time pattern in the same way. */
export function openDateTimeFormatter(name: string, pattern: string, zone: string, clock: Clock): DateReader {
  return open(
    name,
    pattern,
    /[yu]/,
    zone,
    clock,
    (text, of): DateTimeReader => dateTimeFormatter(text, { zone: of }),
  );
}

function open(
  name: string,
  pattern: string,
  year: RegExp,
  zone: string,
  clock: Clock,
  compile: (pattern: string, zone: string) => DateReader,
): DateReader {
  try {
    const plain = compile(pattern, zone);
    const letters = pattern.replace(/'[^']*'/g, "");
    if (year.test(letters) || !/[ML]/.test(letters)) return plain;
    // A stated zone makes the moment one of UTC; otherwise the year is that of the device's clock.
    const statesZone = /[zZXx]/.test(letters);
    const local = new LocalTime(statesZone ? "UTC" : zone);
    return withoutYear(compile(`yyyy ${pattern}`, statesZone ? zone : "UTC"), new NearestYear(local), clock);
  } catch (cause) {
    if (cause instanceof PatternError)
      throw new Fault("CONFIG_INVALID", `${name}: ${cause.message}`, { cause });
    throw cause;
  }
}

function withoutYear(format: DateReader, years: NearestYear, clock: Clock): DateReader {
  return {
    parse: (text) => {
      const millis = format.parse(`${LEAP_YEAR} ${text.trimStart()}`);
      if (Number.isNaN(millis)) return millis;
      years.tick(clock.now());
      return years.ofLocal(millis);
    },
  };
}
