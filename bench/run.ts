/**
 * `npm run bench [-- NAME...]`: runs the benchmarks of bench/*.bench.ts, prints a table each and keeps it under
 * bench/results/NAME.json. Figures are meant as ratios within one run; machines differ.
 */
import { globSync, mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { basename, join } from "node:path";

/** What a benchmark module exports. */
export type Bench = {
  readonly name: string;
  /** One object a row; keys are the columns. */
  readonly run: (args: readonly string[]) => Promise<readonly Record<string, string | number>[]>;
};

const folder = import.meta.dirname;
const wanted = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const options = process.argv.slice(2).filter((word) => word.startsWith("--"));
const files = globSync("*.bench.ts", { cwd: folder }).sort();
const chosen =
  wanted.length === 0 ? files : files.filter((file) => wanted.includes(basename(file, ".bench.ts")));
if (chosen.length === 0) {
  console.error(
    `no such benchmark; there are: ${files.map((file) => basename(file, ".bench.ts")).join(", ")}`,
  );
  process.exit(2);
}

const machine = {
  cpu: cpus()[0]?.model ?? "unknown",
  cores: availableParallelism(),
  memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  node: process.version,
};
mkdirSync(join(folder, "results"), { recursive: true });
for (const file of chosen) {
  const bench = (await import(join(folder, file))) as Bench;
  console.log(`\n${bench.name}`);
  const rows = await bench.run(options);
  console.table(rows);
  writeFileSync(
    join(folder, "results", `${basename(file, ".bench.ts")}.json`),
    `${JSON.stringify({ name: bench.name, machine, rows }, null, 2)}\n`,
  );
}
