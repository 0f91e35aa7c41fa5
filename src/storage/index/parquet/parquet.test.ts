import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Double } from "../../../core/number.ts";
import { runs } from "../../../core/testing/runs.ts";
import { type Block, Buffers } from "../blocks/block.ts";
import type { ColumnType } from "../blocks/column-type.ts";
import { blocksOf, many, type Rows, read, readSingly, stored, type Written } from "../testing/test-files.ts";
import { BloomFilter } from "./bloom-filter.ts";
import { type FileColumn, writeParquet } from "./file-writer.ts";
import { RowGroupEncoder } from "./row-group.ts";
import type { Cell } from "./row-reader.ts";
import { RowReaders } from "./row-readers.ts";

let folder: string;
let files = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parquet-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(blocks: readonly Block[]): Promise<string> {
  return (await writeFile(blocks)).path;
}

async function writeFile(blocks: readonly Block[]): Promise<Written> {
  const encoder = new RowGroupEncoder(new Buffers(0));
  const types = new Map<string, ColumnType>(
    blocks.flatMap(({ columns }) => columns.map(({ field, type }) => [field, type] as const)),
  );
  const columns: FileColumn[] = [...types].map(([field, type]) => ({ field, type, column: field }));
  const path = join(folder, `${files++}.parquet`);
  const { directory, crc } = await writeParquet(
    path,
    columns,
    blocks.map((block) => ({ ...block, group: encoder.encode(block) })),
  );
  expect(crc).toBe(crc32(await readFile(path)));
  return { path, directory, columns };
}

async function roundTrip(batches: readonly Rows[]): Promise<void> {
  const written = await writeFile(blocksOf(batches));
  const expected = batches.flatMap((rows) =>
    rows.map((row, record) => stored({ guid: `guid-${record}`, timestamp: 1000 + record, ...row })),
  );
  expect(await read(written.path)).toEqual(expected);
  const rows = expected.map((_, row) => row);
  expect(readSingly(written, rows)).toEqual(expected);
  // Few of them, in any order and some twice.
  const few = [...rows.filter((row) => row % 97 === 3).reverse(), rows.length - 1, 0, rows.length - 1];
  expect(readSingly(written, few)).toEqual(few.map((row) => expected[row]));
}

test("texts of every length and alphabet come back", async () => {
  const texts = ["", "a", "four", "twelve bytes", "thirteen byte", "käse 🧀", "\u0000", "x".repeat(300)];
  await roundTrip([texts.map((text) => ({ text }))]);
  await roundTrip([many((row) => ({ text: texts[row % texts.length] as string, same: "always" }))]);
  await roundTrip([many((row) => ({ text: `${texts[row % texts.length]}${row * 7919}` }))]);
});

test("numbers come back to the last bit", async () => {
  const longs = [0, -1, 1, 255, -(2 ** 31), 2 ** 31, 2 ** 32, -(2 ** 40), 2 ** 52, Number.MAX_SAFE_INTEGER];
  await roundTrip([longs.map((long) => ({ long }))]);
  await roundTrip([
    many((row) => ({ long: (row * 7919) % 65_536, steady: 7, rising: 1_700_000_000_000 + row })),
  ]);
  const doubles = [0.5, -0.25, 1e300, 5e-324, Number.MAX_VALUE, Number.POSITIVE_INFINITY, Math.PI];
  await roundTrip([doubles.map((double) => ({ double: new Double(double) }))]);
  await roundTrip([[1, 2, 3, 9223372036854775807n, -9223372036854775808n].map((big) => ({ big }))]);
});

test("nulls lie where they were: few, many, in long stretches and at the end", async () => {
  await roundTrip([
    many((row) => ({
      ...(row % 3 === 0 ? {} : { often: `word ${row % 5}`, number: row, flag: row % 2 === 0 }),
      ...(row % 1000 === 999 ? { seldom: "here", fraction: new Double(row / 3) } : {}),
      ...(row > 2500 ? { late: `unique ${row}`, count: row } : {}),
      ...(row < 7 ? { early: true } : {}),
    })),
  ]);
});

test("row groups of other fields, sizes and words make one file", async () => {
  await roundTrip([
    many((row) => ({ city: `city ${row % 50}`, flag: row % 2 === 1 }), 3000),
    [{ other: "only one" }],
    many((row) => ({ city: "another", other: `o${row}`, long: row }), 4097),
  ]);
});

test("any texts and numbers come back", async () => {
  const row = fc.record(
    {
      text: fc.string({ unit: "grapheme", maxLength: 40 }),
      word: fc.constantFrom("one", "two", "a word of more than twelve bytes"),
      long: fc.maxSafeInteger(),
      port: fc.integer({ min: 0, max: 65_535 }),
      flag: fc.boolean(),
      double: fc.double({ noNaN: true }).map((value) => new Double(value)),
    },
    { requiredKeys: [] },
  );
  // A field of which the first block has no value has a column from the second on: one block keeps the types apart.
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 300 }), (rows) => roundTrip([rows])),
    { numRuns: runs(20) },
  );
});

