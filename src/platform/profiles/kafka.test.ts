import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { readProfiles } from "../../config/profiles.ts";
import { makeContext } from "../../core/context.ts";
import { emptyProfileCounts, type ProfileCounts } from "../../profiles/counts.ts";
import { profileKey, profileText, readProfileText } from "../../profiles/definition.ts";
import { MEASUREMENTS, measuredValue } from "../../profiles/measurements.ts";
import { Profiled } from "../../profiles/testing/routed.ts";
import { makeEnvironment } from "../../stellar/run/environment.ts";
import { openTablesOf, openTopicsOf } from "../../storage/storage.ts";
import {
  type KafkaAddress,
  ownSettings,
  readTestSecret,
  removeTopics,
  testKafka,
} from "../../storage/topic/kafka/testing/brokers.ts";
import { PartitionRun } from "./partition-run.ts";
import { ProfileStore } from "./profile-store.ts";
import { DEFINITIONS, ENTITIES, PROFILE_TOPIC, STAGED } from "./protocol.ts";

const MINUTE = 60_000;
const BEGIN = 1_700_000_040_000;
const PERIOD = BEGIN / MINUTE;
const TEXT = `
timestampField: timestamp
period: 1 minute
lateness: none
profiles:
  - { profile: count, foreach: ip, init: { count: 0 }, update: { count: count + 1, all: all + 1 }, result: "[count, all]" }
`;

/** Variables of twenty kilobytes. */
const LARGE = TEXT.replace(/init:.*/, `init: { text: "FILL_LEFT('', 'x', 20000)" }, result: LENGTH(text) }`);

const address = await testKafka();
const cleanups: (() => PromiseLike<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A process of an installation, as far as profiles go: with topics, and a copy of the tables of its own. */
async function openProcess(settings: ReturnType<typeof ownSettings>, text = TEXT) {
  const folder = await mkdtemp(join(tmpdir(), "metron-profiles-"));
  const context = makeContext();
  const access = { settings, readSecret: readTestSecret };
  const topics = await openTopicsOf(folder, access, context);
  const tables = await openTablesOf(folder, access, context);
  const table = await tables.table("profiler");
  const intake = { deliver: async () => {}, topicOf: () => undefined };
  const store = new ProfileStore(table, {
    topics,
    context,
    intake,
    partitions: 1,
    retention: { age: 1e9, bytes: 1e9 },
  });
  await store.configure({ version: 1, text });
  const topic = await topics.topic(PROFILE_TOPIC);
  const counts = new Map<string, ProfileCounts>([["count", emptyProfileCounts()]]);
  const close = async () => {
    await store[Symbol.asyncDispose]();
    await tables[Symbol.asyncDispose]();
    await topics[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  };
  /** Counts the partition until `stop`. */
  const read = (stores = true) => {
    const stop = new AbortController();
    const run = new PartitionRun({
      ...{ topic, partition: 0, table, context },
      environment: makeEnvironment(),
      ask: async (request) => {
        // A process that is killed has stored nothing more.
        if (!stores && request.do === "store") return new Promise(() => {});
        return store.serve(request);
      },
      profileOf: (key) => readProfileText(String(table.get(DEFINITIONS, key))),
      countsOf: () => counts.get("count") as ProfileCounts,
      onRead: () => {},
    });
    const reading = run.read(stop.signal);
    return { stop: () => stop.abort(), reading };
  };
  return { table, topic, store, counts, read, close };
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await delay(50);
}

describe.skipIf(address === undefined)("on Kafka", { timeout: 120_000 }, () => {
  test("entities follow their partition to another process, also from one that was killed", async () => {
    const settings = ownSettings(address as KafkaAddress);
    cleanups.push(() => removeTopics(settings));
    const [one, other] = [await openProcess(settings), await openProcess(settings)];
    cleanups.push(one.close, other.close);
    const measured = ({ table }: typeof one) =>
      Object.fromEntries(
        [...table.range(MEASUREMENTS)].map(({ key, value }) => [
          `${key.split("\0")[1]} ${Number.parseInt(key.slice(-9), 36)}`,
          measuredValue(value as Uint8Array),
        ]),
      );
    const { profiles } = readProfiles(TEXT);
    const router = new Profiled(profiles);
    router.now = BEGIN;
    let offset = 0;
    const send = async (minute: number, ips: readonly string[]) => {
      const blocks = router.route(
        ips.map((ip) => ({ timestamp: BEGIN + minute * MINUTE, ip })),
        offset,
      );
      offset += ips.length;
      for (const { bytes, ends, arrival } of blocks)
        await one.store.serve({ do: "append", partition: 0, bytes, ends, arrival });
    };
    const text = profileText({ settings: profiles.settings, profile: profiles.profiles[0]! });
    await until(() => other.table.get(DEFINITIONS, profileKey(text)) !== undefined);

    await send(0, ["a", "a", "b"]);
    const first = one.read();
    await until(() => one.counts.get("count")?.applied === 3);
    first.stop();
    await first.reading;

    // The next owner goes on with what the first one counted of the period, and is killed after it has counted more.
    const killed = other.read(false);
    await send(0, ["a", "c"]);
    await until(() => other.counts.get("count")?.applied === 2);
    killed.stop();

    const last = one.read();
    await send(1, ["a", "b"]);
    await until(() => Object.keys(measured(one)).length === 3);
    expect(measured(one)).toEqual({
      [`a ${PERIOD}`]: [3, 3],
      [`b ${PERIOD}`]: [1, 1],
      [`c ${PERIOD}`]: [1, 1],
    });
    await until(() => Object.keys(measured(other)).length === 3);
    last.stop();
    await last.reading;

    const again = other.read();
    await send(2, ["a"]);
    await until(() => Object.keys(measured(other)).length === 5);
    expect(measured(other)).toMatchObject({ [`a ${PERIOD + 1}`]: [1, 4], [`b ${PERIOD + 1}`]: [1, 2] });
    again.stop();
    await again.reading;
  });

  test("entities that together are larger than a write are stored, and followed, whole", async () => {
    const settings = ownSettings(address as KafkaAddress);
    cleanups.push(() => removeTopics(settings));
    const one = await openProcess(settings, LARGE);
    cleanups.push(one.close);
    const { profiles } = readProfiles(LARGE);
    const router = new Profiled(profiles);
    router.now = BEGIN;
    const names = Array.from({ length: 1500 }, (_, index) => `e${index}`);
    for (const [minute, ips] of [names, ["end"]].entries()) {
      const messages = ips.map((ip) => ({ timestamp: BEGIN + minute * MINUTE, ip }));
      for (const { bytes, ends, arrival } of router.route(messages, minute * names.length))
        await one.store.serve({ do: "append", partition: 0, bytes, ends, arrival });
    }
    const run = one.read();
    const measured = until(() => [...one.table.range(MEASUREMENTS)].length === names.length);
    await Promise.race([measured, run.reading]);
    run.stop();
    await run.reading;
    expect([...one.table.range(ENTITIES)].length).toBe(names.length + 1);
    expect([...one.table.range(STAGED)]).toEqual([]);
    const other = await openProcess(settings, LARGE);
    cleanups.push(other.close);
    const sizes = [...other.table.range(MEASUREMENTS)].map(({ value }) => measuredValue(value as Uint8Array));
    expect(sizes).toEqual(names.map(() => 20_000));
  });
});
