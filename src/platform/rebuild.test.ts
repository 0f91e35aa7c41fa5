import {
  copyFileSync,
  globSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RebuildState } from "../api/rebuild.ts";
import { LOCAL } from "../core/actor.ts";
import { blockOf } from "../core/block.ts";
import { unfinished } from "../storage/index/segments/folder-names.ts";
import type { Platform } from "./platform.ts";
import type { RebuildRequest } from "./rebuild.ts";
import {
  found,
  numbers,
  send,
  type TestPlatforms,
  TWO_WORKERS,
  testPlatforms,
  upTo,
} from "./testing/test-platform.ts";

/** The index made again from real files that are damaged, gone or not listed, and from topics. */

const records = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => {
    const n = from + index;
    return `{"n":${n},"text":"record ${n}","timestamp":${1.7e12 + n}}`;
  });

const parquet = ({ data }: TestPlatforms, sensor = "web") =>
  globSync(`index/sensor=${sensor}/**/*.parquet`, { cwd: data })
    .sort()
    .map((file) => join(data, file));

/** Puts messages into a file of their own. */
async function fill(platform: Platform, lines: readonly string[]): Promise<void> {
  await send(platform, lines);
  await platform.caughtUp();
  await platform.seal();
}

async function rebuilt(platform: Platform, request: Partial<RebuildRequest> = {}): Promise<RebuildState> {
  platform.rebuild.start({ withCurrent: false, forgetLost: false, ...request }, LOCAL);
  await expect.poll(() => platform.rebuild.state.state, { timeout: 30_000 }).not.toBe("running");
  expect(platform.rebuild.state.error).toBeUndefined();
  return platform.rebuild.state;
}

const codes = (platform: Platform) => platform.index.problems().map(({ code }) => code);
const byGuid = (messages: readonly Record<string, unknown>[]) =>
  messages.toSorted((one, other) => (String(one.guid) < String(other.guid) ? -1 : 1));

const overwrite = (path: string) => writeFileSync(path, readFileSync(path).fill(0xa5, 0, 5000));

/** What is rebuilt is the same whoever wrote it; this test has two workers. */
test("a damaged file is made again from the topic: the same messages, with what analysts changed", async () => {
  using platforms = testPlatforms({ global: TWO_WORKERS });
  let before: readonly Record<string, unknown>[] = [];
  let guid = "";
  {
    await using platform = await platforms.open();
    await fill(platform, records(0, 300));
    await fill(platform, [...records(300, 600), "broken"]);
    guid = String((await found(platform, "n:7"))[0]?.guid);
    await platform.index.patch(guid, { set: { alert_status: "OPEN" } }, "ann");
    before = await found(platform);
  }
  const [first = ""] = parquet(platforms);
  overwrite(first);
  overwrite(parquet(platforms, "error")[0] as string);
  await using platform = await platforms.open();
  expect(await numbers(platform)).toEqual(upTo(600).slice(300));
  expect(codes(platform)).toEqual(["FILE_UNREADABLE", "FILE_UNREADABLE"]);
  expect(await platform.sensorStates()).toMatchObject([{ name: "web", stored: 300, unreadable: 300 }]);
  expect(await rebuilt(platform)).toMatchObject({ state: "finished", written: 301, lost: [], unknown: [] });
  expect(codes(platform)).toEqual([]);
  expect(byGuid(await found(platform))).toEqual(byGuid(before));
  expect(await found(platform, "alert_status:OPEN")).toMatchObject([{ guid, n: 7 }]);
  expect(await found(platform, "", "error")).toMatchObject([{ raw_message: "broken" }]);
  expect(globSync("index/_set-aside/**/*.parquet", { cwd: platforms.data })).toHaveLength(2);
  await send(platform, records(600, 700));
  await platform.caughtUp();
  expect(await numbers(platform)).toEqual(upTo(700));
});

test("without the catalogue all is found again, each message once, with what analysts changed", async () => {
  using platforms = testPlatforms();
  let before: readonly Record<string, unknown>[] = [];
  {
    await using platform = await platforms.open();
    await fill(platform, records(0, 300));
    await fill(platform, [...records(300, 600), "broken"]);
    const [message] = await found(platform, "n:7");
    await platform.index.patch(String(message?.guid), { set: { alert_status: "OPEN" } }, "ann");
    before = await found(platform);
  }
  truncateSync(join(platforms.data, "index/_catalogue.mdb"), 0);
  {
    await using platform = await platforms.open();
    expect(codes(platform)).toEqual(expect.arrayContaining(["FILES_UNLISTED", "CATALOGUE_LOST"]));
    expect(await platform.status()).toMatchObject({ health: "degraded" });
    await fill(platform, records(600, 700));
    // What was read is not read again, as the topics remember how far it was.
    expect(await numbers(platform)).toEqual(upTo(700).slice(600));
  }
  await using platform = await platforms.open();
  expect(await rebuilt(platform)).toMatchObject({ state: "finished", adopted: 601, written: 0, lost: [] });
  expect(codes(platform)).toEqual([]);
  expect(await numbers(platform)).toEqual(upTo(700));
  expect(byGuid(await found(platform, "n:<600"))).toEqual(byGuid(before));
  expect(await found(platform, "", "error")).toHaveLength(1);
});

