import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openConfigStore } from "./store.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "metron-config-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const by = { author: "ann", at: 1000, note: "why" };
const web = (text: string | null, base?: number) =>
  ({ kind: "sensor", name: "web", text, ...(base === undefined ? {} : { base }) }) as const;

test("versions are counted by document, stay, and survive the process", async () => {
  {
    await using store = openConfigStore(folder);
    await store.publish([web("one"), { kind: "global", name: "global", text: "g" }], by);
    await store.publish([web("two")], by);
    await store.publish([web(null)], by);
    await store.publish([web("three")], by);
  }
  await using store = openConfigStore(folder);
  expect(store.revision()).toBe(4);
  expect(store.get("sensor", "web")).toEqual({
    kind: "sensor",
    name: "web",
    version: 4,
    text: "three",
    ...by,
  });
  expect(store.get("sensor", "web", 2)?.text).toBe("two");
  expect(store.history("sensor", "web").map(({ version, text }) => [version, text])).toEqual([
    [4, "three"],
    [3, null],
    [2, "two"],
    [1, "one"],
  ]);
  expect(store.list().map(({ kind, name }) => `${kind}/${name}`)).toEqual(["global/global", "sensor/web"]);
});

test("a removed document is not in force, but its history is there", async () => {
  await using store = openConfigStore(folder);
  await store.publish([web("one")], by);
  await store.publish([web(null)], by);
  expect(store.get("sensor", "web")).toBeUndefined();
  expect(store.list("sensor")).toEqual([]);
  expect(store.history("sensor", "web")).toHaveLength(2);
});

test("a change made from an older version is refused, and nothing published with it", async () => {
  await using store = openConfigStore(folder);
  await store.publish([web("one", 0)], by);
  const both = [{ kind: "sensor", name: "asa", text: "a" }, web("two", 0)] as const;
  await expect(store.publish(both, by)).rejects.toMatchObject({
    code: "CONFIG_CONFLICT",
    message: "publishing sensor/web: made from version 0, but 1 is in force",
  });
  expect(store.get("sensor", "asa")).toBeUndefined();
  expect(store.revision()).toBe(1);
});

test("of publishes at one time each sees the one before, and only one wins from the same version", async () => {
  await using store = openConfigStore(folder);
  const all = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) => store.publish([web(`${n}`, 0)], by)),
  );
  expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  await Promise.all(Array.from({ length: 20 }, (_, n) => store.publish([web(`${n}`)], by)));
  expect(store.history("sensor", "web").map(({ version }) => version)).toEqual(
    Array.from({ length: 21 }, (_, n) => 21 - n),
  );
});

test("listeners hear of what is durable, until they leave", async () => {
  await using store = openConfigStore(folder);
  const heard: unknown[] = [];
  const leave = store.watch((versions) => heard.push(...versions.map(({ version }) => version)));
  await store.publish([web("one")], by);
  leave();
  await store.publish([web("two")], by);
  expect(heard).toEqual([1]);
});

test("a damaged file is refused with its name", async () => {
  {
    await using store = openConfigStore(folder);
    await store.publish([web("one")], by);
  }
  const file = join(folder, "config.mdb");
  writeFileSync(file, readFileSync(file).fill(7));
  expect(() => openConfigStore(folder)).toThrow(file);
});
