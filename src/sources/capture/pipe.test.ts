import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openPipe } from "./pipe.ts";

/** A program that runs this script with the pipe as its standard output. */
async function piped(script: string) {
  const pipe = await openPipe();
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", pipe.writing, "pipe"] });
  pipe.started();
  return { pipe, child };
}

const WRITES = 20_000;
const LENGTH = 600;
const MANY = `
  const fs = require("node:fs");
  for (let at = 0; at < ${WRITES}; at++) fs.writeSync(1, Buffer.alloc(${LENGTH}, at % 251));`;

test("many small writes come as few large chunks, whole and in order", async () => {
  const { pipe } = await piped(MANY);
  const hash = createHash("sha256");
  const lengths: number[] = [];
  for await (const chunk of pipe.bytes) {
    hash.update(chunk);
    lengths.push(chunk.length);
  }
  const expected = createHash("sha256");
  for (let at = 0; at < WRITES; at++) expected.update(Buffer.alloc(LENGTH, at % 251));
  expect(hash.digest("hex")).toBe(expected.digest("hex"));
  expect(lengths.length).toBeLessThan(WRITES / 20);
});

test("what nobody reads waits in the other program, not here", async () => {
  const { pipe, child } = await piped(MANY);
  const ended = once(child, "exit");
  const lengths: number[] = [];
  for await (const chunk of pipe.bytes) {
    lengths.push(chunk.length);
    // So long as this lasts, it would write all it has.
    if (lengths.length === 1) await new Promise((resolve) => setTimeout(resolve, 1500));
    if (lengths.length === 1) expect(child.exitCode).toBeNull();
  }
  await ended;
  expect(lengths.reduce((sum, length) => sum + length)).toBe(WRITES * LENGTH);
  expect(Math.max(...lengths)).toBeLessThanOrEqual(1 << 20);
});

test("little comes too, while the other program goes on, also to somebody who was busy", async () => {
  const { pipe, child } = await piped(`
    process.stdout.write("one");
    setTimeout(() => process.stdout.write("two"), 200);
    setInterval(() => {}, 1000);`);
  const texts: string[] = [];
  for await (const chunk of pipe.bytes) {
    texts.push(Buffer.from(chunk).toString());
    if (texts.length === 2) break;
    // The second comes, and is due, before it is asked for.
    await new Promise((resolve) => setTimeout(resolve, 700));
  }
  expect(texts).toEqual(["one", "two"]);
  child.kill();
});

test("a program whose pipe is closed ends, and nothing of the pipe is left in the file system", async () => {
  const folder = mkdtempSync(join(tmpdir(), "metron-test-"));
  process.env.TMPDIR = folder;
  const { pipe, child } = await piped(`
    process.stdout.on("error", () => process.exit(7));
    setInterval(() => process.stdout.write("on and on"), 10);`);
  for await (const _ of pipe.bytes) break;
  expect(await once(child, "exit")).toEqual([7, null]);
  expect(readdirSync(folder)).toEqual([]);
  delete process.env.TMPDIR;
  rmSync(folder, { recursive: true });
});
