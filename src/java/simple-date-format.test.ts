import { expect, test } from "vitest";
import { simpleDateFormat } from "./simple-date-format.ts";

/** `new Date` reads ISO text by ECMA-262, which is the independent reference here. */
function at(iso: string): number {
  return new Date(iso).getTime();
}

const NOW = at("2024-06-01T00:00:00Z");

test.each([
  ["yyyy-MM-dd HH:mm:ss", "2016-01-05 17:02:30", "2016-01-05T17:02:30Z"],
  ["yyyy-MM-dd", "2016-01-05trailing", "2016-01-05T00:00:00Z"],
  ["yyyy-MM-dd HH:mm:ss", "2016-13-45 99:99:99", "2017-02-18T04:40:39Z"],
  ["dd/MMM/yyyy:HH:mm:ss Z", "05/Jan/2016:17:02:30 +0000", "2016-01-05T17:02:30Z"],
  ["yyyy-MM-dd'T'HH:mm:ss.SSSX", "2016-01-05T17:02:30.123Z", "2016-01-05T17:02:30.123Z"],
  ["yyyy-MM-dd'T'HH:mm:ss.SSSX", "2016-01-05T17:02:30.1234567Z", "2016-01-05T17:23:04.567Z"],
  ["dMMMyyyy", "05Jan2016", "2016-01-05T00:00:00Z"],
  ["h:ma", "12:30PM", "1970-01-01T12:30:00Z"],
  ["yyyy-MM-dd'T'HH:mm:ssX", "2016-01-05T17:02:30-08", "2016-01-06T01:02:30Z"],
  ["yyyy-MM-dd'T'HH:mm:ssXX", "2016-01-05T17:02:30-0830", "2016-01-06T01:32:30Z"],
  ["yyyy-MM-dd'T'HH:mm:ssXXX", "2016-01-05T17:02:30-08:30", "2016-01-06T01:32:30Z"],
  ["MMM d yyyy", "Jan 5 2016", "2016-01-05T00:00:00Z"],
  ["MMMM d, yyyy", "january 5, 2016", "2016-01-05T00:00:00Z"],
  ["MMM d, yyyy", "January 5, 2016", "2016-01-05T00:00:00Z"],
  ["EEE MMM dd HH:mm:ss z yyyy", "Thu Aug 25 08:27:10 EST 2016", "2016-08-25T13:27:10Z"],
  ["EEE MMM dd HH:mm:ss z yyyy", "Thu Aug 25 08:27:10 EDT 2016", "2016-08-25T12:27:10Z"],
  ["EEE MMM dd HH:mm:ss z yyyy", "Thu Aug 25 08:27:10 Pacific Daylight Time 2016", "2016-08-25T15:27:10Z"],
  ["yyyy-MM-dd HH:mm z", "2016-08-25 08:27 GMT+2:30", "2016-08-25T05:57:00Z"],
  ["yyyy-MM-dd HH:mm z", "2016-08-25 08:27 GMT", "2016-08-25T08:27:00Z"],
  ["yyyy-MM-dd HH:mm:ss.S z", "2016-08-25 08:27:10.5 UTC", "2016-08-25T08:27:10.005Z"],
  ["yyyyMMddHHmmss", "20160105170230", "2016-01-05T17:02:30Z"],
  ["yyyyMMdd", "2016010", "2015-12-31T00:00:00Z"],
  ["yyMMdd", "160105", "2016-01-05T00:00:00Z"],
  ["MM/dd/yy", "01/05/45", "1945-01-05T00:00:00Z"],
  ["MM/dd/yy", "01/05/43", "2043-01-05T00:00:00Z"],
  // 80 years before NOW is 1 June 1944: what falls before it belongs to the next century.
  ["MM/dd/yy", "01/05/44", "2044-01-05T00:00:00Z"],
  ["MM/dd/yy", "07/05/44", "1944-07-05T00:00:00Z"],
  // The Julian calendar, two days away in that century.
  ["yyyy", "16", "0015-12-30T00:00:00Z"],
  ["yy", "2016", "2016-01-01T00:00:00Z"],
  ["hh:mm a", "12:30 AM", "1970-01-01T00:30:00Z"],
  ["hh:mm a", "12:30 pm", "1970-01-01T12:30:00Z"],
  ["KK:mm a", "01:30 PM", "1970-01-01T13:30:00Z"],
  ["kk:mm", "24:30", "1970-01-01T00:30:00Z"],
  ["yyyy DDD", "2016 060", "2016-02-29T00:00:00Z"],
  ["YYYY-'W'ww-u", "2015-W01-3", "2014-12-31T00:00:00Z"],
  ["yyyy MM W E", "2016 08 4 Thu", "2016-08-25T00:00:00Z"],
  ["yyyy MM F E", "2016 08 4 Thu", "2016-08-25T00:00:00Z"],
  ["yyyy w E", "2016 35 Thu", "2016-08-25T00:00:00Z"],
  ["yyyy G", "2016 AD", "2016-01-01T00:00:00Z"],
  ["yyyy-MM-dd", "2016- 1-\t5", "2016-01-05T00:00:00Z"],
  ["yyyy-MM-dd", "2016--1-05", "2015-11-05T00:00:00Z"],
  ["h 'o''clock' a", "5 o'clock PM", "1970-01-01T17:00:00Z"],
  ["''yyyy", "'2016", "2016-01-01T00:00:00Z"],
])("reads %s from %s", (pattern, text, iso) => {
  expect(simpleDateFormat(pattern, { now: NOW }).parse(text)).toBe(at(iso));
});

