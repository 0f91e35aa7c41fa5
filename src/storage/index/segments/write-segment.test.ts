import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Message } from "../../../core/message.ts";
import { Double } from "../../../core/number.ts";
import { runs } from "../../../core/testing/runs.ts";
import { DAY } from "../blocks/block.ts";
import { shapesOf } from "../duckdb/generation.ts";
import { HotBlock } from "../duckdb/hot-block.ts";
import type { WholeFile } from "../parquet/group-reader.ts";
import { JobThread } from "../parquet/job-thread.ts";
import { blocksOf, many, type Rows, read, readSingly, stored } from "../testing/test-files.ts";
import { answerJob, type SegmentAnswer } from "./check-segment.ts";
import type { TimeRange } from "./portions.ts";
import { type SegmentJob, type Written, writeSegment } from "./write-segment.ts";

let folder: string;
let files = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "segments-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** How a file of these batches is written, their texts lying in DuckDB's memory or in the blocks' own. */
function jobOf(batches: readonly Rows[], range?: TimeRange, pointers = true): SegmentJob {
  const hot = blocksOf(batches).map((block) => new HotBlock(block, pointers, () => undefined));
  const [shape, ...others] = shapesOf(hot);
  expect(others).toEqual([]);
  return {
    path: join(folder, `${files++}.parquet`),
    sensor: "s",
    columns: [...(shape?.types ?? [])].map(([field, type]) => ({
      field,
      type,
      column: field,
      inside: false,
    })),
    from: { blocks: hot.map(({ block, textBase }) => ({ block, textBase })), range },
  };
}

/** Messages as they are read, whole numbers where the field has fractions elsewhere as such. */
function expectedOf(batches: readonly Rows[]): Record<string, unknown>[] {
  const all = batches.flatMap((rows) =>
    rows.map((row, record): Message => ({ guid: `guid-${record}`, timestamp: 1000 + record, ...row })),
  );
  const fractions = new Set(
    all.flatMap((row) => Object.keys(row).filter((field) => row[field] instanceof Double)),
  );
  return all
    .map(stored)
    .map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([field, value]) => [field, fractions.has(field) ? Number(value) : value]),
      ),
    );
}

/** Writes a file of these batches and checks it; then again of files of one batch each. */
async function roundTrip(batches: readonly Rows[], range?: TimeRange): Promise<Written | undefined> {
  const expected = expectedOf(batches).filter(
    ({ timestamp }) =>
      range === undefined || (Number(timestamp) >= range.from && Number(timestamp) < range.to),
  );
  const facts = await writeAndCheck(jobOf(batches, range), expected);
  const parts = await filesOf(batches, range);
  await writeAndCheck({ ...jobOf(batches), from: { files: parts } }, expected);
  return facts;
}

/** Writes a file and compares what is read of it, row by row and as a whole. */
async function writeAndCheck(
  job: SegmentJob,
  expected: readonly Record<string, unknown>[],
): Promise<Written | undefined> {
  const facts = await writeSegment(job);
  if (facts === undefined) {
    expect(expected).toEqual([]);
    return undefined;
  }
  expect(await read(job.path)).toEqual(expected);
  expect(
    readSingly(
      { ...job, directory: facts.directory },
      expected.map((_, row) => row),
    ),
  ).toEqual(expected);
  const times = expected.map(({ timestamp }) => Number(timestamp));
  const guids = expected.map(({ guid }) => guid as string).sort();
  expect(facts).toMatchObject({
    rows: expected.length,
    minTime: times.reduce((least, time) => Math.min(least, time)),
    maxTime: times.reduce((most, time) => Math.max(most, time)),
    minGuid: guids[0],
    maxGuid: guids.at(-1),
  });
  return facts;
}

/** Files of one batch each. */
async function filesOf(batches: readonly Rows[], range?: TimeRange): Promise<WholeFile[]> {
  const { from } = jobOf(batches);
  const blocks = "blocks" in from ? from.blocks : [];
  const files: WholeFile[] = [];
  for (const source of blocks) {
    const columns = source.block.columns.map((column) => ({ ...column, column: column.field }));
    const job = { ...jobOf([]), columns, from: { blocks: [source], range } };
    const facts = await writeSegment(job);
    if (facts !== undefined) files.push({ ...job, ...facts });
  }
  return files;
}

