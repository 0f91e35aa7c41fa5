import { randomBytes } from "node:crypto";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Context } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import { addedFields } from "../../../schema/declarations.ts";
import { sync } from "../duckdb/copy-blocks.ts";
import type { Database } from "../duckdb/database.ts";
import { pathPart } from "../names.ts";
import type { WholeFile } from "../parquet/group-reader.ts";
import { JobThread } from "../parquet/job-thread.ts";
import type { Catalogue, SchemaColumn, Segment } from "./catalogue.ts";
import type { SegmentAnswer, SegmentCheck } from "./check-segment.ts";
import { asideName, unfinished } from "./folder-names.ts";
import type { FormerJob } from "./former.ts";
import type { ValueCounter } from "./value-counts.ts";
import type { SegmentFacts, SegmentJob } from "./write-segment.ts";

/** With more than these nobody would be helped, and the disk would fill. */
const MOST_ASIDE = 20;

/** Where segments are put, and who writes them. */
export type Shelf = {
  readonly folder: string;
  readonly catalogue: Catalogue;
  readonly database: Database;
  readonly context: Context;
  readonly writer: JobThread<SegmentJob | FormerJob | SegmentCheck, SegmentAnswer | undefined>;
  /** Files that cannot be relied on: an operator must hear of them, though nothing is lost. */
  readonly setAside: Fault[];
};

/** The shelf in a folder; its writer is the caller's to end. @param script what the writer's thread runs. */
export function openShelf(
  { folder, catalogue, database, context }: Pick<Shelf, "folder" | "catalogue" | "database" | "context">,
  script = "./segment-worker",
): Shelf {
  const writer: Shelf["writer"] = new JobThread(script, import.meta.url, "segment-writer");
  return { folder, catalogue, database, context, writer, setAside: [] };
}

/** Deletes the files of segments that no catalogue lists. */
export async function discard(
  segments: readonly Segment[],
  { folder }: Pick<Shelf, "folder">,
): Promise<void> {
  for (const { file } of segments) await rm(join(folder, unfinished(file)), { force: true });
}

type SegmentPlace = {
  readonly sensor: string;
  readonly day: string;
  readonly columns: readonly SchemaColumn[];
  readonly rest: readonly string[] | undefined;
  /** Which canonical keys its blocks hold. */
  readonly keys: number | undefined;
};

/** Another way to write the same messages, and what they are. */
type OtherWay = {
  readonly write: (path: string) => Promise<SegmentFacts>;
  readonly count: () => ValueCounter;
};

/**
 * Has a file written under its unfinished name, synced and read; the catalogue gives it its own name once it lists it.
 * Of a whole file of an earlier layout nobody knows what its columns are to be before it is made once more.
 * Undefined when there are no messages. A file that does not hold what was put in it is set aside, and the messages are written in the other way.
 * @throws Fault SEGMENT_REFUSED when there is no other way.
 */
export async function putSegment(
  place: SegmentPlace,
  from: SegmentJob["from"] | WholeFile,
  shelf: Shelf,
  otherWay?: OtherWay,
): Promise<Segment | undefined> {
  const id = `${Date.now().toString(36).padStart(9, "0")}${randomBytes(5).toString("hex")}`;
  const { sensor, columns } = place;
  const file = join(`sensor=${pathPart(sensor)}`, `day=${place.day}`, `${id}.parquet`);
  const path = join(shelf.folder, file);
  const temporary = unfinished(path);
  await mkdir(dirname(path), { recursive: true });
  try {
    const isFormer = "path" in from;
    const job = {
      path: temporary,
      sensor,
      ...(isFormer ? { former: from, added: addedFields() } : { columns, from }),
    };
    const answer = await answerOf(shelf.writer.run(job));
    if (answer === undefined) return undefined;
    const facts =
      "facts" in answer ? answer.facts : await writeOtherwise(place, path, answer.refused, shelf, otherWay);
    await sync(dirname(path));
    const { size } = await stat(temporary);
    const contents = isFormer && "contents" in answer ? answer.contents : place;
    const schema = shelf.catalogue.schema(contents.columns);
    return { id, sensor, file, bytes: size, schema, rest: contents.rest, keys: place.keys, ...facts };
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** A mistake of the writer is an answer; that a disk is full, or that a thread was ended, is not of its making. */
async function answerOf(running: Promise<SegmentAnswer | undefined>): Promise<SegmentAnswer | undefined> {
  try {
    return await running;
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    return { refused: `${error.name}: ${error.message}` };
  }
}

async function writeOtherwise(
  { columns }: SegmentPlace,
  path: string,
  reason: string,
  shelf: Shelf,
  otherWay: OtherWay | undefined,
): Promise<SegmentFacts> {
  const temporary = unfinished(path);
  const fault = await setAside(path, reason, shelf);
  if (otherWay === undefined) throw fault;
  const facts = await otherWay.write(temporary);
  const counts = otherWay.count();
  const counted = columns.map(({ column, field }) => ({ column, values: counts.of(field) }));
  const answer = await shelf.writer.run({ path: temporary, rows: counts.rows, columns: counted });
  if (answer !== undefined && "refused" in answer) throw await setAside(path, answer.refused, shelf);
  return facts;
}

/**
 * Gives the file another name, tells the operator, and returns what it told. After `MOST_ASIDE` of them a file is deleted
 * instead: its messages are still where they came from.
 */
async function setAside(path: string, reason: string, shelf: Shelf): Promise<Fault> {
  const aside = asideName(path, shelf.setAside.length);
  const isKept = shelf.setAside.length < MOST_ASIDE;
  if (isKept) await rename(unfinished(path), aside).catch(() => undefined);
  else await rm(unfinished(path), { force: true });
  const fault = new Fault(
    "SEGMENT_REFUSED",
    `writing segment ${path}: ${reason}; what was written was ${isKept ? `set aside as ${aside}` : "deleted"}`,
    { details: { file: isKept ? aside : path } },
  );
  if (isKept) shelf.setAside.push(fault);
  shelf.context.log.error("A file of the index does not hold what was put in it.", {
    code: fault.code,
    reason: fault.message,
  });
  return fault;
}
