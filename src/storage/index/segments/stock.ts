import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import { writeFault } from "../../folder.ts";
import { TIME } from "../blocks/block.ts";
import type { Database } from "../duckdb/database.ts";
import { literal, pathLiteral } from "../names.ts";
import { Catalogue } from "./catalogue.ts";
import { CATALOGUE_FILE, filesOfSensors, finished, isUnfinished } from "./folder-names.ts";
import type { Manifest } from "./manifest.ts";

/** A Parquet file below the index's folder that the catalogue does not list. */
export type Unlisted = {
  readonly file: string;
  readonly sensor: string;
  /** Messages in it; 0 when that cannot be read. */
  readonly rows: number;
  /** Times of its messages; infinite when they cannot be read. */
  readonly from: number;
  readonly to: number;
  readonly isReadable: boolean;
};

const PARQUET = ".parquet";

/**
 * Opens the catalogue of a folder. One that is damaged is renamed, and one that is gone beside Parquet files is missed:
 * the index then begins with a new one that knows of its loss, and the files stay where they are.
 */
export async function openCatalogue(folder: string, layout: number, context: Context): Promise<Catalogue> {
  const path = join(folder, CATALOGUE_FILE);
  const now = context.clock.now();
  let reason = "";
  if (!existsSync(path)) {
    const count = (await filesOfSensors(folder)).filter((file) => file.endsWith(PARQUET)).length;
    if (count > 0) reason = `${path} is missing beside ${count} Parquet ${count === 1 ? "file" : "files"}`;
  }
  try {
    return await begin(new Catalogue(folder, layout), reason, now, context);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "STORAGE_CORRUPT") throw error;
    const [said = ""] = error.message.replace(/^opening /, "").split(";");
    const renamed = await setAside(path, now);
    return begin(new Catalogue(folder, layout), `${said}; it was renamed to ${renamed}`, now, context);
  }
}

async function begin(catalogue: Catalogue, reason: string, at: number, context: Context): Promise<Catalogue> {
  await catalogue.restoreChanges();
  if (reason === "") return catalogue;
  context.log.error("The catalogue of the index is lost; run `metron index rebuild`.", { reason });
  await catalogue.change({ facts: { lost: { at, reason } } });
  return catalogue;
}

/** Renames a file, so that a new one can take its place; `now` becomes part of its name. */
async function setAside(path: string, now: number): Promise<string> {
  const stamp = new Date(now).toISOString().replace(/[-:]|\.\d+/g, "");
  let target = `${path}.broken-${stamp}`;
  for (let number = 2; existsSync(target); number++) target = `${path}.broken-${stamp}-${number}`;
  try {
    await rename(path, target);
  } catch (error) {
    throw writeFault(`renaming ${path}`, error);
  }
  return target;
}

/**
 * Brings the files of a folder in line with its catalogue and answers those it does not list. Deleted are files that the
 * catalogue itself gave up, and drafts of a seal that never ended, whose messages are still in the topics. A draft
 * beside other unlisted files may be listed in a later catalogue than this one, and stays.
 */
export async function takeStock(
  folder: string,
  catalogue: Catalogue,
  manifest: Manifest,
  context: Context,
): Promise<readonly string[]> {
  const listed = new Set([...catalogue.segments.values()].map(({ file }) => file));
  const released = new Set(catalogue.released());
  const unlisted: string[] = [];
  const drafts: string[] = [];
  const given: string[] = [];
  for (const file of await filesOfSensors(folder)) {
    const path = join(folder, file);
    if (isUnfinished(file)) {
      const name = finished(file);
      if (listed.has(name) && !existsSync(join(folder, name))) await rename(path, join(folder, name));
      else drafts.push(file);
    } else if (listed.has(file) || !file.endsWith(PARQUET)) continue;
    else if (released.has(file)) given.push(path);
    else unlisted.push(file);
  }
  await manifest.write();
  for (const path of given) await rm(path);
  await catalogue.forgetReleased([...released].filter((file) => !existsSync(join(folder, file))));
  if (unlisted.length > 0 || catalogue.lost !== undefined) return [...unlisted, ...drafts];
  for (const file of drafts) {
    context.log.info("Removed a file of an unfinished seal.", { file });
    await rm(join(folder, file));
  }
  return [];
}

/** What unlisted files hold, as far as their footers say. */
export async function survey(
  folder: string,
  files: readonly string[],
  database: Database,
): Promise<readonly Unlisted[]> {
  const found: Unlisted[] = [];
  for (const file of files) {
    const sensor = sensorOf(file);
    const path = pathLiteral(join(folder, file));
    const sql = `SELECT sum(row_group_num_rows), min(CAST(stats_min_value AS BIGINT)), max(CAST(stats_max_value AS BIGINT)) FROM parquet_metadata(${path}) WHERE path_in_schema = ${literal(TIME)}`;
    try {
      const [row = []] = await database.rows(sql);
      const [rows, from, to] = row.map((cell) => (cell === null ? undefined : Number(cell)));
      found.push({
        ...{ file, sensor, rows: rows ?? 0, isReadable: rows !== undefined },
        from: from ?? Number.NEGATIVE_INFINITY,
        to: to ?? Number.POSITIVE_INFINITY,
      });
    } catch {
      // A draft that is not whole is what a kill left of a seal: its messages are in a topic.
      if (isUnfinished(file)) continue;
      const [from, to] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
      found.push({ file, sensor, rows: 0, from, to, isReadable: false });
    }
  }
  return found;
}

function sensorOf(file: string): string {
  const name = /^sensor=([^/\\]*)/.exec(file)?.[1] ?? "";
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
