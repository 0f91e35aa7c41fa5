import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Batch } from "../../../core/batch.ts";
import { blockOf } from "../../../core/block.ts";
import { makeContext } from "../../../core/context.ts";
import { messageFromJson, messageToJson } from "../../../core/message.ts";
import { Double, Float } from "../../../core/number.ts";
import { runs } from "../../../core/testing/runs.ts";
import { type Block, Buffers, DAY, fieldOfTexts, REST, TIME } from "../blocks/block.ts";
import { columnTypes, isSpelled } from "../blocks/column-type.ts";
import { BlockEncoder } from "../blocks/encode.ts";
import { readRows } from "../parquet/row-reader.ts";
import { Catalogue, type SchemaColumn, type Segment } from "../segments/catalogue.ts";
import { merge } from "../segments/compact.ts";
import { sealBlocks } from "../segments/seal.ts";
import { openShelf, type Shelf } from "../segments/shelf.ts";
import { DuckdbReader, readByHyparquet, type Table } from "../testing/foreign-readers.ts";
import { type BatchPlan, batchPlans, type Row, rowsOf } from "../testing/random-rows.ts";
import { Database } from "./database.ts";
import { HotBlock } from "./hot-block.ts";

const RUNS = runs(5);
/** A failure prints its seed; `METRON_SEED` tries it again. */
const SEED = Number(process.env.METRON_SEED ?? Date.now() % 1e9);
const NOON = Date.UTC(2026, 10, 21, 12);

let folder: string;
let shelf: Shelf;
let duckdb: DuckdbReader;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sealed-"));
  const temporary = join(folder, "temporary");
  const database = await Database.open({ memory: 100_000_000, threads: 1, temporary, temporaryBytes: 0 });
  shelf = openShelf({ folder, catalogue: new Catalogue(folder), database, context: makeContext() });
  duckdb = await DuckdbReader.open();
});

