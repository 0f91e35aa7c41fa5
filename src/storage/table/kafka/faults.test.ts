/** What becomes of tables in Kafka when brokers, writers and topics go, and when brokers compact. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Kafka, startKafka } from "../../../../scripts/cluster/kafka.ts";
import { makeContext } from "../../../core/context.ts";
import { Cluster } from "../../kafka/cluster.ts";
import { boundsOf, fetchBatches } from "../../kafka/fetching.ts";
import { takeKeyed } from "../../kafka/keyed-batch.ts";
import type { KafkaSettings } from "../../kafka/settings.ts";
import { describeTopic } from "../../kafka/topic-admin.ts";
import { adminOf, ownSettings, testKafka } from "../../topic/kafka/testing/brokers.ts";
import type { Table, Tables } from "../contract.ts";
import { openTableFile } from "../lmdb-reader.ts";
import { openKafkaTables } from "./tables.ts";

const address = await testKafka();
const MINUTES = 300_000;
const PATIENCE = { timeout: 120_000 };
const CHILD = join(import.meta.dirname, "testing", "load-child.ts");

test("brokers that nobody runs are told at the start", async () => {
  const folder = mkdtempSync(join(tmpdir(), "metron-tables-"));
  const settings = { brokers: ["127.0.0.1:1"], prefix: "", name: "metron", compression: "lz4" } as const;
  await expect(openKafkaTables(folder, settings, () => "", makeContext())).rejects.toMatchObject({
    code: "KAFKA_UNREACHABLE",
    message: expect.stringMatching(/^reaching Kafka at 127\.0\.0\.1:1: no broker answers: .*ECONNREFUSED/),
  });
  rmSync(folder, { recursive: true });
});

describe.skipIf(address === undefined)("faults of tables in Kafka", { timeout: MINUTES }, () => {
  let kafka: Kafka;
  beforeAll(async () => {
    kafka = await startKafka({ settings: { "log.cleaner.backoff.ms": "200" } });
  }, MINUTES);
  afterAll(async () => {
    await kafka[Symbol.asyncDispose]();
  }, MINUTES);

  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  }, MINUTES);

  function newSettings(part: Partial<KafkaSettings> = {}): KafkaSettings {
    return ownSettings({ brokers: kafka.brokers } as NonNullable<typeof address>, part);
  }

  function newFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), "metron-tables-"));
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
  }

  /** The tables as another machine has them: with a folder of its own. */
  async function openOn(
    settings: KafkaSettings,
    folder = newFolder(),
    now = () => Date.now(),
  ): Promise<Tables> {
    const tables = await openKafkaTables(folder, settings, () => "", makeContext({ clock: { now } }));
    cleanups.push(() => tables[Symbol.asyncDispose]());
    return tables;
  }

  const openIntel = async (settings: KafkaSettings, folder?: string) =>
    (await openOn(settings, folder)).table("intel");

  test("what one machine writes is read on the others, and a new one has all of it", async () => {
    const settings = newSettings({ compression: "none" });
    const [one, other] = [await openIntel(settings), await openIntel(settings)];
    await one.load("ip", entries("a", 20_000));
    await one.load("ip", entries("b", 9_000), { replace: true });
    await other.put("odd/type %", "odd/key", { list: [1, "two"] });
    await expect.poll(() => one.get("odd/type %", "odd/key")).toEqual({ list: [1, "two"] });
    await expect.poll(() => contentOf(other)).toEqual(contentOf(one));
    expect(other.version("ip")).toBe(one.version("ip"));
    expect(contentOf(await openIntel(settings))).toEqual(contentOf(one));
  });

  test("while no broker answers, reads go on, what is on its way waits, and new writes are refused", async () => {
    await using own = await startKafka();
    const settings = newSettings({ brokers: own.brokers });
    const table = await openIntel(settings);
    await table.put("ip", "10.0.0.1", 1);
    let ahead = 0;
    const cutOff = await (await openOn(settings, newFolder(), () => Date.now() + ahead)).table("intel");
    await own.kill(0);
    const waiting = table.put("ip", "10.0.0.2", 2);
    await expect
      .poll(() => table.fault, PATIENCE)
      .toMatchObject({
        code: "TABLE_STALE",
        message: expect.stringMatching(
          /^table intel has not been brought up to date since \d{4}-.*Z: .*no broker answers/,
        ),
      });
    expect(table.get("ip", "10.0.0.1")).toBe(1);
    await expect(table.put("ip", "10.0.0.3", 3)).rejects.toMatchObject({ code: "TABLE_STALE" });
    // For longer than brokers are sure to know what was removed.
    ahead = 8 * DAY;
    await expect
      .poll(() => cutOff.fault?.message, PATIENCE)
      .toMatch(/^table intel has heard nothing since .* may be forgotten; restart the process/);
    await own.start(0);
    await waiting;
    await expect.poll(() => table.fault, PATIENCE).toBeUndefined();
    await table.put("ip", "10.0.0.4", 4);
    expect([...table.range("ip")].map(({ value }) => value)).toEqual([1, 2, 4]);
    expect(cutOff.get("ip", "10.0.0.1")).toBe(1);
    await expect(cutOff.put("ip", "10.0.0.5", 5)).rejects.toMatchObject({ code: "TABLE_STALE" });
    await cutOff[Symbol.asyncDispose]();
    await table[Symbol.asyncDispose]();
  });

  test("two that write at the same time, and one that comes after compaction, agree on everything", async () => {
    const settings = newSettings();
    const [one, other] = [await openIntel(settings), await openIntel(settings)];
    await soonCompacted(settings);
    await Promise.all([change(one, 1), change(other, 2)]);
    await one.put("end", "one", 1);
    await other.put("end", "other", 1);
    await expect.poll(() => contentOf(one)).toEqual(contentOf(other));
    const before = await openIntel(settings);
    expect(contentOf(before)).toEqual(contentOf(one));
    await compacted(settings, one, (keys) => keys.length < new Set(keys).size + 20);
    const after = await openIntel(settings);
    await expect.poll(() => contentOf(after)).toEqual(contentOf(one));
  });

  test("a change that meets a replacement of its list is made in the new list", async () => {
    const settings = newSettings();
    const [one, other] = [await openIntel(settings), await openIntel(settings)];
    for (let round = 0; round < 20; round++) {
      const replaced = one.load("ip", [[`list ${round}`, round]], { replace: true });
      for (const part of ["a", "b", "c"]) {
        const key = `${part}${round}`;
        await other.write([
          { type: "ip", key, value: round },
          { type: "seen", key, value: round },
        ]);
        expect([other.get("ip", key), other.get("seen", key)]).toEqual([round, round]);
      }
      await replaced;
    }
    await one.put("end", "one", 1);
    await expect.poll(() => contentOf(other)).toEqual(contentOf(one));
    expect(contentOf(await openIntel(settings))).toEqual(contentOf(one));
  });

  test("a list that a killed process wrote half is never seen, and the next one goes in its place", async () => {
    const settings = newSettings();
    const table = await openIntel(settings);
    await table.load("ip", entries("old", 100), { replace: true });
    const child = spawn(process.execPath, [CHILD, newFolder(), JSON.stringify(settings)]);
    await written(child, 60_000);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(table.types()).toMatchObject([{ type: "ip", entries: 100 }]);
    expect((await openIntel(settings)).types()).toMatchObject([{ type: "ip", entries: 100 }]);
    await table.load("ip", entries("new", 50), { replace: true });
    const folder = newFolder();
    const tables = await openOn(settings, folder);
    expect((await tables.table("intel")).types()).toMatchObject([{ type: "ip", entries: 50 }]);
    await tables[Symbol.asyncDispose]();
    // Nothing of the other lists is left in the topic, for the broker to keep and every new machine to read.
    const file = openTableFile(join(folder, "intel.mdb"));
    expect(file.entries.getKeysCount({})).toBe(50);
    await file.root.close();
  });

  test("a topic that somebody deletes is told, and the copy is read as it was", async () => {
    const settings = newSettings();
    const folder = newFolder();
    const table = await openIntel(settings, folder);
    await table.put("ip", "10.0.0.1", 1);
    await deleteTopics(settings);
    await expect.poll(() => table.fault?.code, PATIENCE).toBe("TABLE_TOPIC_LOST");
    await expect(table.put("ip", "10.0.0.2", 1)).rejects.toMatchObject({ code: "TABLE_TOPIC_LOST" });
    expect(table.get("ip", "10.0.0.1")).toBe(1);
    await table[Symbol.asyncDispose]();
    const again = await openIntel(settings, folder);
    expect(again.fault).toMatchObject({
      code: "TABLE_TOPIC_LOST",
      message: expect.stringMatching(
        /^table intel stays as it is: its topic .*intel is gone; somebody deleted it/,
      ),
    });
    expect(again.get("ip", "10.0.0.1")).toBe(1);
    // Another topic of the name, as another machine makes it.
    await (await openIntel(settings)).put("ip", "10.0.0.9", 9);
    const third = await openIntel(settings, folder);
    expect(third.fault?.message).toContain("made another of its name");
    expect([...third.range("ip")]).toEqual([{ key: "10.0.0.1", value: 1 }]);
  });

  test("a machine that was away until brokers forgot what was removed reads the table from the beginning", async () => {
    const settings = newSettings();
    const folder = newFolder();
    const away = await openOn(settings, folder);
    const table = await openIntel(settings);
    await table.load("ip", entries("k", 5));
    await (await away.table("intel"))[Symbol.asyncDispose]();
    await soonCompacted(settings);
    await table.delete("ip", "k0");
    await compacted(settings, table, (keys) => !keys.includes("ip/0/k0"));
    const soon = await openOn(settings, folder);
    expect((await soon.table("intel")).get("ip", "k0")).toBeUndefined();
    await soon[Symbol.asyncDispose]();
    expect(await readdir(folder)).toContain("intel.mdb");
  });

  test("a topic whose entries brokers delete by age is refused", async () => {
    const settings = newSettings();
    const admin = adminOf(kafka.brokers);
    await admin.createTopics({ topics: [`${settings.prefix}_${settings.name}.table.intel`], partitions: 1 });
    await admin.close();
    await expect(openIntel(settings)).rejects.toMatchObject({
      code: "KAFKA_REFUSED",
      message: expect.stringContaining("has cleanup.policy=delete"),
    });
  });

  test("a write that is larger than a batch is refused before anything is sent", async () => {
    const table = await openIntel(newSettings());
    const value = "x".repeat(9_000_000);
    const changes = [1, 2].map((key) => ({ type: "t", key: String(key), value }));
    await expect(table.write(changes)).rejects.toMatchObject({ code: "TOO_LARGE" });
    await table.put("t", "1", value);
    expect(table.get("t", "1")).toBe(value);
  });

  /** Has the broker compact the table's topic, and forget what was removed, within moments. */
  async function soonCompacted(settings: KafkaSettings): Promise<void> {
    const admin = adminOf(settings.brokers);
    const set = { "segment.ms": "200", "min.cleanable.dirty.ratio": "0.01", [FORGETS]: "0" };
    await admin.incrementalAlterConfigs({
      resources: [
        {
          resourceType: 2,
          resourceName: `${settings.prefix}_${settings.name}.table.intel`,
          configs: Object.entries(set).map(([name, value]) => ({ name, value, configOperation: 0 })),
        },
      ],
    });
    await admin.close();
  }

  /** Waits until the broker has compacted so far: the last segment stays, so one more entry is written each time. */
  async function compacted(
    settings: KafkaSettings,
    table: Table,
    isDone: (keys: readonly string[]) => boolean,
  ): Promise<void> {
    let count = 0;
    const attempt = async () => {
      await table.put("end", "again", count++);
      return isDone(await keysIn(settings));
    };
    await expect.poll(attempt, { ...PATIENCE, interval: 300 }).toBe(true);
  }

  async function deleteTopics(settings: KafkaSettings): Promise<void> {
    const admin = adminOf(settings.brokers);
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(settings.prefix));
    await admin.deleteTopics({ topics });
    await admin.close();
  }
});

