import { createHash } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Fault } from "../../core/fault.ts";
import { errorCode, writeFault } from "../folder.ts";

/**
 * What a backup is: a folder with the files of a data folder under the same paths, and `backup.json`, which lists them with
 * their checksums. That is written last: a backup without it was never finished.
 */
const CONTENTS_FILE = "backup.json";
/** In place of the above until the backup is finished. */
export const UNFINISHED_FILE = "backup.unfinished";
/** In a data folder that a restore has begun to fill and not finished. */
export const RESTORING_FILE = "restoring.json";

const contentsSchema = z.object({
  format: z.literal(1),
  /** The layout of the data folder (layout.ts). */
  layout: z.int(),
  /** Version of Metron that made the backup. */
  version: z.string(),
  /** When it was begun, epoch milliseconds. */
  at: z.number(),
  files: z.array(z.object({ path: z.string(), bytes: z.int().min(0), sha256: z.string().length(64) })),
  /** Files that could not be taken, with the reason: they were damaged or gone before. */
  missing: z.array(z.object({ path: z.string(), reason: z.string() })),
  /** Parts of the data folder that no backup has, or that are kept elsewhere. */
  leftOut: z.array(z.string()),
});

export type Contents = z.output<typeof contentsSchema>;
export type BackupFile = Contents["files"][number];

/** Writes the list, which makes a backup whole. @throws Fault DISK_FULL, FOLDER_UNWRITABLE */
export async function writeContents(folder: string, contents: Contents): Promise<void> {
  const path = join(folder, CONTENTS_FILE);
  const text = JSON.stringify(contents, undefined, 1);
  try {
    await writeFile(`${path}.new`, `${JSON.stringify({ sha256: sumOf(text) })}\n${text}\n`, { flush: true });
    await rename(`${path}.new`, path);
  } catch (error) {
    throw writeFault(`writing ${path}`, error);
  }
}

/** Reads the list of a backup. @throws Fault BACKUP_DAMAGED, also where there is none */
export async function readContents(folder: string): Promise<Contents> {
  const path = join(folder, CONTENTS_FILE);
  let file: string;
  try {
    file = await readFile(path, "utf8");
  } catch (error) {
    const isUnfinished = await readFile(join(folder, UNFINISHED_FILE)).catch(() => undefined);
    const reason =
      isUnfinished === undefined
        ? `there is no backup (${errorCode(error)})`
        : "the backup was never finished";
    throw new Fault("BACKUP_DAMAGED", `reading ${path}: ${reason}`, { cause: error });
  }
  const end = file.indexOf("\n");
  const text = file.slice(end + 1, -1);
  try {
    const { sha256 } = JSON.parse(file.slice(0, end)) as { sha256?: unknown };
    if (sha256 === sumOf(text)) return contentsSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Fault("BACKUP_DAMAGED", `reading ${path}: it is not what was written`, { cause });
  }
  throw new Fault("BACKUP_DAMAGED", `reading ${path}: it does not have its checksum`);
}

function sumOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
