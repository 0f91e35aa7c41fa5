import { type FileHandle, open, stat } from "node:fs/promises";
import type { Context } from "../../../core/context.ts";
import { makeFolder, writeFault } from "../../folder.ts";
import { Cursor } from "./cursor.ts";
import { damageFault, type OnDamage } from "./damage.ts";
import { listSegments, segmentPath } from "./segment-files.ts";

/** What a writer knows of a segment. */
export type SegmentFacts = {
  readonly first: number;
  bytes: number;
  /** When its last block arrived, or somewhat later. */
  newest: number;
};

export type Recovered = {
  readonly segments: readonly SegmentFacts[];
  /** The segment to go on with at `position`; none when the next append must begin a new one. */
  readonly file: FileHandle | undefined;
  readonly position: number;
  readonly end: number;
};

export type RecoveryOptions = {
  readonly folder: string;
  readonly topic: string;
  readonly partition: number;
  /** An offset that the partition is known to have reached. */
  readonly floor: number;
  readonly segmentBytes: number;
  readonly onDamage: OnDamage;
  readonly context: Context;
};

/**
 * Finds out where a partition ends. A frame at the end that a crash tore was never acknowledged and is cut off;
 * anything else that is wrong is damage. Only the last segment is read: a segment is flushed as a whole before the
 * next one is made, and readers verify whatever they read.
 */
export async function recoverPartition(options: RecoveryOptions): Promise<Recovered> {
  const { folder, segmentBytes } = options;
  await makeFolder(folder);
  const segments = await surveySegments(folder);
  const last = segments.at(-1);
  if (last === undefined) return { segments, file: undefined, position: 0, end: options.floor };
  const path = segmentPath(folder, last.first);
  const file = await openToWrite(path);
  const scan = await scanSegment(file, last.first);
  const wasReached = Math.max(options.floor, scan.known);
  last.bytes = scan.position;
  last.newest = scan.newest;
  if (scan.end >= wasReached) {
    if (scan.isTorn) {
      const fields = { file: path, position: scan.position, end: scan.end };
      options.context.log.warn("Cut off a write that a crash left unfinished.", fields);
    }
    await file.truncate(scan.position);
    await file.truncate(Math.max(segmentBytes, scan.position));
    await file.sync();
    return { segments, file, position: scan.position, end: scan.end };
  }
  await file.close();
  const { topic, partition, context } = options;
  const fields = { file: path, position: scan.position, topic, partition, offset: scan.end };
  if (options.onDamage === "fault") throw damageFault(fields);
  context.log.error("Went on behind damaged records.", { ...fields, nextOffset: wasReached });
  last.bytes = (await stat(path)).size;
  return { segments, file: undefined, position: 0, end: wasReached };
}

type Scan = {
  /** Where the first frame that is not sound begins, and the offset it would have. */
  position: number;
  end: number;
  newest: number;
  isTorn: boolean;
  /** An offset that frames behind a bad one show to have been durable. */
  known: number;
};

async function scanSegment(file: FileHandle, first: number): Promise<Scan> {
  const cursor = new Cursor(file);
  const scan: Scan = { position: 0, end: first, newest: 0, isTorn: false, known: first };
  let found = await cursor.read();
  for (; found.kind === "frame"; found = await cursor.read()) {
    cursor.pass(found.frame);
    scan.end = found.frame.offset + found.frame.records;
    scan.newest = found.frame.arrival;
  }
  scan.position = cursor.position;
  scan.isTorn = found.kind === "damage";
  // Whatever follows was written later; what it knew to be durable must be there.
  while (await cursor.recover(scan.end)) {
    const behind = await cursor.peek();
    if (behind.kind !== "frame") break;
    scan.isTorn = true;
    if (behind.frame.durable > scan.end) {
      scan.known = Math.max(scan.known, behind.frame.offset + behind.frame.records);
    }
  }
  return scan;
}

async function surveySegments(folder: string): Promise<SegmentFacts[]> {
  const segments: SegmentFacts[] = [];
  for (const first of await listSegments(folder)) {
    const file = await open(segmentPath(folder, first), "r");
    try {
      const found = await new Cursor(file, Buffer.allocUnsafeSlow(256)).peek();
      const previous = segments.at(-1);
      const { size, mtimeMs } = await file.stat();
      if (previous !== undefined && found.kind === "frame") previous.newest = found.frame.arrival;
      segments.push({ first, bytes: size, newest: mtimeMs });
    } finally {
      await file.close();
    }
  }
  return segments;
}

async function openToWrite(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r+");
  } catch (error) {
    throw writeFault(`opening ${path}`, error);
  }
}
