/**
 * The property tests at length: `npm run bench -- fuzz [--times=50] [--of=src/server]`. Runs every test file that says how
 * often it tries (`src/core/testing/runs.ts`), that many times as often; `of` picks those whose path contains it, as `src/pcap`, whose tests
 * damage captures, streams, frames and datagrams 20,000 times: a million times with 50. A failure prints the seed with which it comes back.
 */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { argument } from "./lib/arguments.ts";

export const name = "Fuzz: property tests, many times as often as among the tests";

const root = join(import.meta.dirname, "..");
const LONGEST = 24 * 3_600_000;

export async function run(args: readonly string[]): Promise<Record<string, string | number>[]> {
  const times = argument(args, "times") ?? "50";
  const of = argument(args, "of") ?? "";
  const files = globSync("src/**/*.test.ts", { cwd: root })
    .filter((file) => file.includes(of) && readFileSync(join(root, file), "utf8").includes("testing/runs.ts"))
    .sort();
  return files.map((file) => {
    const started = performance.now();
    const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
    const { status } = spawnSync(
      process.execPath,
      [...process.execArgv, vitest, "run", file, `--testTimeout=${LONGEST}`],
      { cwd: root, stdio: "inherit", env: { ...process.env, METRON_RUNS: times } },
    );
    const seconds = Math.round((performance.now() - started) / 1000);
    return { file, times: Number(times), seconds, result: status === 0 ? "passed" : "FAILED" };
  });
}
