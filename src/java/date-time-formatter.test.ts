import { expect, test } from "vitest";
import { dateTimeFormatter } from "./date-time-formatter.ts";

const SNORT = "MM/dd/yy-HH:mm:ss.SSSSSS";

test.each([
  [SNORT, "01/27/16-16:01:04.877970", "2016-01-27T16:01:04.877Z"],
  [SNORT, "02/31/16-16:01:04.000999", "2016-02-29T16:01:04.000Z"],
  [SNORT, "01/01/99-00:00:00.000000", "2099-01-01T00:00:00Z"],
  ["yyyy-MM-dd HH:mm:ss", "2016-01-05 17:02:30", "2016-01-05T17:02:30Z"],
  ["yyyyMMddHHmmss", "20160105170230", "2016-01-05T17:02:30Z"],
  ["d MMM yyyy h:mm a", "5 Jan 2016 5:02 PM", "2016-01-05T17:02:00Z"],
  ["EEEE d MMMM yyyy HH:mm", "Tuesday 5 January 2016 17:02", "2016-01-05T17:02:00Z"],
  ["yyyy-MM-dd'T'HH:mm:ss[.SSS]XXX", "2016-01-05T17:02:30+01:00", "2016-01-05T16:02:30Z"],
  ["yyyy-MM-dd'T'HH:mm:ss[.SSS]XXX", "2016-01-05T17:02:30.123Z", "2016-01-05T17:02:30.123Z"],
  ["yyyy-MM-dd HH:mm z", "2016-01-05 12:02 EST", "2016-01-05T17:02:00Z"],
  ["yyyy-MM-dd HH:mm z", "2016-01-05 12:02 America/New_York", "2016-01-05T17:02:00Z"],
  ["uuuu-DDD HH", "2016-060 05", "2016-02-29T05:00:00Z"],
])("reads %s from %s", (pattern, text, iso) => {
  expect(dateTimeFormatter(pattern).parse(text)).toBe(new Date(iso).getTime());
});

test.each([
  [SNORT, "01/27/16-16:01:04.87797"],
  [SNORT, "1/27/16-16:01:04.877970"],
  [SNORT, "13/27/16-16:01:04.877970"],
  [SNORT, "01/27/16-24:01:04.877970"],
  [SNORT, "01/27/16-16:01:04.877970 "],
  [SNORT, ""],
  ["d MMM yyyy HH", "5 jan 2016 10"],
  ["HH:mm", "10:00"],
])("refuses %s from '%s'", (pattern, text) => {
  expect(dateTimeFormatter(pattern).parse(text)).toBeNaN();
});

test("reads in its zone", () => {
  const reader = dateTimeFormatter(SNORT, { zone: "America/New_York" });
  expect(reader.parse("07/27/16-16:01:04.877970")).toBe(Date.UTC(2016, 6, 27, 20, 1, 4, 877));
});

test("refuses a pattern it does not know", () => {
  expect(() => dateTimeFormatter("yyyy b")).toThrow("Unknown pattern letter: b");
  expect(() => dateTimeFormatter("{")).toThrow("reserved");
});
