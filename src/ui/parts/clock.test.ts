import { afterEach, expect, test } from "vitest";
import { dayStart, LOCAL_ZONE, partsOf, readTime, setZone, timeText, zoneName } from "./clock.ts";

afterEach(() => setZone("local"));

const NOON = Date.UTC(2026, 2, 1, 12, 5, 9, 7);

test("times are shown by the clock in use, every part with all its digits", () => {
  setZone("utc");
  expect(timeText(NOON)).toBe("2026-03-01 12:05:09.007");
  expect(timeText(0)).toBe("1970-01-01 00:00:00.000");
  expect(zoneName()).toBe("UTC");
  setZone("local");
  const local = new Date(2026, 2, 1, 4, 5, 6, 70).getTime();
  expect(timeText(local)).toBe("2026-03-01 04:05:06.070");
  expect(zoneName()).toBe(LOCAL_ZONE);
});

test("months count from 0 and weekdays from Sunday, on either clock", () => {
  setZone("utc");
  expect(partsOf(NOON)).toEqual({
    ...{ year: 2026, month: 2, day: 1, weekday: 0 },
    ...{ hour: 12, minute: 5, second: 9, millisecond: 7 },
  });
  setZone("local");
  const local = new Date(2026, 2, 2, 23, 59, 59, 999);
  expect(partsOf(local.getTime())).toEqual({
    ...{ year: 2026, month: 2, day: 2, weekday: 1 },
    ...{ hour: 23, minute: 59, second: 59, millisecond: 999 },
  });
});

test.each([
  [2026, 0, 1, "2026-01-01"],
  [2026, 12, 1, "2027-01-01"],
  [2026, 2, 0, "2026-02-28"],
  [2024, 1, 29, "2024-02-29"],
])("the day %d, %d, %d begins with %s", (year, month, day, text) => {
  setZone("utc");
  expect(dayStart(year, month, day)).toBe(Date.parse(`${text}T00:00Z`));
  setZone("local");
  expect(dayStart(year, month, day)).toBe(Date.parse(`${text}T00:00`));
});

/** What a person writes, and the same for a computer on a clock of UTC. */
test.each([
  ["2026-03-01", "2026-03-01T00:00Z"],
  [" 2026-03-01 14:05 ", "2026-03-01T14:05Z"],
  ["2026-03-01T14:05:09.123", "2026-03-01T14:05:09.123Z"],
  ["2026-03-01 14:05Z", "2026-03-01T14:05Z"],
  ["2026-03-01 14:05z", "2026-03-01T14:05Z"],
  ["2026-03-01T14:05+02:00", "2026-03-01T12:05Z"],
  ["2026-03-01T14:05-05:00", "2026-03-01T19:05Z"],
])("%s is %s by UTC", (written, meant) => {
  setZone("utc");
  expect(readTime(written)).toBe(Date.parse(meant));
});

test("without a zone of its own a text is read by the local clock, a date alone too", () => {
  expect(readTime("2026-07-01")).toBe(new Date(2026, 6, 1).getTime());
  expect(readTime("2026-07-01 14:05")).toBe(new Date(2026, 6, 1, 14, 5).getTime());
  expect(readTime("2026-07-01 14:05Z")).toBe(Date.UTC(2026, 6, 1, 14, 5));
});

test.each([[""], ["yesterday"], ["2026-13-01"], ["14:05"]])("%j is no time", (text) => {
  for (const zone of ["utc", "local"] as const) {
    setZone(zone);
    expect(readTime(text)).toBeNaN();
  }
});
