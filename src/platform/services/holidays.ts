/** Public holidays of countries and their parts, as far as `date-holidays` knows them. */
import { createRequire } from "node:module";
import type DateHolidays from "date-holidays";
import { DAY_MILLIS } from "../../java/calendar.ts";
import { spend } from "../../stellar/values/budget.ts";
import type { HolidayCalendars } from "../../stellar/window/window.ts";

/** Calendars that follow the moon take 0.3 s to find the days of a year. */
const STEPS_PER_YEAR = 100_000;
/** The original's names of what the library calls otherwise. */
const ALIASES: Readonly<Record<string, string>> = { usa: "us", united_states: "us" };

type Library = typeof DateHolidays;
/** The days of the holidays that begin in a year, counted from 1970. */
type Days = (year: number) => ReadonlySet<number>;

let library: Library | undefined;
const calendars = new Map<string, Days>();

/** @see HolidayCalendars; no code at all means the United States. */
export const holidayCalendars: HolidayCalendars = (code) => {
  const key = code.join(":").toLowerCase();
  const days = calendars.get(key) ?? openCalendar(code.length === 0 ? ["us"] : code);
  if (days === undefined) return undefined;
  calendars.set(key, days);
  return (day) => {
    const year = new Date(day * DAY_MILLIS).getUTCFullYear();
    // Some last over the end of the year before.
    return days(year).has(day) || days(year - 1).has(day);
  };
};

function openCalendar(code: readonly string[]): Days | undefined {
  // Loaded when first asked for: it takes 0.2 s and 30 MB in every thread.
  library ??= createRequire(import.meta.url)("date-holidays") as Library;
  const names = new library().getCountries("en");
  const wanted = code[0]?.toLowerCase() ?? "";
  const [country] =
    Object.entries(names).find(([id, name]) =>
      [id.toLowerCase(), name.toLowerCase().replaceAll(/[^a-z]+/g, "_")].includes(ALIASES[wanted] ?? wanted),
    ) ?? [];
  if (country === undefined || code.length > 3) return undefined;
  const [state, region] = code.slice(1).map((part) => part.toUpperCase());
  const all = new library(country, { types: ["public"] });
  if (state !== undefined && !Object.hasOwn(all.getStates(country) ?? {}, state)) return undefined;
  if (region !== undefined && !Object.hasOwn(all.getRegions(country, state ?? "") ?? {}, region))
    return undefined;
  all.init({ country, ...(state && { state }), ...(region && { region }) }, { types: ["public"] });
  return remembered((year) => daysOf(all, year));
}

function daysOf(calendar: DateHolidays, year: number): ReadonlySet<number> {
  const days = new Set<number>();
  for (const { date, start, end } of calendar.getHolidays(year)) {
    const first = Date.parse(`${date.slice(0, 10)}T00:00Z`) / DAY_MILLIS;
    // Half a day counts as one, and a day on which clocks change too.
    const count = Math.max(1, Math.round((end.getTime() - start.getTime()) / DAY_MILLIS));
    for (let day = first; day < first + count; day++) days.add(day);
  }
  return days;
}

/** Every year is found once, at the expense of the expression that asks first. */
function remembered(days: Days): Days {
  const years = new Map<number, ReadonlySet<number>>();
  return (year) => {
    const known = years.get(year);
    if (known !== undefined) return known;
    spend(STEPS_PER_YEAR);
    const found = days(year);
    years.set(year, found);
    return found;
  };
}