test("without the catalogue and what the topics remember, what is read again is not there twice", async () => {
  using platforms = testPlatforms();
  {
    await using platform = await platforms.open();
    await fill(platform, records(0, 300));
  }
  rmSync(join(platforms.data, "index/_catalogue.mdb"));
  rmSync(join(platforms.data, "topics/consumers.mdb"));
  await using platform = await platforms.open();
  await platform.caughtUp();
  expect(await numbers(platform)).toEqual(upTo(300));
  expect(await rebuilt(platform)).toMatchObject({ state: "finished", written: 0 });
  expect(await numbers(platform)).toEqual(upTo(300));
  expect(codes(platform)).toEqual([]);
});

test("after an older catalogue nothing is missing and nothing is there twice", async () => {
  using platforms = testPlatforms();
  const catalogue = join(platforms.data, "index/_catalogue.mdb");
  {
    await using platform = await platforms.open();
    for (let part = 0; part < 3; part++) await fill(platform, records(part * 100, part * 100 + 100));
  }
  copyFileSync(catalogue, join(platforms.folder, "backup"));
  {
    await using platform = await platforms.open();
    await fill(platform, records(300, 400));
    await platform.index.compact();
    expect(parquet(platforms)).toHaveLength(1);
    await fill(platform, records(400, 500));
  }
  copyFileSync(join(platforms.folder, "backup"), catalogue);
  await using platform = await platforms.open();
  expect(new Set(codes(platform))).toEqual(new Set(["FILE_UNREADABLE", "FILES_UNLISTED"]));
  expect(await rebuilt(platform)).toMatchObject({ state: "finished", lost: [] });
  expect(codes(platform)).toEqual([]);
  expect(await numbers(platform)).toEqual(upTo(500));
});

const SENSOR = (word: string) =>
  `sensor: web\nparser: { jsonMap: {} }\ntransforms: [ { STELLAR: { word: "'${word}'" } } ]\n`;

test("messages are made by the documents in force when they were stored, or by the present ones if asked for", async () => {
  using platforms = testPlatforms({ sensors: { web: SENSOR("one") } });
  {
    await using platform = await platforms.open();
    await fill(platform, records(0, 100));
    await platform.publish([{ kind: "sensor", name: "web", text: SENSOR("two") }], {
      ...{ author: "test", at: Date.now() },
    });
    await fill(platform, records(100, 200));
  }
  for (const file of parquet(platforms)) overwrite(file);
  await using platform = await platforms.open();
  const words = async () =>
    (await platform.index.facets({ fields: ["word"], sensors: ["web"] }))[0]?.values.toSorted((a, b) =>
      a.value < b.value ? -1 : 1,
    );
  expect(await words()).toEqual([]);
  expect(await rebuilt(platform)).toMatchObject({ state: "finished", written: 200, lost: [] });
  expect(await words()).toEqual([
    { value: "one", count: 100 },
    { value: "two", count: 100 },
  ]);
  expect(await rebuilt(platform, { withCurrent: true })).toMatchObject({ state: "finished", written: 200 });
  expect(await words()).toEqual([{ value: "two", count: 200 }]);
  expect(await numbers(platform)).toEqual(upTo(200));
});

test("what no topic holds any more is taken from readable parts of files, and the rest is counted", async () => {
  using platforms = testPlatforms({ global: "workers: 1\nseal: { seconds: 60 }\n" });
  {
    await using platform = await platforms.open();
    // Two row groups, and a file beside.
    await send(platform, records(0, 2500));
    await send(platform, records(2500, 5000));
    await platform.caughtUp();
    await platform.seal();
    await fill(platform, records(5000, 5100));
  }
  const [first = ""] = parquet(platforms);
  overwrite(first);
  rmSync(join(platforms.data, "topics/web"), { recursive: true });
  await using platform = await platforms.open();
  const state = await rebuilt(platform);
  expect(state).toMatchObject({ state: "finished", written: 2500, salvaged: 2500 });
  expect(state.lost).toMatchObject([{ sensor: "web", messages: 2500 }]);
  expect(await numbers(platform)).toEqual(upTo(5100).slice(2500));
  expect(platform.index.problems()).toMatchObject([{ code: "MESSAGES_LOST", sensor: "web", messages: 2500 }]);
  // The topic goes on behind what the index has read of it.
  await fill(platform, records(5100, 5200));
  expect(await numbers(platform)).toEqual(upTo(5200).slice(2500));
  platform.rebuild.start({ withCurrent: false, forgetLost: true }, LOCAL);
  expect(await platform.rebuild.stop(LOCAL)).toMatchObject({ state: "stopped" });
  expect(codes(platform)).toEqual(["MESSAGES_LOST"]);
  await rebuilt(platform, { forgetLost: true });
  expect(codes(platform)).toEqual([]);
});

