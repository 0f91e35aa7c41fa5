/**
 * The loop end to end, as the issue states it: from the durable topic through parse, geography and AS of two
 * addresses, host, match of four fields against a million indicators and ten rules on every message into the index,
 * searchable and sealed to disk; against the plain design in the same run.
 *
 *   npm run bench -- pipeline [--messages=10000000] [--shapes=zeek,zeek-general,asa] [--workers=2] [--baseline=no]
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { makeContext, silentLog } from "../src/core/context.ts";
import { openPlatform } from "../src/platform/platform.ts";
import { argument } from "./lib/arguments.ts";
import type { BaselineResult, BaselineStart } from "./lib/baseline.ts";
import { sensorDocument } from "./lib/sensors.ts";
import type { Shape } from "./lib/telemetry.ts";

export const name = "Pipeline: durable topic to sealed index";

const INDICATORS = 1_000_000;

type Row = Record<string, string | number>;
/** Messages a second of the plain design that keeps the same fields, and of one that keeps half of them. */
type Baselines = { all?: number; few?: number };

export async function run(args: readonly string[]): Promise<Row[]> {
  const messages = Number(argument(args, "messages") ?? 2_000_000);
  const workers = Number(argument(args, "workers") ?? 2);
  const shapes = (argument(args, "shapes") ?? "zeek,zeek-general,asa").split(",") as Shape[];
  const withBaseline = argument(args, "baseline") !== "no";
  const rows: Row[] = [];
  const baselines: Baselines = {};
  for (const fields of withBaseline ? (["all", "few"] as const) : []) {
    const rate = await baselineRate(workers, fields);
    baselines[fields] = rate;
    rows.push({ work: `baseline: plain design, zeek, ${fields} fields`, "messages/s": Math.round(rate) });
  }
  for (const shape of shapes) rows.push(await measure(shape, messages, workers, baselines));
  return rows;
}

async function measure(shape: Shape, messages: number, workers: number, baselines: Baselines): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), "metron-bench-"));
  try {
    const bytes = await fill(folder, shape, messages, workers);
    return await play(folder, shape, messages, workers, bytes, baselines);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Puts records and indicators in place before the clock starts, in a process of its own: its memory is not ours. */
async function fill(folder: string, shape: Shape, messages: number, workers: number): Promise<number> {
  const args = [
    new URL("./lib/fill.ts", import.meta.url).pathname,
    folder,
    shape,
    String(messages),
    String(workers),
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return Number(stdout);
}

async function play(
  folder: string,
  shape: Shape,
  messages: number,
  workers: number,
  bytes: number,
  { all, few }: Baselines,
): Promise<Row> {
  let peak = 0;
  const memory = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 100);
  const log = { ...silentLog, error: console.error, warn: console.warn };
  const options = {
    data: join(folder, "data"),
    defaults: join(folder, "defaults"),
    sources: false,
    workers,
    context: makeContext({ log }),
  };
  await using platform = await openPlatform(options);
  await platform.ready();
  const cpu = process.cpuUsage();
  const started = performance.now();
  // The sensor is unknown until now: the clock starts with its publication.
  await platform.publish([{ kind: "sensor", name: shape, text: sensorDocument(shape) }], {
    author: "bench",
    at: Date.now(),
  });
  await platform.caughtUp();
  const searchable = (performance.now() - started) / 1000;
  await platform.seal();
  const sealed = (performance.now() - started) / 1000;
  clearInterval(memory);
  const { user, system } = process.cpuUsage(cpu);

  // Workers tell their counts every quarter of a second.
  await setTimeout(500);
  const counts = platform.counts().get(shape);
  const stored = await platform.index.count({ sensors: [shape] });
  const stages = Object.fromEntries(
    Object.entries(counts?.stages ?? {}).map(([stage, { nanoseconds }]) => [
      `${stage} ns`,
      Math.round(nanoseconds / messages),
    ]),
  );
  const rate = messages / sealed;
  return {
    work: `${shape}, ${Math.round(bytes)} bytes, ${messages.toLocaleString("en")} messages`,
    "messages/s": Math.round(rate),
    "searchable/s": Math.round(messages / searchable),
    ...(all === undefined ? {} : { "x baseline": Number((rate / all).toFixed(1)) }),
    ...(few === undefined ? {} : { "x few fields": Number((rate / few).toFixed(1)) }),
    // Of all threads of the process; what the machine does besides does not count.
    "CPU ns": Math.round(((user + system) * 1000) / messages),
    ...stages,
    "peak MB": Math.round(peak / 1e6),
    stored,
    alerts: counts?.alerts ?? 0,
    rejected: counts?.rejected ?? 0,
  };
}

/** Messages a second of the plain design on as many threads. */
async function baselineRate(threads: number, fields: BaselineStart["fields"]): Promise<number> {
  const start: BaselineStart = { messages: 100_000, indicators: INDICATORS, fields };
  const results = await Promise.all(
    Array.from({ length: threads }, () => {
      const worker = new Worker(new URL("./lib/baseline.ts", import.meta.url), { workerData: start });
      return new Promise<BaselineResult>((done, fail) => {
        worker.once("message", done);
        worker.once("error", fail);
      });
    }),
  );
  return results.reduce((sum, { messages, seconds }) => sum + messages / seconds, 0);
}
