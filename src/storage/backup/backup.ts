import { readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "../../core/fault.ts";
import { errorCode, makeFolder, syncFolder, writeFault } from "../folder.ts";
import { isLocked } from "../folder-lock.ts";
import { pinIndex } from "../index/segments/backup-index.ts";
import { expectLayout } from "../layout.ts";
import { LAYOUT } from "../layout-version.ts";
import { copyLmdb } from "../lmdb-file.ts";
import { copyTails } from "../topic/segments/backup-topics.ts";
import { type BackupFile, type Contents, UNFINISHED_FILE, writeContents } from "./contents.ts";
import { copyFile, linkFile, sumFile } from "./copy.ts";

/** What is in the backup so far. */
type BackupProgress = { readonly files: number; readonly bytes: number };

export type BackupOptions = {
  /** The data folder, on which a platform may run. */
  readonly data: string;
  /** Where the backup goes: a new or empty folder, or one that an interrupted backup left. */
  readonly to: string;
  /** Version of Metron, for the list. */
  readonly version: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Whether files of the index are copied although a second name would do. */
  readonly copies: boolean;
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined;
};

/** Second names of the index's files while they are copied; other engines pass over them. */
const PINS = "_backup";
const CONFIG = join("config", "config.mdb");

/**
 * Makes a backup of configuration, tables and index, and of the raw records that the index does not have yet.
 *
 * The order makes it whole while a platform runs. Tables come before the index: how far followed files were read is in one, and what
 * was read is in the topics before it is noted there. The index comes before the topics: whatever it has not got is still in these.
 * @throws Fault REQUEST_INVALID when `to` holds something else, STORAGE_CORRUPT, STORAGE_NEWER, DISK_FULL, FOLDER_UNWRITABLE
 */
export async function makeBackup(options: BackupOptions): Promise<Contents> {
  const { data, to, version, at } = options;
  await checkData(data);
  await beginFolder(to);
  const isWritten = await isLocked(data);
  const files: BackupFile[] = [];
  const progress = { files: 0, bytes: 0 };
  const onBytes = (count: number) => {
    progress.bytes += count;
    options.onProgress?.(progress);
  };
  const note = async (path: string) => {
    const { bytes, sha256 } = await sumFile(join(to, path), onBytes);
    files.push({ path, bytes, sha256 });
    progress.files++;
  };
  // Also the copy of a configuration that several processes share: what becomes of the log is not in this machine's hands.
  const databases = [...(await databasesIn(data, "config")), ...(await databasesIn(data, "tables"))];
  for (const path of databases) {
    await makeFolder(join(to, path, ".."));
    if (await copyLmdb(join(data, path), join(to, path), isWritten)) await note(path);
  }

  const index = join(data, "index");
  const pins = join(index, PINS);
  await rm(pins, { recursive: true, force: true });
  try {
    await makeFolder(join(to, "index"));
    const pinned = await pinIndex(index, { catalogueTo: join(to, "index"), pins, isWritten });
    if (pinned !== undefined) await note(join("index", "_catalogue.mdb"));
    const tails = await copyTails(join(data, "topics"), join(to, "topics"), (topic, partition) =>
      pinned?.position(topic, partition),
    );
    for (const path of tails.files) await note(join("topics", path));
    for (const { path, at: from } of pinned?.files ?? []) {
      const target = join(to, "index", path);
      if (!options.copies && (await linkFile(from, target))) await note(join("index", path));
      else {
        files.push({ path: join("index", path), ...(await copyFile(from, target, onBytes)) });
        progress.files++;
      }
    }
    const contents: Contents = {
      ...{ format: 1, layout: LAYOUT, version, at, files },
      missing: [
        ...(pinned?.missing ?? []).map(({ path, reason }) => ({ path: join("index", path), reason })),
        ...tails.missing.map(({ path, reason }) => ({ path: join("topics", path), reason })),
      ],
      leftOut: await leftOut(data, pinned !== undefined),
    };
    await syncFolder(to);
    await writeContents(to, contents);
    await rm(join(to, UNFINISHED_FILE));
    return contents;
  } finally {
    await rm(pins, { recursive: true, force: true });
  }
}

async function checkData(data: string): Promise<void> {
  try {
    await stat(join(data, CONFIG));
  } catch (cause) {
    throw new Fault("INPUT_UNREADABLE", `reading ${data}: it is no data folder, as it has no ${CONFIG}`, {
      cause,
    });
  }
  await expectLayout(data);
}

/** Takes a folder over that is new, empty, or what an interrupted backup left. */
async function beginFolder(to: string): Promise<void> {
  await makeFolder(to);
  const names = await readdir(to);
  if (names.length > 0 && !names.includes(UNFINISHED_FILE))
    throw new Fault("REQUEST_INVALID", `writing a backup to ${to}: the folder is not empty; name a new one`);
  try {
    await writeFile(join(to, UNFINISHED_FILE), "", { flush: true });
    for (const name of names)
      if (name !== UNFINISHED_FILE) await rm(join(to, name), { recursive: true, force: true });
  } catch (error) {
    throw writeFault(`writing a backup to ${to}`, error);
  }
}

async function databasesIn(data: string, folder: string): Promise<string[]> {
  const names = await readdir(join(data, folder)).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  });
  return names.filter((name) => name.endsWith(".mdb")).map((name) => join(folder, name));
}

/** What somebody might look for in the backup and not find. */
async function leftOut(data: string, hasIndex: boolean): Promise<string[]> {
  const packets = await readdir(join(data, "packets")).catch(() => []);
  const copies = await databasesIn(data, join("tables", "kafka"));
  const topics = await readdir(join(data, "topics")).catch((): string[] => []);
  return [
    "raw records that the index has: they cannot be replayed or rebuilt from after a restore",
    ...(copies.length > 0 ? ["indicators and enrichment tables in Kafka (`tables/kafka` has copies)"] : []),
    ...(topics.includes("_kafka.json") ? ["raw records in Kafka"] : []),
    ...(packets.some((name) => name.endsWith(".packets")) ? ["captured packets (`packets`)"] : []),
    ...(hasIndex ? [] : ["the index: it is not in this folder"]),
  ];
}
