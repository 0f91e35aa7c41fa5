import type { Batch } from "../core/batch.ts";
import { LONG, NULL } from "../core/column.ts";

/** The last bound below: a latency that is told as this is so long or longer, milliseconds. */
const LONGEST_LATENCY = 60_000;
/** Upper bounds of the latency histogram, milliseconds from arrival to searchable. */
export const LATENCY_BOUNDS = [
  5,
  10,
  25,
  50,
  100,
  250,
  500,
  1000,
  2500,
  5000,
  10_000,
  LONGEST_LATENCY,
] as const;

export type StageCounts = { in: number; out: number; rejected: number; nanoseconds: number };

/** What the stage runner counts of one sensor in one worker, since the worker started. */
export type SensorCounts = {
  records: number;
  messages: number;
  alerts: number;
  rejected: number;
  /** Messages without a time of their own, whose `timestamp` is their arrival, and when the first of them came (0: none). */
  timeless: number;
  timelessSince: number;
  /** Arrival of the newest block, epoch ms; 0 before any. */
  lastArrival: number;
  /** Latest `timestamp` of a message, epoch ms; 0 before any. */
  latest: number;
  /** Offset after the last committed record, by partition. */
  offsets: Record<number, number>;
  /** By the names of the stages that batches went through, in the order of the loop. */
  stages: Record<string, StageCounts>;
  /** Messages by latency bucket; one more than there are bounds. */
  latency: number[];
  latencySum: number;
};

export function emptyCounts(): SensorCounts {
  return {
    records: 0,
    messages: 0,
    alerts: 0,
    rejected: 0,
    timeless: 0,
    timelessSince: 0,
    lastArrival: 0,
    latest: 0,
    offsets: {},
    stages: {},
    latency: new Array(LATENCY_BOUNDS.length + 1).fill(0),
    latencySum: 0,
  };
}

/** Adds the counts of one worker to those of others. */
export function addCounts(total: SensorCounts, more: SensorCounts): void {
  total.records += more.records;
  total.messages += more.messages;
  total.alerts += more.alerts;
  total.rejected += more.rejected;
  total.timeless += more.timeless;
  if (more.timelessSince > 0 && (total.timelessSince === 0 || more.timelessSince < total.timelessSince))
    total.timelessSince = more.timelessSince;
  total.lastArrival = Math.max(total.lastArrival, more.lastArrival);
  total.latest = Math.max(total.latest, more.latest);
  Object.assign(total.offsets, more.offsets);
  for (const [stage, counts] of Object.entries(more.stages)) addStage(total, stage, counts);
  for (const [bucket, count] of more.latency.entries())
    total.latency[bucket] = (total.latency[bucket] ?? 0) + count;
  total.latencySum += more.latencySum;
}

/** What was counted since an earlier look at the same counts; how far it is, and when what came, stays as it is. */
export function countsSince(counts: SensorCounts, before: SensorCounts): SensorCounts {
  const stages = Object.entries(counts.stages).map(([stage, { in: taken, out, rejected, nanoseconds }]) => {
    const past = before.stages[stage] ?? { in: 0, out: 0, rejected: 0, nanoseconds: 0 };
    return [
      stage,
      {
        ...{ in: taken - past.in, out: out - past.out, rejected: rejected - past.rejected },
        nanoseconds: nanoseconds - past.nanoseconds,
      },
    ] as const;
  });
  return {
    ...counts,
    records: counts.records - before.records,
    messages: counts.messages - before.messages,
    alerts: counts.alerts - before.alerts,
    rejected: counts.rejected - before.rejected,
    timeless: counts.timeless - before.timeless,
    stages: Object.fromEntries(stages),
    latency: counts.latency.map((count, bucket) => count - (before.latency[bucket] ?? 0)),
    latencySum: counts.latencySum - before.latencySum,
  };
}

/** Adds what was counted of one stage. */
export function addStage(total: SensorCounts, stage: string, more: StageCounts): void {
  total.stages[stage] ??= { in: 0, out: 0, rejected: 0, nanoseconds: 0 };
  const counts = total.stages[stage];
  counts.in += more.in;
  counts.out += more.out;
  counts.rejected += more.rejected;
  counts.nanoseconds += more.nanoseconds;
}

/** Notes that `count` messages became searchable `milliseconds` after they arrived. */
export function addLatency(counts: SensorCounts, milliseconds: number, count: number): void {
  let bucket = 0;
  while (bucket < LATENCY_BOUNDS.length && milliseconds > (LATENCY_BOUNDS[bucket] as number)) bucket++;
  counts.latency[bucket] = (counts.latency[bucket] as number) + count;
  counts.latencySum += milliseconds * count;
}

/**
 * The latency below which a share of the messages stayed, milliseconds: the bound of its bucket. The last bound means that much or more, as no
 * bucket behind it has one. Null before any message.
 */
export function latencyQuantile(counts: SensorCounts, share: number): number | null {
  const total = counts.latency.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let seen = 0;
  for (const [bucket, count] of counts.latency.entries()) {
    seen += count;
    if (seen >= total * share) return LATENCY_BOUNDS[bucket] ?? LONGEST_LATENCY;
  }
  return null;
}

/** How many live messages of a batch are alerts. */
export function countAlerts(batch: Batch): number {
  const column = batch.columns.get("is_alert");
  if (column === undefined || !column.touched) return 0;
  let alerts = 0;
  for (let row = 0; row < batch.rows; row++)
    if (batch.live[row] === 1 && (column.kinds[row] as number) > NULL) alerts++;
  return alerts;
}

/** How many live messages of a batch have no other time than their arrival. */
export function countTimeless(batch: Batch): number {
  if (!batch.hasTimeless) return 0;
  const { kinds, numbers } = batch.column("timestamp");
  let timeless = 0;
  for (let row = 0; row < batch.rows; row++) {
    // A transformation may have set a time since.
    if (
      batch.live[row] === 1 &&
      batch.timeless[row] === 1 &&
      kinds[row] === LONG &&
      numbers[row] === batch.arrival
    )
      timeless++;
  }
  return timeless;
}

/** The latest `timestamp` among the live messages of a batch; 0 when none has a number there. */
export function latestTimestamp(batch: Batch): number {
  const column = batch.columns.get("timestamp");
  let latest = 0;
  if (column === undefined || !column.touched) return latest;
  for (let row = 0; row < batch.rows; row++) {
    const time = batch.live[row] === 1 ? column.number(row) : 0;
    if (time > latest) latest = time;
  }
  return latest;
}
