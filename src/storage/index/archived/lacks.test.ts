import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { type Moto, startMoto } from "../../../../scripts/cluster/moto.ts";
import { makeContext } from "../../../core/context.ts";
import { parse } from "../../../query/parse.ts";
import { openArchiveStore } from "../../archive/open.ts";
import type { Index } from "../contract.ts";
import { openDuckdbIndex } from "../duckdb/open.ts";
import { pinIndex } from "../segments/backup-index.ts";
import { type GuardedProxy, guardServer } from "../testing/guarded-proxy.ts";
import { pythonWith } from "../testing/python.ts";
import { NOON } from "../testing/test-batches.ts";
import { type Archiving, archived, archiving, localFiles, seal, stats } from "./testing/describe-archive.ts";

const python = pythonWith("moto.server");
const DAY = 86_400_000;
const RULE = [{ sensor: "*", age: DAY }];
let starting: Promise<Moto> | undefined;
let buckets = 0;

afterAll(async () => (await starting)?.[Symbol.asyncDispose]());

type Behind = Archiving & { readonly proxy: GuardedProxy; objects(): Promise<string[]> };

/** An index whose archive is behind a proxy that has faults, with three files of three days that are only in the archive. */
async function behindProxy(days: readonly number[] = [0, 1, 2]): Promise<Behind> {
  starting ??= startMoto(python ?? "");
  const moto = await starting;
  const name = `lacks-${buckets++}`;
  const proxy = await guardServer(moto.url);
  onTestFinished(async () => proxy[Symbol.asyncDispose]());
  const settings = { ...(await moto.bucket(name)), endpoint: proxy.url, authority: proxy.authority };
  const own = await archiving({ kind: "s3", ...settings });
  if (days.length > 0) {
    await using index = await own.open();
    for (const day of days) await seal(index, day * DAY);
    await archived(index);
  }
  if (days.length > 0) {
    await using index = await own.open({ days: 10 });
    await index.retain(RULE);
    expect(localFiles(own.folder)).toEqual([]);
  }
  const objects = async () => {
    const text = await (await fetch(`${moto.url}/${name}?list-type=2`)).text();
    return [...text.matchAll(/<Key>[^<]*(sensor=[^<]*)<\/Key>/g)].map(([, key]) => key ?? "");
  };
  return { ...own, proxy, objects };
}

const isRead = (method: string, path: string) => method === "GET" && path.includes("/sensor");

