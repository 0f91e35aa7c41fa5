import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { extname, join } from "node:path";
import { makeContext } from "../../../core/context.ts";
import { parse } from "../../../query/parse.ts";
import { openDuckdbIndex } from "../duckdb/open.ts";

/** When a process dies: at a step of writing files, which time it is taken, before or after it. */
export type Death = `${"open" | "datasync" | "rename" | "stat" | "rm"} ${number} ${"before" | "after"}`;

export type AfterDeath = {
  /** How far the topic is read. */
  readonly position: number;
  /** Messages before that position that are not there, and those that are there more than once. */
  readonly lost: number;
  readonly doubled: number;
  /** Files that searches do not read, though their name says so. */
  readonly strays: number;
};

/** Lets a process seal and merge in a folder until it dies at a step, then opens what it left and counts. */
export async function dieAndCount(folder: string, death: Death): Promise<AfterDeath> {
  const script = (name: string) => join(import.meta.dirname, `${name}${extname(import.meta.url)}`);
  const child = spawn(process.execPath, ["--import", script("die-at"), script("crash-child"), folder], {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, METRON_DIE_AT: death },
  });
  const [status, signal] = await once(child, "exit");
  if (signal !== "SIGKILL") throw new Error(`${death}: the process ended with status ${status}`);
  await using index = await openDuckdbIndex(folder, {}, makeContext());
  const position = (await index.position("t", 0)) ?? 0;
  const stored = await index.count({});
  const distinct = await distinctNumbers(index, position);
  const { segments } = await index.stats();
  return {
    position,
    lost: position - distinct,
    doubled: stored - distinct,
    strays: globSync("sensor=*/**/*.{parquet,tmp}", { cwd: folder }).length - segments,
  };
}

async function distinctNumbers(
  index: Awaited<ReturnType<typeof openDuckdbIndex>>,
  position: number,
): Promise<number> {
  const numbers = new Set<unknown>();
  let cursor: string | undefined;
  do {
    const page = await index.search({
      query: parse(`number:<${position}`),
      fields: ["number"],
      size: 10_000,
      total: false,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { number } of page.messages) numbers.add(number);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return numbers.size;
}
