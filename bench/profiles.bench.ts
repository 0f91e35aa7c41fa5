/**
 * Profiles in one thread, without topic and table: CPU of routing and counting, memory per entity, and PROFILE_GET.
 *
 *   npm run bench -- profiles [--entities=1000000] [--updates=3000000]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { readProfiles } from "../src/config/profiles.ts";
import { Batch } from "../src/core/batch.ts";
import type { Block } from "../src/core/block.ts";
import { blockOf } from "../src/core/block.ts";
import { makeContext } from "../src/core/context.ts";
import { emptyProfileCounts, type ProfileCounts } from "../src/profiles/counts.ts";
import { profileKey, profileText, type RunningProfile } from "../src/profiles/definition.ts";
import { measuredProfiles } from "../src/profiles/measured.ts";
import { MEASUREMENTS, periodKey, storeMeasurement, subjectKey } from "../src/profiles/measurements.ts";
import { ProfilePartition } from "../src/profiles/partition.ts";
import { Router } from "../src/profiles/router.ts";
import { compile } from "../src/stellar/run/compile.ts";
import { layered, makeEnvironment } from "../src/stellar/run/environment.ts";
import { openTables } from "../src/storage/table/lmdb.ts";
import { argument } from "./lib/arguments.ts";

export const name = "Profiles: CPU and memory, one thread";

type Row = Record<string, string | number>;

const HEAD = "timestampField: timestamp\nperiod: 15 minutes\nttl: 1 day\nmaxEntities: 10000000\nprofiles:\n";
const KINDS: Readonly<Record<string, string>> = {
  "two counters and a HyperLogLog": `
  - profile: hosts
    foreach: ip
    init: { count: 0, bytes: 0, seen: HLLP_INIT() }
    update: { count: count + 1, bytes: bytes + n, seen: "HLLP_ADD(seen, host)" }
    result: count
`,
  "two counters": `
  - { profile: counters, foreach: ip, init: { count: 0, bytes: 0 }, update: { count: count + 1, bytes: bytes + n }, result: count }
`,
  STATS: `
  - { profile: stats, foreach: ip, init: { s: STATS_INIT() }, update: { s: "STATS_ADD(s, n)" }, result: s }
`,
  MAD: `
  - { profile: mad, foreach: ip, init: { s: "OUTLIER_MAD_STATE_MERGE([])" }, update: { s: "OUTLIER_MAD_ADD(s, n)" }, result: s }
`,
};
const BLOCK = 4096;
/** Entities that measurements are asked of. */
const ASKED = 5_000;

export async function run(args: readonly string[]): Promise<Row[]> {
  const entities = Number(argument(args, "entities") ?? 1_000_000);
  const updates = Number(argument(args, "updates") ?? 3_000_000);
  const rows: Row[] = [];
  for (const [kind, text] of Object.entries(KINDS)) {
    const isLarge = kind === "STATS" || kind === "MAD";
    const scale = isLarge ? 20 : 1;
    rows.push(...(await counted(kind, HEAD + text, entities / scale, updates / scale)));
  }
  rows.push(plainMap(entities, updates), await profileGet());
  return rows;
}

/** Routes and counts updates of random entities. */
async function counted(kind: string, text: string, entities: number, updates: number): Promise<Row[]> {
  const { profiles } = readProfiles(text);
  const { settings } = profiles;
  const definitions = new Map<string, RunningProfile>(
    profiles.profiles.map((profile) => [
      profileKey(profileText({ settings, profile })),
      { settings, profile },
    ]),
  );
  const counts = new Map<string, ProfileCounts>([[profiles.profiles[0]!.profile, emptyProfileCounts()]]);
  const environment = makeEnvironment();
  const batch = new Batch(BLOCK);
  const router = new Router(profiles, environment, batch, { counts, now: Date.now, partitions: 1 });
  const partition = new ProfilePartition({
    environment,
    profileOf: (key) => definitions.get(key),
    countsOf: () => counts.values().next().value!,
    share: (most) => most,
    damaged: () => {},
  });
  const random = generator();
  gc();
  const before = process.memoryUsage();
  const spent = { route: 0, count: 0 };
  let offset = 0;
  let routed = 0;
  const send = async (next: () => number, count: number) => {
    for (let done = 0; done < count; done += BLOCK) {
      batch.load(EMPTY, { topic: "web", partition: 0, offset });
      offset += BLOCK;
      fill(batch, next, random);
      let blocks: readonly { readonly block: Block }[] = [];
      spent.route += cpu(() => {
        blocks = router.route();
      });
      const from = process.cpuUsage();
      for (const { block } of blocks) await partition.take(block, ++routed);
      spent.count += sinceThen(from);
    }
  };
  let turn = 0;
  await send(() => turn++ % entities, entities);
  gc();
  const after = process.memoryUsage();
  const perEntity = (after.heapUsed + after.external - before.heapUsed - before.external) / entities;
  const first = { ...spent };
  spent.route = 0;
  spent.count = 0;
  await send(() => random() % entities, updates);
  const saving = process.cpuUsage();
  let [bytes, stored] = [0, 0];
  for await (const part of partition.checkpoint()) {
    stored += part.entities.size;
    for (const value of part.entities.values()) bytes += value?.length ?? 0;
  }
  const saved = sinceThen(saving);
  return [
    {
      work: kind,
      entities: partition.entities,
      "updates/s counted": Math.round(updates / spent.count),
      "routes/s": Math.round(updates / spent.route),
      "new entities/s": Math.round(entities / first.count),
      "bytes per entity": Math.round(perEntity),
      "bytes stored": Math.round(bytes / stored),
      "stored/s": Math.round(stored / saved),
    },
  ];
}