describe.skipIf(python === undefined)("an answer that lacks archived files", () => {
  test("says that they have no room, and holds the newest", async () => {
    const own = await behindProxy();
    const list = await own.list();
    const [one = 0] = list.files.map(({ bytes }) => bytes);
    await using index = await own.open({ days: 10, limits: { cacheBytes: Math.floor(one * 2.5) } });
    const { total, messages, problems } = await index.search({});
    expect(total).toBe(20);
    expect(messages[0]?.n).toBe(2 * DAY + 9);
    expect(problems).toMatchObject([
      {
        code: "ARCHIVE_UNREAD",
        messages: 10,
        from: NOON,
        to: NOON + 9,
        advice: expect.stringContaining("shorter time"),
      },
    ]);
    expect(problems[0]?.text).toMatch(
      /^10 messages in 1 archived file were not looked at: they do not fit into the \d+ bytes of `archive\.cacheBytes`$/,
    );
    // Each of them alone has room, so what was copied before goes.
    for (const day of [0, 1, 2, 0]) {
      const from = NOON + day * DAY;
      expect(await index.search({ from, to: from + DAY })).toMatchObject({ total: 10, problems: [] });
      const { cache } = await stats(index);
      expect(cache.bytes).toBeLessThanOrEqual(cache.limit);
    }
  });

  test("says that they did not come in time, and is whole once they are there", async () => {
    const own = await behindProxy([0]);
    await using index = await own.open({ days: 10, limits: { patience: 300 } });
    const opened = Promise.withResolvers<void>();
    onTestFinished(() => opened.resolve());
    own.proxy.hold = (method, path) => (isRead(method, path) ? opened.promise : Promise.resolve());
    const asked = new AbortController().signal;
    const other = new AbortController().signal;
    expect(await index.facets({ fields: ["n"], signal: asked })).toMatchObject([{ distinct: 0 }]);
    expect(index.problems({ signal: asked })).toMatchObject([{ code: "ARCHIVE_UNREAD", messages: 10 }]);
    expect(index.problems({ signal: asked })[0]?.text).toMatch(
      /did not come within 0\.3 s \(`archive\.seconds`\)/,
    );
    // Other answers have nothing to do with it.
    expect(index.problems({ signal: other })).toEqual([]);
    expect(index.problems()).toEqual([]);
    const lacking = { code: "ARCHIVE_UNREAD" };
    await expect(index.patch("g3", { set: { note: "seen" } }, "ann")).rejects.toMatchObject(lacking);
    opened.resolve();
    await expect.poll(async () => (await index.search({})).problems, { timeout: 20_000 }).toEqual([]);
    expect(await index.search({})).toMatchObject({ total: 10 });
    expect(await index.patch("g3", { set: { note: "seen" } }, "ann")).toMatchObject({ note: "seen" });
  });

  test("says why the archive cannot be used, and everything else goes on", async () => {
    const own = await behindProxy([0]);
    own.proxy.isCut = true;
    await using index = await own.open({ days: 10 });
    await seal(index, 9.5 * DAY, 5);
    const { total, problems } = await index.search({});
    expect(total).toBe(5);
    expect(problems).toMatchObject([{ code: "ARCHIVE_UNREACHABLE", messages: 10 }]);
    expect(problems[0]?.text).toMatch(
      /^10 messages in 1 archived file were not looked at: the archive at .* cannot be used: /,
    );
    await expect
      .poll(async () => (await stats(index)).failure?.code, { timeout: 20_000 })
      .toBe("ARCHIVE_UNREACHABLE");
    // What is not archived is not dropped, however old.
    expect((await index.retain([{ sensor: "*", age: 1 }])).segments).toBe(0);
    expect((await stats(index)).held).toMatchObject({ files: 1, messages: 5 });
    own.proxy.isCut = false;
    await expect.poll(async () => (await stats(index)).waiting.files, { timeout: 50_000 }).toBe(0);
    expect((await stats(index)).failure).toBeUndefined();
    expect((await index.retain([{ sensor: "*", age: 1 }])).segments).toBe(1);
    expect(await index.search({})).toMatchObject({ total: 15, problems: [] });
    expect((await stats(index)).held.files).toBe(0);
  });

  test("says that a file is damaged in the archive, or gone", async () => {
    const own = await behindProxy([0, 1]);
    await using index = await own.open({ days: 10 });
    const [first = "", second = ""] = (await own.list()).files.map(({ path }) => path);
    const coded = (path: string) => path.split("/").map(encodeURIComponent).join("/");
    own.proxy.answer = (method, path) => {
      if (!isRead(method, path)) return undefined;
      if (path.includes(coded(second))) return { status: 404, body: "<Error><Code>NoSuchKey</Code></Error>" };
      const { bytes = 0 } = { bytes: lengths.get(first) };
      return { status: 200, body: "x".repeat(bytes) };
    };
    const lengths = new Map((await own.list()).files.map(({ path, bytes }) => [path, bytes]));
    const { total, problems } = await index.search({});
    expect(total).toBe(0);
    const damaged = { code: "ARCHIVE_DAMAGED", messages: 10 };
    expect(problems).toMatchObject([damaged, damaged]);
    expect(problems.map(({ text }) => text).sort()).toEqual([
      expect.stringMatching(/its bytes are not those that were archived$/),
      expect.stringMatching(/it is gone$/),
    ]);
    own.proxy.answer = undefined;
    expect(await index.search({})).toMatchObject({ total: 20, problems: [] });
  });

  test("tells of an archive that is configured no more", async () => {
    const own = await behindProxy([0]);
    await using index = await openDuckdbIndex(own.folder, {}, makeContext());
    const { total, problems } = await index.search({ query: parse("n:1") });
    expect(total).toBe(0);
    expect(problems).toMatchObject([{ code: "ARCHIVE_UNREAD", messages: 10 }]);
    expect(problems[0]?.text).toMatch(/an archive that `storage\.archive` does not name any more/);
    expect((await index.stats()).archive).toMatchObject({ isOn: false, only: { messages: 10 } });
  });

  const unsigned: [string, (index: Index) => Promise<unknown>][] = [
    ["count", (index) => index.count({})],
    ["facets", (index) => index.facets({ fields: ["n"] })],
    ["histogram", (index) => index.histogram({ buckets: 4 })],
    ["groups", (index) => index.groups({ by: ["n"] })],
    ["get", (index) => index.get(["g3"])],
  ];
  test("is refused where it cannot say so: whoever gives no signal asks nowhere else", async () => {
    const own = await behindProxy([0]);
    await using index = await openDuckdbIndex(own.folder, {}, makeContext());
    for (const [what, ask] of unsigned)
      await expect(ask(index), what).rejects.toMatchObject({
        code: "ARCHIVE_UNREAD",
        message: expect.stringMatching(/^10 messages in 1 archived file were not looked at: /),
      });
    // What it does not lack is answered all the same.
    expect(await index.count({ from: NOON + DAY })).toBe(0);
  });
});

