import { DAY, KEYS_VERSION } from "../blocks/block.ts";
import { restNames } from "../blocks/encode.ts";
import { copyBlocks } from "../duckdb/copy-blocks.ts";
import { type Shape, shapesOf } from "../duckdb/generation.ts";
import type { HotBlock } from "../duckdb/hot-block.ts";
import { columnNames } from "../names.ts";
import type { SchemaColumn, Segment } from "./catalogue.ts";
import { portions, type TimeRange } from "./portions.ts";
import { discard, putSegment, type Shelf } from "./shelf.ts";
import { ValueCounter } from "./value-counts.ts";

/** More days than this in one seal (times gone mad) share a file. */
const MOST_DAYS = 40;
const MIXED_DAYS = "mixed";

/** Writes blocks to Parquet files, by sensor and day. The files count once they are in the catalogue. */
export async function sealBlocks(blocks: readonly HotBlock[], shelf: Shelf): Promise<Segment[]> {
  const segments: Segment[] = [];
  try {
    for (const part of partsOf(blocks)) {
      const written = await writePart(part, shelf);
      if (written !== undefined) segments.push(written);
    }
    const [rows, expected] = [sumOf(segments), sumOf(blocks.map(({ block }) => block))];
    if (rows !== expected) throw new Error(`the files have ${rows} messages instead of ${expected}`);
  } catch (error) {
    await discard(segments, shelf);
    throw error;
  }
  return segments;
}

/** Blocks that become one file. */
type SealPart = {
  readonly sensor: string;
  readonly day: string;
  readonly shape: Shape;
  readonly range: TimeRange | undefined;
};

/** Those that are encoded for the disk already, and those that are to be put together. */
function* partsOf(blocks: readonly HotBlock[]): Generator<SealPart> {
  for (const [sensor, own] of Map.groupBy(blocks, ({ block }) => block.sensor)) {
    const { encoded = [], loose = [] } = Object.groupBy(own, ({ block }) =>
      block.group === undefined ? "loose" : "encoded",
    );
    for (const [day, blocks] of Map.groupBy(encoded, ({ block }) => Math.floor(block.minTime / DAY)))
      for (const shape of shapesOf(blocks, undefined, "exact"))
        yield { sensor, day: dayName(day), shape, range: undefined };
    for (const shape of shapesOf(loose))
      for (const { name, range } of daysOf(shape.blocks)) yield { sensor, day: name, shape, range };
  }
}

/** Undefined when none of the blocks' messages are of the part's day. */
function writePart({ sensor, day, shape, range }: SealPart, shelf: Shelf): Promise<Segment | undefined> {
  const columns = columnsOf(shape);
  const within = shape.blocks.filter(
    ({ block }) => range === undefined || (block.minTime < range.to && block.maxTime >= range.from),
  );
  const sources = within.map(({ block, textBase }) => ({ block, textBase }));
  const place = {
    sensor,
    day,
    columns,
    rest: restNames(shape.blocks.map(({ block }) => block)),
    keys: KEYS_VERSION,
  };
  const from = { blocks: within, range };
  return putSegment(place, { blocks: sources, range }, shelf, {
    write: (path) => copyBlocks(path, columns, from, shelf.database),
    count: () => {
      const counts = new ValueCounter();
      const total = sumOf(sources.map(({ block }) => block));
      for (const parts of portions(sources, total, range)) counts.add(parts);
      return counts;
    },
  });
}

function sumOf(counted: readonly { readonly rows: number }[]): number {
  return counted.reduce((sum, { rows }) => sum + rows, 0);
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

/** The days blocks are in; undefined stands for all of them in one file. */
function daysOf(blocks: readonly HotBlock[]): { name: string; range: TimeRange | undefined }[] {
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
  return all.map((day) => ({ name: dayName(day), range: { from: day * DAY, to: (day + 1) * DAY } }));
}

function dayName(day: number): string {
  return new Date(day * DAY).toISOString().split("T")[0] as string;
}
