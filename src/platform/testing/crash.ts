import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { createInterface } from "node:readline";
import { ERROR_SENSOR } from "../../pipeline/errors.ts";
import { parse } from "../../query/parse.ts";
import { openPlatform, type Platform } from "../platform.ts";

export type CrashOptions = {
  readonly folder: string;
  readonly rounds: number;
  /** The longest a victim lives, milliseconds; each dies at a random moment before. */
  readonly life: number;
  readonly seed: number;
  readonly onRound?: (round: number, acknowledged: number) => void;
};

export type CrashResult = {
  readonly acknowledged: number;
  /** Acknowledged records that are neither in the index nor in the error index. */
  readonly lost: number;
  /** Records that are there more than once. */
  readonly doubled: number;
  readonly rejected: number;
};

/** More than a victim can send in its life. */
const IDS_PER_ROUND = 2_000_000;
const PAGE = 10_000;

/**
 * Kills the platform with SIGKILL at random moments of ingest at full speed, again and again on the same data folder,
 * then opens it and looks for every record that was acknowledged.
 */
export async function crash({ folder, rounds, life, seed, onRound }: CrashOptions): Promise<CrashResult> {
  const data = join(folder, "data");
  const defaults = join(folder, "defaults");
  mkdirSync(join(defaults, "sensors"), { recursive: true });
  // Sealing often makes deaths in the middle of a seal likely.
  writeFileSync(join(defaults, "metron.yaml"), "workers: 2\nseal: { seconds: 0.2, rows: 20000 }\n");
  writeFileSync(join(defaults, "sensors", "crash.yaml"), "sensor: crash\nparser: { jsonMap: {} }\n");
  const acknowledged: [number, number][] = [];
  let state = seed;
  for (let round = 0; round < rounds; round++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    acknowledged.push(...(await oneLife(data, defaults, round * IDS_PER_ROUND, (state / 2 ** 32) * life)));
    onRound?.(round + 1, total(acknowledged));
  }
  await using platform = await openPlatform({ data, defaults, sources: false });
  await platform.caughtUp();
  const seen = new Uint8Array(rounds * IDS_PER_ROUND);
  await countMessages(platform, seen);
  const rejected = await countErrors(platform, seen);
  let lost = 0;
  for (const [from, to] of acknowledged) for (let n = from; n < to; n++) if (seen[n] === 0) lost++;
  const doubled = seen.reduce((sum, times) => sum + (times > 1 ? 1 : 0), 0);
  return { acknowledged: total(acknowledged), lost, doubled, rejected };
}

const total = (ranges: readonly (readonly [number, number])[]) =>
  ranges.reduce((sum, [from, to]) => sum + to - from, 0);

/** Starts a victim, lets it live for a while once it is up, kills it, and answers what it acknowledged. */
async function oneLife(
  data: string,
  defaults: string,
  first: number,
  life: number,
): Promise<[number, number][]> {
  const script = join(import.meta.dirname, `crash-child${extname(import.meta.url)}`);
  const child = spawn(process.execPath, [...process.execArgv, script, data, defaults, String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ranges: [number, number][] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === "up") setTimeout(() => child.kill("SIGKILL"), life);
    else ranges.push(line.split(" ").map(Number) as [number, number]);
  }
  if (child.exitCode !== null) throw new Error(`the victim ended by itself with status ${child.exitCode}`);
  return ranges;
}

async function countMessages(platform: Platform, seen: Uint8Array): Promise<void> {
  for await (const message of all(platform, "crash", ["n"])) count(seen, Number(message.n));
}

async function countErrors(platform: Platform, seen: Uint8Array): Promise<number> {
  let errors = 0;
  for await (const message of all(platform, ERROR_SENSOR, ["raw_message"])) {
    count(seen, Number(/"n":(\d+)/.exec(String(message.raw_message))?.[1]));
    errors++;
  }
  return errors;
}

function count(seen: Uint8Array, n: number): void {
  const times = seen[n];
  if (times === undefined) throw new Error(`the index holds record ${n}, which nobody sent`);
  seen[n] = times + 1;
}

async function* all(
  platform: Platform,
  sensor: string,
  fields: readonly string[],
): AsyncGenerator<Record<string, unknown>> {
  let cursor: string | undefined;
  do {
    const page = await platform.index.search({
      query: parse(""),
      sensors: [sensor],
      fields,
      size: PAGE,
      cursor,
      total: false,
    });
    yield* page.messages;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
