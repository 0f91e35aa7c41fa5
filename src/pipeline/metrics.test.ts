import { expect, test } from "vitest";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import { Double } from "../core/number.ts";
import { Rejection } from "../core/rejection.ts";
import {
  addCounts,
  addLatency,
  addStage,
  countAlerts,
  countTimeless,
  emptyCounts,
  latencyQuantile,
  latestTimestamp,
  type SensorCounts,
} from "./metrics.ts";

const ARRIVAL = 1_700_000_000_000;

function batchOf(messages: readonly Record<string, string | number | boolean | null | Double>[]): Batch {
  const batch = new Batch();
  batch.load(
    blockOf(
      messages.map(() => "x"),
      ARRIVAL,
    ),
    { topic: "t", partition: 0, offset: 0 },
  );
  for (const [record, message] of messages.entries()) batch.addMessage(record, message);
  return batch;
}

const latencies = (...milliseconds: readonly number[]): SensorCounts => {
  const counts = emptyCounts();
  for (const each of milliseconds) addLatency(counts, each, 1);
  return counts;
};

const some: SensorCounts = {
  ...latencies(7),
  records: 10,
  messages: 8,
  alerts: 3,
  rejected: 2,
  timeless: 1,
  timelessSince: 500,
  lastArrival: 900,
  latest: 800,
  offsets: { 0: 10, 1: 20 },
  stages: { parse: { in: 10, out: 8, rejected: 2, nanoseconds: 5 } },
};

test("counts of several workers add up: sums, the latest, the first of the timeless, offsets by partition", () => {
  const total = emptyCounts();
  addCounts(total, some);
  expect(total).toEqual(some);
  addCounts(total, {
    ...latencies(3, 100_000),
    records: 1,
    messages: 2,
    alerts: 4,
    rejected: 8,
    timeless: 16,
    timelessSince: 400,
    lastArrival: 700,
    latest: 1000,
    offsets: { 1: 21, 2: 5 },
    stages: {
      parse: { in: 1, out: 2, rejected: 3, nanoseconds: 4 },
      triage: { in: 9, out: 9, rejected: 0, nanoseconds: 1 },
    },
  });
  expect(total).toEqual({
    records: 11,
    messages: 10,
    alerts: 7,
    rejected: 10,
    timeless: 17,
    timelessSince: 400,
    lastArrival: 900,
    latest: 1000,
    offsets: { 0: 10, 1: 21, 2: 5 },
    stages: {
      parse: { in: 11, out: 10, rejected: 5, nanoseconds: 9 },
      triage: { in: 9, out: 9, rejected: 0, nanoseconds: 1 },
    },
    latency: [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    latencySum: 100_010,
  });
  expect(some.stages.parse?.in, "what was added is left as it was").toBe(10);
});

test.each([
  ["later", 600, 500],
  ["earlier", 400, 400],
  ["none", 0, 500],
])("of when timeless messages began the first counts: the other is %s", (_name, other, first) => {
  const total = { ...emptyCounts(), timelessSince: 500 };
  addCounts(total, { ...emptyCounts(), timelessSince: other });
  expect(total.timelessSince).toBe(first);
});

test.each([
  [[], 0.5, null],
  [[5], 0.5, 5],
  [[5.1], 0.5, 10],
  [[1, 1, 30, 30], 0.5, 5],
  [[1, 1, 30, 30], 0.51, 50],
  [[1, 1, 30, 30], 1, 50],
  [[60_000], 0.99, 60_000],
  [[60_001], 0.99, 60_000],
] as const)("of latencies %j a share of %d stayed below %s", (milliseconds, share, bound) => {
  expect(latencyQuantile(latencies(...milliseconds), share)).toBe(bound);
});

test("a batch adds its latency once a message", () => {
  const counts = emptyCounts();
  addLatency(counts, 20, 3);
  expect([counts.latency[2], counts.latencySum]).toEqual([3, 60]);
  addStage(counts, "parse", { in: 1, out: 1, rejected: 0, nanoseconds: 2 });
  expect(counts.stages).toEqual({ parse: { in: 1, out: 1, rejected: 0, nanoseconds: 2 } });
});

test("alerts are the live messages that say so", () => {
  const batch = batchOf([{ is_alert: "true" }, { is_alert: null }, { a: 1 }, { is_alert: "true" }]);
  expect(countAlerts(batch)).toBe(2);
  batch.reject(3, new Rejection("error", "no"));
  expect(countAlerts(batch)).toBe(1);
  expect(countAlerts(batchOf([{ a: 1 }])), "without the field").toBe(0);
});

test("the latest time is the greatest number among live messages", () => {
  const batch = batchOf([
    { timestamp: 5 },
    { timestamp: "9" },
    { timestamp: new Double(7.5) },
    { timestamp: 6 },
    {},
    { timestamp: 100 },
  ]);
  batch.drop(5);
  expect(latestTimestamp(batch)).toBe(7.5);
  expect(latestTimestamp(batchOf([{ a: 1 }]))).toBe(0);
  expect(latestTimestamp(batchOf([{ timestamp: -5 }]))).toBe(0);
});

test("a message is timeless while its arrival is the only time it has", () => {
  const batch = batchOf([{ a: 1 }, { a: 2 }, { a: 3 }, { a: 4 }, { timestamp: ARRIVAL }]);
  expect(countTimeless(batch)).toBe(0);
  for (const row of [0, 1, 2, 3]) batch.setArrival(row);
  expect(countTimeless(batch)).toBe(4);
  batch.column("timestamp").setLong(1, 5);
  batch.column("timestamp").setString(2, "text");
  batch.drop(3);
  expect(countTimeless(batch)).toBe(1);
});
