import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../../../core/context.ts";
import { makeFolder } from "../../folder.ts";
import { lockFolder } from "../../folder-lock.ts";
import { FileHealth } from "../segments/file-health.ts";
import { ALERTS_FILE, adoptFormerNames, LOCK_FILE, TEMPORARY } from "../segments/folder-names.ts";
import { Manifest } from "../segments/manifest.ts";
import { openCatalogue, survey, takeStock } from "../segments/stock.ts";
import { Database } from "./database.ts";
import { DuckdbIndex } from "./duckdb-index.ts";
import { pointersWork } from "./hot-block.ts";
import { DEFAULTS, type DuckdbOptions, type Settings } from "./settings.ts";

/**
 * Opens the embedded index in a folder. The thread that opens it owns it and runs its searches; other threads get
 * writers by `index.port`.
 *
 * Whatever is wrong with its files, it opens with what it can read and says what is missing (`problems`).
 *
 * @throws Fault STORAGE_LOCKED, FOLDER_UNWRITABLE.
 */
export async function openDuckdbIndex(
  folder: string,
  options: DuckdbOptions,
  context: Context,
): Promise<DuckdbIndex> {
  const settings: Settings = { ...DEFAULTS, ...options };
  await makeFolder(folder);
  const lock = await lockFolder(folder, LOCK_FILE);
  try {
    await adoptFormerNames(folder);
    const temporary = join(folder, TEMPORARY);
    await rm(temporary, { recursive: true, force: true });
    // What is written without a follower it never hears of: it begins anew the next time.
    if (settings.follower === undefined) await rm(join(folder, ALERTS_FILE), { force: true });
    const catalogue = await openCatalogue(folder, settings.layout, context);
    const manifest = new Manifest(folder, catalogue, context.log);
    const files = await takeStock(folder, catalogue, manifest, context);
    const pointers = settings.pointers && pointersWork();
    if (settings.pointers && !pointers)
      context.log.warn("DuckDB is not the version the index knows; writing is slower.");
    const database = await Database.open({ ...settings, temporary });
    const unlisted = await survey(folder, files, database);
    const health = new FileHealth({ folder, catalogue, database, context, unlisted });
    await health.look();
    return await DuckdbIndex.start({
      folder,
      settings,
      context,
      catalogue,
      manifest,
      database,
      lock,
      health,
      pointers,
    });
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}
