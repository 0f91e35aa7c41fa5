import { describe, expect, test } from "vitest";
import { holidayCalendars } from "../../platform/services/holidays.ts";
import type { StellarSyntaxError } from "../language/error.ts";
import { layOutWindow, parseWindow, windowPeriods } from "./window.ts";

const QUARTER = 15 * 60_000;
const HOUR = 4 * QUARTER;
const DAY = 24 * HOUR;
/** A Tuesday. */
const NOW = Date.UTC(2017, 11, 26, 12);

function laidOut(selector: string, now = NOW, zone = "UTC") {
  return layOutWindow(parseWindow(selector)!, now, zone, holidayCalendars);
}

// The examples of the reference, section 3.6.
test.each([
  ["1 hour", 1, 5],
  ["30 minute window every 1 hour from 2 hours ago to 30 minutes ago", 2, 6],
  ["30 minute window every 24 hours from 14 days ago including tuesdays", 2, 6],
  ["30 minute window every 24 hours from 7 days ago excluding weekends", 5, 15],
  ["30 minute window every 24 hours from 7 days ago including saturdays excluding weekends", 0, 0],
  ["30 minute window every 24 hours from 14 days ago including date:20171225:yyyyMMdd", 1, 3],
  ["30 minute window every 24 hours from 14 days ago excluding holidays:us", 13, 39],
  ["30 minute window every 24 hours from 14 days ago including current day of the week", 2, 6],
  ["from 1 hour ago to 1 hour ago", 1, 1],
  ["1 HOUR INCLUDING TUESDAYS, WEDNESDAYS", 1, 5],
])("%s: %i intervals, %i periods", (selector, intervals, periods) => {
  const window = laidOut(selector);
  expect(window.intervals).toHaveLength(intervals);
  expect(windowPeriods(window, QUARTER)).toHaveLength(periods);
});

test("a period belongs to overlapping intervals once", () => {
  const window = laidOut("2 hour window every 1 hour from 4 hours ago");
  expect(window.intervals).toHaveLength(3);
  expect(windowPeriods(window, HOUR)).toEqual([0, 1, 2, 3, 4].map((hour) => NOW / HOUR - 4 + hour));
});

test("days begin at midnight of the zone", () => {
  // 02:00 of Tuesday in UTC is Monday evening in New York.
  const now = Date.UTC(2017, 11, 26, 3);
  expect(laidOut("1 hour including tuesdays", now, "UTC").intervals).toHaveLength(1);
  expect(laidOut("1 hour including tuesdays", now, "America/New_York").intervals).toHaveLength(0);
  expect(laidOut("1 hour including date:2017/12/25", now, "America/New_York").intervals).toHaveLength(1);
});

test("nothing lies before 1970", () => {
  expect(laidOut("1 day window every 1 day from 3 days ago", DAY).intervals).toEqual([]);
});

describe("mistakes", () => {
  test.each([
    ["0 hours", "`0` is no word of window selectors", 0],
    ["1 Hour", "`Hour` is no word of window selectors", 2],
    ["1 week", "`week` is no word of window selectors", 2],
    ["from", "expected a positive whole number where the selector ends", 4],
    ["1 hour every 2 hours", "expected `from` where the selector ends", 20],
    ["1 hour from 2 hours ago", "expected the end where there is `from`", 7],
    ["from 1 hour ago including mondays", "expected the end where there is `including`", 16],
    [
      "1 hour including",
      "expected a kind of day such as `mondays` or `weekends` where the selector ends",
      16,
    ],
    ["9999999999 days", "expected at most 2147483647 where there is `9999999999`", 0],
  ])("%j: %s", (selector, message, start) => {
    expect(() => parseWindow(selector)).toThrow(message);
    try {
      parseWindow(selector);
    } catch (error) {
      expect((error as StellarSyntaxError).span?.start).toBe(start);
    }
  });

  test.each([
    ["1 hour including date", "`date` needs a date"],
    ["1 hour including date:foo", "`foo` is not a date of the form yyyy/MM/dd"],
    ["1 hour excluding holidays:xx:by", "there is no holiday calendar `xx:by`: take the code of a country"],
    ["1 hour excluding holidays:de:zz", "there is no holiday calendar `de:zz`"],
    ["1 hour excluding holidays:de:by:zz", "there is no holiday calendar `de:by:zz`"],
    ["1 hour excluding holidays:toString", "there is no holiday calendar `toString`"],
  ])("%j: %s", (selector, message) => {
    expect(() => laidOut(selector)).toThrow(message);
  });

  test("without calendars holidays are refused", () => {
    expect(() => layOutWindow(parseWindow("1 hour excluding holidays")!, NOW, "UTC")).toThrow(
      "this place has no calendars of holidays",
    );
  });

  test("blank selects nothing", () => {
    expect(parseWindow(" \n ")).toBeUndefined();
  });

  test("too many intervals and periods are refused, not laid out", () => {
    expect(() => laidOut("1 second window every 1 second from 2000000 days ago", 2e14)).toThrow(
      "over the limit",
    );
    expect(() => windowPeriods(laidOut("20000 days"), 1)).toThrow("over the limit");
  });
});

/** The days of a year's holidays, as month and day. */
function holidays(code: string, year: number): string {
  const [first, next] = [Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1)];
  const selector = `1 second window every 1 day from ${(next - first) / DAY} days ago including holidays${code}`;
  const { intervals } = laidOut(selector, next + HOUR);
  return intervals.map(([start]) => new Date(start).toISOString().slice(5, 10)).join(" ");
}

describe("public holidays", () => {
  // The list of the Office of Personnel Management, days off included.
  test.each([
    ["", 2021, "01-01 01-18 02-15 05-31 06-18 06-19 07-04 07-05 09-06 10-11 11-11 11-25 12-24 12-25 12-31"],
    [":us", 2022, "01-01 01-17 02-21 05-30 06-19 06-20 07-04 09-05 10-10 11-11 11-24 12-25 12-26"],
    [":united_states", 2022, "01-01 01-17 02-21 05-30 06-19 06-20 07-04 09-05 10-10 11-11 11-24 12-25 12-26"],
  ])("of the United States, `%s`, in %i", (code, year, expected) => {
    expect(holidays(code, year)).toBe(expected);
  });

  // By the laws of the German states, Bavaria's among them, and article 139 of Romania's labour code.
  test.each([
    [":de", 2024, "01-01 03-29 04-01 05-01 05-09 05-20 10-03 12-25 12-26"],
    [":germany:by", 2024, "01-01 01-06 03-29 04-01 05-01 05-09 05-20 05-30 10-03 11-01 12-25 12-26"],
    [
      ":ro",
      2024,
      "01-01 01-02 01-06 01-07 01-24 05-01 05-03 05-05 05-06 06-01 06-23 06-24 08-15 11-30 12-01 12-25 12-26",
    ],
  ])("of `%s` in %i", (code, year, expected) => {
    expect(holidays(code, year)).toBe(expected);
  });
});
