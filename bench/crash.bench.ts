/**
 * The kill tests at length: `npm run bench -- crash [--rounds=50] [--steps=30]`. `rounds` are kills at random moments of
 * ingest, `steps` kills at steps of seals and merges of the index.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crash } from "../src/platform/testing/crash.ts";
import { type Death, dieAndCount } from "../src/storage/index/testing/crash.ts";
import { generator } from "./index-batches.ts";
import { argument } from "./lib/arguments.ts";

export const name = "Crash: kill -9 during ingest at full speed, and at steps of seals and merges";

/** Each step, and how often it is taken in eight seals and two merges. */
const STEPS = [
  ["open", 10],
  ["datasync", 10],
  ["rename", 10],
  ["stat", 10],
  ["rm", 8],
] as const;

export async function run(args: readonly string[]): Promise<Record<string, string | number>[]> {
  const rounds = Number(argument(args, "rounds") ?? 50);
  const steps = Number(argument(args, "steps") ?? 30);
  return [
    ...(await inFolder((folder) => ingest(folder, rounds))),
    ...(await inFolder((folder) => write(folder, steps))),
  ];
}

async function ingest(folder: string, rounds: number): Promise<Record<string, string | number>[]> {
  if (rounds === 0) return [];
  const onRound = (round: number, acknowledged: number) =>
    console.log(`round ${round}: ${acknowledged} records acknowledged so far`);
  const result = await crash({ folder, rounds, life: 2000, seed: 20261121, onRound });
  return [{ work: `${rounds} kills`, ...result }];
}

async function write(folder: string, steps: number): Promise<Record<string, string | number>[]> {
  if (steps === 0) return [];
  const random = generator(20261121);
  const counted = { acknowledged: 0, lost: 0, doubled: 0 };
  for (let round = 0; round < steps; round++) {
    const [step, times] = STEPS[round % STEPS.length] as (typeof STEPS)[number];
    const death: Death = `${step} ${1 + Math.floor(random() * times)} ${random() < 0.5 ? "before" : "after"}`;
    const { position, lost, doubled } = await dieAndCount(folder, death);
    console.log(`${death}: ${position} messages committed so far, ${lost} lost, ${doubled} doubled`);
    counted.acknowledged = position;
    counted.lost = Math.max(counted.lost, lost);
    counted.doubled = Math.max(counted.doubled, doubled);
  }
  return [{ work: `${steps} kills at steps of seals and merges`, ...counted }];
}

async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "metron-crash-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
