import { globSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { makeContext } from "../../../core/context.ts";
import { parse } from "../../../query/parse.ts";
import { DAY } from "../blocks/block.ts";
import { describeIndex } from "../testing/describe-index.ts";
import { batchOf, NOON, put } from "../testing/test-batches.ts";
import { openDuckdbIndex } from "./open.ts";
import { openRemoteWriter } from "./remote.ts";

describeIndex("duckdb", async () => {
  const folder = await mkdtemp(join(tmpdir(), "index-"));
  return {
    open: () => openDuckdbIndex(folder, {}, makeContext()),
    join: openRemoteWriter,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
});

test("what is rare is found and counted in all segments, whichever are looked at first", async () => {
  const folder = await mkdtemp(join(tmpdir(), "index-"));
  try {
    await using index = await openDuckdbIndex(folder, { groupRows: 1, firstRows: 10 }, makeContext());
    const writer = await index.writer("one");
    for (let part = 0; part < 12; part++) {
      const messages = Array.from({ length: 10 }, (_, row) => ({
        every: "always",
        third: row % 3 === 0 ? "yes" : "no",
        ...(part % 4 === 1 && row === 5 ? { rare: "here" } : {}),
      }));
      await put(writer, "s", batchOf(messages, part * 10));
      await index.seal();
    }
    const find = async (query: string, size: number) => {
      const { total, messages } = await index.search({ query: parse(query), size });
      return [total, messages.map(({ guid }) => guid)];
    };
    expect(await find("rare:here", 2)).toEqual([3, ["g95", "g55"]]);
    expect(await find("rare:here", 10)).toEqual([3, ["g95", "g55", "g15"]]);
    expect(await find("rare:there", 10)).toEqual([0, []]);
    // A message that meets several parts of an OR is there once.
    expect(await find("rare:here OR guid:g55 OR (guid:g3 AND every:always)", 10)).toEqual([
      4,
      ["g95", "g55", "g15", "g3"],
    ]);
    expect((await find("third:yes", 5))[0]).toBe(48);
    expect((await find("third:yes", 50))[1]).toHaveLength(48);
    expect(await find("every:always", 3)).toEqual([120, ["g119", "g118", "g117"]]);
    const { cursor } = await index.search({ query: parse("rare:here"), size: 1 });
    const next = await index.search({ query: parse("rare:here"), size: 1, ...(cursor ? { cursor } : {}) });
    expect([next.total, next.messages.map(({ guid }) => guid)]).toEqual([3, ["g55"]]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("without pointers to texts it stores the same", async () => {
  const folder = await mkdtemp(join(tmpdir(), "index-"));
  try {
    await using index = await openDuckdbIndex(folder, { pointers: false }, makeContext());
    const writer = await index.writer("one");
    const texts = ["", "short", "twelve bytes", "thirteen byte", "käse 🧀 and much more text"];
    await put(writer, "s", batchOf(texts.map((text) => ({ text, list: [text] }))));
    const check = async () => {
      const found = await index.get(texts.map((_, row) => `g${row}`));
      expect(found.map(({ text }) => text)).toEqual(texts);
      expect(found.map(({ list }) => list)).toEqual(texts.map((text) => [text]));
      expect(await index.count({ query: parse("text:thirteen\\ byte") })).toBe(1);
    };
    await check();
    await index.seal();
    await check();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("small batches, also of several days, become a file of ours for each day", async () => {
  const folder = await mkdtemp(join(tmpdir(), "index-"));
  try {
    await using index = await openDuckdbIndex(folder, {}, makeContext());
    const writer = await index.writer("one");
    for (let part = 0; part < 6; part++) {
      const messages = Array.from({ length: 20 }, (_, row) => ({
        timestamp: NOON + (row % 3) * DAY,
        text: `part ${part}, the text of row ${row}`,
        word: `word ${row % 4}`,
        // Another type than the field has elsewhere, and no value.
        odd: part === 3 ? row : `text ${row}`,
        ...(row === 7 ? { nothing: null } : {}),
      }));
      await put(writer, "s", batchOf(messages, part * 20));
    }
    const page = async () => (await index.search({ size: 1000 })).messages;
    const before = await page();
    expect(before).toHaveLength(120);
    await index.seal();
    expect(await page()).toEqual(before);
    expect((await index.stats()).hot).toBe(0);
    expect(await index.count({ query: parse("odd:>=0") })).toBe(20);
    const paths = globSync("sensor=s/*/*", { cwd: folder }).sort();
    expect(paths.map((path) => path.split("/")[1])).toEqual([
      "day=2026-11-21",
      "day=2026-11-22",
      "day=2026-11-23",
    ]);
    for (const path of paths) expect(await writerOf(join(folder, path))).toEqual([["metron", 1n]]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** Who wrote a Parquet file, and in how many row groups. */
async function writerOf(path: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const result = await connection.runAndReadAll(
    `SELECT created_by, num_row_groups FROM parquet_file_metadata('${path}')`,
  );
  connection.disconnectSync();
  instance.closeSync();
  return result.getRowsJS();
}