test.each([
  ["yyyy-MM-dd", "garbage"],
  ["yyyy-MM-dd", ""],
  ["yyyy-MM-dd", "2016-01"],
  ["yyyy-MM-dd", "2016/01/05"],
  ["MMM", "Foo"],
  // A name must follow its separator at once; only numbers may have blanks before them.
  ["dd MMM", "05  Jan"],
  // RFC 822 zones have no colon, ISO 8601 zones a fixed shape.
  ["HH Z", "10 +01:00"],
  ["HH XXX", "10 +0100"],
  ["HH z", "10 +2500"],
  ["HH X", "10 UTC"],
  ["yyyyMMdd", "20160"],
  ["a", "XM"],
  ["", "x"],
])("refuses %s from '%s'", (pattern, text) => {
  expect(simpleDateFormat(pattern).parse(text)).toBeNaN();
});

test.each([
  ["yyyy-MM-dd", "2014-25-01", false],
  ["yyyy-MM-dd", "2014-06-01", true],
  ["yyyy-MM-dd", "2016-01-05x", true],
  ["yyyy-MM-dd", "2015-02-29", false],
  ["yyyy-MM-dd", "2016-02-29", true],
  ["EEE yyyy-MM-dd", "Mon 2016-01-05", false],
  ["EEE yyyy-MM-dd", "Tue 2016-01-05", true],
  ["HH:mm", "24:00", false],
  ["kk:mm", "24:00", true],
  ["hh a", "13 PM", false],
  ["yyyy-MM-dd HH:mm Z", "2016-01-05 23:30 -0800", true],
  ["yyyy-MM-dd HH:mm z", "2016-01-05 23:30 PST", true],
])("strictly reads %s from %s: %s", (pattern, text, accepted) => {
  expect(Number.isNaN(simpleDateFormat(pattern, { lenient: false }).parse(text))).toBe(!accepted);
});

const MOMENT = 1452013350123; // Tuesday 2016-01-05 17:02:30.123 UTC

