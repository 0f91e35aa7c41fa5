import { existsSync, globSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeContext } from "../../../core/context.ts";
import { parse } from "../../../query/parse.ts";
import { batchOf, put } from "../testing/test-batches.ts";
import { openDuckdbIndex } from "./open.ts";

/** True for every message, and long in telling. */
const SLOW = `NOT (${Array.from({ length: 60 }, (_, n) => `text:*a?c?${n}*a?x*y`).join(" OR ")})`;

test("a file stays until the searches that may read it are done, and goes then", async () => {
  const folder = await mkdtemp(join(tmpdir(), "index-"));
  try {
    await using index = await openDuckdbIndex(folder, { threads: 1 }, makeContext());
    const messages = Array.from({ length: 20_000 }, (_, row) => ({
      text: `${row} ${"abc ".repeat(row % 30)}`,
    }));
    await put(await index.writer("one"), "s", batchOf(messages));
    await index.seal();
    const files = globSync("sensor=s/**/*.parquet", { cwd: folder }).map((file) => join(folder, file));
    expect(files).toHaveLength(1);
    await index.search({ query: parse("text:0*") });
    // Many at once: they wait for one another, so that most of them are not done when the segment is given up.
    const searches = Array.from({ length: 8 }, async () => {
      const { total, problems } = await index.search({ query: parse(SLOW) });
      return { total, problems, isThere: files.every((file) => existsSync(file)) };
    });
    while ((await index.stats()).searches.running === 0) await new Promise((done) => setImmediate(done));
    const removed = await index.retain([{ sensor: "s", bytes: 1 }]);
    expect(removed).toMatchObject({ segments: 1, messages: 20_000 });
    expect(files.filter((file) => existsSync(file))).toEqual([]);
    const total = messages.length;
    // Those that had begun read the file to their end; those that still waited find the messages gone.
    const answers = await Promise.all(searches);
    const begun = answers.filter((answer) => answer.total !== 0);
    expect(begun.length).toBeGreaterThan(0);
    for (const answer of begun) expect(answer).toEqual({ total, problems: [], isThere: true });
    for (const answer of answers) expect(answer.problems).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("what is being made again is not removed meanwhile", async () => {
  const folder = await mkdtemp(join(tmpdir(), "index-"));
  try {
    await using index = await openDuckdbIndex(folder, {}, makeContext());
    await put(await index.writer("one"), "s", batchOf([{ text: "one" }]));
    await index.seal();
    const restoration = index.restore({ everything: true });
    expect(await index.retain([{ sensor: "s", bytes: 1 }])).toMatchObject({ segments: 0 });
    expect(globSync("sensor=s/**/*.parquet", { cwd: folder })).toHaveLength(1);
    await restoration[Symbol.asyncDispose]();
    expect(await index.retain([{ sensor: "s", bytes: 1 }])).toMatchObject({ segments: 1, messages: 1 });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
