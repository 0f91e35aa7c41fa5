import { globSync } from "node:fs";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { type Moto, startMoto } from "../../../../scripts/cluster/moto.ts";
import { makeContext } from "../../../core/context.ts";
import { parse } from "../../../query/parse.ts";
import type { Index } from "../contract.ts";
import { testOpenSearch } from "../opensearch/testing/node.ts";
import { ALERTS_FILE } from "../segments/folder-names.ts";
import { guardServer } from "../testing/guarded-proxy.ts";
import { pythonWith } from "../testing/python.ts";
import { batchOf, guids, NOON, put } from "../testing/test-batches.ts";
import { openAlertCopiesIndex } from "./open.ts";
import { answeredBy, place, whole } from "./testing/place.ts";

const url = (await testOpenSearch()) ?? "";
const python = pythonWith("moto.server");
const ALERTS = "is_alert:true";
const DAY = 86_400_000;
const alert = { is_alert: "true" };
let moto: Moto | undefined;
afterAll(async () => moto?.[Symbol.asyncDispose]());

/** Guids of each file in a range of their own. */
const guidOf = (file: number, n: number) => `${file}0000000-0000-4000-8000-00000000000${n}`;
const copiesOf = async (index: Index) => (await index.stats()).alertCopies;

/** Alerts g0 of sensor a and g1 of sensor b, durable. */
async function fill(index: Index): Promise<void> {
  const writer = await index.writer("one");
  await put(writer, "a", batchOf([alert]));
  await put(writer, "b", batchOf([alert], 1));
  await index.seal();
}

/** Takes the files of a sensor away; the function brings them back. */
async function takeAway(folder: string, sensor: string): Promise<() => Promise<void>> {
  const files = globSync(`sensor=${sensor}/**/[!_]*.parquet`, { cwd: folder }).map((file) =>
    join(folder, file),
  );
  expect(files).toHaveLength(1);
  for (const file of files) await rename(file, `${file}.away`);
  return async () => {
    for (const file of files) await rename(`${file}.away`, file);
  };
}

