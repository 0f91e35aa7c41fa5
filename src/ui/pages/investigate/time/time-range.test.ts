import { expect, test } from "vitest";
import { timeText } from "../../../parts/clock.ts";
import { exactRange, QUICK_RANGES, rangeLabel, resolveRange } from "./time-range.ts";

const HOUR = 3_600_000;
const at = (text: string) => new Date(text).getTime();
const wednesday = at("2026-03-04T15:30:00");

test("there are the 29 quick ranges analysts know", () => {
  expect(QUICK_RANGES.flat().length).toBe(29);
});

test.each([
  ["15m", wednesday - HOUR / 4, undefined],
  ["today", at("2026-03-04T00:00"), at("2026-03-05T00:00")],
  ["yesterday", at("2026-03-03T00:00"), at("2026-03-04T00:00")],
  ["this-day-last-week", at("2026-02-25T00:00"), at("2026-02-26T00:00")],
  ["this-week", at("2026-03-02T00:00"), at("2026-03-09T00:00")],
  ["previous-week", at("2026-02-23T00:00"), at("2026-03-02T00:00")],
  ["previous-month", at("2026-02-01T00:00"), at("2026-03-01T00:00")],
  ["previous-year", at("2025-01-01T00:00"), at("2026-01-01T00:00")],
  ["all", undefined, undefined],
  ["2026-03-01T00:00:00Z..2026-03-02T00:00:00Z", at("2026-03-01T00:00Z"), at("2026-03-02T00:00Z")],
  ["2026-03-01T00:00:00Z..now", at("2026-03-01T00:00Z"), undefined],
])("%s", (text, from, to) => {
  const bounds = resolveRange(text, wednesday);
  expect(bounds?.from).toBe(from);
  expect(bounds?.to).toBe(to);
});

test.each(["", "nonsense", "x..y", "2026-03-02T00:00Z..2026-03-01T00:00Z", "a..b..c"])(
  "%j is no range",
  (text) => {
    expect(resolveRange(text, wednesday)).toBeUndefined();
  },
);

test("an exact range survives the address bar", () => {
  const text = exactRange(wednesday, wednesday + 1);
  expect(resolveRange(text, 0)).toEqual({ from: wednesday, to: wednesday + 1 });
});

test("labels name the day once", () => {
  expect(rangeLabel("24h")).toBe("Last 24 hours");
  expect(rangeLabel(exactRange(wednesday, wednesday + HOUR))).toBe("2026-03-04 15:30:00 – 16:30:00");
  expect(rangeLabel(exactRange(wednesday))).toBe("2026-03-04 15:30:00 – now");
});

test("times align", () => {
  expect(timeText(at("2026-03-04T05:06:07.008"))).toBe("2026-03-04 05:06:07.008");
});
