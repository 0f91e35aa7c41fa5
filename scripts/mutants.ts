/**
 * Breaks lines on purpose and prints those whose breaking no test notices: `npm run mutants -- FILES [--tests FILES]`.
 *
 *   npm run mutants -- src/triage/aggregate.ts
 *   npm run mutants -- src/pipeline/stage-runner.ts:20-60 --tests src/pipeline/stages.test.ts
 *
 * FILES  sources, as paths or patterns, each with `:FROM-TO` for some lines only
 * --tests  the tests that should notice; those of the sources' own folders when left out
 *
 * Exits with 1 when a mutant survives. It runs the tests once per mutant: name few files and the tests that matter.
 */
import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

type Mutant = {
  readonly id: string;
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly location: { readonly start: { readonly line: number }; readonly end: { readonly line: number } };
};
type Report = { readonly files: Readonly<Record<string, { source: string; mutants: readonly Mutant[] }>> };

const root = join(import.meta.dirname, "..");
const words = process.argv.slice(2);
const split = words.indexOf("--tests");
const sources = split < 0 ? words : words.slice(0, split);
if (sources.length === 0 || sources.includes("--help")) {
  console.log(
    "usage: npm run mutants -- FILES [--tests FILES]\n  e.g. npm run mutants -- src/triage/aggregate.ts",
  );
  process.exit(sources.length === 0 ? 2 : 0);
}
const tests = split < 0 ? testsBeside(sources) : words.slice(split + 1);
if (tests.length === 0) {
  console.error("mutants: no test stands beside these files; name some with --tests");
  process.exit(2);
}

// Within the project, so that Stryker finds it in its copy of the tree; outside of what Git and Biome look at.
mkdirSync(join(root, "build"), { recursive: true });
const folder = mkdtempSync(join(root, "build", "mutants-"));
try {
  const report = run(folder);
  process.exitCode = print(report);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The tests of the folders that the sources are in. */
function testsBeside(patterns: readonly string[]): string[] {
  const files = patterns.flatMap((pattern) =>
    globSync(pattern.replace(/:\d+(:\d+)?-\d+(:\d+)?$/, ""), { cwd: root }),
  );
  const folders = new Set(files.map((file) => dirname(file)));
  return [...folders].flatMap((beside) => globSync(join(beside, "*.test.{ts,tsx}"), { cwd: root })).sort();
}

function run(work: string): Report {
  const vitest = join(work, "vitest.config.ts");
  writeFileSync(
    vitest,
    `export default { test: { include: ${JSON.stringify(tests)}, testTimeout: 30_000, pool: "forks" } };\n`,
  );
  const result = join(work, "result.json");
  const config = join(work, "stryker.config.json");
  writeFileSync(
    config,
    JSON.stringify({
      mutate: sources,
      testRunner: "vitest",
      plugins: ["@stryker-mutator/vitest-runner"],
      // Its search for related tests does not know this version of Vitest; the tests are named above instead.
      vitest: { configFile: relative(root, vitest), related: false },
      // Sources run as they are: there is nothing for Stryker to rewrite, and it cannot read this compiler's options.
      tsconfigFile: "none.json",
      reporters: ["progress-append-only", "json"],
      jsonReporter: { fileName: result },
      coverageAnalysis: "perTest",
      concurrency: 2,
      timeoutMS: 30_000,
      ignorePatterns: ["/.git", "/bench/results", "/docs"],
      tempDirName: join(work, "copy"),
      allowEmpty: false,
    }),
  );
  const stryker = join(root, "node_modules", "@stryker-mutator", "core", "bin", "stryker.js");
  const done = spawnSync(process.execPath, [...process.execArgv, stryker, "run", config], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (done.status !== 0) {
    console.error(
      "mutants: Stryker ended early; its words are above. The tests must be green before lines are broken.",
    );
    process.exit(2);
  }
  return JSON.parse(readFileSync(result, "utf8")) as Report;
}

/** Prints the survivors and the sum; answers the exit code. */
function print({ files }: Report): number {
  const all = Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants.map((mutant) => ({ file, lines: source.split("\n"), mutant })),
  );
  const survivors = all.filter(({ mutant: { status } }) => status === "Survived" || status === "NoCoverage");
  for (const { file, lines, mutant } of survivors) {
    const { line } = mutant.location.start;
    console.log(`${file}:${line}  ${mutant.status === "Survived" ? "survived" : "no test runs it"}`);
    console.log(`  ${(lines[line - 1] ?? "").trim()}`);
    console.log(`  became: ${(mutant.replacement ?? mutant.mutatorName).split("\n")[0]}`);
  }
  const judged = all.filter(({ mutant: { status } }) => status !== "Ignored" && status !== "CompileError");
  console.log(
    `${judged.length} mutants, ${judged.length - survivors.length} noticed, ${survivors.length} survived`,
  );
  return survivors.length === 0 ? 0 : 1;
}
