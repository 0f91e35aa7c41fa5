import type { Clock } from "../../core/context.ts";
import { PatternError } from "../../java/pattern-error.ts";
import { type DateFormat, simpleDateFormat } from "../../java/simple-date-format.ts";
import { instantReader } from "../time/instant.ts";
import { MultiFormat } from "../time/multi-format.ts";

const TIMES = [" HH:mm:ss.SSS zzz", " HH:mm:ss.SSS", " HH:mm:ss zzz", " HH:mm:ss"];
const WITH_YEAR = [...TIMES.map((time) => `MMM dd yyyy${time}`), "dd MMMM yyyy HH:mm:ss"];
const WITHOUT_YEAR = TIMES.map((time) => `MMM dd${time}`);
/** Formats that records name themselves, kept compiled; a sender must not be able to fill the memory. */
const KEPT = 100;

/**
 * Reads the times in attributes of CEF and LEEF: a number told by its size, ISO 8601, or the formats that ArcSight and
 * IBM describe. A stated year is kept as stated; without one it is this year, or the last when that is days ahead.
 */
export class DeviceTime {
  readonly #instant: (value: unknown) => number | undefined;
  readonly #withYear: readonly DateFormat[];
  readonly #withoutYear: MultiFormat;
  readonly #zone: string;
  readonly #clock: Clock;
  readonly #named = new Map<string, DateFormat | undefined>();

  constructor(zone: string, clock: Clock) {
    this.#zone = zone;
    this.#clock = clock;
    this.#instant = instantReader(zone);
    this.#withYear = WITH_YEAR.map((pattern) => simpleDateFormat(pattern, { zone, now: clock.now() }));
    this.#withoutYear = new MultiFormat(WITHOUT_YEAR, zone, clock);
  }

  /** Epoch milliseconds, or undefined when the text is no time. `pattern` is a format that the record itself names. */
  read(text: string, pattern?: string): number | undefined {
    if (pattern !== undefined) {
      const named = this.#namedFormat(pattern);
      // Without a year the pattern needs one from the clock, which the other reader adds.
      const millis =
        named === undefined || (!pattern.includes("y") && /^\d+$/.test(text))
          ? Number.NaN
          : pattern.includes("y")
            ? named.parse(text)
            : this.#withoutYear.read(text, pattern);
      if (Number.isSafeInteger(millis)) return millis;
    }
    const instant = this.#instant(text);
    if (instant !== undefined) return instant;
    if (/^\d+$/.test(text)) return undefined;
    for (const format of this.#withYear) {
      const millis = format.parse(text);
      if (!Number.isNaN(millis)) return numberOf(millis);
    }
    return numberOf(this.#withoutYear.read(text));
  }

  #namedFormat(pattern: string): DateFormat | undefined {
    let format = this.#named.get(pattern);
    if (format === undefined && !this.#named.has(pattern)) {
      format = compile(pattern, this.#zone, this.#clock.now());
      if (this.#named.size < KEPT) this.#named.set(pattern, format);
    }
    return format;
  }
}

function numberOf(millis: number): number | undefined {
  return Number.isSafeInteger(millis) ? millis : undefined;
}

function compile(pattern: string, zone: string, now: number): DateFormat | undefined {
  try {
    return simpleDateFormat(pattern, { zone, now });
  } catch (error) {
    if (error instanceof PatternError) return undefined;
    throw error;
  }
}
