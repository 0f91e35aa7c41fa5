/**
 * What the files of an index's folder are called. Other engines read the folder as one data set of Parquet and pass over
 * names that begin with `_` (Spark, pandas and pyarrow do): whatever is no Parquet file that counts has one.
 */
import { readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { errorCode, writeFault } from "../../folder.ts";
import { lockFolder } from "../../folder-lock.ts";

export const CATALOGUE_FILE = "_catalogue.mdb";
export const JOURNAL_FILE = "_changes.jsonl";
export const MANIFEST_FILE = "_manifest.json";
/** An empty file with all columns. Its name comes before those of the sensors' folders, so that it is the first to be read. */
export const COLUMNS_FILE = "columns.parquet";
/** The same under the name that Parquet's own readers know. */
export const COMMON_METADATA = "_common_metadata";
export const LOCK_FILE = "_lock";
/** Room for what does not fit into the memory of searches. */
export const TEMPORARY = "_temporary";
/** By which name an archive knows this folder. */
export const ARCHIVE_FILE = "_archive.json";
/** Which alerts are still to be copied elsewhere. Without it all are copied again. */
export const ALERTS_FILE = "_alerts.mdb";
/** By which name copies of alerts know this folder. */
export const ALERTS_OWNER_FILE = "_alerts.json";
/** Archived files that searches read, the copies of which may go at any time. */
export const ARCHIVED = "_archived";
/** Damaged files that a rebuild replaced. */
export const REPLACED = "_set-aside";

const DRAFT = ".tmp";
/** The end of the name of a file that was set aside: no start removes it, no search reads it. */
const ASIDE = ".set-aside";

/** The name of a file until the catalogue lists it: what has its own name was listed once, and is never deleted unasked. */
export function unfinished(file: string): string {
  return hidden(`${file}${DRAFT}`);
}

export function isUnfinished(file: string): boolean {
  return basename(file).startsWith("_") && file.endsWith(DRAFT);
}

/** The own name of a file, of which the unfinished one is given. */
export function finished(file: string): string {
  return join(dirname(file), basename(file).slice(1, -DRAFT.length));
}

/** The name of a file that does not hold what was put in it. */
export function asideName(file: string, number: number): string {
  return hidden(`${file}.${number}${ASIDE}`);
}

function hidden(file: string): string {
  return join(dirname(file), `_${basename(file)}`);
}

/** Files below the folders of sensors, relative to the index's folder, sorted. */
export async function filesOfSensors(folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(none)) {
    const file = relative(folder, join(entry.parentPath, entry.name));
    if (entry.isFile() && file.startsWith("sensor=")) files.push(file);
  }
  return files.sort();
}

const FORMER_CATALOGUE = "catalogue.mdb";
/** What else lay beside the folders of sensors in layout 1, but for its lock and what it had of memory on disk. */
const FORMER = /^(catalogue\.mdb\.broken-.*|changes\.jsonl|set-aside)$/;

/**
 * Gives the files of layout 1 their present names. The catalogue comes last: as long as it has its old name, this begins
 * again at the next start.
 * @throws Fault STORAGE_LOCKED when an earlier version runs on the folder, FOLDER_UNWRITABLE
 */
export async function adoptFormerNames(folder: string): Promise<void> {
  const entries: string[] = await readdir(folder).catch(none);
  const former = [
    ...entries.filter((name) => FORMER.test(name)),
    ...entries.filter((name) => name === FORMER_CATALOGUE),
  ].filter((name) => !entries.includes(`_${name}`));
  const drafts = (await filesOfSensors(folder)).filter(
    (file) => !basename(file).startsWith("_") && (file.endsWith(DRAFT) || file.endsWith(ASIDE)),
  );
  if (former.length === 0 && drafts.length === 0) return;
  await using _former = await lockFolder(folder, "lock");
  try {
    for (const file of drafts) await rename(join(folder, file), join(folder, hidden(file)));
    for (const name of former) await rename(join(folder, name), join(folder, `_${name}`));
    await rm(join(folder, "temporary"), { recursive: true, force: true });
    await rm(join(folder, `${FORMER_CATALOGUE}-lock`), { force: true });
  } catch (error) {
    throw writeFault(`renaming files of ${folder}`, error);
  }
}

function none(error: unknown): [] {
  if (errorCode(error) === "ENOENT") return [];
  throw error;
}
