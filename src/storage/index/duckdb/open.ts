import { existsSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Context } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import { makeFolder } from "../../folder.ts";
import { lockFolder } from "../../folder-lock.ts";
import { CATALOGUE_FILE, Catalogue } from "./catalogue.ts";
import { Database } from "./database.ts";
import { DuckdbIndex } from "./duckdb-index.ts";
import { pointersWork } from "./hot-block.ts";

export type DuckdbOptions = {
  /** Bytes DuckDB may use; 512 MB when absent. What is not sealed yet comes on top, up to 320 MB at full speed. */
  readonly memory?: number;
  readonly threads?: number;
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
 * @throws Fault STORAGE_LOCKED, STORAGE_CORRUPT (the catalogue is damaged or gone), FOLDER_UNWRITABLE.
 */
export async function openDuckdbIndex(
  folder: string,
  options: DuckdbOptions,
  context: Context,
): Promise<DuckdbIndex> {
  const settings: Settings = { ...DEFAULTS, ...options };
  await makeFolder(folder);
  const lock = await lockFolder(folder);
  try {
    const temporary = join(folder, "temporary");
    await rm(temporary, { recursive: true, force: true });
    await refuseOrphans(folder);
    const catalogue = new Catalogue(folder);
    const problems = await reconcile(folder, catalogue, context);
    const pointers = settings.pointers && pointersWork();
    if (settings.pointers && !pointers)
      context.log.warn("DuckDB is not the version the index knows; writing is slower.");
    const database = await Database.open({ ...settings, temporary });
    return await DuckdbIndex.start({
      folder,
      settings,
      context,
      catalogue,
      database,
      lock,
      problems,
      pointers,
    });
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Files without a catalogue are no leavings of a seal, which has one to write to before it writes a file: it was lost
 * or set aside, and a new one would make orphans of the files that `reconcile` deletes.
 */
async function refuseOrphans(folder: string): Promise<void> {
  const path = join(folder, CATALOGUE_FILE);
  if (existsSync(path)) return;
  const files = (await readdir(folder, { recursive: true })).filter(
    (file) => file.startsWith("sensor=") && file.endsWith(".parquet"),
  );
  if (files.length === 0) return;
  throw new Fault(
    "STORAGE_CORRUPT",
    `opening the index ${folder}: ${CATALOGUE_FILE} is missing, and ${files.length} Parquet files are there that it alone explains; restore it, or move the folders sensor=* elsewhere to begin anew with what the topics still hold`,
  );
}

/** Deletes files that no seal finished, and finds segments whose file is gone or cut. */
async function reconcile(
  folder: string,
  catalogue: Catalogue,
  context: Context,
): Promise<Map<string, string>> {
  const known = new Map([...catalogue.segments.values()].map((segment) => [segment.file, segment]));
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const file = relative(folder, path);
    if (!entry.isFile() || !file.startsWith("sensor=") || known.has(file)) continue;
    if (entry.name.endsWith(".parquet") || entry.name.endsWith(".tmp")) {
      context.log.info("Removed a file of an unfinished seal.", { file });
      await rm(path);
    }
  }
  const problems = new Map<string, string>();
  for (const { id, file, bytes } of catalogue.segments.values()) {
    const size = await stat(join(folder, file)).then(
      (found) => found.size,
      () => undefined,
    );
    if (size === bytes) continue;
    problems.set(id, size === undefined ? "it is missing" : `it has ${size} bytes instead of ${bytes}`);
  }
  return problems;
}
