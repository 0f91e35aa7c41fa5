/** The fields of `java.util.Calendar`, their legal values, and how they follow from a moment, and a moment from them. */
import {
  civilDate,
  DAY_MILLIS,
  dayNumber,
  dayOfWeek,
  monthLength,
  onOrBefore,
  weekOfMonth,
  weekOfYear,
} from "./calendar.ts";

export const ERA = 0;
export const YEAR = 1;
export const MONTH = 2;
export const WEEK_OF_YEAR = 3;
export const WEEK_OF_MONTH = 4;
export const DAY_OF_MONTH = 5;
export const DAY_OF_YEAR = 6;
export const DAY_OF_WEEK = 7;
export const DAY_OF_WEEK_IN_MONTH = 8;
export const AM_PM = 9;
export const HOUR = 10;
export const HOUR_OF_DAY = 11;
export const MINUTE = 12;
export const SECOND = 13;
export const MILLISECOND = 14;
export const WEEK_YEAR = 15;
export const FIELD_COUNT = 16;

/** What a non-lenient calendar accepts, by field. */
const LEGAL: readonly (readonly [number, number])[] = [
  [0, 1],
  [1, 292_278_994],
  [0, 11],
  [1, 53],
  [0, 6],
  [1, 31],
  [1, 366],
  [1, 7],
  [1, 6],
  [0, 1],
  [0, 11],
  [0, 23],
  [0, 59],
  [0, 59],
  [0, 999],
];

/** Values by field, and by field the order in which it was set (0: not set; the highest was set last). */
export type FieldSet = { readonly values: Float64Array; readonly stamps: Uint8Array };

/** The fields of a local time, as `Calendar.get` answers them. */
export function dateFields(localMillis: number): Float64Array {
  const day = Math.floor(localMillis / DAY_MILLIS);
  const time = localMillis - day * DAY_MILLIS;
  const { year, month, day: dayOfMonth } = civilDate(day);
  const hour = Math.floor(time / 3_600_000);
  const fields = new Float64Array(FIELD_COUNT);
  fields[ERA] = year > 0 ? 1 : 0;
  fields[YEAR] = year > 0 ? year : 1 - year;
  fields[MONTH] = month;
  fields[WEEK_OF_YEAR] = weekOfYear(day, year);
  fields[WEEK_OF_MONTH] = weekOfMonth(day, year, month);
  fields[DAY_OF_MONTH] = dayOfMonth;
  fields[DAY_OF_YEAR] = day - dayNumber(year, 0, 1) + 1;
  fields[DAY_OF_WEEK] = dayOfWeek(day);
  fields[DAY_OF_WEEK_IN_MONTH] = Math.floor((dayOfMonth - 1) / 7) + 1;
  fields[AM_PM] = hour < 12 ? 0 : 1;
  fields[HOUR] = hour % 12;
  fields[HOUR_OF_DAY] = hour;
  fields[MINUTE] = Math.floor(time / 60_000) % 60;
  fields[SECOND] = Math.floor(time / 1000) % 60;
  fields[MILLISECOND] = time % 1000;
  return fields;
}

/** Tells whether all fields that are set have values that exist at all. */
export function areLegal({ values, stamps }: FieldSet): boolean {
  return LEGAL.every(([low, high], field) => {
    const value = values[field] as number;
    return stamps[field] === 0 || (value >= low && value <= high);
  });
}

/** Tells whether a local time has the very values that were set. */
export function agrees({ values, stamps }: FieldSet, localMillis: number): boolean {
  const actual = dateFields(localMillis);
  return LEGAL.every((_, field) => stamps[field] === 0 || values[field] === actual[field]);
}

/**
 * The local time of a set of fields. Where they contradict each other, the group that was set last decides, as the
 * documentation of `Calendar` lays down under "Inconsistent information".
 */
export function localMillis(set: FieldSet): number {
  return fieldDay(set) * DAY_MILLIS + timeOfDay(set);
}