describe.skipIf(url === "")("copies of alerts, when something fails,", () => {
  test("stay while the files of their messages cannot be read", async () => {
    const { folder, open, copied } = await place(url);
    {
      await using index = await open();
      await fill(index);
      await whole(index);
      expect(await guids(index, ALERTS)).toEqual(["g0", "g1"]);
    }
    const bringBack = await takeAway(folder, "a");
    {
      await using index = await open();
      expect(index.problems()).toMatchObject([{ code: "FILE_UNREADABLE" }]);
      await whole(index);
      await put(await index.writer("two"), "b", batchOf([alert], 2));
      // Its answer comes after what was to be taken away.
      expect(await answeredBy(index, () => guids(index, ALERTS))).toBe("copies");
    }
    expect(await copied()).toEqual(["g0", "g1", "g2"]);
    await bringBack();
  });

  test("are first made of what can be read, once, and of the rest when it can be read", async () => {
    const { folder, open, copied } = await place(url);
    {
      await using index = await openAlertCopiesIndex(
        folder,
        {},
        { nodes: ["http://127.0.0.1:1"], replicas: 0 },
        makeContext(),
      );
      await fill(index);
    }
    await rm(join(folder, ALERTS_FILE));
    const bringBack = await takeAway(folder, "a");
    {
      await using index = await open();
      const failure = {
        code: "FILE_UNREADABLE",
        message: expect.stringMatching(/^copying all alerts: .* of a /),
      };
      await expect.poll(() => copiesOf(index), { timeout: 20_000 }).toMatchObject({ failure });
      await put(await index.writer("two"), "b", batchOf([alert], 2));
      // What comes meanwhile does not pile up.
      await expect.poll(copied, { timeout: 20_000 }).toEqual(["g1", "g2"]);
      await expect
        .poll(() => copiesOf(index), { timeout: 20_000 })
        .toMatchObject({ isWhole: false, waiting: 0, copied: 2, failure });
      expect(await answeredBy(index, () => guids(index, ALERTS))).toBe("files");
    }
    await bringBack();
    await using index = await open();
    await whole(index);
    expect(await copied()).toEqual(["g0", "g1", "g2"]);
    expect(await copiesOf(index)).toMatchObject({ copied: 1 });
  });

  test("let the files answer a search that OpenSearch refuses, and go on to answer the others", async () => {
    const { open } = await place(url);
    await using proxy = await guardServer(url);
    await using index = await open({ nodes: [proxy.url], authority: proxy.authority });
    await fill(index);
    await whole(index);
    const isAsked = (path: string) => path.includes("allow_no_indices");
    const ask = () => answeredBy(index, async () => expect(await guids(index, ALERTS)).toEqual(["g0", "g1"]));
    for (const status of [400, 404, 429]) {
      proxy.answer = (_, path) => (isAsked(path) ? { status, body: "{}" } : undefined);
      expect([status, await ask()]).toEqual([status, "files"]);
      proxy.answer = undefined;
      expect(await copiesOf(index)).toMatchObject({ isWhole: true });
      expect([status, await ask()]).toEqual([status, "copies"]);
    }
    let asked = 0;
    proxy.answer = (_, path) => (isAsked(path) && asked++ >= 0 ? { status: 503, body: "{}" } : undefined);
    expect(await ask()).toBe("files");
    const before = asked;
    proxy.answer = undefined;
    // It is not asked again at once, although copies are made.
    expect(await ask()).toBe("files");
    expect([before > 0, asked]).toEqual([true, before]);
    const state = await copiesOf(index);
    expect(state).toMatchObject({ isWhole: false, unanswered: { code: "INDEX_UNREACHABLE" } });
    expect(state?.failure).toBeUndefined();
  });

  test("are not taken for searchable when a shard does not say so", async () => {
    const { open } = await place(url);
    await using proxy = await guardServer(url);
    await using index = await open({ nodes: [proxy.url], authority: proxy.authority });
    await whole(index);
    const body = JSON.stringify({ _shards: { total: 2, successful: 1, failed: 1 } });
    proxy.answer = (_, path) => (path.includes("_refresh") ? { status: 200, body } : undefined);
    await fill(index);
    expect(await answeredBy(index, () => guids(index, ALERTS))).toBe("files");
    await expect
      .poll(() => copiesOf(index))
      .toMatchObject({ failure: { message: expect.stringContaining("in 1 of 2 shards alone") } });
  });

  test("take fields that are known already into account once", async () => {
    const { prefix, open } = await place(url);
    await using index = await open();
    await whole(index);
    const fields = (from: number, to: number) =>
      Object.fromEntries(Array.from({ length: to - from }, (_, at) => [`f${from + at}`, "x"]));
    const writer = await index.writer("one");
    for (const [offset, more] of [fields(0, 1500), fields(0, 1600)].entries()) {
      await put(writer, "s", batchOf([{ ...alert, ...more }], offset));
      expect(await answeredBy(index, () => guids(index, ALERTS))).toBe("copies");
    }
    const answer = await fetch(`${url}/${prefix}-internal/_doc/${encodeURIComponent("fields/s")}`);
    const { _source } = (await answer.json()) as { _source: { note: { fields: object } } };
    expect(Object.keys(_source.note.fields)).toContain("f1599");
  });

  test("do not keep the end waiting for an OpenSearch that is silent", async () => {
    const { open } = await place(url);
    await using proxy = await guardServer(url);
    const index = await open({ nodes: [proxy.url], authority: proxy.authority });
    await whole(index);
    const asked = Promise.withResolvers<void>();
    proxy.isSilent = (path) => {
      if (!path.startsWith("/_bulk")) return false;
      asked.resolve();
      return true;
    };
    await fill(index);
    await asked.promise;
    await index[Symbol.asyncDispose]();
    proxy.restart();
    await using again = await open();
    await whole(again);
    expect(await guids(again, ALERTS)).toEqual(["g0", "g1"]);
  }, 30_000);

  test("that a copy of the folder has made its own are left to it, and it is told", async () => {
    const { prefix, folder, open, copied } = await place(url);
    await using index = await open();
    await fill(index);
    await whole(index);
    const drill = await mkdtemp(join(tmpdir(), "index-"));
    onTestFinished(() => rm(drill, { recursive: true, force: true }));
    await writeFile(join(drill, "_alerts.json"), await readFile(join(folder, "_alerts.json")));
    await using other = await openAlertCopiesIndex(
      drill,
      {},
      { nodes: [url], prefix, replicas: 0 },
      makeContext(),
    );
    await put(await other.writer("one"), "s", batchOf([alert], 7));
    await whole(other);
    expect(await guids(other, ALERTS)).toEqual(["g7"]);
    await put(await index.writer("two"), "a", batchOf([alert], 2));
    expect(
      await answeredBy(index, async () => expect(await guids(index, ALERTS)).toEqual(["g0", "g1", "g2"])),
    ).toBe("files");
    await expect
      .poll(() => copiesOf(index))
      .toMatchObject({
        failure: {
          code: "INDEX_REFUSED",
          message: expect.stringContaining("were made anew by another process"),
        },
      });
    expect(await copied()).toEqual(["g7"]);
  });

  test.skipIf(python === undefined)(
    "stay when a change is made of one whose archive does not fit in as a whole",
    async () => {
      moto ??= await startMoto(python ?? "");
      const { open, copied } = await place(url);
      const store = { kind: "s3", ...(await moto.bucket("alert-copies")) } as const;
      const archive = { store, cacheBytes: 100e6, patience: 20_000 };
      const at = (days: number) => makeContext({ clock: { now: () => NOON + days * DAY } });
      {
        await using index = await open({}, { archive }, at(3));
        await whole(index);
        for (const day of [0, 1, 2]) {
          const rows = Array.from({ length: 3 }, (_, n) => ({
            ...alert,
            guid: guidOf(day, n),
            timestamp: NOON + day * DAY + n,
          }));
          await put(await index.writer("one"), "a", batchOf(rows, 10 + 3 * day));
          await index.seal();
        }
        await expect
          .poll(async () => (await index.stats()).archive?.waiting.files, { timeout: 50_000 })
          .toBe(0);
        expect(await guids(index, ALERTS)).toHaveLength(9);
      }
      let bytes = 0;
      {
        await using index = await open({}, { archive }, at(10));
        bytes = (await index.stats()).archive?.archived.bytes ?? 0;
        await index.retain([{ sensor: "*", age: DAY }]);
        expect((await index.stats()).archive?.only.files).toBe(3);
      }
      const little = { ...archive, cacheBytes: Math.floor(bytes * 0.8) };
      await using index = await open({}, { archive: little }, at(10));
      await whole(index);
      const before = await copied();
      expect(before).toHaveLength(9);
      await index.patch(guidOf(0, 1), { set: { state: "open" } }, "ann");
      await expect.poll(async () => (await copiesOf(index))?.waiting, { timeout: 20_000 }).toBe(0);
      expect(await copied()).toEqual(before);
      expect(
        await answeredBy(index, async () => {
          const { messages } = await index.search({ query: parse(`${ALERTS} AND state:open`) });
          expect(messages).toMatchObject([{ guid: guidOf(0, 1) }]);
        }),
      ).toBe("copies");
    },
    120_000,
  );
});
