import { afterAll, expect, test } from "vitest";
import { openTestFolder } from "./testing/run-cli.ts";

/** What a command and the threads of a platform load: a command waits for it at every start, and so does every test. */

const folder = openTestFolder();
afterAll(() => folder[Symbol.dispose]());

/** The packages of modules, each once. */
function packagesOf(modules: readonly string[]): string[] {
  const found = modules.map((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? "");
  return [...new Set(found)].filter((name) => name !== "").sort();
}

test.each<[command: string, packages: readonly string[]]>([
  ["--version", ["commander"]],
  ["--help", ["commander"]],
  ["up --help", ["commander", "zod"]],
  ["up --files-from nowhere", ["commander", "zod"]],
  ["stellar --help", ["commander"]],
  ["status", ["commander", "zod"]],
  ["search web", ["commander", "zod"]],
  ["sensors", ["commander", "zod"]],
  ["config list", ["commander", "zod"]],
])("`metron %s` loads the packages it needs", async (command, packages) => {
  const loaded = await folder.loaded(command.split(" "));
  expect(packagesOf(loaded.get("main") ?? [])).toEqual(packages);
});

test("a command that is not named is not loaded", async () => {
  const loaded = (await folder.loaded(["status"])).get("main") ?? [];
  expect(loaded.filter((url) => url.includes("/cli/commands/")).map((url) => url.split("/").at(-1))).toEqual([
    "index.ts",
    "status.ts",
  ]);
});

test("expressions and workers load no engine of the index, and nothing loads the client of a Kafka that is not used", async () => {
  const engines = /@duckdb|@platformatic|fastify/;
  const expression = await folder.loaded(["stellar", "-e", "1 + 1"]);
  expect(packagesOf(expression.get("main") ?? []).filter((name) => engines.test(name))).toEqual([]);
  const threads = await folder.loaded(["ingest", "--sensor", "bro"], "{}\n");
  expect(packagesOf(threads.get("main") ?? []).filter((name) => engines.test(name))).toEqual([
    "@duckdb/node-api",
    "@duckdb/node-bindings",
  ]);
  const worker = threads.get("pipeline-0") ?? [];
  expect(packagesOf(worker).filter((name) => engines.test(name))).toEqual([]);
  expect(packagesOf(worker)).toContain("lmdb");
  // It only counts what is in a file, and a short-lived process starts it to seal what it wrote.
  expect(packagesOf(threads.get("segment-writer") ?? [])).toEqual(["@duckdb/node-bindings", "detect-libc"]);
});