/** The same two counters in objects of a Map: what it costs at least. */
function plainMap(entities: number, updates: number): Row {
  const random = generator();
  const map = new Map<string, { count: number; bytes: number }>();
  for (let n = 0; n < entities; n++) map.set(`10.${n}`, { count: 0, bytes: 0 });
  const seconds = cpu(() => {
    for (let n = 0; n < updates; n++) {
      const found = map.get(`10.${random() % entities}`)!;
      found.count++;
      found.bytes += n;
    }
  });
  return {
    work: "two counters in a Map of objects",
    entities,
    "updates/s counted": Math.round(updates / seconds),
  };
}

async function profileGet(): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), "metron-bench-"));
  using _remove = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
  await using tables = await openTables(folder, makeContext());
  const table = await tables.table("profiler");
  const duration = 900_000;
  const now = 1_700_000_000_000;
  const last = Math.floor(now / duration);
  for (let n = 0; n <= ASKED; n++) {
    const entity = n === ASKED ? "10.0.0.1" : `10.0.1.${n}`;
    const subject = subjectKey({ profile: "hosts", entity, groups: [], duration });
    await table.write(
      Array.from({ length: 97 }, (_, period) => ({
        type: MEASUREMENTS,
        key: periodKey(subject, last - period),
        value: storeMeasurement(period, undefined),
      })),
    );
  }
  const profiles = () => measuredProfiles(table, () => now);
  const environmentWith = (found = profiles()) =>
    makeEnvironment({ services: { now: () => now, profiles: found } });
  const text = "LENGTH(PROFILE_GET('hosts', ip, PROFILE_FIXED(24, 'HOURS')))";
  const variables = layered({ ip: "10.0.0.1" });
  const warm = compile(text, environmentWith());
  if (warm.evaluate(variables) !== 97) throw new Error("not all were found");
  const times = 20_000;
  const cached = cpu(() => {
    for (let n = 0; n < times; n++) warm.evaluate(variables);
  });
  const cold = 5_000;
  const uncached = cpu(() => {
    // Nobody has asked for these.
    for (let n = 0; n < cold; n++) warm.evaluate(layered({ ip: `10.0.1.${n % ASKED}` }));
  });
  return {
    work: "PROFILE_GET of 97 periods",
    "µs in the cache": Math.round((cached / times) * 1e7) / 10,
    "µs from the table": Math.round((uncached / cold) * 1e7) / 10,
  };
}

const EMPTY = blockOf(
  Array.from({ length: BLOCK }, () => "x"),
  0,
);

function fill(batch: Batch, next: () => number, random: () => number): void {
  const [ip, host, n, timestamp] = ["ip", "host", "n", "timestamp"].map((field) => batch.column(field));
  for (let row = 0; row < BLOCK; row++) {
    batch.addRow(row);
    ip!.setString(row, `10.${next()}`);
    host!.setString(row, `host${random() % 50}`);
    n!.setInt(row, random() % 1000);
    timestamp!.setLong(row, 1_700_000_000_000);
  }
}

function generator(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 4;
  };
}

function cpu(work: () => void): number {
  const before = process.cpuUsage();
  work();
  return sinceThen(before);
}

/** Seconds of the processor since a usage was taken. */
function sinceThen(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

const gc = (() => {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
})();
