import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readAhead } from "./files/read-ahead.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "metron-ahead-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Files of the folder that this process has open. */
const opened = (): number =>
  readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
    } catch {
      return false;
    }
  }).length;

const file = (name: string) => {
  writeFileSync(join(folder, name), Buffer.alloc(1_000_000));
  return join(folder, name);
};

const closed = async () => {
  while (opened() > 0) await new Promise((resolve) => setTimeout(resolve, 10));
};

test("files that are read ahead are few at a time, however long a search keeps the thread, and closed afterwards", async (context) => {
  if (process.platform !== "linux") return context.skip("needs /proc");
  const paths = Array.from({ length: 40 }, (_, number) => file(String(number)));
  for (const path of paths) readAhead(path, [{ at: 0, length: 1_000_000 }]);
  expect(opened()).toBe(8);
  await closed();
  // Their places are free again.
  readAhead(paths[0] ?? "", [{ at: 10, length: 20 }]);
  expect(opened()).toBe(1);
  await closed();
});

test("what is not there, or nothing at all, is no mistake", async () => {
  readAhead(join(folder, "missing"), [{ at: 0, length: 10 }]);
  readAhead(file("short"), []);
  readAhead(file("short"), [{ at: 5_000_000, length: 300_000 }]);
  await closed();
});
