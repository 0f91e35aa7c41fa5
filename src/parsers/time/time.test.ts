import { expect, test } from "vitest";
import { readIso } from "./iso.ts";
import { MultiFormat } from "./multi-format.ts";
import { SyslogTime } from "./syslog-time.ts";

const NOW = Date.UTC(2020, 5, 1, 12);

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

test.each([
  ["2016-07-04T08:36:17.123456+0000", Date.UTC(2016, 6, 4, 8, 36, 17, 123)],
  ["2016-07-04T08:36:17.123+02:00", Date.UTC(2016, 6, 4, 6, 36, 17, 123)],
  ["2016-07-04 08:36:17-0330", Date.UTC(2016, 6, 4, 12, 6, 17)],
  ["1969-12-31T23:59:59.999Z", -1],
  ["2016-02-29T00:00:00Z", Date.UTC(2016, 1, 29)],
  ["2015-02-29T00:00:00Z", undefined],
  ["2016-13-01T00:00:00Z", undefined],
  ["2016-07-04T24:00:00Z", undefined],
  ["2016-07-04T08:36:17.Z", undefined],
  ["2016-07-04T08:36:17+2", undefined],
  ["2016-07-04", undefined],
  ["2016-07-04T0a:36:17Z", undefined],
])("reads the ISO time %s", (text, expected) => {
  expect(readIso(bytesOf(text), 0, text.length)?.millis).toBe(expected);
});

test.each([
  ["Oct 11 22:14:15", "UTC", Date.UTC(2019, 9, 11, 22, 14, 15)],
  ["Jun  5 11:59:59", "UTC", Date.UTC(2020, 5, 5, 11, 59, 59)],
  ["Jun  5 12:00:01", "UTC", Date.UTC(2019, 5, 5, 12, 0, 1)],
  ["Jan  2 00:00:00", "UTC", Date.UTC(2020, 0, 2)],
  ["Feb 29 01:00:00", "UTC", Date.UTC(2020, 1, 29, 1)],
  ["Feb 30 01:00:00", "UTC", Number.NaN],
  ["Jun 01 11:00:00", "Asia/Tokyo", Date.UTC(2020, 5, 1, 2)],
  ["Mar 29 03:30:00", "Europe/Vienna", Date.UTC(2020, 2, 29, 1, 30)],
  ["Jan 05 2016 14:52:35", "UTC", Date.UTC(2016, 0, 5, 14, 52, 35)],
  ["Jan  5 2016 14:52:35", "UTC", Number.NaN],
  ["2019-03-04T05:06:07Z", "Asia/Tokyo", Date.UTC(2019, 2, 4, 5, 6, 7)],
  ["2019-03-04T05:06:07", "UTC", Number.NaN],
  ["2019-03-04T05:06:60Z", "UTC", Number.NaN],
  ["jan 05 14:52:35", "UTC", Number.NaN],
  ["Jan 05 14:52:60", "UTC", Number.NaN],
])("reads the syslog time %s in %s", (text, zone, expected) => {
  const time = new SyslogTime(zone, { now: () => NOW });
  expect(time.read(bytesOf(text), 0, text.length)).toBe(expected);
});

test.each([
  ["1467011157401", 1467011157401],
  ["Jun 27 2016 07:05:57", Date.UTC(2016, 5, 27, 7, 5, 57)],
  // Further ahead than four days: a year back, though the year was stated.
  ["Jun 10 2020 07:05:57", Date.UTC(2019, 5, 10, 7, 5, 57)],
  ["nonsense", Number.NaN],
])("reads %s by a list of formats", (text, expected) => {
  const formats = new MultiFormat(["MMM dd yyyy HH:mm:ss"], "UTC", { now: () => NOW });
  expect(formats.read(text)).toBe(expected);
});

test("a format a record names replaces the list, and a wrong one gives no time", () => {
  const formats = new MultiFormat(["MMM dd yyyy HH:mm:ss"], "UTC", { now: () => NOW });
  expect(formats.read("27/06/2016", "dd/MM/yyyy")).toBe(Date.UTC(2016, 5, 27));
  expect(formats.read("27/06/2016", "jjj")).toBe(Number.NaN);
  // No year: this one, or the last when that is too far ahead.
  expect(formats.read("Jun 06 12:00:00", "MMM dd HH:mm:ss")).toBe(Date.UTC(2019, 5, 6, 12));
});
