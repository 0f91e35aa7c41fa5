import { expect, test } from "vitest";
import { isTimeZone, standardOffset, timeZone } from "./time-zone.ts";

const HOUR = 3_600_000;

test.each([
  ["UTC", 0],
  ["GMT+8", 8 * HOUR],
  ["GMT+08:00", 8 * HOUR],
  ["GMT-0530", -5.5 * HOUR],
  ["EST", -5 * HOUR],
  ["PST", -8 * HOUR],
  ["America/New_York", -5 * HOUR],
  ["US/Pacific", -8 * HOUR],
  ["Asia/Kolkata", 5.5 * HOUR],
  ["Etc/GMT+5", -5 * HOUR],
  ["Australia/ACT", 11 * HOUR],
  ["Australia/NSW", 11 * HOUR],
  ["Australia/LHI", 11 * HOUR],
  ["EST5EDT", -5 * HOUR],
  ["CET", HOUR],
])("knows %s", (id, offset) => {
  expect(timeZone(id).offsetAt(Date.UTC(2016, 0, 5))).toBe(offset);
  expect(isTimeZone(id)).toBe(true);
});

// What java.util.TimeZone (JDK 17) answers for the year 1272.
test.each([
  ["Asia/Kolkata", 5.5 * HOUR],
  ["America/Sao_Paulo", -3 * HOUR],
  ["Australia/Sydney", 10 * HOUR],
  ["Europe/Moscow", 3 * HOUR],
  ["America/New_York", -5 * HOUR],
])("%s has today's standard time before records begin", (id, offset) => {
  expect(timeZone(id).offsetAt(-22016591727734)).toBe(offset);
});

test.each(["Bogus/Zone", "america/new_york", "+08:00", "UTC+8", "", "est", "GMT+24", "Z"])(
  "takes %s for GMT",
  (id) => {
    expect(timeZone(id).offsetAt(0)).toBe(0);
    expect(timeZone(id).id).toBe("GMT");
    expect(isTimeZone(id)).toBe(false);
  },
);

test("finds the very moment of a change", () => {
  const zone = timeZone("America/New_York");
  const change = Date.UTC(2016, 2, 13, 7);
  expect(zone.offsetAt(change - 1)).toBe(-5 * HOUR);
  expect(zone.offsetAt(change)).toBe(-4 * HOUR);
});

test("knows standard time in summer on both hemispheres", () => {
  expect(standardOffset(timeZone("America/New_York"), Date.UTC(2016, 6, 1))).toBe(-5 * HOUR);
  expect(standardOffset(timeZone("Australia/Sydney"), Date.UTC(2016, 0, 1))).toBe(10 * HOUR);
});
