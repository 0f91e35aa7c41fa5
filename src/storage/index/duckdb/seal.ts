import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { decodeText } from "../../../core/text.ts";
import { writeParquet } from "../parquet/file-writer.ts";
import { FACT, FACTS, type RowGroup } from "../parquet/row-group.ts";
import { type Block, DAY, TIME } from "./block.ts";
import type { Catalogue, SchemaColumn, Segment } from "./catalogue.ts";
import type { Database } from "./database.ts";
import { type Shape, shapesOf } from "./generation.ts";
import type { HotBlock } from "./hot-block.ts";
import { columnNames, identifier, pathLiteral, pathPart } from "./names.ts";

/** Greater than any guid. */
const LAST = "\u{10ffff}";
/** More days than this in one seal (times gone mad) share a file. */
const MOST_DAYS = 40;
const MIXED_DAYS = "mixed";

/**
 * Level 1 of zstd costs a third less than the default and is as small here; small row groups stay in the processor's
 * cache while they are written and prune better when read (docs/decisions/0003-index.md).
 */
const PARQUET = "FORMAT parquet, CODEC zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v2, ROW_GROUP_SIZE 8192";

/** Writes blocks to Parquet files, by sensor and day. The files count once they are in the catalogue. */
export async function sealBlocks(
  blocks: readonly HotBlock[],
  folder: string,
  database: Database,
  catalogue: Catalogue,
): Promise<Segment[]> {
  const segments: Segment[] = [];
  const shelf: Shelf = { folder, database, catalogue };
  try {
    for (const [sensor, own] of Map.groupBy(blocks, ({ block }) => block.sensor)) {
      const [grouped, loose] = partition(own);
      for (const [day, blocks] of Map.groupBy(grouped, ({ block }) => Math.floor(block.minTime / DAY)))
        for (const shape of shapesOf(blocks, undefined, "exact"))
          segments.push(await writeGroups(sensor, dayName(day), shape, shelf));
      for (const shape of shapesOf(loose)) await sealShape(sensor, shape, segments, shelf);
    }
  } catch (error) {
    for (const { file } of segments) await rm(join(folder, file), { force: true });
    throw error;
  }
  return segments;
}

/** Where segments are put, and what helps. */
export type Shelf = { readonly folder: string; readonly database: Database; readonly catalogue: Catalogue };

/** Blocks that are encoded for the disk already, and those that are not. */
function partition(blocks: readonly HotBlock[]): [HotBlock[], HotBlock[]] {
  const { true: grouped = [], false: loose = [] } = Object.groupBy(blocks, ({ block }) =>
    String(block.group !== undefined),
  );
  return [grouped, loose];
}

async function sealShape(sensor: string, shape: Shape, segments: Segment[], shelf: Shelf): Promise<void> {
  const columns = columnsOf(shape);
  const key = shelf.database.showHot(columns, shape.blocks);
  try {
    const source = `metron_hot('${key}')`;
    for (const day of daysOf(shape.blocks)) {
      const written = await writeSegment(
        {
          sensor,
          day: day.name,
          select: selection(source, columns, day.range),
          columns,
          rest: restOf(shape),
        },
        shelf,
      );
      if (written !== undefined) segments.push(written);
    }
  } finally {
    shelf.database.hideHot(key);
  }
}

function columnsOf(shape: Shape): SchemaColumn[] {
  const names = columnNames([...shape.types.keys()]);
  return [...shape.types].map(([field, type]) => ({
    field,
    type,
    column: names.get(field) as string,
    inside: !shape.outside.has(field),
  }));
}

/** Writes blocks whose row groups are made as a segment. */
async function writeGroups(sensor: string, day: string, shape: Shape, shelf: Shelf): Promise<Segment> {
  const columns = columnsOf(shape);
  const blocks = shape.blocks.map(({ block }) => block);
  const guids = blocks.map((block) => rangeOf(block, "guid"));
  const facts = {
    rows: blocks.reduce((sum, { rows }) => sum + rows, 0),
    minTime: Math.min(...blocks.map(({ minTime }) => minTime)),
    maxTime: Math.max(...blocks.map(({ maxTime }) => maxTime)),
    minGuid: guids.map(({ least }) => least).sort()[0] ?? "",
    maxGuid:
      guids
        .map(({ greatest }) => greatest)
        .sort()
        .at(-1) ?? LAST,
    rest: restOf(shape),
  };
  return (await putSegment({ sensor, day, columns }, shelf, async (path) => {
    return { ...facts, directory: await writeParquet(path, columns, blocks) };
  })) as Segment;
}