test("ranges of values let a reader leave row groups out, and never a row that is meant", async () => {
  const batches = [0, 1, 2].map((part) =>
    many((row) => ({
      name: `${"abc"[part]}-${String(row).padStart(4, "0")}`,
      long: part * 10_000 + row,
      double: new Double(part * 10_000 + row + 0.5),
      umlaut: part === 1 ? "ä" : "z",
    })),
  );
  const path = await write(blocksOf(batches));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const facts = await connection.runAndReadAll(
    `SELECT path_in_schema, stats_min_value, stats_max_value, stats_null_count FROM parquet_metadata('${path}')
     WHERE row_group_id = 1 AND path_in_schema IN ('name', 'long', 'double', 'umlaut', 'guid')`,
  );
  expect(facts.getRowsJS()).toEqual([
    ["guid", "guid-0", "guid-999", 0n],
    ["name", "b-0000", "b-4999", 0n],
    ["long", "10000", "14999", 0n],
    ["double", "10000.5", "14999.5", 0n],
    ["umlaut", "ä", "ä", 0n],
  ]);
  for (const [where, found] of [
    ["name = 'b-4999'", 1],
    ["name >= 'b-4999' AND name <= 'c-0000'", 2],
    ["long = 14999", 1],
    ["double > 14999", 5001],
    ["umlaut = 'ä'", 5000],
  ] as const)
    expect(await read(path, where), where).toHaveLength(found);
  connection.disconnectSync();
  instance.closeSync();
});

test("bloom filters tell which row groups lack a value, as DuckDB reads them", async () => {
  const batches = [0, 1, 2].map((part) =>
    many((row) => ({
      word: `word ${part}-${row % 40}`,
      address: `10.${part}.${row % 7}.${row % 250}`,
      id: `C${((row * 7919 + part) % 1_000_003).toString(36)}-${part}-of-some-length`,
    })),
  );
  const path = await write(blocksOf(batches));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const excluded = async (field: string, value: string): Promise<boolean[]> => {
    const probed = await connection.runAndReadAll(
      `SELECT bloom_filter_excludes FROM parquet_bloom_probe('${path}', '${field}', '${value}') ORDER BY row_group_id`,
    );
    return probed.getRowsJS().map(([excludes]) => excludes as boolean);
  };
  for (const [part, rows] of batches.entries()) {
    for (const row of [0, 1, 2500, 4999]) {
      for (const field of ["word", "address", "id"] as const)
        expect((await excluded(field, rows[row]?.[field] as string))[part], `${field} ${row}`).toBe(false);
    }
  }
  // Which values pass by accident is fixed, as the hash is; these do not.
  for (const [field, absent] of [
    ["word", "word 3-1"],
    ["address", "10.9.9.9"],
    ["id", "C1-0-of-another-length"],
  ] as const)
    expect(await excluded(field, absent), field).toEqual([true, true, true]);
  connection.disconnectSync();
  instance.closeSync();
});

test("a bloom filter lets about one absent value in a hundred pass", () => {
  const bloom = new BloomFilter();
  const view = new DataView(new ArrayBuffer(64));
  const text = (value: string) => new TextEncoder().encodeInto(value, new Uint8Array(view.buffer)).written;
  bloom.begin(4096);
  for (let key = 0; key < 4096; key++) bloom.add(view, 0, text(`present ${key}`));
  let passed = 0;
  for (let key = 0; key < 10_000; key++) {
    const other = new BloomFilter();
    other.begin(4096);
    other.add(view, 0, text(`absent ${key}`));
    if (other.bytes.every((byte, at) => (byte & (bloom.bytes[at] as number)) === byte)) passed++;
  }
  expect(passed).toBeGreaterThan(10);
  expect(passed).toBeLessThan(250);
});

test("threads read rows of many files, and say which they cannot read", async () => {
  const parts = [0, 1, 2, 3, 4];
  const files = await Promise.all(
    parts.map((part) => writeFile(blocksOf([many((row) => ({ text: `${part} ${row}` }), 3000)]))),
  );
  const wanted = files.map(({ path, directory, columns }, part) => ({
    path: part === 3 ? `${path} is not there` : path,
    directory,
    columns: columns.flatMap(({ field, type }, place) => (field === "text" ? [{ place, type }] : [])),
    rows: [2999, part],
  }));
  const expected = parts.map((part) => (part === 3 ? undefined : [[`${part} 2999`], [`${part} ${part}`]]));
  let late: Promise<readonly (Cell[][] | undefined)[]>;
  {
    await using readers = new RowReaders(2);
    expect(await Promise.all([readers.read(wanted), readers.read(wanted)])).toEqual([expected, expected]);
    expect(await readers.read([])).toEqual([]);
    late = readers.read(wanted);
  }
  // Who still waits when the threads end is told so.
  expect(await late).toHaveLength(wanted.length);
});

test("long texts are cut into pages, each row in its place", async () => {
  const long = (row: number) => `${row} ${"abc".repeat(30 + (row % 50))}`;
  await roundTrip([
    many((row) => ({ original_string: long(row), ...(row % 5 === 0 ? {} : { note: `${long(row)} note` }) })),
  ]);
});

test("texts that shrink less than those before them come back", async () => {
  const steady = many((row) => ({ text: `${"the same words again and again ".repeat(8)}${row}` }), 600);
  // Digits of a hash shrink to half, and what was taken for the texts before is no room for that.
  const digits = many(
    (row) => ({
      text: createHash("sha512")
        .update(`${row}`)
        .digest("hex")
        .repeat(1 + (row % 2)),
    }),
    600,
  );
  await roundTrip([steady, digits, steady, digits]);
});
