import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Fault } from "../core/fault.ts";
import { errorCode, writeFault } from "./folder.ts";
import { LAYOUT } from "./layout-version.ts";

const LAYOUT_FILE = "layout.json";
const layoutSchema = z.object({ layout: z.number().int().positive() });

/**
 * Refuses a data folder that a later version has written to.
 * @throws Fault STORAGE_NEWER, STORAGE_CORRUPT
 */
export async function checkLayout(folder: string): Promise<void> {
  const path = join(folder, LAYOUT_FILE);
  const layout = await readLayout(path);
  if (layout <= LAYOUT) return;
  throw new Fault(
    "STORAGE_NEWER",
    `opening ${folder}: ${path} says layout ${layout}, and this version knows layouts up to ${LAYOUT}`,
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