const DAY = 86_400_000;
const FORGETS = "delete.retention.ms";

function entries(prefix: string, count: number): [string, number][] {
  return Array.from({ length: count }, (_, index) => [`${prefix}${index}`, index]);
}

function contentOf(table: Table): unknown {
  return table
    .types()
    .map(({ type }) => [type, [...table.range(type)].map(({ key, value }) => [key, value])]);
}

/** The keys of all records that the topic of a table holds. */
async function keysIn(settings: KafkaSettings): Promise<readonly string[]> {
  await using cluster = new Cluster(settings, () => "");
  const topic = `${settings.prefix}_${settings.name}.table.intel`;
  const { topicId } = await describeTopic(cluster, topic, 1);
  const [from, last] = await boundsOf(cluster, topic, 0);
  const { signal } = new AbortController();
  const fetching = { cluster, context: makeContext(), topic, topicId, partition: 0, from, last, signal };
  const keys: string[] = [];
  for await (const { bytes, places } of fetchBatches(fetching))
    for (const { at, header } of places)
      takeKeyed(bytes, at, header, from, (place) =>
        keys.push(place.bytes.toString("utf8", place.keyStart, place.keyEnd)),
      );
  return keys;
}

/** Changes a table in many ways, the same ones for the same seed. */
async function change(table: Table, seed: number): Promise<void> {
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };
  for (let round = 0; round < 150; round++) {
    const [type, other] = [`t${random(3)}`, `t${random(3)}`];
    const key = `k${random(20)}`;
    const value = `${seed}:${round}`;
    const choice = random(10);
    if (choice < 4) await table.put(type, key, value);
    else if (choice < 6) await table.delete(type, key);
    else if (choice < 8)
      await table.write([
        { type, key, value },
        { type: other, key: `k${random(20)}` },
      ]);
    else if (choice < 9)
      await table.load(
        type,
        Array.from({ length: random(30) }, (_, index): [string, string] => [`k${index}`, value]),
        { replace: true },
      );
    else await table.clear(type);
  }
}

/** Resolves when a child has handed over that many entries. */
async function written(child: ChildProcess, count: number): Promise<void> {
  child.stderr?.pipe(process.stderr);
  for await (const chunk of child.stdout ?? []) if (Number(String(chunk).split("\n").at(-2)) >= count) return;
}
