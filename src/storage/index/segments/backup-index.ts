import { rm } from "node:fs/promises";
import { join } from "node:path";
import { linkFile } from "../../backup/copy.ts";
import { errorCode } from "../../folder.ts";
import { copyLmdb } from "../../lmdb-file.ts";
import { Catalogue } from "./catalogue.ts";
import { ALERTS_OWNER_FILE, ARCHIVE_FILE, CATALOGUE_FILE, unfinished } from "./folder-names.ts";
import { positionKey } from "./position-key.ts";

/** The index at one moment: a copy of its catalogue, and its files under second names. */
type PinnedIndex = {
  /** Files below the folder of the index, each with where its bytes are. */
  readonly files: readonly { readonly path: string; readonly at: string }[];
  /** Files that are not there; `isKnown` where the index itself had found that. */
  readonly missing: readonly { readonly path: string; readonly reason: string; readonly isKnown: boolean }[];
  /** How far a partition is in them. */
  readonly position: (topic: string, partition: number) => number | undefined;
};

/** A merge removes files that an older copy of the catalogue lists; one that is this much slower has another cause. */
const TRIES = 20;

/**
 * Pins the index of a data folder, also while a platform writes it. First the catalogue is copied, then every file that the
 * copy lists gets a second name, so that a merge cannot take it away; where one was quicker, all is done again.
 * @param catalogueTo folder for the copy of the catalogue.
 * @param pins folder for the second names, made if there is none; in the file system of the index. Where that knows no second names, files
 * are read where they are.
 * @param isWritten whether another process has the index open
 * @returns undefined where the folder has no catalogue
 */
export async function pinIndex(
  folder: string,
  { catalogueTo, pins, isWritten }: { catalogueTo: string; pins: string; isWritten: boolean },
): Promise<PinnedIndex | undefined> {
  for (let tries = 1; ; tries++) {
    const [from, to] = [join(folder, CATALOGUE_FILE), join(catalogueTo, CATALOGUE_FILE)];
    if (!(await copyLmdb(from, to, isWritten))) return undefined;
    const pinned = await pin(folder, catalogueTo, pins);
    if (tries === TRIES || pinned.missing.every(({ isKnown }) => isKnown)) return pinned;
    await rm(join(catalogueTo, CATALOGUE_FILE));
    await rm(pins, { recursive: true, force: true });
  }
}

async function pin(folder: string, catalogueTo: string, pins: string): Promise<PinnedIndex> {
  const catalogue = new Catalogue(catalogueTo);
  const segments = [...catalogue.segments.values()];
  const reasons = new Map(catalogue.unreadable);
  const positions = new Map(catalogue.positions);
  await catalogue[Symbol.asyncDispose]();
  await rm(join(catalogueTo, `${CATALOGUE_FILE}-lock`), { force: true });
  const files: { path: string; at: string }[] = [];
  const missing: { path: string; reason: string; isKnown: boolean }[] = [];
  for (const { id, file } of segments) {
    const at = await pinFile(folder, file, pins);
    if (at !== undefined) files.push({ path: file, at });
    else missing.push({ path: file, reason: reasons.get(id) ?? "it is not there", isKnown: reasons.has(id) });
  }
  // Under another name an archive, or copies of alerts, would take the folder for another installation.
  for (const path of [ARCHIVE_FILE, ALERTS_OWNER_FILE]) {
    const name = await pinFile(folder, path, pins);
    if (name !== undefined) files.push({ path, at: name });
  }
  return {
    files,
    missing,
    position: (topic, partition) => positions.get(positionKey(topic, partition)),
  };
}

/** A file gets its own name a moment after the catalogue lists it. */
async function pinFile(folder: string, file: string, pins: string): Promise<string | undefined> {
  for (const name of [file, unfinished(file), file]) {
    try {
      return (await linkFile(join(folder, name), join(pins, file))) ? join(pins, file) : join(folder, name);
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
    }
  }
  return undefined;
}
