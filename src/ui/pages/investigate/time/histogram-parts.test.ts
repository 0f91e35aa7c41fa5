import { afterAll, beforeAll, expect, test } from "vitest";
import { setZone } from "../../../parts/clock.ts";
import { type Histogram, histogramText, intervalText, layersOf, regularBuckets } from "./histogram-parts.ts";

beforeAll(() => setZone("utc"));
afterAll(() => setZone("local"));

const histogram = (
  buckets: readonly (readonly [from: number, count: number])[],
  more: Partial<Histogram> = {},
) =>
  ({
    from: 100,
    to: 200,
    interval: 20,
    buckets: buckets.map(([from, count]) => ({ from, count })),
    ...more,
  }) as Histogram;

const counts = (given: Histogram) => regularBuckets(given).map(({ from, count }) => [from, count]);

test.each<[string, Histogram, [number, number][]]>([
  [
    "gaps are filled",
    histogram([
      [120, 5],
      [160, 1],
    ]),
    [
      [100, 0],
      [120, 5],
      [140, 0],
      [160, 1],
      [180, 0],
    ],
  ],
  [
    "a first bucket that begins before the range stays",
    histogram([[90, 2]], { to: 140 }),
    [
      [90, 2],
      [110, 0],
      [130, 0],
    ],
  ],
  [
    "buckets keep their beginnings where the range begins within one",
    histogram([[130, 2]], { to: 150 }),
    [
      [90, 0],
      [110, 0],
      [130, 2],
    ],
  ],
  ["the end is outside", histogram([[100, 1]], { to: 120 }), [[100, 1]]],
  ["without buckets there are none", histogram([]), []],
  ["without a width they stay as they are", histogram([[120, 5]], { interval: 0 }), [[120, 5]]],
])("%s", (_name, given, expected) => {
  expect(counts(given)).toEqual(expected);
});

test("a range of far too many bars is cut", () => {
  expect(regularBuckets(histogram([[0, 1]], { from: 0, to: 1e9, interval: 1 }))).toHaveLength(2000);
});

test("alerts are layered by severity; one without a score is low", () => {
  const parts = [
    { value: 10, count: 1 },
    { value: 40, count: 2 },
    { value: "70", count: 4 },
    { value: null, count: 8 },
  ];
  const buckets: Histogram["buckets"] = [
    { from: 0, count: 15, parts },
    { from: 1, count: 3 },
  ];
  expect(layersOf(buckets, "alerts").map((layer) => [layer.name, layer.counts])).toEqual([
    ["Low", [9, 3]],
    ["Medium", [2, 0]],
    ["High", [4, 0]],
  ]);
});

test("messages are layered by whether they are alerts, however that is written; rejected ones have one layer", () => {
  const buckets: Histogram["buckets"] = [
    {
      from: 0,
      count: 5,
      parts: [
        { value: null, count: 3 },
        { value: "true", count: 2 },
      ],
    },
    { from: 1, count: 4, parts: [{ value: true, count: 4 }] },
    { from: 2, count: 6 },
  ];
  expect(layersOf(buckets, "messages").map((layer) => [layer.name, layer.counts])).toEqual([
    ["Messages", [3, 0, 6]],
    ["Alerts", [2, 4, 0]],
  ]);
  expect(layersOf(buckets, "rejected").map((layer) => [layer.name, layer.counts])).toEqual([
    ["Rejected", [5, 4, 6]],
  ]);
  expect(
    new Set(layersOf(buckets, "alerts").map(({ colour }) => colour)).size,
    "each has a colour of its own",
  ).toBe(3);
});

test.each([
  [1, "millisecond"],
  [500, "500 milliseconds"],
  [1000, "second"],
  [1500, "1.5 seconds"],
  [60_000, "minute"],
  [900_000, "15 minutes"],
  [3_600_000, "hour"],
  [86_399_999, "24 hours"],
  [86_400_000, "day"],
  [604_800_000, "7 days"],
])("a bucket of %d ms is a %s wide", (milliseconds, text) => {
  expect(intervalText(milliseconds)).toBe(text);
});

test("those who do not see the chart are told its range and its peak", () => {
  const from = Date.UTC(2026, 2, 1, 12);
  const given = histogram(
    [
      [from, 1200],
      [from + 60_000, 3400],
      [from + 120_000, 3400],
    ],
    { from, to: from + 180_000, interval: 60_000 },
  );
  expect(histogramText(given)).toBe(
    "Histogram over time: 8,000 messages from 2026-03-01 12:00:00 to 2026-03-01 12:03:00; most, 3,400 in one minute, at 2026-03-01 12:01:00.",
  );
  expect(histogramText(histogram([[100, 0]]))).toBe("Histogram over time: no messages.");
});
