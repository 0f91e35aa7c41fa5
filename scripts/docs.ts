/**
 * `npm run docs`: prints docs/reference/ and config/schema/ from the lists the program runs on. With --check it only
 * says whether what is checked in is what it would print (a test of `npm test`).
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { printReference } from "./reference/pages.ts";

const root = join(import.meta.dirname, "..");
const check = process.argv.includes("--check");
let stale = 0;
for (const [path, text] of Object.entries(await printReference())) {
  const file = join(root, path);
  if (check) {
    if (read(file) === text) continue;
    console.error(`${path} is not what the program says: run \`npm run docs\``);
    stale++;
  } else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(path);
  }
}
process.exitCode = stale === 0 ? 0 : 1;

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
