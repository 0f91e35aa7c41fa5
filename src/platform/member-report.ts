/** What a process of an installation says of itself, in a table that all of them read. */
import { z } from "zod";
import type { SensorCounts } from "../pipeline/metrics.ts";
import type { TableValue } from "../storage/table/contract.ts";

const stage = z.object({ in: z.number(), out: z.number(), rejected: z.number(), nanoseconds: z.number() });

const sensorCounts = z.object({
  records: z.number(),
  messages: z.number(),
  alerts: z.number(),
  rejected: z.number(),
  timeless: z.number(),
  timelessSince: z.number(),
  lastArrival: z.number(),
  latest: z.number(),
  offsets: z.record(z.string(), z.number()),
  stages: z.record(z.string(), stage),
  latency: z.array(z.number()),
  latencySum: z.number(),
});

const problem = z.object({
  code: z.string(),
  message: z.string(),
  /** The sensor that does not run, where it is about one. */
  sensor: z.string().nullable(),
});

export type MemberProblem = z.output<typeof problem>;

/** Times are epoch milliseconds of the process's own clock. What older versions did not say has a default. */
const report = z.object({
  at: z.number(),
  startedAt: z.number(),
  role: z.enum(["all", "server", "worker", "capture"]).default("all"),
  version: z.string().default(""),
  /** How many publishes of the configuration are in force in it, and why a later one is not. */
  revision: z.number(),
  failure: z.string().nullable(),
  ready: z.boolean().default(true),
  problems: z.array(problem).default([]),
  /** Worker threads that died and were started again. */
  restarts: z.number().default(0),
  reads: z.array(z.object({ sensor: z.string(), partition: z.number(), since: z.number(), lag: z.number() })),
  /** Interfaces of its machine that it captures packets on. */
  captures: z.array(z.string()).default([]),
  /** What a process that listens on nothing has counted since its start, by sensor: whoever answers tells of it. */
  counts: z.record(z.string(), sensorCounts).default({}),
});

export type MemberReport = z.output<typeof report>;

/** Problems of a report, and characters of each: the table is for short texts. */
const MOST_PROBLEMS = 20;
const MOST_CHARACTERS = 500;
const UNREADABLE =
  "it runs another version of Metron, whose reports cannot be read here; bring all processes to one version";

/** What a process says. One that cannot be read is a process all the same, in which nobody knows what is in force. */
export function reportOf(value: TableValue, now: number): MemberReport {
  const read = report.safeParse(value);
  if (read.success) return read.data;
  const at = z.object({ at: z.number() }).safeParse(value).data?.at ?? now;
  return report.parse({ at, startedAt: at, revision: 0, failure: UNREADABLE, ready: false, reads: [] });
}

/** Problems as they fit into a report; what is left out is said in the last one. */
export function shortened(problems: readonly MemberProblem[]): MemberProblem[] {
  const kept = problems
    .slice(0, MOST_PROBLEMS)
    .map((one) => ({ ...one, message: one.message.slice(0, MOST_CHARACTERS) }));
  const more = problems.length - kept.length;
  const last = problems[MOST_PROBLEMS];
  if (last !== undefined)
    kept.push({ code: last.code, sensor: null, message: `and ${more} more; its log has them` });
  return kept;
}

/** The counts of a report as the loop keeps them. */
export function countsOf({ counts }: MemberReport): ReadonlyMap<string, SensorCounts> {
  return new Map(Object.entries(counts));
}