/** The least and the greatest text of a column, as far as they are known. */
function rangeOf({ columns, group }: Block, field: string): { least: string; greatest: string } {
  const place = columns.findIndex((column) => column.field === field);
  const fact = (name: keyof typeof FACT) => group?.facts[place * FACTS + FACT[name]] ?? -1;
  if (fact("minLength") < 0) return { least: "", greatest: LAST };
  const bytes = Buffer.from((group as RowGroup).bytes);
  const text = (at: number, length: number) => decodeText(bytes, at, at + length);
  return {
    least: text(fact("minAt"), fact("minLength")),
    greatest: text(fact("maxAt"), fact("maxLength")),
  };
}

type Day = { readonly from: number; readonly to: number } | undefined;

/** The days blocks lie in; undefined stands for all of them in one file. */
function daysOf(blocks: readonly HotBlock[]): { name: string; range: Day }[] {
  const days = new Set<number>();
  for (const { block } of blocks) {
    const first = Math.floor(block.minTime / DAY);
    const last = Math.floor(block.maxTime / DAY);
    if (last - first > MOST_DAYS || days.size > MOST_DAYS) return [{ name: MIXED_DAYS, range: undefined }];
    for (let day = first; day <= last; day++) days.add(day);
  }
  if (days.size > MOST_DAYS) return [{ name: MIXED_DAYS, range: undefined }];
  const all = [...days].sort((a, b) => a - b);
  const [only] = all;
  if (all.length === 1 && only !== undefined) return [{ name: dayName(only), range: undefined }];
  return all.map((day) => {
    return { name: dayName(day), range: { from: day * DAY, to: (day + 1) * DAY } };
  });
}

function dayName(day: number): string {
  return new Date(day * DAY).toISOString().split("T")[0] as string;
}

function restOf(shape: Shape): readonly string[] | undefined {
  const names = new Set<string>();
  for (const { block } of shape.blocks) {
    if (block.rest === undefined) return undefined;
    for (const name of block.rest) names.add(name);
  }
  return [...names];
}

function selection(source: string, columns: readonly SchemaColumn[], day: Day): string {
  const list = columns.map(({ column }, index) => `c${index} AS ${identifier(column)}`).join(", ");
  if (day === undefined) return `SELECT ${list} FROM ${source}`;
  const time = `c${columns.findIndex(({ field }) => field === TIME)}`;
  return `SELECT ${list} FROM ${source} WHERE ${time} >= ${day.from} AND ${time} < ${day.to}`;
}

/** Writes the rows of a SELECT as a segment; undefined when there are none. */
export function writeSegment(
  what: SegmentPlace & { readonly select: string; readonly rest: readonly string[] | undefined },
  shelf: Shelf,
): Promise<Segment | undefined> {
  return putSegment(what, shelf, async (path) => {
    const [stats] = await shelf.database.rows(
      `COPY (${what.select}) TO ${pathLiteral(path)} (${PARQUET}, RETURN_STATS)`,
    );
    await sync(path);
    const facts = statistics(stats?.[4]);
    return {
      rows: Number(stats?.[1]),
      minTime: Number(facts(TIME, "min")),
      maxTime: Number(facts(TIME, "max")),
      // DuckDB leaves the extremes of very long texts out.
      minGuid: facts("guid", "min") ?? "",
      maxGuid: facts("guid", "max") ?? LAST,
      rest: what.rest,
    };
  });
}

type SegmentPlace = {
  readonly sensor: string;
  readonly day: string;
  readonly columns: readonly SchemaColumn[];
};

/** Has a file written under a temporary name and puts it in its place; undefined when no rows were written. */
async function putSegment(
  { sensor, day, columns }: SegmentPlace,
  { folder, catalogue }: Shelf,
  write: (path: string) => Promise<Omit<Segment, "id" | "sensor" | "file" | "bytes" | "schema">>,
): Promise<Segment | undefined> {
  const id = `${Date.now().toString(36).padStart(9, "0")}${randomBytes(5).toString("hex")}`;
  const file = join(`sensor=${pathPart(sensor)}`, `day=${day}`, `${id}.parquet`);
  const path = join(folder, file);
  const temporary = `${path}.tmp`;
  await mkdir(dirname(path), { recursive: true });
  try {
    const facts = await write(temporary);
    if (facts.rows === 0) {
      await rm(temporary);
      return undefined;
    }
    await rename(temporary, path);
    await sync(dirname(path));
    const { size } = await stat(path);
    return { id, sensor, file, bytes: size, schema: catalogue.schema(columns), ...facts };
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Reads what COPY tells of the columns: a map from quoted names to maps of facts. */
function statistics(told: unknown): (column: string, fact: string) => string | undefined {
  const columns = new Map((told as Entry<Entry<string>[]>[]).map(({ key, value }) => [key, value]));
  return (column, fact) => columns.get(identifier(column))?.find(({ key }) => key === fact)?.value;
}

type Entry<Value> = { readonly key: string; readonly value: Value };
