import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeContext } from "../../../core/context.ts";
import { parse } from "../../query/parse.ts";
import { describeIndex } from "../describe-index.ts";
import { batchOf, put } from "../test-batches.ts";
import { openDuckdbIndex } from "./open.ts";

describeIndex("duckdb", async () => {
  const folder = await mkdtemp(join(tmpdir(), "index-"));
  return {
    open: () => openDuckdbIndex(folder, {}, makeContext()),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
});

describeIndex("duckdb, each batch a row group", async () => {
  const folder = await mkdtemp(join(tmpdir(), "index-"));
  return {
    open: () => openDuckdbIndex(folder, { groupRows: 1 }, makeContext()),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
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
