import { globSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type LogFields, makeContext } from "../../../core/context.ts";
import { openDuckdbIndex } from "../duckdb/open.ts";
import { batchOf, NOON, put } from "../testing/test-batches.ts";

type Listed = { path: string; sensor: string; messages: number; bytes: number; from: number; to: number };

const manifestOf = (folder: string): { layout: number; changes: string; files: Listed[] } =>
  JSON.parse(readFileSync(join(folder, "_manifest.json"), "utf8"));
const parquetFiles = (folder: string) => globSync("sensor=*/**/[!_]*.parquet", { cwd: folder }).sort();
const pathsOf = (folder: string) =>
  manifestOf(folder)
    .files.map(({ path }) => path)
    .sort();

test("lists the files that count with what they hold, soon after each change and at the end", async () => {
  const folder = await mkdtemp(join(tmpdir(), "index-"));
  try {
    {
      await using index = await openDuckdbIndex(folder, {}, makeContext());
      const writer = await index.writer("one");
      await put(writer, "s", batchOf([{ n: 1 }, { n: 2 }]));
      await index.seal();
      await expect.poll(() => pathsOf(folder), { timeout: 10_000 }).toEqual(parquetFiles(folder));
      expect(manifestOf(folder)).toMatchObject({ layout: 3, changes: "_changes.jsonl" });
      expect(manifestOf(folder).files).toMatchObject([
        { sensor: "s", messages: 2, from: NOON, to: NOON + 1, bytes: expect.any(Number) },
      ]);
      await put(writer, "other", batchOf([{ n: 3 }], 2));
    }
    expect(
      manifestOf(folder)
        .files.map(({ sensor }) => sensor)
        .sort(),
    ).toEqual(["other", "s"]);
    // One that searches leave out does not count.
    const [damaged = "", whole = ""] = parquetFiles(folder);
    await rm(join(folder, damaged));
    await (await openDuckdbIndex(folder, {}, makeContext()))[Symbol.asyncDispose]();
    expect(pathsOf(folder)).toEqual([whole]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a file that is gone is no longer listed, whatever is merged and removed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "index-"));
  try {
    await using index = await openDuckdbIndex(folder, {}, makeContext());
    const writer = await index.writer("one");
    const seen = new Set<string>();
    let isDone = false;
    const watching = (async () => {
      while (!isDone) {
        for (const path of pathsOf(folder)) seen.add(path);
        const there = new Set(parquetFiles(folder));
        const gone = new Set([...seen].filter((path) => !there.has(path)));
        expect(pathsOf(folder).filter((path) => gone.has(path))).toEqual([]);
        await new Promise((done) => setTimeout(done, 5));
      }
    })();
    for (let round = 0; round < 2; round++) {
      for (let part = 0; part < 4; part++) {
        await put(writer, "s", batchOf([{ n: part }], round * 4 + part));
        await index.seal();
      }
      await expect.poll(() => pathsOf(folder).length, { timeout: 10_000 }).toBeGreaterThan(3);
      await index.compact();
    }
    await index.retain([{ sensor: "s", bytes: 1 }]);
    isDone = true;
    await watching;
    expect(seen.size).toBeGreaterThan(7);
    expect(pathsOf(folder)).toEqual(parquetFiles(folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("that it cannot be written stops nothing, and is told once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "index-"));
  try {
    const told: LogFields[] = [];
    const warn = (_sentence: string, fields: LogFields = {}) => void told.push(fields);
    const log = { ...makeContext().log, warn };
    await mkdir(join(folder, "_manifest.json.new"));
    await using index = await openDuckdbIndex(folder, {}, makeContext({ log }));
    const writer = await index.writer("one");
    for (let part = 0; part < 4; part++) {
      await put(writer, "s", batchOf([{ n: part }], part));
      await index.seal();
    }
    await index.compact();
    expect(parquetFiles(folder)).toHaveLength(1);
    expect(told).toEqual([{ file: join(folder, "_manifest.json"), error: "EISDIR" }]);
    await rm(join(folder, "_manifest.json.new"), { recursive: true });
    await index.retain([{ sensor: "s", bytes: 1 }]);
    expect(pathsOf(folder)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