test.each([
  ["yyyy-MM-dd'T'HH:mm:ss.SSSZ", "UTC", "2016-01-05T17:02:30.123+0000"],
  ["EEEE D w W F u k K", "UTC", "Tuesday 5 2 2 1 2 17 5"],
  ["EEE, d MMM yyyy hh:mm:ss a z", "America/New_York", "Tue, 5 Jan 2016 12:02:30 PM EST"],
  ["zzzz", "America/New_York", "Eastern Standard Time"],
  ["X XX XXX Z", "Asia/Kolkata", "+05 +0530 +05:30 +0530"],
  ["X", "UTC", "Z"],
  ["z", "Asia/Kolkata", "IST"],
  ["z", "Europe/Paris", "CET"],
  ["z", "GMT+8", "GMT+08:00"],
  ["z zzzz", "GMT", "GMT Greenwich Mean Time"],
  ["z zzzz", "UTC", "UTC Coordinated Universal Time"],
  ["z HH", "EST", "EST 12"],
  ["y yy yyy yyyy yyyyy", "UTC", "2016 16 2016 2016 02016"],
  ["M MM MMM MMMM L", "UTC", "1 01 Jan January 1"],
  ["G YYYY 'quoted ''text'''", "UTC", "AD 2016 quoted 'text'"],
  ["SSSSSS S", "UTC", "000123 123"],
  ["h H", "UTC", "5 17"],
])("writes %s in %s as %s", (pattern, zone, expected) => {
  expect(simpleDateFormat(pattern, { zone }).format(MOMENT)).toBe(expected);
});

// What java.text.SimpleDateFormat (JDK 17) writes.
test.each([
  ["Europe/London", 0, "GMT Greenwich Mean Time"],
  ["Australia/Sydney", -818910490722, "AEDT Australian Eastern Daylight Time"],
  ["Asia/Kolkata", -506009122357, "IST India Standard Time"],
  ["America/New_York", -49890399947763, "EST Eastern Standard Time"],
])("times of %s long ago have the names of today", (zone, moment, expected) => {
  expect(simpleDateFormat("z zzzz", { zone }).format(moment)).toBe(expected);
});

test("summer time has its own name", () => {
  const format = simpleDateFormat("yyyy-MM-dd HH:mm z", { zone: "America/New_York" });
  expect(format.format(at("2016-07-01T12:00:00Z"))).toBe("2016-07-01 08:00 EDT");
  expect(simpleDateFormat("z", { zone: "Europe/London" }).format(at("2016-07-01T12:00:00Z"))).toBe("BST");
});

test("what the clocks skip is read before the change, what they repeat after it", () => {
  const format = simpleDateFormat("yyyy-MM-dd HH:mm", { zone: "America/New_York" });
  expect(format.parse("2016-03-13 02:30")).toBe(at("2016-03-13T07:30:00Z"));
  expect(format.parse("2016-11-06 01:30")).toBe(at("2016-11-06T06:30:00Z"));
});

test("an abbreviation is first looked up in the format's own zone", () => {
  const india = simpleDateFormat("yyyy-MM-dd HH:mm z", { zone: "Asia/Kolkata" });
  expect(india.parse("2016-01-05 12:00 IST")).toBe(at("2016-01-05T06:30:00Z"));
  const utc = simpleDateFormat("yyyy-MM-dd HH:mm z");
  expect(utc.parse("2016-01-05 12:00 IST")).toBe(at("2016-01-05T10:00:00Z"));
});

test("reads from a position and moves it", () => {
  const position = { index: 5 };
  expect(simpleDateFormat("yyyy").parse("<11> 2016 x", position)).toBe(at("2016-01-01T00:00:00Z"));
  expect(position.index).toBe(9);
});

test.each([
  ["bogus", "Illegal pattern character 'b'", 0],
  ["yyyy 'open", "Unterminated quote", 5],
  ["XXXX", "invalid ISO 8601 format: length=4", 0],
])("refuses the pattern %s", (pattern, message, position) => {
  expect(() => simpleDateFormat(pattern)).toThrow(expect.objectContaining({ message, position }));
});

test("a round trip gives the moment back, in any zone", () => {
  for (const zone of ["UTC", "America/St_Johns", "Asia/Tokyo", "Europe/Berlin", "Pacific/Apia"]) {
    const format = simpleDateFormat("yyyy-MM-dd HH:mm:ss.SSS Z", { zone });
    for (let moment = -1e12; moment < 4e12; moment += 123_456_789_123) {
      expect(format.parse(format.format(moment))).toBe(moment);
    }
  }
});