describe.skipIf(python === undefined)("archiving that was interrupted", () => {
  test("goes on where it was, and leaves nothing behind that does not count", async () => {
    const own = await behindProxy([]);
    {
      await using index = await own.open();
      let manifests = 0;
      own.proxy.answer = (method, path) =>
        method === "PUT" && path.includes("_manifest") && manifests++ >= 0
          ? { status: 503, body: "<Error><Code>SlowDown</Code></Error>" }
          : undefined;
      for (let n = 0; n < 40; n += 10) await seal(index, n);
      await expect.poll(async () => (await own.objects()).length, { timeout: 20_000 }).toBe(4);
      await expect.poll(() => manifests, { timeout: 20_000 }).toBeGreaterThan(0);
      // It ends with files in the archive that no list names, and a merge makes them void.
      await index.compact();
      expect((await stats(index)).archived.files).toBe(0);
    }
    own.proxy.answer = undefined;
    await using index = await own.open();
    await archived(index);
    await expect.poll(async () => (await own.objects()).length, { timeout: 20_000 }).toBe(1);
    const { files } = await own.list();
    expect(files).toMatchObject([{ messages: 40 }]);
    expect(await own.objects()).toEqual([files[0]?.path]);
    // A list that was written while the process ended before it could note that.
    expect(await index.count({})).toBe(40);
  });

  test("names and counts each message once while a merged file is not archived yet", async () => {
    const own = await behindProxy([]);
    await using index = await own.open();
    for (let n = 0; n < 40; n += 10) await seal(index, n);
    await archived(index);
    own.proxy.answer = (method) =>
      method === "PUT" ? { status: 503, body: "<Error><Code>SlowDown</Code></Error>" } : undefined;
    await index.compact();
    expect(localFiles(own.folder)).toHaveLength(1);
    expect(await index.count({})).toBe(40);
    expect(await stats(index)).toMatchObject({
      only: { files: 0 },
      archived: { messages: 40 },
      waiting: { files: 1 },
    });
    expect((await own.list()).files).toHaveLength(4);
    own.proxy.answer = undefined;
    await expect.poll(async () => (await own.list()).files.length, { timeout: 50_000 }).toBe(1);
    expect(await stats(index)).toMatchObject({ only: { files: 0 }, archived: { messages: 40 } });
  });

  test("goes on after a backup was restored, as the archive knows the folder again", async () => {
    const own = await behindProxy([0]);
    const [name, pins] = [join(own.folder, "_archive.json"), join(own.folder, "_pins")];
    const catalogueTo = await mkdtemp(join(tmpdir(), "pinned-"));
    onTestFinished(() => rm(catalogueTo, { recursive: true, force: true }));
    const pinned = await pinIndex(own.folder, { catalogueTo, pins, isWritten: false });
    const { at = "" } = pinned?.files.find(({ path }) => path === "_archive.json") ?? {};
    await rm(name);
    await copyFile(at, name);
    await rm(pins, { recursive: true });
    await using index = await own.open({ days: 10 });
    await seal(index, 9.5 * DAY, 5);
    expect((await archived(index)).archived).toMatchObject({ files: 2, messages: 15 });
  });

  test("finds again what a merged file had that went before it was archived", async () => {
    const own = await behindProxy([]);
    {
      await using index = await own.open();
      for (let n = 0; n < 40; n += 10) await seal(index, n);
      await archived(index);
      own.proxy.answer = (method) =>
        method === "PUT" ? { status: 503, body: "<Error><Code>SlowDown</Code></Error>" } : undefined;
      await index.compact();
      expect(localFiles(own.folder)).toHaveLength(1);
    }
    own.proxy.answer = undefined;
    {
      // Without an archive nothing holds retention up.
      await using index = await openDuckdbIndex(
        own.folder,
        {},
        makeContext({ clock: { now: () => NOON + 10 * DAY } }),
      );
      expect((await index.retain(RULE)).messages).toBe(40);
    }
    await using index = await own.open({ days: 10 });
    expect(await index.search({})).toMatchObject({ total: 40, problems: [] });
    expect((await stats(index)).only).toMatchObject({ files: 4, messages: 40 });
    expect((await own.list()).files).toHaveLength(4);
  });

  test("leaves a file to a rebuild that is damaged here and in the archive", async () => {
    const own = await behindProxy([]);
    {
      await using index = await own.open();
      await seal(index, 0);
      await archived(index);
    }
    const [file = ""] = localFiles(own.folder);
    await writeFile(join(own.folder, file), "damaged");
    own.proxy.answer = (method, path) =>
      isRead(method, path) ? { status: 404, body: "<Error><Code>NoSuchKey</Code></Error>" } : undefined;
    await using index = await own.open();
    await expect
      .poll(
        async () => {
          await using restoration = index.restore({ everything: false });
          return [...(await restoration.missing()).keys()];
        },
        { timeout: 20_000 },
      )
      .toEqual(["web"]);
  });

  test("goes on after the loss of the catalogue, as the guide says", async () => {
    const own = await behindProxy([0]);
    {
      // One file that is in both places, and one that only the archive has.
      await using index = await own.open({ days: 10 });
      await seal(index, 9.5 * DAY, 5);
      await archived(index);
    }
    const { files } = await own.list();
    await rm(join(own.folder, "_catalogue.mdb"));
    await using store = await openArchiveStore(own.store);
    const { signal } = new AbortController();
    for (const { path, bytes } of files) {
      await mkdir(join(own.folder, path, ".."), { recursive: true });
      await writeFile(join(own.folder, path), await store.read(path, 0, bytes, signal));
    }
    await using index = await own.open({ days: 10 });
    await rebuild(index);
    expect(await index.search({})).toMatchObject({ total: 15, problems: [] });
    const failure = async () => (await stats(index)).failure?.message;
    await expect
      .poll(failure, { timeout: 20_000 })
      .toMatch(/names (a file|2 files) that this index does not know/);
    expect((await index.retain(RULE)).messages).toBe(0);

    for (const { path } of files) await store.remove(path, signal);
    await store.remove("_manifest.json", signal);
    await archived(index);
    expect((await own.list()).files.map(({ messages }) => messages).sort()).toEqual([10, 5]);
    expect((await index.retain(RULE)).messages).toBe(10);
    expect(await index.search({})).toMatchObject({ total: 15, problems: [] });
  });
});

/** What `metron index rebuild` does of an index whose topics have no record. */
async function rebuild(index: Index): Promise<void> {
  await using restoration = index.restore({ everything: false });
  await restoration.takeFiles(() => undefined);
  await restoration.missing();
  await restoration.keepRest(() => false);
  await restoration.commit();
}
