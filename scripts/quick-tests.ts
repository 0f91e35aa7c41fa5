/**
 * Which test files are quick: those that reach, through whatever they import, neither a process nor a thread nor a
 * native store nor a server of others. They compute, and nothing else; the others start platforms, open stores or run the program.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "..");
const SLOW = new Set([
  "node:child_process",
  "node:worker_threads",
  "@duckdb/node-api",
  "@platformatic/kafka",
  "lmdb",
]);
/** What a module imports when it runs; types are gone by then. */
const IMPORT = /^(?:import|export)\s(?!type\s)[^"();=]*"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm;

/** All test files as paths from the root, parted by whether they are quick. */
export function testFiles(): { readonly quick: readonly string[]; readonly slow: readonly string[] } {
  const files = globSync("{src,scripts}/**/*.test.{ts,tsx}", { cwd: root }).sort();
  const known = new Map<string, readonly string[]>();
  const quick = files.filter((file) => !reachesSlow(join(root, file), known));
  return { quick, slow: files.filter((file) => !quick.includes(file)) };
}

function reachesSlow(file: string, known: Map<string, readonly string[]>): boolean {
  const reached = new Set([file]);
  for (const module of reached) {
    if (SLOW.has(module)) return true;
    if (!module.startsWith(root)) continue;
    const imported = known.get(module) ?? importsOf(module);
    known.set(module, imported);
    for (const other of imported) reached.add(other);
  }
  return false;
}

function importsOf(file: string): string[] {
  return [...readFileSync(file, "utf8").matchAll(IMPORT)].map(([, from, dynamic]) => {
    const name = from ?? dynamic ?? "";
    return name.startsWith(".") ? join(dirname(file), name) : name;
  });
}
