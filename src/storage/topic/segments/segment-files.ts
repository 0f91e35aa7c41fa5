import { mkdir, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "../../../core/fault.ts";

const SUFFIX = ".segment";

/** Path of the segment whose first record has an offset. Names sort as offsets do. */
export function segmentPath(folder: string, offset: number): string {
  return join(folder, `${String(offset).padStart(16, "0")}${SUFFIX}`);
}

/** Folder of a partition. */
export function partitionFolder(folder: string, topic: string, partition: number): string {
  return join(folder, topic, String(partition));
}

/** First offsets of the segments in a folder, ascending. */
export async function listSegments(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => Number(name.slice(0, -SUFFIX.length)))
    .sort((a, b) => a - b);
}

/** Makes what a folder lists durable; on POSIX a new file needs it to survive power loss. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder, or says in a fault why it cannot be written. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw writeFault(`making folder ${folder}`, error);
  }
}

/** The fault for a failed write: the disk is full, or the folder cannot be written. */
export function writeFault(doing: string, error: unknown): Fault {
  const code = errorCode(error);
  const full = code === "ENOSPC" || code === "EDQUOT";
  return new Fault(full ? "DISK_FULL" : "FOLDER_UNWRITABLE", `${doing}: ${full ? "disk full" : code}`, {
    cause: error,
  });
}

/** The system's name of an error ("ENOENT"), or its text. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}