test("a rebuild that is stopped changes nothing, and only one runs at a time", async () => {
  using platforms = testPlatforms();
  {
    await using platform = await platforms.open();
    await fill(platform, records(0, 300));
  }
  overwrite(parquet(platforms)[0] as string);
  {
    await using platform = await platforms.open();
    platform.rebuild.start({ withCurrent: false, forgetLost: false }, LOCAL);
    expect(() => platform.rebuild.start({ withCurrent: false, forgetLost: false }, LOCAL)).toThrow(
      "running already",
    );
    expect(await platform.rebuild.stop(LOCAL)).toMatchObject({ state: "stopped" });
    expect(codes(platform)).toContain("FILE_UNREADABLE");
  }
  await using platform = await platforms.open();
  expect(await rebuilt(platform)).toMatchObject({ state: "finished" });
  expect(await numbers(platform)).toEqual(upTo(300));
});

test("a rebuild that does not end leaves the drafts it found", async () => {
  using platforms = testPlatforms();
  {
    await using platform = await platforms.open();
    await fill(platform, records(0, 100));
    await fill(platform, records(100, 200));
  }
  rmSync(join(platforms.data, "index/_catalogue.mdb"));
  // A kill between the catalogue and the name: what lists this draft is the catalogue that is gone.
  const [, second = ""] = parquet(platforms);
  renameSync(second, unfinished(second));
  rmSync(join(platforms.data, "topics/web"), { recursive: true });
  {
    await using platform = await platforms.open();
    const restoration = platform.index.restore({ everything: false });
    await restoration.takeFiles(() => {});
    await restoration[Symbol.asyncDispose]();
  }
  await using platform = await platforms.open();
  expect(await rebuilt(platform)).toMatchObject({ state: "finished", files: 2, lost: [] });
  expect(await numbers(platform)).toEqual(upTo(200));
});

test("what is lost is counted too when all else is made again", async () => {
  using platforms = testPlatforms({ global: "workers: 1\nseal: { seconds: 60 }\n" });
  const start = Date.now();
  {
    await using platform = await platforms.open();
    // Two files whose guids lie among each other, the first of two row groups.
    for (const [part, arrival] of [0, 20].entries())
      await platform.ingest("web", blockOf(records(part * 2500, part * 2500 + 2500), start + arrival));
    await platform.caughtUp();
    await platform.seal();
    await platform.ingest("web", blockOf(records(5000, 7500), start + 10));
    await platform.caughtUp();
    await platform.seal();
  }
  overwrite(parquet(platforms)[0] as string);
  rmSync(join(platforms.data, "topics/web"), { recursive: true });
  await using platform = await platforms.open();
  const state = await rebuilt(platform, { withCurrent: true });
  expect(state).toMatchObject({ state: "finished", written: 5000, salvaged: 2500 });
  expect(state.lost).toMatchObject([{ sensor: "web", messages: 2500 }]);
  expect(codes(platform)).toEqual(["MESSAGES_LOST"]);
  expect(await numbers(platform)).toEqual(upTo(7500).slice(2500));
});

test("messages that are made again have all their fields, however many names there were before", async () => {
  using platforms = testPlatforms({ global: "workers: 1\nseal: { seconds: 60 }\n" });
  const names = (n: number) => Object.fromEntries(Array.from({ length: 1000 }, (_, k) => [`f${n}_${k}`, k]));
  {
    await using platform = await platforms.open();
    for (let n = 0; n < 20; n++) await send(platform, [JSON.stringify({ n, ...names(n) })]);
    await platform.caughtUp();
    await platform.seal();
  }
  for (const file of parquet(platforms)) overwrite(file);
  await using platform = await platforms.open();
  expect(await rebuilt(platform)).toMatchObject({ written: 20, lost: [] });
  expect(await found(platform, "n:19")).toMatchObject([names(19)]);
}, 60_000);
