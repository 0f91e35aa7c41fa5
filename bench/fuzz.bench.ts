/**
 * The property tests at length: `npm run bench -- fuzz [--times=50] [--of=src/server]`. Runs every test file that says how
 * often it tries (`src/core/testing/runs.ts`), that many times as often; `of` picks those whose path contains it. A failure prints the seed with
 * which it comes back. `--count=1000000` damages so many captures, streams, frames and datagrams instead: the tests named
 * `mutations.test.ts` of `src/pcap`. First the tables whose keys come from packets are flooded (`lib/packets-flooded.ts`); `--of=flood` does
 * nothing else.
 */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { argument } from "./lib/arguments.ts";
import { flooded } from "./lib/packets-flooded.ts";

export const name = "Fuzz: property tests, many times as often as among the tests";

const root = join(import.meta.dirname, "..");
const LONGEST = 24 * 3_600_000;
/** What is damaged by one run of the tests that damage packets. */
const DAMAGED = 19_700;

export async function run(args: readonly string[]): Promise<Record<string, string | number>[]> {
  const count = argument(args, "count");
  const times =
    count === undefined ? (argument(args, "times") ?? "50") : String(Math.ceil(Number(count) / DAMAGED));
  const of = argument(args, "of") ?? "";
  const pattern = count === undefined ? "src/**/*.test.ts" : "src/pcap/**/mutations.test.ts";
  const files = globSync(pattern, { cwd: root })
    .filter((file) => file.includes(of) && readFileSync(join(root, file), "utf8").includes("testing/runs.ts"))
    .sort();
  const floods = "flood".includes(of) ? flooded() : [];
  const rows = files.map((file) => {
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
  return [...floods, ...rows];
}
