/**
 * Public holidays, by a calendar's code: the federal holidays of the United States (5 U.S.C. 6103), on the day itself
 * and, when that is a Saturday or Sunday, on the Friday before or the Monday after it.
 */

import { type CivilDate, dayNumber, dayOfWeek } from "../../java/calendar.ts";
import { StellarError } from "../language/error.ts";

const SATURDAY = 7;
const SUNDAY = 1;
const MONDAY = 2;
const THURSDAY = 5;
const CODES = new Set(["us", "usa", "united_states"]);

/** Tells whether a day is a holiday of a calendar (months of a `CivilDate` count from 0); `code` is the country, then its parts; none means the United States. */
export function isHoliday(code: readonly string[], { year, month, day }: CivilDate): boolean {
  const country = (code[0] ?? "us").toLowerCase();
  if (!CODES.has(country))
    throw new StellarError(`there is no holiday calendar \`${code.join(":")}\`, only \`us\``);
  const wanted = dayNumber(year, month, day);
  return [...holidaysOf(year), ...fixed(year + 1, 1, 1)].includes(wanted);
}

function holidaysOf(year: number): number[] {
  const juneteenth = year >= 2021 ? fixed(year, 6, 19) : [];
  return [
    ...fixed(year, 1, 1),
    nth(year, 1, MONDAY, 3),
    nth(year, 2, MONDAY, 3),
    nth(year, 6, MONDAY, 1) - 7,
    ...juneteenth,
    ...fixed(year, 7, 4),
    nth(year, 9, MONDAY, 1),
    nth(year, 10, MONDAY, 2),
    ...fixed(year, 11, 11),
    nth(year, 11, THURSDAY, 4),
    ...fixed(year, 12, 25),
  ];
}

/** A holiday of one date, and the day off it gives when it falls on a weekend. */
function fixed(year: number, month: number, day: number): number[] {
  const number = dayNumber(year, month - 1, day);
  const weekday = dayOfWeek(number);
  if (weekday === SATURDAY) return [number, number - 1];
  return weekday === SUNDAY ? [number, number + 1] : [number];
}

/** The n-th of a weekday in a month; June's first Monday less a week is May's last. */
function nth(year: number, month: number, weekday: number, n: number): number {
  const first = dayNumber(year, month - 1, 1);
  return first + ((weekday - dayOfWeek(first) + 7) % 7) + (n - 1) * 7;
}