afterAll(async () => {
  duckdb[Symbol.dispose]();
  await shelf.writer[Symbol.asyncDispose]();
  await shelf.database[Symbol.asyncDispose]();
  await shelf.catalogue[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Messages by guid. */
type Messages = ReadonlyMap<string, Row>;

/** Gives rows guids and times: of one day, or of three. */
function messagesOf(plans: readonly BatchPlan[], isDaily: boolean): Row[][] {
  return plans.map((plan, part) =>
    rowsOf(plan).map((row, place) => ({
      guid: `guid ${part}-${place}`,
      timestamp: NOON + place + (isDaily ? (place % 3) * DAY : 0),
      ...row,
    })),
  );
}

/** The batches as blocks, as a writer makes them; `groupRows` decides which of them have a row group of their own. */
function blocksOf(batches: readonly Row[][], groupRows: number): Block[] {
  const encoder = new BlockEncoder("s", new Map(), { columns: 400, groupRows }, new Buffers(0));
  const batch = new Batch();
  return batches.map((rows) => {
    batch.load(
      blockOf(
        rows.map(() => "-"),
        NOON,
      ),
      { topic: "t", partition: 0, offset: 0 },
    );
    for (const [record, row] of rows.entries()) batch.addMessage(record, row);
    return encoder.encode(batch) as Block;
  });
}

/** Checks that some files hold these messages, each once, whoever reads them. */
async function check(segments: readonly Segment[], messages: Messages): Promise<void> {
  const found: string[] = [];
  for (const segment of segments) {
    const columns = [...segment.schema.columns.values()];
    const path = join(folder, segment.file);
    const [table, foreign] = [await duckdb.table(path), await readByHyparquet(path)];
    for (const { column } of columns)
      expect(canonical(foreign.table.get(column)), column).toBe(canonical(table.get(column)));
    expect(ownTable(path, segment, columns)).toEqual(
      columns.map(({ column }) => canonical(table.get(column))),
    );
    const guids = table.get("guid") as string[];
    expect(guids).toHaveLength(segment.rows);
    for (const [row, guid] of guids.entries()) expectMessage(columns, table, row, messages.get(guid) as Row);
    checkRanges(foreign.groups, columns, table);
    await checkConditions(path, columns, table);
    expect(guids.toSorted().at(0)).toBe(segment.minGuid);
    expect(guids.toSorted().at(-1)).toBe(segment.maxGuid);
    found.push(...guids);
  }
  expect(found.toSorted()).toEqual([...messages.keys()].toSorted());
}

function ownTable(
  path: string,
  { directory = -1, rows }: Segment,
  columns: readonly SchemaColumn[],
): string[] {
  const all = Array.from({ length: rows }, (_, row) => row);
  const cells = readRows({
    path,
    directory,
    columns: columns.map(({ type }, place) => ({ place, type })),
    rows: all,
  });
  return columns.map((_, place) => canonical(cells.map((row) => row[place])));
}

function expectMessage(columns: readonly SchemaColumn[], table: Table, row: number, put: Row): void {
  const found: Record<string, string> = {};
  const expected = Object.fromEntries(Object.entries(put).map(([field, value]) => [field, canonical(value)]));
  for (const { field, type, column } of columns) {
    const cell = table.get(column)?.[row] ?? null;
    if (cell === null || field === TIME) continue;
    const value = type === "json" ? messageFromJson(cell as string) : cell;
    const texts = fieldOfTexts(field);
    if (texts !== undefined) found[texts] = canonical(value);
    else if (isSpelled(type)) found[field] ??= JSON.stringify(String(plain(value)));
    else if (field !== REST) {
      found[field] ??= canonical(value);
      if (type === "json") expected[field] = canonical(messageFromJson(messageToJson(put[field])));
    } else
      for (const [name, kept] of Object.entries(value as Row)) {
        found[name] = canonical(kept);
        // JSON has no word for -0 and for what is not finite: there it is 0, and text.
        expected[name] = canonical(messageFromJson(messageToJson(put[name])));
      }
  }
  expect(found).toEqual(expected);
}

/** A time as its milliseconds. */
function plain(value: unknown): unknown {
  return value instanceof Date ? value.getTime() : value;
}

/** One text for equal values, whatever type a number has: 5, 5n and 5.0 are equal, 0 and -0 are not. */
function canonical(value: unknown): string {
  if (value instanceof Date) return String(value.getTime());
  if (value instanceof Double || value instanceof Float) return canonical(value.value);
  if (Object.is(value, -0)) return "-0";
  if (Number.isInteger(value)) return String(BigInt(value as number));
  if (typeof value === "string") return JSON.stringify(value.toWellFormed());
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value !== null && typeof value === "object")
    return `{${Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`)}}`;
  return String(value);
}

/** What the footer says of a column holds of its cells. */
function checkRanges(
  groups: Awaited<ReturnType<typeof readByHyparquet>>["groups"],
  columns: readonly SchemaColumn[],
  table: Table,
): void {
  let from = 0;
  for (const { num_rows, columns: chunks } of groups) {
    const to = from + Number(num_rows);
    for (const [place, { column }] of columns.entries()) {
      const cells = table.get(column)?.slice(from, to) ?? [];
      const known = chunks[place]?.meta_data?.statistics;
      const values = cells.filter((cell) => cell !== null);
      expect([column, Number(known?.null_count)]).toEqual([column, cells.length - values.length]);
      if (known?.min_value === undefined) continue;
      for (const value of values) {
        expect(order(known.min_value, value), `${column} from ${known.min_value}`).toBeLessThanOrEqual(0);
        expect(order(value, known.max_value), `${column} to ${known.max_value}`).toBeLessThanOrEqual(0);
      }
    }
    from = to;
  }
}

function order(one: unknown, other: unknown): number {
  if (typeof one === "string") return Buffer.compare(Buffer.from(one), Buffer.from(other as string));
  return (one as bigint) < (other as bigint) ? -1 : (one as bigint) > (other as bigint) ? 1 : 0;
}

/** Rows are found by their values, though ranges and filters let row groups be skipped. */
async function checkConditions(path: string, columns: readonly SchemaColumn[], table: Table): Promise<void> {
  for (const { column, type } of columns) {
    const { plain: kind } = columnTypes[type];
    if (kind !== "text" && kind !== "long" && kind !== "int" && kind !== "time") continue;
    const condition = `"${column}" = ${kind === "time" ? "make_timestamptz(CAST($1 AS BIGINT) * 1000)" : "$1"}`;
    const cells = (table.get(column) ?? []).map((cell) => {
      const value = plain(cell);
      return typeof value === "number" ? BigInt(value) : (value as string | bigint | null);
    });
    for (const value of [cells[0], cells[cells.length >> 1], cells.at(-1)]) {
      if (value === null || value === undefined || String(value).includes("\0")) continue;
      const expected = cells.filter((cell) => cell === value).length;
      const found = await duckdb.count(path, condition, [value]);
      expect([column, value, found]).toEqual([column, value, expected]);
    }
  }
}

/** Merges files of one day whose columns have the same types, as compacting does. */
async function mergeAll(segments: readonly Segment[]): Promise<Segment[]> {
  const groups = Map.groupBy(segments, ({ file, schema }) =>
    JSON.stringify([
      dirname(file),
      [...schema.columns.values()].map(({ field, type }) => [field, type]).sort(),
    ]),
  );
  const merged = await Promise.all([...groups.values()].map((group) => merge(group, shelf)));
  const whole = merged.filter((segment) => segment !== undefined);
  // Files get their own names once the catalogue lists them.
  await shelf.catalogue.change({ add: whole });
  return whole;
}

test("whatever was written, sealed, merged and merged again, two foreign readers read what was put in", async () => {
  await fc.assert(
    fc.asyncProperty(
      batchPlans,
      fc.boolean(),
      fc.constantFrom(1, 600, 1e9),
      fc.boolean(),
      async (plans, isDaily, groupRows, pointers) => {
        const batches = messagesOf(plans, isDaily);
        const messages = new Map(batches.flat().map((row) => [row.guid as string, row]));
        const hot = blocksOf(batches, groupRows).map(
          (block) => new HotBlock(block, pointers, () => undefined),
        );
        const sealed = await sealBlocks(hot, shelf);
        await shelf.catalogue.change({ add: sealed });
        await check(sealed, messages);
        const half = sealed.length >> 1;
        const merged = [...(await mergeAll(sealed.slice(0, half))), ...(await mergeAll(sealed.slice(half)))];
        await check(merged, messages);
        await check(await mergeAll(merged), messages);
        expect(shelf.setAside).toEqual([]);
        for (const block of hot) block.release();
      },
    ),
    { numRuns: RUNS, seed: SEED },
  );
}, 600_000);
