import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../../../core/context.ts";
import { makeFolder } from "../../folder.ts";
import { lockFolder } from "../../folder-lock.ts";
import { FileHealth } from "../segments/file-health.ts";
import { adoptFormerNames, LOCK_FILE, TEMPORARY } from "../segments/folder-names.ts";
import { Manifest } from "../segments/manifest.ts";
import { openCatalogue, survey, takeStock } from "../segments/stock.ts";
import { Database } from "./database.ts";
import { DuckdbIndex } from "./duckdb-index.ts";
import { pointersWork } from "./hot-block.ts";

export type DuckdbOptions = {
  /** Bytes DuckDB may use; 512 MB when absent. What is not sealed yet comes on top, up to 320 MB at full speed. */
  readonly memory?: number;
  readonly threads?: number;
  /** Bytes on disk for what does not fit into the memory; 2 GB when absent. */
  readonly temporaryBytes?: number;
  /** Searches at work at a time, and those that may wait. */
  readonly concurrent?: number;
  readonly waiting?: number;
  /** Milliseconds a search may work, and may keep a place that others wait for. */
  readonly searchTime?: number;
  readonly patience?: number;
  /** Messages, bytes and milliseconds after which what was written is sealed. */
  readonly sealRows?: number;
  readonly sealBytes?: number;
  readonly sealAge?: number;
  /** Fields a sensor that get a column of their own; the rest stay searchable, slower. */
  readonly columns?: number;
  /** Messages looked at first when the newest are wanted; then four times as many, and so on. */
  readonly firstRows?: number;
  /** Messages a batch must have to go to disk as it is; smaller ones are put together first. */
  readonly groupRows?: number;
  /** false hands every text to DuckDB by a call of its own, as is done by itself when DuckDB is an unknown version. */
  readonly pointers?: boolean;
  /** The script of the thread that writes files, without its ending; a test puts a faulty one here. */
  readonly segmentWriter?: string;
};

export type Settings = Required<DuckdbOptions>;

const DEFAULTS: Settings = {
  memory: 512_000_000,
  threads: 2,
  temporaryBytes: 2_000_000_000,
  concurrent: 4,
  waiting: 200,
  searchTime: 30_000,
  patience: 1000,
  sealRows: 131_072,
  sealBytes: 160_000_000,
  sealAge: 30_000,
  columns: 400,
  groupRows: 2048,
  firstRows: 400_000,
  pointers: true,
  segmentWriter: "./segment-worker",
};

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
    const catalogue = await openCatalogue(folder, context);
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
