import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Fault } from "../core/fault.ts";
import { errorCode, makeFolder, writeFault } from "./folder.ts";

/**
 * Claims a folder for this process until disposed of. Throws STORAGE_LOCKED, naming the process, when another one
 * that still runs has it; a claim whose process was killed is taken over.
 * @param name of the file that says who has it.
 */
export async function lockFolder(folder: string, name = "lock"): Promise<AsyncDisposable> {
  const path = join(folder, name);
  const mine = await owner(process.pid);
  const own = join(folder, `${name}.${process.pid}`);
  await makeFolder(folder);
  try {
    await writeFile(own, mine);
  } catch (error) {
    throw writeFault(`locking ${folder}`, error);
  }
  try {
    await claim(path, own, mine);
  } finally {
    await rm(own, { force: true });
  }
  return {
    async [Symbol.asyncDispose]() {
      await rm(path, { force: true });
    },
  };
}

/** Whether a process that still runs has claimed a folder. */
export async function isLocked(folder: string, name = "lock"): Promise<boolean> {
  const theirs = await readFile(join(folder, name), "utf8").catch(() => "");
  return theirs !== "" && (await owner(Number(theirs.split(" ")[0]))) === theirs;
}

async function claim(path: string, own: string, mine: string): Promise<void> {
  try {
    // Unlike a rename, a link is refused when the name is taken.
    await link(own, path);
    return;
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  }
  const theirs = await readFile(path, "utf8");
  const pid = Number(theirs.split(" ")[0]);
  if ((await owner(pid)) === theirs) {
    throw new Fault("STORAGE_LOCKED", `locking ${path}: process ${pid} has it`, { details: { pid } });
  }
  await rename(own, path);
  // Another process may have taken the same stale claim over: the last to do so has it.
  await delay(50);
  const now = await readFile(path, "utf8");
  if (now === mine) return;
  throw new Fault("STORAGE_LOCKED", `locking ${path}: process ${now.split(" ")[0]} has it`);
}

/** A process as text: its id and when it started, since ids are used again; empty when it does not run. */
async function owner(pid: number): Promise<string> {
  if (!Number.isInteger(pid) || pid <= 0) return "";
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Not allowed to signal it means that it runs.
    if (errorCode(error) !== "EPERM") return "";
  }
  const started = await startTime(pid);
  return started === undefined ? "" : `${pid} ${started}`;
}

/**
 * Field 22 of /proc/<pid>/stat on Linux (see proc_pid_stat(5)); elsewhere the id must do. Undefined of a process that has
 * ended and whose parent has not asked for its end: in a container without an init it stays.
 */
async function startTime(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : (fields[19] ?? "");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "";
    throw error;
  }
}
