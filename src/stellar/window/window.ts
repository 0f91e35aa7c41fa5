/**
 * The language that selects windows of time to read profiles from, such as
 * `30 minute window every 24 hours from 14 days ago including tuesdays excluding holidays:us`.
 *
 * A selector is parsed once (`parseWindow`) and laid out at a moment (`layOutWindow`), which returns intervals; the
 * periods of a profile that begin in them are `windowPeriods`. Words are all lower or all upper case.
 */

import { DAY_MILLIS, dayOfWeek } from "../../java/calendar.ts";
import { simpleDateFormat } from "../../java/simple-date-format.ts";
import { timeZone } from "../../java/time-zone.ts";
import { StellarError, StellarSyntaxError } from "../language/error.ts";
import { checkCollectionSize } from "../values/budget.ts";
import { type Token, tokenizeWindow } from "./window-tokens.ts";

/**
 * Opens a calendar of public holidays: a test for days, counted from 1970. `code` is a country, then its parts;
 * undefined when there is no such calendar.
 */
export type HolidayCalendars = (code: readonly string[]) => DayTest | undefined;

declare module "../run/services.ts" {
  interface Services {
    readonly holidays?: HolidayCalendars;
  }
}

/** A selector, independent of the moment it is asked at. Offsets are milliseconds before that moment. */
export type WindowSelector = {
  /** The greater offset, where the span begins. */
  readonly from: number;
  readonly to: number;
  /** How long each interval is; the whole span when undefined. */
  readonly width: number | undefined;
  /** From the beginning of one interval to that of the next; only one interval when undefined. */
  readonly every: number | undefined;
  /** Days an interval must begin on one of, unless there are none. */
  readonly including: readonly DaySpec[];
  /** Days an interval must not begin on. */
  readonly excluding: readonly DaySpec[];
};

/** A kind of day with its arguments: `date` with value and format, `holidays` with the parts of a calendar's code. */
type DaySpec = { readonly kind: DayKind; readonly args: readonly string[] };
type DayKind = (typeof WEEK)[number] | "weekday" | "weekend" | "holiday" | "date" | "this day";

/** Milliseconds since the epoch; both ends belong to an interval. */
type Interval = readonly [start: number, end: number];
export type LaidOutWindow = {
  readonly start: number;
  readonly end: number;
  readonly intervals: readonly Interval[];
};

const WEEK = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;
const UNITS: Readonly<Record<string, number>> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: DAY_MILLIS,
};
const MAX_AMOUNT = 2147483647;

/** Parses a selector; undefined of a blank one. A mistake is a StellarSyntaxError with its place. */
export function parseWindow(selector: string): WindowSelector | undefined {
  return selector.trim() === "" ? undefined : new WindowParser(selector).window();
}

/**
 * The intervals of a selector at a moment. `now`: milliseconds since the epoch; `zone`: where days begin and end.
 * Intervals that would begin before 1970 are left out. Throws a StellarError for a date or calendar nobody knows.
 */
export function layOutWindow(
  selector: WindowSelector,
  now: number,
  zone: string,
  calendars?: HolidayCalendars,
): LaidOutWindow {
  const start = now - selector.from;
  const end = now - selector.to;
  const width = selector.width ?? end - start;
  const step = selector.every ?? Number.POSITIVE_INFINITY;
  checkCollectionSize(Math.floor((end - start - width) / step));
  const including = selector.including.map((spec) => dayTest(spec, now, zone, calendars));
  const excluding = selector.excluding.map((spec) => dayTest(spec, now, zone, calendars));
  const intervals: Interval[] = [];
  for (let left = start; left >= 0 && left + width <= end; left += step) {
    const day = localDay(left, zone);
    const isIncluded = including.length === 0 || including.some((test) => test(day));
    if (isIncluded && !excluding.some((test) => test(day))) intervals.push([left, left + width]);
  }
  return { start, end, intervals };
}

/**
 * The numbers of the periods, of that many milliseconds each since the epoch, that begin within an interval, in rising
 * order. As in the original, the period that the span's start is in is the first to be looked at.
 */
export function windowPeriods(window: LaidOutWindow, periodMillis: number): number[] {
  const first = Math.floor(window.start / periodMillis);
  const last = Math.floor(window.end / periodMillis);
  checkCollectionSize(last - first + 1);
  const periods: number[] = [];
  let next = 0;
  for (let period = first; period <= last; period++) {
    const start = period * periodMillis;
    // Intervals rise in both their ends, so those that ended before this period ended before all later ones.
    while (next < window.intervals.length && (window.intervals[next]?.[1] ?? 0) < start) next++;
    if ((window.intervals[next]?.[0] ?? Number.POSITIVE_INFINITY) <= start) periods.push(period);
  }
  return periods;
}

/** Tests a day, counted from the epoch in local time. */
type DayTest = (day: number) => boolean;