async function query(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const result = await connection.runAndReadAll(sql);
  connection.disconnectSync();
  instance.closeSync();
  return result.getRowsJS();
}

const rowsOfGroups = (path: string) =>
  query(
    `SELECT DISTINCT row_group_id, row_group_num_rows FROM parquet_metadata('${path}') ORDER BY row_group_id`,
  );

test("blocks of other fields, words and nulls come together", async () => {
  await roundTrip([
    many(
      (row) => ({ city: `city ${row % 7}`, flag: row % 2 === 1, only: "in the first block, and long" }),
      50,
    ),
    [{ other: "alone" }],
    many(
      (row) => ({
        ...(row % 3 === 0 ? {} : { city: `another city of some length ${row % 5}` }),
        id: `${row * 7919}`,
      }),
      90,
    ),
    many((row) => ({ city: `city ${row}`, flag: row % 3 === 1, port: row, late: `${row % 2}` }), 200),
  ]);
});

test("whole numbers become fractions where another block has fractions", async () => {
  await roundTrip([
    many((row) => ({ number: row - 5 }), 20),
    [{ number: -(2 ** 40) }, { number: 9007199254740991 }, {}],
    many((row) => ({ number: new Double(row / 3) }), 20),
  ]);
});

test("texts of any length, repeated or not", async () => {
  const long = "x".repeat(70_000);
  await roundTrip([
    many((row) => ({ original_string: `${row} ${long}`, note: "a".repeat(row) }), 30),
    many((row) => ({ original_string: `${long} ${row % 2}`, note: `${row}` }), 30),
    ["", "a", "twelve bytes", "thirteen byte", "käse 🧀", "\u0000"].map((note) => ({ note })),
  ]);
});

test("a field of too many different words is stored without a dictionary", async () => {
  const batches = Array.from({ length: 12 }, (_, part) =>
    many((row) => ({ same: "same", word: `word ${part}-${row % 255} of some length` }), 500),
  );
  const job = jobOf(batches);
  expect(
    blocksOf(batches).map((block) => block.columns.find(({ field }) => field === "word")?.words),
  ).toEqual(batches.map(() => 255));
  await writeSegment(job);
  expect(await read(job.path)).toEqual(expectedOf(batches));
  const encodings = await query(
    `SELECT DISTINCT path_in_schema, encodings LIKE '%DICTIONARY%' FROM parquet_metadata('${job.path}')
     WHERE path_in_schema IN ('word', 'same') ORDER BY path_in_schema`,
  );
  expect(encodings).toEqual([
    ["same", true],
    ["word", false],
  ]);
});

test("one block of more messages, all different, than codes can tell apart", async () => {
  const job = jobOf([many((row) => ({ text: `${row * 7919} and more text` }), 70_000)]);
  const facts = await writeSegment(job);
  expect(facts?.rows).toBe(70_000);
  const [found] = await query(
    `SELECT count(*) FROM (SELECT *, row_number() OVER () - 1 AS row FROM read_parquet('${job.path}'))
     WHERE text = (row * 7919) || ' and more text' AND guid = 'guid-' || row`,
  );
  expect(found).toEqual([70_000n]);
});

test("row groups are of about the same size, and of few messages where the texts are long", async () => {
  const small = jobOf(Array.from({ length: 41 }, () => many((row) => ({ number: row }), 100)));
  await writeSegment(small);
  expect(await rowsOfGroups(small.path)).toEqual([
    [0n, 2050n],
    [1n, 2050n],
  ]);
  const large = jobOf(
    Array.from({ length: 5 }, () => many((row) => ({ text: `${row}${"x".repeat(900_000)}` }), 10)),
  );
  await writeSegment(large);
  expect(await rowsOfGroups(large.path)).toEqual([
    [0n, 30n],
    [1n, 20n],
  ]);
});

