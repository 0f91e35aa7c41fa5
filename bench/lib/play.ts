/** The pipeline at work: from a durable topic that is filled beforehand to the sealed index, measured for this process. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { makeContext, silentLog } from "../../src/core/context.ts";
import { openPlatform } from "../../src/platform/platform.ts";
import { sensorDocument } from "./sensors.ts";
import type { Shape } from "./telemetry.ts";

/** What is played. `storage` is that of the global document: files when absent. */
export type Play = {
  readonly shape: Shape;
  readonly messages: number;
  readonly workers: number;
  readonly storage?: object;
};

/** Figures of a play: times in seconds, memory in bytes. */
export type Played = {
  /** Mean of a record. */
  readonly bytes: number;
  readonly searchable: number;
  readonly sealed: number;
  /** Of all threads of the process, nanoseconds a message; what the machine does besides does not count. */
  readonly cpu: number;
  /** Of the loop, by stage, nanoseconds a message. */
  readonly stages: Readonly<Record<string, number>>;
  readonly peak: number;
  readonly stored: number;
  readonly alerts: number;
  readonly rejected: number;
};

/** Fills topic and table, then lets the pipeline at them. */
export async function play(wanted: Play): Promise<Played> {
  const folder = mkdtempSync(join(tmpdir(), "metron-bench-"));
  try {
    const bytes = await fill(folder, wanted);
    return { bytes, ...(await run(folder, wanted)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Puts records and indicators in place before the clock starts, in a process of its own: its memory is not ours. */
async function fill(folder: string, { shape, messages, workers, storage = {} }: Play): Promise<number> {
  const program = new URL("./fill.ts", import.meta.url).pathname;
  const args = [program, folder, shape, String(messages), String(workers), JSON.stringify(storage)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return Number(stdout);
}

async function run(folder: string, { shape, messages, workers }: Play): Promise<Omit<Played, "bytes">> {
  let peak = 0;
  const memory = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 100);
  const log = { ...silentLog, error: console.error, warn: console.warn };
  await using platform = await openPlatform({
    data: join(folder, "data"),
    defaults: join(folder, "defaults"),
    sources: false,
    workers,
    context: makeContext({ log }),
  });
  await platform.ready();
  const used = process.cpuUsage();
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
  const { user, system } = process.cpuUsage(used);

  // Workers tell their counts every quarter of a second.
  await setTimeout(500);
  const counts = platform.counts().get(shape);
  const stages = Object.entries(counts?.stages ?? {});
  return {
    ...{ searchable, sealed, peak, cpu: ((user + system) * 1000) / messages },
    stages: Object.fromEntries(stages.map(([stage, { nanoseconds }]) => [stage, nanoseconds / messages])),
    stored: await platform.index.count({ sensors: [shape] }),
    alerts: counts?.alerts ?? 0,
    rejected: counts?.rejected ?? 0,
  };
}
