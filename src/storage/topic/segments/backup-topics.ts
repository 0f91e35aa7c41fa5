import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { copyFile } from "../../backup/copy.ts";
import { errorCode } from "../../folder.ts";
import { Cursor } from "./cursor.ts";
import { listSegments, partitionFolder, segmentPath } from "./segment-files.ts";

/** Milliseconds within which a write that was under way is through. */
const WRITE_WITHIN = 500;

type Tails = {
  /** Files made, below the folder they went to. */
  readonly files: readonly string[];
  /** Files whose end is damaged, and was not copied. */
  readonly missing: readonly { readonly path: string; readonly reason: string }[];
};

/**
 * Copies what an index does not have yet of the topics of a folder: of each partition the segments from its position on. They may be
 * written meanwhile: of the last one the whole frames are kept, which are all that was acknowledged when the copy began.
 */
export async function copyTails(
  folder: string,
  to: string,
  position: (topic: string, partition: number) => number | undefined,
): Promise<Tails> {
  const files: string[] = [];
  const missing: { path: string; reason: string }[] = [];
  for (const topic of await foldersIn(folder)) {
    for (const name of await foldersIn(join(folder, topic))) {
      if (!/^\d+$/.test(name)) continue;
      const within = partitionFolder("", topic, Number(name));
      const first = position(topic, Number(name)) ?? 0;
      const segments = await listSegments(join(folder, within));
      // The last that begins at or before the position holds it.
      const begin = segments.findLast((offset) => offset <= first) ?? 0;
      for (const offset of segments.filter((start) => start >= begin)) {
        const path = segmentPath(within, offset);
        const isLast = offset === segments.at(-1);
        const damagedAt = await copySegment(join(folder, path), join(to, path), isLast);
        if (damagedAt === "gone") continue;
        files.push(path);
        if (damagedAt !== undefined)
          missing.push({ path, reason: `it is damaged from byte ${damagedAt} on` });
      }
    }
  }
  return { files, missing };
}

/**
 * Returns where the last segment is damaged, if it is, and `gone` for one that retention removed meanwhile. Earlier ones are copied as they are:
 * whoever reads them meets their damage as before.
 */
async function copySegment(from: string, to: string, isLast: boolean): Promise<number | "gone" | undefined> {
  try {
    await copyFile(from, to);
    if (!isLast) return undefined;
    const torn = await cutToFrames(to);
    if (torn === undefined) return undefined;
    // A write under way looks like damage, but not twice.
    await pause(WRITE_WITHIN);
    await copyFile(from, to);
    return (await cutToFrames(to)) === torn ? torn : undefined;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "gone";
    throw error;
  }
}

/** Cuts a copy behind its last whole frame, and returns where that is when something else than unused room follows. */
async function cutToFrames(path: string): Promise<number | undefined> {
  await using file = await open(path, "r+");
  const cursor = new Cursor(file);
  let found = await cursor.read();
  for (; found.kind === "frame"; found = await cursor.read()) cursor.pass(found.frame);
  await file.truncate(cursor.position);
  await file.sync();
  return found.kind === "damage" ? cursor.position : undefined;
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
