import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { JobThread } from "../parquet/job-thread.ts";
import { DAY } from "./block.ts";
import type { Catalogue, SchemaColumn, Segment } from "./catalogue.ts";
import { MOST_REST_NAMES } from "./encode.ts";
import { type Shape, shapesOf } from "./generation.ts";
import type { HotBlock } from "./hot-block.ts";
import { columnNames, pathPart } from "./names.ts";
import type { TimeRange } from "./portions.ts";
import type { SegmentFacts, SegmentJob } from "./write-segment.ts";

/** More days than this in one seal (times gone mad) share a file. */
const MOST_DAYS = 40;
const MIXED_DAYS = "mixed";

/** Where segments are put, and who writes them. */
export type Shelf = {
  readonly folder: string;
  readonly catalogue: Catalogue;
  readonly writer: JobThread<SegmentJob, SegmentFacts | undefined>;
};

/** The shelf in a folder; its writer is the caller's to end. */
export function openShelf({ folder, catalogue }: Omit<Shelf, "writer">): Shelf {
  return { folder, catalogue, writer: new JobThread("./segment-worker", import.meta.url, "segment-writer") };
}

/** Writes blocks to Parquet files, by sensor and day. The files count once they are in the catalogue. */
export async function sealBlocks(blocks: readonly HotBlock[], shelf: Shelf): Promise<Segment[]> {
  const segments: Segment[] = [];
  try {
    for (const part of partsOf(blocks)) {
      const written = await writePart(part, shelf);
      if (written !== undefined) segments.push(written);
    }
  } catch (error) {
    for (const { file } of segments) await rm(join(shelf.folder, file), { force: true });
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
  const blocks = within.map(({ block, textBase }) => ({ block, textBase }));
  return putSegment({ sensor, day, columns, rest: restOf(shape) }, { blocks, range }, shelf);
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

/** The days blocks lie in; undefined stands for all of them in one file. */
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

function restOf(shape: Shape): readonly string[] | undefined {
  const names = new Set<string>();
  for (const { block } of shape.blocks) {
    if (block.rest === undefined) return undefined;
    for (const name of block.rest) names.add(name);
    if (names.size > MOST_REST_NAMES) return undefined;
  }
  return [...names];
}

type SegmentPlace = {
  readonly sensor: string;
  readonly day: string;
  readonly columns: readonly SchemaColumn[];
  readonly rest: readonly string[] | undefined;
};

/** Has a file written under a temporary name, and synced, and puts it in its place; undefined when there are no messages. */
export async function putSegment(
  { sensor, day, columns, rest }: SegmentPlace,
  from: SegmentJob["from"],
  { folder, catalogue, writer }: Shelf,
): Promise<Segment | undefined> {
  const id = `${Date.now().toString(36).padStart(9, "0")}${randomBytes(5).toString("hex")}`;
  const file = join(`sensor=${pathPart(sensor)}`, `day=${day}`, `${id}.parquet`);
  const path = join(folder, file);
  const temporary = `${path}.tmp`;
  await mkdir(dirname(path), { recursive: true });
  try {
    const facts = await writer.run({ path: temporary, sensor, columns, from });
    if (facts === undefined) return undefined;
    await rename(temporary, path);
    await sync(dirname(path));
    const { size } = await stat(path);
    return { id, sensor, file, bytes: size, schema: catalogue.schema(columns), rest, ...facts };
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
