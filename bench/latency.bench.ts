/**
 * From arrival to searchable at a steady rate: markers travel with the telemetry, and the clock stops when a search
 * finds them.
 *
 * The second row is how long intake takes to make a block durable while searches keep the machine busy.
 *
 *   npm run bench -- latency [--rate=20000] [--seconds=20]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { blockOf } from "../src/core/block.ts";
import { openPlatform, type Platform } from "../src/platform/platform.ts";
import { parse } from "../src/query/parse.ts";
import { argument } from "./lib/arguments.ts";
import { knownHosts, sensorDocument } from "./lib/sensors.ts";
import { makeBlocks } from "./lib/telemetry.ts";

export const name = "Latency: arrival to searchable at a steady rate";

/** How often the source hands a block over, milliseconds: what a busy syslog listener does. */
const SLICE = 20;
const MARKER_EVERY = 100;

export async function run(args: readonly string[]): Promise<Record<string, string | number>[]> {
  const rate = Number(argument(args, "rate") ?? 20_000);
  const seconds = Number(argument(args, "seconds") ?? 20);
  const folder = mkdtempSync(join(tmpdir(), "metron-bench-"));
  using _remove = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
  const defaults = join(folder, "defaults");
  mkdirSync(join(defaults, "sensors"), { recursive: true });
  writeFileSync(join(defaults, "metron.yaml"), stringify({ hosts: knownHosts() }));
  writeFileSync(join(defaults, "sensors", "zeek.yaml"), sensorDocument("zeek"));
  await using platform = await openPlatform({ data: join(folder, "data"), defaults, sources: false });
  await platform.ready();
  await send(
    platform,
    rate,
    3,
    () => {},
    () => false,
  );
  const latencies: number[] = [];
  // One marker at a time: searches beside one another would measure themselves.
  let search: Promise<void> | undefined;
  await send(
    platform,
    rate,
    seconds,
    (marker) => {
      const started = performance.now();
      search = found(platform, marker).then(() => {
        latencies.push(performance.now() - started);
        search = undefined;
      });
    },
    () => search === undefined,
  );
  await search;
  return [
    row(`${rate.toLocaleString("en")} messages/s for ${seconds} s`, latencies),
    row("append while eight heavy searches run", await appends(platform, seconds)),
  ];
}

function row(work: string, latencies: number[]): Record<string, string | number> {
  latencies.sort((one, other) => one - other);
  const at = (share: number) =>
    Math.round(latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0);
  return {
    work,
    markers: latencies.length,
    "p50 ms": at(0.5),
    "p95 ms": at(0.95),
    "p99 ms": at(0.99),
    "max ms": at(1),
  };
}

/** How long each block of 50 records takes to be durable while eight clients ask for much, again and again. */
async function appends(platform: Platform, seconds: number): Promise<number[]> {
  const stopped = new AbortController();
  const words = Array.from({ length: 40 }, (_, n) => `original_string:*a?b?${n}*c?d*`).join(" OR ");
  const query = parse(words);
  const client = async () => {
    while (!stopped.signal.aborted) {
      // They end by their limit, or when the measuring does.
      await platform.index
        .search({ query, sort: [{ field: "uid", descending: false }], signal: stopped.signal })
        .catch(() => undefined);
    }
  };
  const clients = Array.from({ length: 8 }, client);
  await sleep(1000);
  const block = makeBlocks("zeek", 50, Date.now())[0]!;
  const taken: number[] = [];
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) {
    const started = performance.now();
    await platform.ingest("zeek", { ...block, arrival: Date.now() });
    taken.push(performance.now() - started);
    await sleep(SLICE);
  }
  stopped.abort();
  await Promise.all(clients);
  return taken;
}

/** Sends telemetry at a rate; now and then a block of one marker goes with it. */
async function send(
  platform: Platform,
  rate: number,
  seconds: number,
  onMarker: (marker: string) => void,
  mayMark: () => boolean,
): Promise<void> {
  const slice = makeBlocks("zeek", Math.round((rate * SLICE) / 1000), Date.now())[0]!;
  const started = performance.now();
  const acknowledged: Promise<unknown>[] = [];
  for (let turn = 0; turn * SLICE < seconds * 1000; turn++) {
    const late = performance.now() - started - turn * SLICE;
    if (late < 0) await sleep(-late);
    acknowledged.push(platform.ingest("zeek", { ...slice, arrival: Date.now() }));
    if ((turn * SLICE) % MARKER_EVERY !== 0 || !mayMark()) continue;
    const marker = `marker${Math.random().toString(36).slice(2)}`;
    onMarker(marker);
    acknowledged.push(
      platform.ingest(
        "zeek",
        blockOf([JSON.stringify({ conn: { ts: Date.now() / 1000, uid: marker } })], Date.now()),
      ),
    );
  }
  await Promise.all(acknowledged);
}

async function found(platform: Platform, marker: string): Promise<void> {
  const query = parse(`uid:${marker}`);
  while ((await platform.index.count({ query, sensors: ["zeek"], from: Date.now() - 60_000 })) === 0)
    await sleep(5);
}
