import { globSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { makeContext } from "../../../../core/context.ts";
import { parse } from "../../../../query/parse.ts";
import type { ArchiveOptions, ArchiveSettings } from "../../../archive/contract.ts";
import { openArchiveStore } from "../../../archive/open.ts";
import type { Index } from "../../contract.ts";
import { openDuckdbIndex } from "../../duckdb/open.ts";
import type { DuckdbOptions } from "../../duckdb/settings.ts";
import type { ArchiveStats } from "../../stats.ts";
import { batchOf, NOON, put } from "../../testing/test-batches.ts";

const { signal } = new AbortController();
const DAY = 86_400_000;
const LIMITS = { cacheBytes: 100e6, patience: 20_000 };
const RULE = [{ sensor: "*", age: DAY }];

type Listed = {
  readonly owner: string;
  readonly changes: string;
  readonly files: readonly { path: string; sensor: string; messages: number; bytes: number }[];
};

/** An index in a folder of its own that archives to a store of its own. */
export type Archiving = {
  readonly folder: string;
  readonly store: ArchiveSettings;
  /** Opens the index once more; the one before must be disposed of. Its time is days after the messages' noon. */
  open(options?: DuckdbOptions & { days?: number; limits?: Partial<ArchiveOptions> }): Promise<Index>;
  /** What the archive's list says. */
  list(): Promise<Listed>;
};

/** @param settings of a store that is empty. */
export async function archiving(settings: ArchiveSettings): Promise<Archiving> {
  const folder = await mkdtemp(join(tmpdir(), "archiving-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return {
    folder,
    store: settings,
    async open({ days = 0, limits = {}, ...options } = {}) {
      const archive = { store: settings, ...LIMITS, ...limits };
      const clock = { now: () => NOON + days * DAY };
      const index = await openDuckdbIndex(folder, { archive, ...options }, makeContext({ clock }));
      onTestFinished(async () => index[Symbol.asyncDispose]());
      return index;
    },
    async list() {
      await using store = await openArchiveStore(settings);
      return JSON.parse((await store.readManifest(signal))?.text ?? '{"files":[]}') as Listed;
    },
  };
}

/** Writes messages `n` to `n + count - 1` of a sensor and seals them as a file. */
export async function seal(index: Index, n: number, count = 10, sensor = "web"): Promise<void> {
  const writer = await index.writer(`${sensor}-${n}`);
  const messages = Array.from({ length: count }, (_, at) => ({
    n: n + at,
    original_string: `message ${n + at} of ${sensor}`,
  }));
  await put(writer, sensor, batchOf(messages, n, sensor));
  await index.seal();
}

export async function stats(index: Index): Promise<ArchiveStats> {
  return (await index.stats()).archive as ArchiveStats;
}

/** Resolves when nothing waits to be archived any more. */
export async function archived(index: Index): Promise<ArchiveStats> {
  await expect
    .poll(async () => (await stats(index)).waiting.files, { timeout: 50_000, interval: 50 })
    .toBe(0);
  return stats(index);
}

export const localFiles = (folder: string) => globSync("sensor=*/**/[!_]*.parquet", { cwd: folder });

const messagesOf = (list: Listed) => list.files.reduce((sum, { messages }) => sum + messages, 0);

/** What an index promises that archives. @param settings of an empty store for each test. */
export function describeArchive(name: string, settings: () => Promise<ArchiveSettings>): void {
  describe(`archiving to ${name}`, () => {
    test("every sealed file is archived, named in the list, and found by its path", async () => {
      const own = await archiving(await settings());
      const index = await own.open();
      await seal(index, 0);
      await seal(index, 10, 10, "odd name/%");
      const { archived: amount, uploadedBytes } = await archived(index);
      expect(amount).toMatchObject({ files: 2, messages: 20 });
      expect(uploadedBytes).toBe(amount.bytes);
      const list = await own.list();
      expect(list).toMatchObject({ layout: 3, changes: "_changes.jsonl", owner: expect.any(String) });
      await using store = await openArchiveStore(own.store);
      for (const { path, bytes } of list.files) {
        expect(path).toMatch(/^sensor=[^/]+\/day=2026-11-21\/[0-9a-f]{32}\.parquet$/);
        expect(Buffer.from(await store.read(path, 0, bytes, signal)).toString("latin1", 0, 4)).toBe("PAR1");
      }
      // What makes other engines see all columns is there as well.
      for (const companion of ["columns.parquet", "_common_metadata"])
        await expect
          .poll(async () => (await store.read(companion, 0, 4, signal).catch(() => "")).length, {
            timeout: 20_000,
          })
          .toBe(4);
    });

    test("merged files take the place of those they were made of, and each message is named once", async () => {
      const own = await archiving(await settings());
      const index = await own.open();
      for (let n = 0; n < 40; n += 10) await seal(index, n);
      await archived(index);
      const before = await own.list();
      expect(before.files).toHaveLength(4);
      await index.compact();
      await archived(index);
      await expect.poll(async () => (await own.list()).files.length, { timeout: 20_000 }).toBe(1);
      expect(messagesOf(await own.list())).toBe(40);
      await using store = await openArchiveStore(own.store);
      for (const { path } of before.files)
        await expect
          .poll(() => store.read(path, 0, 4, signal).catch(({ code }) => code), { timeout: 20_000 })
          .toBe("ARCHIVE_DAMAGED");
      expect(await index.count({})).toBe(40);
    });

    test("what this machine drops stays in the archive and is found there, also after a restart", async () => {
      const own = await archiving(await settings());
      {
        await using index = await own.open();
        await seal(index, 0);
        await archived(index);
        await index.patch("g3", { set: { note: "seen" } }, "ann");
      }
      {
        await using index = await own.open({ days: 3 });
        await seal(index, 3 * DAY, 5);
        await archived(index);
        expect(await index.retain(RULE)).toMatchObject({ segments: 1, messages: 10 });
        expect(localFiles(own.folder)).toHaveLength(1);
        expect((await stats(index)).only).toMatchObject({ files: 1, messages: 10 });
        await found(index);
      }
      await using index = await own.open({ days: 3 });
      await found(index);
      expect(messagesOf(await own.list())).toBe(15);
    });

    async function found(index: Index): Promise<void> {
      const old = { query: parse("n:<100") };
      const result = await index.search(old);
      expect(result).toMatchObject({ total: 10, problems: [] });
      expect(result.messages.map(({ n }) => n)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
      expect((await index.search({ query: parse("note:seen") })).messages).toMatchObject([{ n: 3 }]);
      expect((await index.search({ query: parse('"message 7 of web"') })).total).toBe(1);
      expect(await index.count({})).toBe(15);
      const [facet] = await index.facets({ fields: ["n"], size: 3 });
      expect(facet?.distinct).toBe(15);
      expect((await index.histogram({ buckets: 4 })).buckets.reduce((sum, { count }) => sum + count, 0)).toBe(
        15,
      );
      expect(await index.get(["g2"])).toMatchObject([{ n: 2 }]);
      expect(await index.patch("g4", { set: { other: "x" } }, "ann")).toMatchObject({ n: 4, other: "x" });
      expect((await index.search({ query: parse("other:x") })).total).toBe(1);
      expect(index.problems()).toEqual([]);
    }

    test("what was written before and is only in the archive is not stored a second time", async () => {
      const own = await archiving(await settings());
      {
        await using index = await own.open();
        await seal(index, 0);
        await archived(index);
      }
      await using index = await own.open({ days: 3 });
      await index.retain(RULE);
      expect(localFiles(own.folder)).toEqual([]);
      const writer = await index.writer("again");
      await put(writer, "web", batchOf([{ n: 0 }, { n: 1 }], 0, ""));
      await index.seal();
      expect(await index.count({})).toBe(10);
    });

    test("changes by analysts are archived", async () => {
      const own = await archiving(await settings());
      await using index = await own.open();
      await seal(index, 0);
      await index.patch("g3", { set: { note: "seen" } }, "ann");
      await using store = await openArchiveStore(own.store);
      const line = readFileSync(join(own.folder, "_changes.jsonl"));
      await expect
        .poll(
          async () =>
            Buffer.from(
              await store.read("_changes.jsonl", 0, line.length, signal).catch(() => Buffer.alloc(0)),
            ).toString(),
          { timeout: 20_000 },
        )
        .toBe(line.toString());
    });

    test("the archive has a retention of its own", async () => {
      const own = await archiving(await settings());
      {
        await using index = await own.open();
        await seal(index, 0);
        await archived(index);
      }
      {
        await using index = await own.open({ days: 3, limits: { retention: 10 * DAY } });
        await index.retain(RULE);
        expect(await index.count({})).toBe(10);
        expect((await own.list()).files).toHaveLength(1);
      }
      await using index = await own.open({ days: 12, limits: { retention: 10 * DAY } });
      await expect.poll(async () => (await own.list()).files.length, { timeout: 20_000 }).toBe(0);
      await expect.poll(async () => (await stats(index))?.archived.files, { timeout: 20_000 }).toBe(0);
      expect(await index.count({})).toBe(0);
    });

    test("a damaged file of this machine is brought back from the archive", async () => {
      const own = await archiving(await settings());
      {
        await using index = await own.open();
        await seal(index, 0);
        await archived(index);
      }
      const [file = ""] = localFiles(own.folder);
      await writeFile(join(own.folder, file), "damaged");
      await using index = await own.open();
      await expect.poll(() => index.problems(), { timeout: 20_000 }).toEqual([]);
      expect(await index.count({})).toBe(10);
    });

    test("an archive of another installation is left alone, and files wait", async () => {
      const store = await settings();
      const first = await archiving(store);
      await using index = await first.open();
      await seal(index, 0);
      await archived(index);
      const other = await archiving(store);
      await using second = await other.open({ days: 3 });
      await seal(second, 0);
      await expect
        .poll(async () => (await stats(second)).failure?.message, { timeout: 20_000 })
        .toMatch(/is that of another installation/);
      expect((await second.retain(RULE)).segments).toBe(0);
      expect((await stats(second)).held).toMatchObject({ files: 1, messages: 10 });
      expect(messagesOf(await first.list())).toBe(10);
    });
  });
}
