/** The kill test at length: `npm run bench -- crash [--rounds=50]`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crash } from "../src/pipeline/crash.ts";
import { argument } from "./lib/arguments.ts";

export const name = "Crash: kill -9 during ingest at full speed";

export async function run(args: readonly string[]): Promise<Record<string, string | number>[]> {
  const rounds = Number(argument(args, "rounds") ?? 50);
  const folder = mkdtempSync(join(tmpdir(), "metron-crash-"));
  try {
    const onRound = (round: number, acknowledged: number) =>
      console.log(`round ${round}: ${acknowledged} records acknowledged so far`);
    const result = await crash({ folder, rounds, life: 2000, seed: 20261121, onRound });
    return [{ work: `${rounds} kills`, ...result }];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
