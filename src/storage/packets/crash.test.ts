import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { expect, test } from "vitest";
import { makeContext } from "../../core/context.ts";
import { runs } from "../../core/testing/runs.ts";
import { openPacketStore } from "./files/packet-store.ts";
import { numbersIn } from "./testing/made-store.ts";

/** Each of the seven places of a kill twice. */
const KILLS = runs(14, 50);
const SCRIPT = join(import.meta.dirname, "testing", "writer-child.ts");

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** What a killed process wrote is the system's already, so memory does as well as a disk, and waits for no other. */
const MEMORY = "/dev/shm";

/** Starts a process that loads its modules and waits. */
function prepare(folder: string): Child {
  const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, "modules") };
  return spawn(process.execPath, [SCRIPT, join(folder, "packets")], {
    stdio: ["pipe", "pipe", "inherit"],
    env,
  });
}

test("killed again and again at full speed, no packet that was flushed is lost, and none is there twice", async () => {
  const folder = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "packets-crash-"));
  using _folder = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
  const acknowledged: [from: number, to: number][] = [];
  let next = 0;
  // The first one only fills the cache of modules, which those that are killed do not come to.
  const first = prepare(folder);
  first.stdin.end();
  await once(first, "exit");
  // The next one loads its modules while this one writes.
  let waiting = prepare(folder);
  for (let kill = 0; kill < KILLS; kill++) {
    const child = waiting;
    waiting = prepare(folder);
    const from = next;
    let told = 0;
    child.stdin.write(`${from}\n`);
    for await (const line of createInterface({ input: child.stdout })) {
      next = Number(line);
      if (++told === 1 + (kill % 7) * 3) child.kill("SIGKILL");
    }
    acknowledged.push([from, next]);
    // What was written behind the last flush may be there or not: these numbers are not used again.
    next += 10_000;
  }
  waiting.kill("SIGKILL");
  await once(waiting, "exit");

  const store = openPacketStore({ folder: join(folder, "packets"), bytes: 1e9 }, makeContext());
  const found = numbersIn(store.reader());
  const there = new Set(found);
  expect(there.size).toBe(found.length);
  expect(there.has(Number.NaN)).toBe(false);
  for (const [from, to] of acknowledged) {
    expect(to).toBeGreaterThan(from);
    for (let number = from; number < to; number++)
      if (!there.has(number)) throw new Error(`packet ${number} of ${from} to ${to} is lost`);
  }
  // The indices that were made of what was left know each of them.
  const state = store.state();
  expect(state).toMatchObject({ packets: found.length, indexedBytes: state.bytes - state.indexBytes });
  for (const port of [1000, 1017, 1049]) {
    const reader = store.reader();
    expect(numbersIn(reader, { needs: [{ ports: [port] }] })).toEqual(
      found.filter((number) => 1000 + (number % 50) === port),
    );
    expect(reader.progress.problems).toEqual([]);
  }
});
