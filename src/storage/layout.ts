import { existsSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Fault } from "../core/fault.ts";
import { RESTORING_FILE } from "./backup/contents.ts";
import { errorCode, writeFault } from "./folder.ts";
import { LAYOUT } from "./layout-version.ts";

const LAYOUT_FILE = "layout.json";
const layoutSchema = z.object({ layout: z.number().int().positive() });

/**
 * The layout of a data folder. Refuses one that a later version has written to, and one that a restore has not filled yet.
 * @throws Fault STORAGE_NEWER, STORAGE_CORRUPT
 */
export async function checkLayout(folder: string): Promise<number> {
  if (existsSync(join(folder, RESTORING_FILE)))
    throw new Fault(
      "STORAGE_CORRUPT",
      `opening ${folder}: a restore of a backup into it was not finished; run \`metron restore\` again`,
    );
  const path = join(folder, LAYOUT_FILE);
  const layout = await readLayout(path);
  if (layout <= LAYOUT) return layout;
  throw new Fault(
    "STORAGE_NEWER",
    `opening ${folder}: ${path} says layout ${layout}, and this version knows layouts up to ${LAYOUT}`,
  );
}

/**
 * Refuses a data folder of another layout than the present one, for what reads its files without opening it.
 * @throws Fault STORAGE_NEWER, STORAGE_CORRUPT; REQUEST_INVALID for an earlier one
 */
export async function expectLayout(folder: string): Promise<void> {
  const layout = await checkLayout(folder);
  if (layout < LAYOUT)
    throw new Fault(
      "REQUEST_INVALID",
      `reading ${folder}: it has layout ${layout}; start a platform of this version on it once, which brings it to layout ${LAYOUT}`,
    );
}

/** Notes that a data folder has the present layout. */
export async function noteLayout(folder: string): Promise<void> {
  const path = join(folder, LAYOUT_FILE);
  if ((await readLayout(path)) === LAYOUT) return;
  try {
    await writeFile(`${path}.new`, `${JSON.stringify({ layout: LAYOUT })}\n`, { flush: true });
    await rename(`${path}.new`, path);
  } catch (error) {
    throw writeFault(`writing ${path}`, error);
  }
}

async function readLayout(path: string): Promise<number> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return 1;
    throw new Fault("STORAGE_CORRUPT", `reading ${path}: ${errorCode(error)}`, { cause: error });
  }
  try {
    return layoutSchema.parse(JSON.parse(text)).layout;
  } catch (cause) {
    throw new Fault("STORAGE_CORRUPT", `reading ${path}: expected {"layout": NUMBER}`, { cause });
  }
}
