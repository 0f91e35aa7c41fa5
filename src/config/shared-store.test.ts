/** Configuration that several processes share through a real Kafka, each with a folder of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { makeContext, silentLog } from "../core/context.ts";
import type { KafkaSettings } from "../storage/kafka/settings.ts";
import { openSharedLog } from "../storage/storage.ts";
import {
  adminOf,
  type KafkaAddress,
  ownSettings,
  readTestSecret,
  removeTopics,
  testKafka,
} from "../storage/topic/kafka/testing/brokers.ts";
import { openSharedConfigStore, type SharedConfigStore } from "./shared-store.ts";

const address = await testKafka();
const by = { author: "ann", at: 1000, note: "why" };
const web = (text: string | null, base?: number) =>
  ({ kind: "sensor", name: "web", text, ...(base === undefined ? {} : { base }) }) as const;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "metron-config-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function openOn(settings: KafkaSettings, folder = newFolder()): Promise<SharedConfigStore> {
  const access = { settings, readSecret: readTestSecret };
  const store = await openSharedConfigStore(
    folder,
    (keeper) => openSharedLog("configuration", access, keeper, makeContext()),
    silentLog,
  );
  cleanups.push(() => store[Symbol.asyncDispose]());
  return store;
}

describe.skipIf(address === undefined)("a shared configuration", () => {
  const settingsOf = () => {
    const settings = ownSettings(address as KafkaAddress);
    cleanups.push(() => removeTopics(settings));
    return settings;
  };

  test("has the same versions everywhere, and on a machine that comes later", async () => {
    const settings = settingsOf();
    const [one, other] = [await openOn(settings), await openOn(settings)];
    await one.publish([web("one"), { kind: "global", name: "global", text: "g" }], by);
    await expect.poll(() => other.get("sensor", "web")?.text).toBe("one");
    const told: unknown[] = [];
    one.watch((versions) => told.push(...versions.map(({ text }) => text)));
    await other.publish([web("two")], by);
    await expect.poll(() => told).toEqual(["two"]);
    await other.publish([web(null)], by);
    await expect.poll(() => one.revision()).toBe(3);
    const later = await openOn(settings);
    for (const store of [other, later]) {
      expect(store.revision()).toBe(3);
      expect(store.list()).toEqual(one.list());
      expect(store.history("sensor", "web")).toEqual(one.history("sensor", "web"));
    }
  });

  test("takes one of two changes that were made from the same version, the same one everywhere", async () => {
    const settings = settingsOf();
    const stores = [await openOn(settings), await openOn(settings), await openOn(settings)];
    for (let round = 0; round < 20; round++) {
      const outcomes = await Promise.allSettled(
        stores.map((store, index) => store.publish([web(`${index} of ${round}`, round)], by)),
      );
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const store of stores) await expect.poll(() => store.revision()).toBe(round + 1);
      expect(new Set(stores.map((store) => store.get("sensor", "web")?.text)).size).toBe(1);
    }
    const later = await openOn(settings);
    expect(later.history("sensor", "web")).toEqual(stores[0]?.history("sensor", "web"));
  });

  test("goes on where its copy was, and brings nothing twice", async () => {
    const settings = settingsOf();
    const folder = newFolder();
    const away = await openOn(settings, folder);
    const store = await openOn(settings);
    await store.publish([web("one")], by);
    await expect.poll(() => away.revision()).toBe(1);
    await away[Symbol.asyncDispose]();
    await store.publish([web("two")], by);
    const again = await openOn(settings, folder);
    expect(again.history("sensor", "web").map(({ version, text }) => [version, text])).toEqual([
      [2, "two"],
      [1, "one"],
    ]);
  });

  test("a log that somebody deletes is told, and what was published stays in force", async () => {
    const settings = settingsOf();
    const folder = newFolder();
    const store = await openOn(settings, folder);
    await store.publish([web("one")], by);
    await removeTopics(settings);
    await expect.poll(() => store.fault?.code, { timeout: 30_000 }).toBe("TABLE_TOPIC_LOST");
    await expect(store.publish([web("two")], by)).rejects.toMatchObject({ code: "TABLE_TOPIC_LOST" });
    await store[Symbol.asyncDispose]();
    const again = await openOn(settings, folder);
    expect(again.fault?.message).toMatch(/^the configuration stays as it is: its topic .* is gone/);
    expect(again.get("sensor", "web")?.text).toBe("one");
  });

  test("records that somebody deleted are missed", async () => {
    const settings = settingsOf();
    const store = await openOn(settings);
    await store.publish([web("one")], by);
    await store.publish([web("two")], by);
    const admin = adminOf(settings.brokers);
    const name = `${settings.prefix}_${settings.name}.configuration`;
    await admin.deleteRecords({ topics: [{ name, partitions: [{ partition: 0, offset: 1n }] }] });
    await admin.close();
    expect((await openOn(settings)).fault?.message).toMatch(
      /somebody deleted the records of topic .* before 1/,
    );
  });
});