test("only messages of one day are taken", async () => {
  const batches = [
    many((row) => ({ timestamp: DAY + row, text: `one day ${row}` }), 30),
    many(
      (row) => ({
        timestamp: (row % 3) * DAY + row,
        word: `word ${row % 4}`,
        ...(row % 2 ? { odd: row } : {}),
      }),
      90,
    ),
    many((row) => ({ timestamp: -DAY + row, before: "the epoch" }), 5),
  ];
  for (const day of [-1, 0, 1, 2])
    expect(await roundTrip(batches, { from: day * DAY, to: (day + 1) * DAY })).toBeDefined();
  expect(await roundTrip(batches, { from: 7 * DAY, to: 8 * DAY })).toBeUndefined();
});

test("any blocks come together", async () => {
  const word = fc.constantFrom(
    "one",
    "two",
    "",
    "a word of more than twelve bytes",
    "another one, also long",
  );
  const row = fc.record(
    {
      timestamp: fc.integer({ min: 0, max: 3 * DAY - 1 }),
      text: fc.string({ unit: "grapheme", maxLength: 40 }),
      word,
      mostly: fc.oneof(
        { weight: 5, arbitrary: word },
        { weight: 1, arbitrary: fc.string({ maxLength: 20 }) },
      ),
      long: fc.maxSafeInteger(),
      flag: fc.boolean(),
      double: fc.double({ noNaN: true }).map((value) => new Double(value)),
    },
    { requiredKeys: ["timestamp"] },
  );
  const some = fc.array(row, { minLength: 1, maxLength: 60 });
  // A field that a batch has not at all, or whose texts are all different, is stored in another way.
  const batch = fc
    .tuple(some, fc.subarray(["text", "word", "mostly", "long", "flag"]), fc.boolean())
    .map(([rows, without, isDistinct]) =>
      rows.map((row, index) => ({
        ...Object.fromEntries(Object.entries(row).filter(([field]) => !without.includes(field))),
        ...(isDistinct ? { word: `a word that is met once ${index * 7919}` } : {}),
      })),
    );
  await fc.assert(
    fc.asyncProperty(
      fc.array(batch, { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      async (batches, isDaily) => {
        const days = isDaily
          ? [0, 1, 2].map((day) => ({ from: day * DAY, to: (day + 1) * DAY }))
          : [undefined];
        for (const range of days) await roundTrip(batches as Rows[], range);
      },
    ),
    { numRuns: runs(10) },
  );
});

test("messages come together from files of many row groups, texts of many pages and every encoding", async () => {
  const batches = [0, 1, 2].map((part) =>
    many(
      (row) => ({
        original_string: `${part} ${row} ${"abc".repeat(30 + (row % 50))}`,
        ...(row % 5 === 0 ? {} : { note: `${row} ${"note".repeat(row % 40)}` }),
        ...(row % 1000 === 999 ? { seldom: "here", fraction: new Double(row / 3) } : {}),
        ...(row > 2500
          ? { late: row, big: 9223372036854775807n - BigInt(row) }
          : { early: row % 2 === 0, big: row }),
        steady: 7,
        word: `word ${row % 300}`,
        wide: (row * 7919 * 2 ** 30) % 2 ** 50,
        double: new Double(row * 0.1 - part),
      }),
      5000,
    ),
  );
  const job = jobOf(batches);
  const facts = await writeSegment(job);
  expect(facts?.rows).toBe(15_000);
  const expected = expectedOf(batches);
  expect(await read(job.path)).toEqual(expected);
  const files = [...(await filesOf(batches)), { ...job, ...(facts as Written) }];
  const merged = { ...jobOf(batches), from: { files } };
  await writeSegment(merged);
  expect(await read(merged.path)).toEqual([...expected, ...expected]);
  expect((await rowsOfGroups(merged.path)).map(([, rows]) => rows)).toEqual(new Array(8).fill(3750n));
});

test("of a damaged file no other is made", async () => {
  const batches = [many((row) => ({ text: `${row * 7919} ${"text".repeat(row % 40)}` }), 2000)];
  const [file] = await filesOf(batches);
  const whole = await readFile((file as WholeFile).path);
  for (const at of [4, 2000, whole.length - 4000]) {
    const harmed = { ...(file as WholeFile), path: join(folder, `harmed-${at}`) };
    await writeFile(harmed.path, Buffer.from(whole).fill(0xee, at, at + 1000));
    const job = { ...jobOf(batches), from: { files: [harmed] } };
    await expect(writeSegment(job), `${at}`).rejects.toThrow();
    expect(existsSync(job.path)).toBe(false);
  }
});

test("bytes that are no text do not get from one file to another", async () => {
  for (const text of [(row: number) => `a text of row ${row}`, () => "a text of row 7"]) {
    const batches = [many((row) => ({ text: text(row) }), 20)];
    const [file] = await filesOf(batches);
    const { path } = file as WholeFile;
    const bytes = await readFile(path);
    const at = bytes.indexOf("a text of row 7");
    await writeFile(path, bytes.fill(0xee, at, at + 1));
    const job = { ...jobOf(batches), from: { files: [file as WholeFile] } };
    await expect(writeSegment(job)).rejects.toThrow("a page has a text that is none");
  }
});

test("a thread writes files one after another and tells what went wrong", async () => {
  await using thread = new JobThread<SegmentJob, SegmentAnswer | undefined>(
    "./segment-worker",
    import.meta.url,
    "segments",
  );
  const batches = [many((row) => ({ text: `text ${row}` }), 300)];
  const [one, other] = [jobOf(batches), jobOf(batches, undefined, false)];
  const wrong = { ...jobOf(batches), path: join(folder, "not there", "x.parquet") };
  const done = await Promise.allSettled([one, wrong, other].map((job) => thread.run(job)));
  expect(done.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(String((done[1] as PromiseRejectedResult).reason)).toMatch(/ENOENT.*not there/);
  for (const { path } of [one, other]) expect(await read(path)).toEqual(expectedOf(batches));
});

test("a thread that is released does what it was given before, and the next job gets a thread again", async () => {
  await using thread = new JobThread<SegmentJob, SegmentAnswer | undefined>(
    "./segment-worker",
    import.meta.url,
    "segments",
  );
  const batches = [many((row) => ({ text: `text ${row}` }), 300)];
  const late = thread.run(jobOf(batches));
  await thread[Symbol.asyncDispose]();
  expect(await late).toMatchObject({ facts: { rows: 300 } });
  expect(await thread.run(jobOf(batches))).toMatchObject({ facts: { rows: 300 } });
});

test("who waits for a thread that dies is told so", async () => {
  await using thread = new JobThread<SegmentJob, SegmentAnswer | undefined>(
    "./none",
    import.meta.url,
    "none",
  );
  const batches = [many((row) => ({ text: `text ${row}` }), 3)];
  const waiting = [thread.run(jobOf(batches)), thread.run(jobOf(batches))];
  for (const job of waiting) await expect(job).rejects.toThrow("Cannot find module");
});

test("a large file is counted too, and of long texts that every message has, some are read", async () => {
  const batches = [0, 1, 2, 3].map((part) =>
    many((row) => ({ text: `${part} ${row} ${"abc".repeat(2500)}`, ...(row % 3 ? { few: row } : {}) }), 1500),
  );
  const good = await answerJob()(jobOf(batches));
  expect(good).toMatchObject({ facts: { rows: 6000 } });
  const spoiled = (column: string) =>
    answerJob(async (job) => {
      const written = await writeSegment(job);
      const [[at] = []] = await query(
        `SELECT data_page_offset FROM parquet_metadata('${job.path}') WHERE path_in_schema = '${column}' LIMIT 1`,
      );
      const bytes = await readFile(job.path);
      await writeFile(job.path, bytes.fill(0xff, Number(at), Number(at) + 200));
      return written;
    })(jobOf(batches));
  for (const column of ["few", "text"])
    expect(await spoiled(column), column).toEqual({ refused: expect.any(String) });
});