function timeOfDay({ values, stamps }: FieldSet): number {
  const hourOfDay = stamps[HOUR_OF_DAY] as number;
  const hour = stamps[HOUR] as number;
  const half = stamps[AM_PM] as number;
  const twelveHour = together(hour, half);
  const best = Math.max(hourOfDay, twelveHour) || Math.max(hour, half);
  const hours =
    best === hourOfDay && hourOfDay > 0
      ? (values[HOUR_OF_DAY] as number)
      : (values[HOUR] as number) + (values[AM_PM] as number) * 12;
  const minutes = hours * 60 + (values[MINUTE] as number);
  return (minutes * 60 + (values[SECOND] as number)) * 1000 + (values[MILLISECOND] as number);
}

function fieldDay(set: FieldSet): number {
  const { values, stamps } = set;
  let year = stamps[YEAR] === 0 ? 1970 : (values[YEAR] as number);
  if (stamps[ERA] !== 0 && values[ERA] === 0) year = 1 - year;
  const weekday = stamps[DAY_OF_WEEK] as number;
  let day = stamps[DAY_OF_MONTH] as number;
  let weekInMonth = together(stamps[WEEK_OF_MONTH] as number, weekday);
  let nthWeekday = together(stamps[DAY_OF_WEEK_IN_MONTH] as number, weekday);
  const dayInYear = stamps[DAY_OF_YEAR] as number;
  let weekInYear = together(stamps[WEEK_OF_YEAR] as number, weekday);
  let best = Math.max(day, weekInMonth, nthWeekday, dayInYear, weekInYear);
  if (best === 0) {
    weekInMonth = stamps[WEEK_OF_MONTH] as number;
    nthWeekday = Math.max(stamps[DAY_OF_WEEK_IN_MONTH] as number, weekday);
    weekInYear = stamps[WEEK_OF_YEAR] as number;
    best = Math.max(weekInMonth, nthWeekday, weekInYear);
    if (best === 0) {
      day = stamps[MONTH] as number;
      best = day;
    }
  }
  if (best === day) {
    const dayOfMonth = stamps[DAY_OF_MONTH] === 0 ? 1 : (values[DAY_OF_MONTH] as number);
    return dayNumber(year, values[MONTH] as number, 1) + dayOfMonth - 1;
  }
  const weekOfYearStamp = stamps[WEEK_OF_YEAR] as number;
  const byWeek = best === weekInMonth && (stamps[WEEK_OF_MONTH] as number) >= weekOfYearStamp;
  const byNth = best === nthWeekday && (stamps[DAY_OF_WEEK_IN_MONTH] as number) >= weekOfYearStamp;
  if (byWeek || byNth) return dayInMonth(set, year, byWeek);
  if (best === dayInYear) return dayNumber(year, 0, 1) + (values[DAY_OF_YEAR] as number) - 1;
  return dayInWeek(set, dayNumber(year, 0, 1), values[WEEK_OF_YEAR] as number);
}

function dayInMonth(set: FieldSet, year: number, byWeek: boolean): number {
  const { values, stamps } = set;
  const month = values[MONTH] as number;
  const first = dayNumber(year, month, 1);
  if (byWeek) return dayInWeek(set, first, values[WEEK_OF_MONTH] as number);
  const weekday = stamps[DAY_OF_WEEK] === 0 ? 1 : (values[DAY_OF_WEEK] as number);
  const nth = stamps[DAY_OF_WEEK_IN_MONTH] === 0 ? 1 : (values[DAY_OF_WEEK_IN_MONTH] as number);
  if (nth >= 0) return onOrBefore(first + 7 * nth - 1, weekday);
  const wholeYear = year + Math.floor(month / 12);
  const last = monthLength(wholeYear, month - Math.floor(month / 12) * 12) + 7 * (nth + 1);
  return onOrBefore(first + last - 1, weekday);
}

/** A day of the week that is the `week`th since the one containing `first`. */
function dayInWeek({ values, stamps }: FieldSet, first: number, week: number): number {
  const sunday = onOrBefore(first, 1);
  const weekday = stamps[DAY_OF_WEEK] === 0 ? 1 : (values[DAY_OF_WEEK] as number);
  return onOrBefore(sunday + 6, weekday) + 7 * (week - 1);
}

/** Two fields that only count together: as old as the younger, unset when one is. */
function together(left: number, right: number): number {
  return left === 0 || right === 0 ? 0 : Math.max(left, right);
}