function dayTest({ kind, args }: DaySpec, now: number, zone: string, calendars?: HolidayCalendars): DayTest {
  switch (kind) {
    case "weekday":
      return (day) => !isWeekend(day);
    case "weekend":
      return isWeekend;
    case "this day": {
      const today = dayOfWeek(localDay(now, zone));
      return (day) => dayOfWeek(day) === today;
    }
    case "date": {
      const wanted = dateOf(args, zone);
      return (day) => day === wanted;
    }
    case "holiday":
      return holidayTest(args, calendars);
    default: {
      const wanted = WEEK.indexOf(kind) + 1;
      return (day) => dayOfWeek(day) === wanted;
    }
  }
}

function holidayTest(code: readonly string[], calendars: HolidayCalendars | undefined): DayTest {
  if (calendars === undefined) throw new StellarError("this place has no calendars of holidays");
  const test = calendars(code);
  if (test !== undefined) return test;
  throw new StellarError(
    `there is no holiday calendar \`${code.join(":")}\`: take the code of a country, then of its parts, such as \`us\` or \`de:by\``,
  );
}

function isWeekend(day: number): boolean {
  const weekday = dayOfWeek(day);
  return weekday === 1 || weekday === 7;
}

function dateOf([text, format = "yyyy/MM/dd"]: readonly string[], zone: string): number {
  if (text === undefined) throw new StellarError("`date` needs a date, such as `date:2017/12/25`");
  const moment = simpleDateFormat(format, { zone }).parse(text);
  if (Number.isNaN(moment)) throw new StellarError(`\`${text}\` is not a date of the form ${format}`);
  return localDay(moment, zone);
}

function localDay(moment: number, zone: string): number {
  return Math.floor((moment + timeZone(zone).offsetAt(moment)) / DAY_MILLIS);
}

class WindowParser {
  readonly #tokens: readonly Token[];
  readonly #end: number;
  #at = 0;

  constructor(selector: string) {
    this.#tokens = tokenizeWindow(selector);
    this.#end = selector.length;
  }

  window(): WindowSelector {
    const selector = this.#is("from") ? this.#dense() : this.#sparse();
    if (this.#at < this.#tokens.length) throw this.#mistake("the end");
    return selector;
  }

  #dense(): WindowSelector {
    return { ...this.#duration(), width: undefined, every: undefined, including: [], excluding: [] };
  }

  #sparse(): WindowSelector {
    const width = this.#interval();
    if (this.#is("window")) this.#at++;
    const isRepeating = this.#is("every");
    if (isRepeating) this.#at++;
    const every = isRepeating ? this.#interval() : undefined;
    const span = isRepeating ? this.#duration() : { from: width, to: 0 };
    const including = this.#days("include");
    return { ...span, width, every, including, excluding: this.#days("exclude") };
  }

  #duration(): { from: number; to: number } {
    this.#take("from");
    const from = this.#interval();
    if (this.#is("ago")) this.#at++;
    if (!this.#is("to")) return { from, to: 0 };
    this.#at++;
    const to = this.#interval();
    if (this.#is("ago")) this.#at++;
    return { from: Math.max(from, to), to: Math.min(from, to) };
  }

  #interval(): number {
    const amount = this.#take("number");
    if (Number(amount.text) > MAX_AMOUNT) throw this.#mistake(`at most ${MAX_AMOUNT}`, amount);
    return Number(amount.text) * (UNITS[this.#take("unit").text] ?? 0);
  }

  #days(kind: "include" | "exclude"): DaySpec[] {
    if (!this.#is(kind)) return [];
    const days: DaySpec[] = [];
    do {
      this.#at++;
      days.push(this.#day());
    } while (this.#is("comma"));
    return days;
  }

  #day(): DaySpec {
    const kind = this.#take("day").text;
    const args: string[] = [];
    while (this.#is("argument") || this.#is("number")) args.push(this.#tokens[this.#at++]?.text ?? "");
    return { kind: kind as DayKind, args };
  }

  #is(kind: Token["kind"]): boolean {
    return this.#tokens[this.#at]?.kind === kind;
  }

  #take(kind: Token["kind"]): Token {
    const token = this.#tokens[this.#at];
    if (token?.kind !== kind) throw this.#mistake(NAMES[kind]);
    this.#at++;
    return token;
  }

  #mistake(wanted: string, token: Token | undefined = this.#tokens[this.#at]): StellarSyntaxError {
    const span = token ?? { start: this.#end, end: this.#end };
    const found = token === undefined ? "the selector ends" : `there is \`${token.written}\``;
    return new StellarSyntaxError(`expected ${wanted} where ${found}`, { start: span.start, end: span.end });
  }
}

const NAMES: Readonly<Record<Token["kind"], string>> = {
  ago: "`ago`",
  argument: "an argument such as `:us`",
  comma: "a comma",
  day: "a kind of day such as `mondays` or `weekends`",
  every: "`every`",
  exclude: "`excluding`",
  from: "`from`",
  include: "`including`",
  number: "a positive whole number",
  to: "`to`",
  unit: "a unit of time such as `hours`",
  window: "`window`",
};
