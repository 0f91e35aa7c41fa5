import { mkdir, open } from "node:fs/promises";
import { Fault } from "../core/fault.ts";

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
