import { randomUUID } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import { Fault } from "../../core/fault.ts";
import { errorCode, writeFault } from "../folder.ts";

const ownerSchema = z.object({ owner: z.uuid() });

/**
 * The name by which an archive, or copies elsewhere, know this data folder; made at the first time.
 * @param path the file that keeps it @throws Fault STORAGE_CORRUPT, DISK_FULL, FOLDER_UNWRITABLE
 */
export async function ownerOf(path: string): Promise<string> {
  try {
    return ownerSchema.parse(JSON.parse(await readFile(path, "utf8"))).owner;
  } catch (error) {
    if (errorCode(error) !== "ENOENT")
      throw new Fault("STORAGE_CORRUPT", `reading ${path}: expected {"owner": UUID}`, { cause: error });
  }
  const owner = randomUUID();
  try {
    await writeFile(`${path}.new`, `${JSON.stringify({ owner })}\n`, { flush: true });
    await rename(`${path}.new`, path);
  } catch (error) {
    throw writeFault(`writing ${path}`, error);
  }
  return owner;
}
