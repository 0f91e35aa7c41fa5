import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Fault } from "../../core/fault.ts";
import { errorCode, writeFault } from "../../storage/folder.ts";

/** How far a move of a data folder to a cluster is, in a file of the folder: it begins again there after a kill. */
const MARKER_FILE = "migrating.json";

const markerSchema = z.object({
  /** The document that says where to. */
  document: z.string(),
  /** What is moved; the rest was there already, or stays. */
  moves: z.object({ topics: z.boolean(), tables: z.boolean(), index: z.boolean() }),
  /** By sensor: behind which message its messages are moved; `done` when all are. */
  messages: z.record(z.string(), z.union([z.literal("done"), z.object({ cursor: z.string() })])),
});

export type Marker = z.output<typeof markerSchema>;

/** Reads the marker; undefined where no move was begun. @throws Fault STORAGE_CORRUPT */
export async function readMarker(data: string): Promise<Marker | undefined> {
  const path = join(data, MARKER_FILE);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw new Fault("STORAGE_CORRUPT", `reading ${path}: ${errorCode(error)}`, { cause: error });
  }
  try {
    return markerSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Fault("STORAGE_CORRUPT", `reading ${path}: it is not what was written`, { cause });
  }
}

/** Writes the marker, durable when it resolves. @throws Fault DISK_FULL, FOLDER_UNWRITABLE */
export async function writeMarker(data: string, marker: Marker): Promise<void> {
  const path = join(data, MARKER_FILE);
  try {
    await writeFile(`${path}.new`, JSON.stringify(marker), { flush: true });
    await rename(`${path}.new`, path);
  } catch (error) {
    throw writeFault(`writing ${path}`, error);
  }
}

export async function removeMarker(data: string): Promise<void> {
  await rm(join(data, MARKER_FILE), { force: true });
}

/**
 * Refuses a data folder that is being moved: what came now would be in one place and not in the other.
 * @throws Fault MIGRATION_UNFINISHED
 */
export async function refuseUnfinished(data: string): Promise<void> {
  if ((await readMarker(data)) === undefined) return;
  throw new Fault(
    "MIGRATION_UNFINISHED",
    `opening ${data}: a move of it to a cluster was begun and not finished`,
  );
}
