import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize, sep } from "node:path";
import { Fault } from "../../core/fault.ts";
import { errorCode, makeFolder, syncFolder, writeFault } from "../folder.ts";
import { lockFolder } from "../folder-lock.ts";
import { noteLayout } from "../layout.ts";
import { LAYOUT } from "../layout-version.ts";
import { type Contents, RESTORING_FILE, readContents } from "./contents.ts";
import { copyFile, sumFile } from "./copy.ts";

type RestoreProgress = {
  readonly phase: "checking" | "copying";
  readonly bytes: number;
  readonly totalBytes: number;
};

export type RestoreOptions = {
  /** The folder of the backup. */
  readonly from: string;
  /** The data folder, which must not have any of what the backup has. */
  readonly data: string;
  /** Whether the backup is checked only. */
  readonly checksOnly?: boolean | undefined;
  readonly onProgress?: ((progress: RestoreProgress) => void) | undefined;
};

/**
 * Restores a backup into a data folder. Every file is read and held against its checksum before anything is written. A restore
 * that was interrupted leaves a folder that no platform starts on; the next one begins again.
 * @throws Fault BACKUP_DAMAGED, STORAGE_NEWER, REQUEST_INVALID when the folder has data, STORAGE_LOCKED, DISK_FULL, FOLDER_UNWRITABLE
 */
export async function restoreBackup({
  from,
  data,
  checksOnly,
  onProgress,
}: RestoreOptions): Promise<Contents> {
  const contents = await readContents(from);
  if (contents.layout > LAYOUT)
    throw new Fault(
      "STORAGE_NEWER",
      `reading the backup ${from}: it has layout ${contents.layout}, and this version knows layouts up to ${LAYOUT}`,
    );
  const totalBytes = contents.files.reduce((sum, { bytes }) => sum + bytes, 0);
  const tell = (phase: RestoreProgress["phase"]) => {
    let bytes = 0;
    return (count: number) => {
      bytes += count;
      onProgress?.({ phase, bytes, totalBytes });
    };
  };
  await checkFiles(from, contents, tell("checking"));
  if (checksOnly) return contents;

  await makeFolder(data);
  await using _lock = await lockFolder(data);
  const parts = [...new Set(contents.files.map(({ path }) => path.split(sep)[0] as string))];
  await beginRestore(data, parts);
  const onBytes = tell("copying");
  for (const { path, bytes, sha256 } of contents.files) {
    const copied = await copyFile(join(from, path), join(data, path), onBytes);
    if (copied.bytes !== bytes || copied.sha256 !== sha256) throw damaged(from, path, "it changed meanwhile");
  }
  for (const folder of new Set(contents.files.map(({ path }) => dirname(path))))
    await syncFolder(join(data, folder));
  await rm(join(data, RESTORING_FILE));
  await noteLayout(data);
  await syncFolder(data);
  return contents;
}

async function checkFiles(
  from: string,
  { files }: Contents,
  onBytes: (count: number) => void,
): Promise<void> {
  for (const { path, bytes, sha256 } of files) {
    // The list is a file as others are: it may come from anywhere.
    if (isAbsolute(path) || normalize(path).startsWith("..")) throw damaged(from, path, "it lies outside");
    const found = await sumFile(join(from, path), onBytes).catch((error: unknown) => {
      throw damaged(from, path, errorCode(error), error);
    });
    if (found.bytes !== bytes) throw damaged(from, path, `it has ${found.bytes} bytes, and had ${bytes}`);
    if (found.sha256 !== sha256) throw damaged(from, path, "it does not have its checksum");
  }
}

/** Notes that the folder is being filled. What an interrupted restore left of these parts is removed. */
async function beginRestore(data: string, parts: readonly string[]): Promise<void> {
  const marker = join(data, RESTORING_FILE);
  const begun = await readFile(marker, "utf8").catch(() => undefined);
  const ours: readonly string[] = begun === undefined ? [] : (JSON.parse(begun) as string[]);
  const present = (await readdir(data)).filter((name) => parts.includes(name) && !ours.includes(name));
  for (const name of present)
    if ((await readdir(join(data, name))).length > 0)
      throw new Fault(
        "REQUEST_INVALID",
        `restoring into ${data}: it has data in \`${name}\`; move that elsewhere, or name another folder with --data`,
      );
  try {
    await writeFile(marker, JSON.stringify([...new Set([...ours, ...parts])]), { flush: true });
    for (const name of ours) await rm(join(data, name), { recursive: true, force: true });
  } catch (error) {
    throw writeFault(`restoring into ${data}`, error);
  }
}

function damaged(from: string, path: string, reason: string, cause?: unknown): Fault {
  return new Fault("BACKUP_DAMAGED", `reading ${join(from, path)}: ${reason}`, { cause });
}
