import { expect, test } from "vitest";
import { agoText, counted, countText, rateText, shortCount } from "./numbers.ts";

test.each([
  [0, "0", "0"],
  [999, "999", "999"],
  [1000, "1,000", "1K"],
  [12_345, "12,345", "12.3K"],
  [1_250_000, "1,250,000", "1.3M"],
])("%d is %s in full and %s in short", (count, full, short) => {
  expect(countText(count)).toBe(full);
  expect(shortCount(count)).toBe(short);
});

test.each([
  [0, "0 packets"],
  [1, "1 packet"],
  [12_345, "12,345 packets"],
])("%d of a thing is %s", (count, text) => {
  expect(counted(count, "packet")).toBe(text);
});

test.each([
  [0, "0"],
  [0.01, "<0.1"],
  [0.05, "0.1"],
  [2, "2"],
  [2.34, "2.3"],
  [9.96, "10.0"],
  [10.4, "10"],
  [1234.5, "1.2K"],
])("%d per second is shown as %s", (rate, text) => {
  expect(rateText(rate)).toBe(text);
});

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test.each([
  [-500, "0 s ago"],
  [499, "0 s ago"],
  [59_400, "59 s ago"],
  [59_600, "1 min ago"],
  [HOUR - 1000, "59 min ago"],
  [HOUR, "1 h ago"],
  [24 * HOUR - 1000, "23 h ago"],
  [24 * HOUR, "1 d ago"],
  [400 * 24 * HOUR, "400 d ago"],
])("%d ms are %s", (milliseconds, text) => {
  expect(agoText(milliseconds)).toBe(text);
});
