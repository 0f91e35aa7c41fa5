import { globSync } from "node:fs";
import { mkdtemp, open, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type LogFields, makeContext } from "../../../core/context.ts";
import { parse } from "../../query/parse.ts";
import { batchOf, put } from "../test-batches.ts";
import { openDuckdbIndex } from "./open.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "index-"));
  folders.push(folder);
  return folder;
}

test("a message is found also when the directory of its file is damaged", async () => {
  const folder = await emptyFolder();
  await using index = await openDuckdbIndex(folder, { groupRows: 1 }, makeContext());
  const writer = await index.writer("one");
  const messages = Array.from({ length: 50 }, (_, row) => ({ number: row, text: `text ${row}` }));
  await put(writer, "s", batchOf(messages));
  await index.seal();
  const before = (await index.search({})).messages;
  const [file = ""] = globSync("sensor=s/**/*.parquet", { cwd: folder });
  const path = join(folder, file);
  const bytes = await readFile(path);
  // The directory ends where the footer begins; the last 8 bytes are the footer's length and the mark of the format.
  const footer = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
  await using handle = await open(path, "r+");
  await handle.write(bytes.subarray(0, 24), 0, 24, footer - 24);
  const after = await index.search({});
  expect(after.problems).toEqual([]);
  expect(after.messages).toEqual(before);
  expect(after.messages).toHaveLength(50);
});

describe("a damaged segment is named and left out, the others are found", () => {
  const damages: [string, (file: string) => Promise<void>, RegExp][] = [
    ["missing", (file) => rm(file), /it is missing/],
    ["cut", (file) => truncate(file, 100), /it has 100 bytes instead of \d+/],
    ["overwritten inside", overwrite, /segment .*\.parquet: /],
    ["no Parquet at all", replaceWithText, /segment .*\.parquet: /],
  ];
  test.each(damages)("%s", async (_what, harm, reason) => {
    const folder = await emptyFolder();
    {
      await using index = await openDuckdbIndex(folder, {}, makeContext());
      const writer = await index.writer("one");
      const text = (row: number) => `${row} some text that takes room ${"x".repeat(row)}`;
      for (let part = 0; part < 3; part++) {
        const messages = Array.from({ length: 100 }, (_, row) => ({ part, text: text(row) }));
        await put(writer, "s", batchOf(messages, part * 100));
        await index.seal();
      }
    }
    const files = globSync("sensor=s/**/*.parquet", { cwd: folder }).sort();
    await harm(join(folder, files[1] as string));
    const logged: LogFields[] = [];
    const log = {
      debug() {},
      info() {},
      warn() {},
      error: (_sentence: string, fields: LogFields = {}) => logged.push(fields),
    };
    await using index = await openDuckdbIndex(folder, {}, makeContext({ log }));
    const found = await index.search({ query: parse("text:*room*"), size: 1000 });
    expect(found.messages).toHaveLength(200);
    expect(found.total).toBe(200);
    expect(found.problems).toHaveLength(1);
    expect(found.problems[0]).toMatch(reason);
    expect(found.problems[0]).toContain(files[1]);
    expect(found.problems[0]).toContain("Restore the file from a backup and restart, or delete it");
    expect((await index.stats()).problems).toEqual(found.problems);
    expect(logged).toEqual([{ code: "STORAGE_CORRUPT", reason: found.problems[0] }]);
    expect(await index.count({ query: parse("part:0 OR part:1 OR part:2") })).toBe(200);
  });
});

test("a damaged catalogue is a clear fault", async () => {
  const folder = await emptyFolder();
  await (await openDuckdbIndex(folder, {}, makeContext()))[Symbol.asyncDispose]();
  await writeFile(join(folder, "catalogue.mdb"), "this is no LMDB file");
  await expect(openDuckdbIndex(folder, {}, makeContext())).rejects.toMatchObject({
    code: "STORAGE_CORRUPT",
    message: expect.stringContaining(join(folder, "catalogue.mdb")),
  });
});

test("without its catalogue the files stay where they are, and it is said what to do", async () => {
  const folder = await emptyFolder();
  {
    await using index = await openDuckdbIndex(folder, {}, makeContext());
    await put(await index.writer("one"), "s", batchOf([{ number: 1 }]));
    await index.seal();
  }
  const files = globSync("sensor=s/**/*.parquet", { cwd: folder });
  expect(files).toHaveLength(1);
  await rm(join(folder, "catalogue.mdb"));
  await expect(openDuckdbIndex(folder, {}, makeContext())).rejects.toMatchObject({
    code: "STORAGE_CORRUPT",
    message: expect.stringMatching(/catalogue\.mdb is missing, and \d+ Parquet files are there.*restore it/),
  });
  expect(globSync("sensor=s/**/*.parquet", { cwd: folder })).toEqual(files);
  await rm(join(folder, "sensor=s"), { recursive: true });
  await using index = await openDuckdbIndex(folder, {}, makeContext());
  expect(await index.count({})).toBe(0);
});

test("a folder in use is refused", async () => {
  const folder = await emptyFolder();
  await using _index = await openDuckdbIndex(folder, {}, makeContext());
  await expect(openDuckdbIndex(folder, {}, makeContext())).rejects.toMatchObject({ code: "STORAGE_LOCKED" });
});

/** Changes bytes of the data, which come before the footer. */
async function overwrite(file: string): Promise<void> {
  const { length } = await readFile(file);
  const handle = await open(file, "r+");
  await handle.write(Buffer.alloc(Math.floor(length / 2) - 8, 0xee), 0, undefined, 8);
  await handle.close();
}

async function replaceWithText(file: string): Promise<void> {
  const { length } = await readFile(file);
  await writeFile(file, "z".repeat(length));
}
