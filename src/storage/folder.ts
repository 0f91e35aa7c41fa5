import { access, constants, mkdir, open, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
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

/** Makes a folder and those above it, or says in a fault why it cannot be written. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await makeFolders(resolve(folder));
  } catch (error) {
    throw writeFault(`making folder ${folder}`, error);
  }
}

/** Says in a fault when an existing folder takes no files: better at the start than with the first that is written. */
export async function checkWritable(folder: string): Promise<void> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw writeFault(`writing to folder ${folder}`, error);
  }
}

/**
 * Not by mkdir's own recursion: where a file system has no such entry and takes none (/proc), it tries forever
 * (seen with Node 24).
 */
async function makeFolders(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT" && dirname(folder) !== folder) {
      await makeFolders(dirname(folder));
      await mkdir(folder).catch(unlessMade(folder));
    } else await unlessMade(folder)(error);
  }
}

/** Fails as making the folder did, unless it is there by now. */
function unlessMade(folder: string): (error: unknown) => Promise<void> {
  return async (error) => {
    const found = await stat(folder).catch(() => undefined);
    if (found?.isDirectory() !== true) throw error;
  };
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
