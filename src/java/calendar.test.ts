import { expect, test } from "vitest";
import {
  civilDate,
  dayNumber,
  dayOfWeek,
  monthLength,
  weekOfMonth,
  weekOfYear,
  weekYear,
} from "./calendar.ts";

test("agrees with Date over the Gregorian centuries", () => {
  for (let day = -141_427; day < 1_500_000; day += 997) {
    const date = new Date(day * 86_400_000);
    const civil = civilDate(day);
    expect(civil).toEqual({ year: date.getUTCFullYear(), month: date.getUTCMonth(), day: date.getUTCDate() });
    expect(dayNumber(civil.year, civil.month, civil.day)).toBe(day);
    expect(dayOfWeek(day)).toBe(date.getUTCDay() + 1);
  }
});

test("is Julian before 15 October 1582", () => {
  expect(civilDate(-141_427)).toEqual({ year: 1582, month: 9, day: 15 });
  expect(civilDate(-141_428)).toEqual({ year: 1582, month: 9, day: 4 });
  // 1 January of year 1 in the Julian calendar is -62135769600000 ms, as every JDK answers.
  expect(dayNumber(1, 0, 1) * 86_400_000).toBe(-62_135_769_600_000);
  for (let day = -1_000_000; day < -141_427; day += 101) {
    const civil = civilDate(day);
    expect(dayNumber(civil.year, civil.month, civil.day)).toBe(day);
  }
});

test("months roll over", () => {
  expect(dayNumber(2016, 12, 1)).toBe(dayNumber(2017, 0, 1));
  expect(dayNumber(2016, -1, 1)).toBe(dayNumber(2015, 11, 1));
  expect(monthLength(2016, 1)).toBe(29);
  expect(monthLength(1900, 1)).toBe(28);
});

test("weeks begin on Sunday and the first contains 1 January", () => {
  const end = dayNumber(2014, 11, 31);
  expect(weekOfYear(end, 2014)).toBe(1);
  expect(weekYear(end, 2014)).toBe(2015);
  const day = dayNumber(2016, 7, 25);
  expect(weekOfYear(day, 2016)).toBe(35);
  expect(weekOfMonth(day, 2016, 7)).toBe(4);
  // 2016 ends on a Saturday, so its last week stays number 53.
  expect(weekOfYear(dayNumber(2016, 11, 31), 2016)).toBe(53);
});
