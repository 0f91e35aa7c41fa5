import { globSync } from "node:fs";
import { copyFile, mkdtemp, open, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type LogFields, makeContext } from "../../../core/context.ts";
import { parse } from "../../../query/parse.ts";
import { unfinished } from "../segments/folder-names.ts";
import { batchOf, NOON, put } from "../testing/test-batches.ts";
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

/** Three files of 100 messages each, in the order they were written. */
async function threeFiles(folder: string): Promise<string[]> {
  await using index = await openDuckdbIndex(folder, {}, makeContext());
  const writer = await index.writer("one");
  const text = (row: number) => `${row} some text that takes room ${"x".repeat(row)}`;
  for (let part = 0; part < 3; part++) {
    const messages = Array.from({ length: 100 }, (_, row) => ({ part, text: text(row) }));
    await put(writer, "s", batchOf(messages, part * 100));
    await index.seal();
  }
  return parquetFiles(folder);
}

const parquetFiles = (folder: string) => globSync("sensor=*/**/*.parquet", { cwd: folder }).sort();

describe("a damaged segment is named and left out, the others are found", () => {
  const damages: [string, (file: string) => Promise<void>, RegExp][] = [
    ["missing", (file) => rm(file), /it is missing/],
    ["empty", (file) => truncate(file, 0), /it has 0 bytes instead of \d+/],
    ["cut", (file) => truncate(file, 100), /it has 100 bytes instead of \d+/],
    ["overwritten inside", overwrite, /its bytes are not those that were written/],
    ["changed in one bit of a page", flipBit(0.3), /its bytes are not those that were written/],
    ["changed in one bit of its footer", flipBit(0.995), /its bytes are not those that were written/],
    ["no Parquet at all", replaceWithText, /its bytes are not those that were written/],
  ];
  test.each(damages)("%s", async (_what, harm, reason) => {
    const folder = await emptyFolder();
    const file = (await threeFiles(folder))[1] as string;
    const good = await readFile(join(folder, file));
    await harm(join(folder, file));
    const logged: LogFields[] = [];
    const log = {
      debug() {},
      info() {},
      warn() {},
      error: (_sentence: string, fields: LogFields = {}) => logged.push(fields),
    };
    {
      await using index = await openDuckdbIndex(folder, {}, makeContext({ log }));
      // A count that touches nothing of the file knows of it as well as a search that reads it.
      expect(await index.count({})).toBe(200);
      const found = await index.search({ query: parse("text:*room*"), size: 1000 });
      expect(found.messages).toHaveLength(200);
      expect(found.total).toBe(200);
      expect(found.problems).toMatchObject([
        {
          code: "FILE_UNREADABLE",
          text: expect.stringMatching(reason),
          advice: expect.stringContaining("metron index rebuild"),
          ...{ sensor: "s", file: join(folder, file), messages: 100, from: NOON + 100, to: NOON + 199 },
        },
      ]);
      expect(found.problems[0]?.text).toContain("100 messages of s from 2026-11-21T12:00:00.100Z to");
      expect(await index.stats()).toMatchObject({ messages: 200, problems: found.problems });
      expect(logged).toMatchObject([{ code: "FILE_UNREADABLE", reason: expect.stringMatching(reason) }]);
      expect(await index.count({ query: parse("part:0 OR part:1 OR part:2") })).toBe(200);
      // What the file has nothing of is answered whole.
      expect(index.problems({ sensors: ["other"] })).toEqual([]);
      expect(index.problems({ to: NOON + 100 })).toEqual([]);
      expect(index.problems({ from: NOON + 150, to: NOON + 151 })).toHaveLength(1);
    }
    await writeFile(join(folder, file), good);
    await using index = await openDuckdbIndex(folder, {}, makeContext());
    expect(index.problems()).toEqual([]);
    expect(await index.count({})).toBe(300);
  });
});

test("a file that is damaged while it is searched is left out of every answer from then on", async () => {
  const folder = await emptyFolder();
  const [file = ""] = await threeFiles(folder);
  {
    await using index = await openDuckdbIndex(folder, {}, makeContext());
    expect(await index.count({})).toBe(300);
    await overwrite(join(folder, file));
    expect(await index.count({ query: parse("text:*room*") })).toBe(200);
    expect(await index.count({})).toBe(200);
    expect(await index.count({ query: parse("part:0") })).toBe(0);
  }
  await using index = await openDuckdbIndex(folder, {}, makeContext());
  expect(await index.count({})).toBe(200);
  expect(index.problems()).toMatchObject([{ code: "FILE_UNREADABLE" }]);
});

describe("without its catalogue every file stays, and each answer says what is not searched", () => {
  const losses: [string, (path: string) => Promise<void>, RegExp, number][] = [
    ["empty", (path) => truncate(path, 0), /catalogue\.mdb: it is empty \(0 bytes\); it was renamed to/, 1],
    [
      "no LMDB file",
      (path) => writeFile(path, "this is none"),
      /its header is damaged; it was renamed to/,
      1,
    ],
    ["missing", (path) => rm(path), /catalogue\.mdb is missing beside 3 Parquet files/, 0],
  ];
  test.each(losses)("%s", async (_what, harm, reason, kept) => {
    const folder = await emptyFolder();
    const files = await threeFiles(folder);
    await harm(join(folder, "_catalogue.mdb"));
    for (let start = 0; start < 2; start++) {
      await using index = await openDuckdbIndex(folder, {}, makeContext());
      expect(parquetFiles(folder)).toEqual(files);
      const { total, problems } = await index.search({});
      expect(total).toBe(0);
      expect(problems).toMatchObject([
        { code: "FILES_UNLISTED", sensor: "s", messages: 300, from: NOON, to: NOON + 299 },
        { code: "CATALOGUE_LOST", text: expect.stringMatching(reason) },
      ]);
      for (const { advice } of problems) expect(advice).toContain("metron index rebuild");
    }
    expect(globSync("_catalogue.mdb.broken-*", { cwd: folder })).toHaveLength(kept);
  });
});

