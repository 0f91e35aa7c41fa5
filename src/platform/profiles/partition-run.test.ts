/** One partition of routes over topics and tables of files. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { readProfiles } from "../../config/profiles.ts";
import { makeContext } from "../../core/context.ts";
import { emptyProfileCounts } from "../../profiles/counts.ts";
import { readProfileText } from "../../profiles/definition.ts";
import { MEASUREMENTS, measuredValue } from "../../profiles/measurements.ts";
import { Profiled } from "../../profiles/testing/routed.ts";
import { makeEnvironment } from "../../stellar/run/environment.ts";
import { openTablesOf, openTopicsOf } from "../../storage/storage.ts";
import { PartitionRun, type PartitionRunParts } from "./partition-run.ts";
import { ProfileStore } from "./profile-store.ts";
import { DEFINITIONS, PROFILE_GROUP, PROFILE_TOPIC } from "./protocol.ts";

const MINUTE = 60_000;
const BEGIN = 1_700_000_040_000;
const TEXT = `
timestampField: timestamp
period: 1 minute
lateness: none
profiles:
  - { profile: count, foreach: ip, init: { count: 0 }, update: { count: count + 1 }, result: count }
`;

const cleanups: (() => PromiseLike<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test("a checkpoint that is refused is made again, with all that it had", { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "metron-profiles-"));
  cleanups.push(() => rm(folder, { recursive: true }));
  const context = makeContext({ clock: { now: () => BEGIN } });
  const topics = await openTopicsOf(folder, undefined, context);
  cleanups.push(() => topics[Symbol.asyncDispose]());
  const tables = await openTablesOf(folder, undefined, context);
  cleanups.push(() => tables[Symbol.asyncDispose]());
  const table = await tables.table("profiler");
  const intake = { deliver: async () => {}, topicOf: () => undefined };
  const retention = { age: 1e9, bytes: 1e9 };
  const store = new ProfileStore(table, { topics, context, intake, partitions: 1, retention });
  cleanups.push(() => store[Symbol.asyncDispose]());
  await store.configure({ version: 1, text: TEXT });
  const topic = await topics.topic(PROFILE_TOPIC);
  let refusals = 1;
  const parts: PartitionRunParts = {
    ...{ topic, partition: 0, table, context },
    environment: makeEnvironment(),
    async ask(request) {
      if (request.do === "store" && refusals-- > 0) {
        // So long that the next checkpoint is due.
        await delay(6_000);
        throw new Error("no room left");
      }
      await store.serve(request);
    },
    profileOf: (key) => readProfileText(String(table.get(DEFINITIONS, key))),
    countsOf: () => emptyProfileCounts(),
    onRead: () => {},
  };
  const router = new Profiled(readProfiles(TEXT).profiles);
  router.now = BEGIN;
  const messages = [0, 0, 0, 1].map((minute) => ({ timestamp: BEGIN + minute * MINUTE, ip: "a" }));
  for (const { bytes, ends, arrival } of router.route(messages, 0))
    await store.serve({ do: "append", partition: 0, bytes, ends, arrival });

  const { signal } = new AbortController();
  await expect(new PartitionRun(parts).read(signal)).rejects.toThrow("no room left");
  // What had been waiting for its turn has had it.
  await delay(1_000);
  expect(await topic.committed(PROFILE_GROUP, 0)).toBeUndefined();
  const stop = new AbortController();
  const reading = new PartitionRun(parts).read(stop.signal);
  const measured = () =>
    [...table.range(MEASUREMENTS)].map(({ value }) => measuredValue(value as Uint8Array));
  await expect.poll(measured, { timeout: 20_000 }).toEqual([3]);
  stop.abort();
  await reading;
});
