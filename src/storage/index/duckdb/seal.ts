import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { TIME } from "./block.ts";
import type { Catalogue, SchemaColumn, Segment } from "./catalogue.ts";
import type { Database } from "./database.ts";
import { type Shape, shapesOf } from "./generation.ts";
import type { HotBlock } from "./hot-block.ts";
import { columnNames, identifier, pathLiteral, pathPart } from "./names.ts";

const DAY = 86_400_000;
/** More days than this in one seal (times gone mad) share a file. */
const MOST_DAYS = 40;
const MIXED_DAYS = "mixed";

/**
 * Level 1 of zstd costs a third less than the default and is as small here; small row groups stay in the processor's
 * cache while they are written and prune better when read (docs/decisions/0003-index.md).
 */
export const PARQUET =
  "FORMAT parquet, CODEC zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v2, ROW_GROUP_SIZE 8192";

/** Writes blocks to Parquet files, by sensor and day. The files count once they are in the catalogue. */
export async function sealBlocks(
  blocks: readonly HotBlock[],
  folder: string,
  database: Database,
  catalogue: Catalogue,
): Promise<Segment[]> {
  const bySensor = Map.groupBy(blocks, ({ block }) => block.sensor);
  const segments: Segment[] = [];
  try {
    for (const [sensor, own] of bySensor) {
      for (const shape of shapesOf(own))
        await sealShape(sensor, shape, segments, folder, database, catalogue);
    }
  } catch (error) {
    for (const { file } of segments) await rm(join(folder, file), { force: true });
    throw error;
  }
  return segments;
}

async function sealShape(
  sensor: string,
  shape: Shape,
  segments: Segment[],
  folder: string,
  database: Database,
  catalogue: Catalogue,
): Promise<void> {
  const types = [...shape.types].map(([field, type]) => ({ field, type }));
  const names = columnNames(types.map(({ field }) => field));
  const columns = types.map(({ field, type }) => ({
    field,
    type,
    column: names.get(field) as string,
    inside: !shape.outside.has(field),
  }));
  const key = database.showHot(types, shape.blocks);
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
        folder,
        database,
        catalogue,
      );
      if (written !== undefined) segments.push(written);
    }
  } finally {
    database.hideHot(key);
  }
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

export function dayName(day: number): string {
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

/** Writes the rows of a SELECT as a segment: to a temporary name, synced, then renamed. */
export async function writeSegment(
  what: {
    readonly sensor: string;
    readonly day: string;
    readonly select: string;
    readonly columns: readonly SchemaColumn[];
    readonly rest: readonly string[] | undefined;
  },
  folder: string,
  database: Database,
  catalogue: Catalogue,
): Promise<Segment | undefined> {
  const id = `${Date.now().toString(36).padStart(9, "0")}${randomBytes(5).toString("hex")}`;
  const file = join(`sensor=${pathPart(what.sensor)}`, `day=${what.day}`, `${id}.parquet`);
  const path = join(folder, file);
  const temporary = `${path}.tmp`;
  await mkdir(dirname(path), { recursive: true });
  try {
    const [stats] = await database.rows(
      `COPY (${what.select}) TO ${pathLiteral(temporary)} (${PARQUET}, RETURN_STATS)`,
    );
    const rows = Number(stats?.[1]);
    if (rows === 0) {
      await rm(temporary);
      return undefined;
    }
    const facts = statistics(stats?.[4]);
    await sync(temporary);
    await rename(temporary, path);
    await sync(dirname(path));
    return {
      id,
      sensor: what.sensor,
      file,
      rows,
      bytes: (await stat(path)).size,
      minTime: Number(facts(TIME, "min")),
      maxTime: Number(facts(TIME, "max")),
      // DuckDB leaves the extremes of very long texts out.
      minGuid: facts("guid", "min") ?? "",
      maxGuid: facts("guid", "max") ?? "\u{10ffff}",
      schema: catalogue.schema(what.columns),
      rest: what.rest,
    };
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