test("an older catalogue deletes nothing, and says what it does not list and what is gone", async () => {
  const folder = await emptyFolder();
  const catalogue = join(folder, "_catalogue.mdb");
  const [first = ""] = await threeFiles(folder);
  await copyFile(catalogue, join(folder, "backup"));
  {
    await using index = await openDuckdbIndex(folder, {}, makeContext());
    const writer = await index.writer("one");
    await put(writer, "s", batchOf([{ part: 3 }], 300));
    await index.seal();
    // Four files of one day become one.
    await index.compact();
  }
  const [merged = ""] = parquetFiles(folder);
  expect(parquetFiles(folder)).toEqual([merged]);
  // A draft may be of a seal that only the lost catalogue knows.
  await writeFile(join(folder, unfinished(merged)), "half a file");
  await copyFile(join(folder, "backup"), catalogue);
  await using index = await openDuckdbIndex(folder, {}, makeContext());
  expect(globSync("sensor=s/**/*.*", { cwd: folder }).sort()).toEqual([unfinished(merged), merged].sort());
  expect(await index.count({})).toBe(0);
  const problems = index.problems();
  expect(problems.filter(({ code }) => code === "FILE_UNREADABLE")).toHaveLength(3);
  expect(problems[0]).toMatchObject({
    file: join(folder, first),
    text: expect.stringContaining("it is missing"),
  });
  expect(problems.at(-1)).toMatchObject({
    code: "FILES_UNLISTED",
    messages: 301,
    from: NOON,
    to: NOON + 300,
  });
});

test("a draft of a seal that never ended is deleted, one that only lacked its name is searched", async () => {
  const folder = await emptyFolder();
  const files = await threeFiles(folder);
  const [first = "", second = ""] = files;
  await copyFile(join(folder, first), join(folder, unfinished(`${first}.other.parquet`)));
  await rename(join(folder, second), join(folder, unfinished(second)));
  await using index = await openDuckdbIndex(folder, {}, makeContext());
  expect(index.problems()).toEqual([]);
  expect(await index.count({})).toBe(300);
  expect(globSync("sensor=s/**/*.*", { cwd: folder }).sort()).toEqual(files);
});

test("the second copy of changes says who made them, what they changed, and when", async () => {
  const folder = await emptyFolder();
  const at = NOON + 5000;
  const context = makeContext({ clock: { now: () => at } });
  {
    await using index = await openDuckdbIndex(folder, {}, context);
    await put(await index.writer("one"), "s", batchOf([{ part: 1 }]));
    await index.seal();
    await index.patch("g0", { set: { status: "OPEN" } }, "ann");
    await index.patch("g0", { set: { status: "DONE" } }, "bob");
  }
  // When it is gone it is written again from the catalogue.
  const journal = join(folder, "_changes.jsonl");
  for (const lines of [2, 1]) {
    const written = (await readFile(journal, "utf8")).trimEnd().split("\n");
    expect(written).toHaveLength(lines);
    expect(JSON.parse(written.at(-1) ?? "")).toEqual({
      ...{ guid: "g0", set: { status: "DONE" }, remove: [] },
      history: {
        changes: [
          { by: "ann", at, fields: [{ name: "status", value: "OPEN" }] },
          { by: "bob", at, fields: [{ name: "status", value: "DONE" }] },
        ],
        earlier: 0,
      },
    });
    await rm(journal);
    await using _index = await openDuckdbIndex(folder, {}, context);
  }
});

test("of a change that an earlier version made, the author and the time are told", async () => {
  const folder = await emptyFolder();
  {
    await using index = await openDuckdbIndex(folder, {}, makeContext());
    await put(await index.writer("one"), "s", batchOf([{ part: 1 }, { part: 2 }]));
    await index.seal();
  }
  const patch = { set: { status: "DONE" }, remove: [] };
  const lines = [
    { guid: "g0", ...patch, by: "bob", at: NOON },
    { guid: "g1", ...patch },
  ];
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  await writeFile(join(folder, "_changes.jsonl"), text);
  await using index = await openDuckdbIndex(folder, {}, makeContext());
  expect(await index.history("g0")).toEqual({ changes: [{ by: "bob", at: NOON, fields: [] }], earlier: 0 });
  expect(await index.history("g1")).toEqual({ changes: [], earlier: 1 });
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

/** Changes one bit at a part of the file's length. */
function flipBit(part: number): (file: string) => Promise<void> {
  return async (file) => {
    const bytes = await readFile(file);
    const at = Math.floor(bytes.length * part);
    bytes[at] = (bytes[at] as number) ^ 1;
    await writeFile(file, bytes);
  };
}

async function replaceWithText(file: string): Promise<void> {
  const { length } = await readFile(file);
  await writeFile(file, "z".repeat(length));
}
