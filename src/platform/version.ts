import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The folder that holds package.json, whether the program runs from its sources or from `dist`. */
export const ROOT = join(import.meta.dirname, "..", "..");

/** The version of this package. */
export const VERSION = (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string })
  .version;
