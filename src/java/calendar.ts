/**
 * The proleptic arithmetic behind `java.util.GregorianCalendar` in the US locale: days counted from 1970-01-01, Julian
 * before 15 October 1582, weeks that begin on Sunday, week 1 containing 1 January.
 */

export const DAY_MILLIS = 86_400_000;
const GREGORIAN_CUTOVER = -141_427;

export type CivilDate = { readonly year: number; readonly month: number; readonly day: number };

/** Day number of a date; `month` is 0-based and may be out of range, `day` 1-based and may be too. Year 0 is 1 BC. */
export function dayNumber(year: number, month: number, day: number): number {
  const wholeYear = year + Math.floor(month / 12);
  const wholeMonth = month - Math.floor(month / 12) * 12;
  const gregorian = gregorianDay(wholeYear, wholeMonth) + day - 1;
  if (gregorian >= GREGORIAN_CUTOVER) return gregorian;
  return julianDay(wholeYear, wholeMonth) + day - 1;
}

/** The date of a day number; `year` 0 is 1 BC, `month` is 0-based. */
export function civilDate(dayIndex: number): CivilDate {
  return dayIndex >= GREGORIAN_CUTOVER ? gregorianDate(dayIndex) : julianDate(dayIndex);
}

/** 1 for Sunday to 7 for Saturday, as `Calendar.DAY_OF_WEEK`. */
export function dayOfWeek(dayIndex: number): number {
  return ((((dayIndex + 4) % 7) + 7) % 7) + 1;
}

/** The last day on or before `dayIndex` that falls on `weekday` (any int; 1 is Sunday). */
export function onOrBefore(dayIndex: number, weekday: number): number {
  const distance = (((dayOfWeek(dayIndex) - weekday) % 7) + 7) % 7;
  return dayIndex - distance;
}

/** Length of a month in days; `month` 0 to 11. */
export function monthLength(year: number, month: number): number {
  return dayNumber(year, month + 1, 1) - dayNumber(year, month, 1);
}

export function weekOfYear(dayIndex: number, year: number): number {
  const week = weekSince(dayNumber(year, 0, 1), dayIndex);
  if (week < 52) return week;
  const next = dayNumber(year + 1, 0, 1);
  return dayIndex >= onOrBefore(next, 1) ? 1 : week;
}

/** The year that the week of a day belongs to (pattern letter Y). */
export function weekYear(dayIndex: number, year: number): number {
  return dayIndex >= onOrBefore(dayNumber(year + 1, 0, 1), 1) ? year + 1 : year;
}

export function weekOfMonth(dayIndex: number, year: number, month: number): number {
  return weekSince(dayNumber(year, month, 1), dayIndex);
}

function weekSince(first: number, dayIndex: number): number {
  return Math.floor((dayIndex - onOrBefore(first, 1)) / 7) + 1;
}

// Both calendars count years from March, so that the leap day comes last.
function gregorianDay(year: number, month: number): number {
  const shifted = month < 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + monthStart(month);
  return era * 146_097 + dayOfEra - 719_468;
}

function julianDay(year: number, month: number): number {
  const shifted = month < 2 ? year - 1 : year;
  return shifted * 365 + Math.floor(shifted / 4) + monthStart(month) - 719_470;
}

/** Days from 1 March to the first of a month. */
function monthStart(month: number): number {
  return Math.floor((153 * ((month + 10) % 12) + 2) / 5);
}

function gregorianDate(dayIndex: number): CivilDate {
  const shifted = dayIndex + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  return fromMarch(era * 400 + yearOfEra, dayOfYear);
}

function julianDate(dayIndex: number): CivilDate {
  const shifted = dayIndex + 719_470;
  const cycle = Math.floor(shifted / 1461);
  const dayOfCycle = shifted - cycle * 1461;
  const yearOfCycle = Math.min(3, Math.floor(dayOfCycle / 365));
  return fromMarch(cycle * 4 + yearOfCycle, dayOfCycle - yearOfCycle * 365);
}

function fromMarch(marchYear: number, dayOfYear: number): CivilDate {
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = (marchMonth + 2) % 12;
  return { year: month < 2 ? marchYear + 1 : marchYear, month, day };
}
