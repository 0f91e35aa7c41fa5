import { expect, test } from "vitest";
import type { Unit } from "./field.ts";
import type { Meaning } from "./meaning.ts";
import { inSeconds, readValue } from "./read.ts";

test.each<[unknown, Meaning, unknown]>([
  ["443", "port", 443],
  [443, "port", 443],
  ["00443", "port", 443],
  [0, "port", 0],
  [65_535, "port", 65_535],
  [65_536, "port", undefined],
  [-1, "port", undefined],
  [44.5, "port", undefined],
  ["ssh", "port", undefined],
  ["18231", "bytes", 18_231],
  [18_231n, "bytes", 18_231],
  [1.5, "bytes", undefined],
  ["", "bytes", undefined],
  ["9223372036854775807", "code", 9_223_372_036_854_775_807n],
  ["+7", "count", 7],
  ["48.25", "duration", 48.25],
  [1e-7, "duration", 1e-7],
  ["1710408413.501233", "instant", 1_710_408_413.501_233],
  ["yesterday", "instant", undefined],
  ["-0.5", "number", -0.5],
  [Number.NaN, "number", undefined],
  [true, "truth", true],
  ["False", "truth", false],
  [1, "truth", undefined],
  ["yes", "truth", undefined],
  ["2001:DB8:0::1", "address", "2001:db8::1"],
  ["banana", "address", undefined],
  ["Mira", "user", "Mira"],
  ["C:\\Temp\\A", "path", "C:\\Temp\\A"],
  [7, "text", "7"],
  [null, "text", undefined],
  [["a"], "text", undefined],
])("%s as %s is %s", (value, meaning, expected) => {
  expect(readValue(value, meaning)).toBe(expected);
});

test.each<[number | bigint, Unit, number]>([
  [1_500_000_000n, "ns", 1.5],
  [1_500_000, "us", 1.5],
  [1500, "ms", 1.5],
  [1.5, "s", 1.5],
  [1.5, "min", 90],
])("%s %s are %s seconds", (value, unit, seconds) => {
  expect(inSeconds(value, unit)).toBeCloseTo(seconds, 9);
});
