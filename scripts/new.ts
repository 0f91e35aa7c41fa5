/**
 * `npm run new KIND NAME`: scaffolds a component and everything that makes it known: its line in a list, its test. What
 * it makes compiles and is formatted, and its test is red until somebody fills it in.
 *
 *   npm run new parser acme-proxy
 *   npm run new decision why-segments
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { endpoint, page, stellarFunction } from "./scaffold/edges.ts";
import type { Kind } from "./scaffold/kind.ts";
import { enrichment, parser, source, transform } from "./scaffold/stages.ts";
import { change, decision } from "./scaffold/texts.ts";

const KINDS: Readonly<Record<string, Kind>> = {
  parser,
  enrichment,
  source,
  transform,
  function: stellarFunction,
  endpoint,
  page,
  decision,
  change,
};

const root = join(import.meta.dirname, "..");
const [word, name] = process.argv.slice(2);
const kind = word === undefined ? undefined : KINDS[word];
if (kind === undefined || name === undefined || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
  console.error(
    `usage: npm run new KIND NAME (a name like acme-proxy)\n${Object.entries(KINDS)
      .map(([each, { about }]) => `  ${each.padEnd(12)}${about}`)
      .join("\n")}`,
  );
  process.exit(2);
}

const files = kind.files(name);
const taken = Object.keys(files).find((path) => existsSync(join(root, path)));
if (taken !== undefined) {
  console.error(`${taken} exists already`);
  process.exit(1);
}
for (const [path, text] of Object.entries(files)) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  console.log(`${path}: new`);
}
const changes = Object.entries(kind.changes?.(name) ?? {});
for (const [path, change] of changes) {
  const before = readFileSync(join(root, path), "utf8");
  const after = change(before);
  if (after === before) throw new Error(`${path} has no place for ${name}; the scaffold no longer fits it`);
  writeFileSync(join(root, path), after);
  console.log(`${path}: added ${name}`);
}
format([...Object.keys(files), ...changes.map(([path]) => path)].filter((path) => /\.tsx?$/.test(path)));

/** Sorts imports and sets lines as `npm run check` wants them. */
function format(paths: readonly string[]): void {
  if (paths.length === 0) return;
  const biome = join(root, "node_modules", "@biomejs", "biome", "bin", "biome");
  const done = spawnSync(process.execPath, [biome, "check", "--write", ...paths], {
    cwd: root,
    encoding: "utf8",
  });
  if (done.status === 0) return;
  console.error(done.stderr || done.stdout);
  process.exit(1);
}
