import { mkdtempSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLmdb, PendingWrites } from "./lmdb-file.ts";

let folder: string;
let path: string;
let good: Buffer;

/** Two named databases of several levels, with large values, some of which were freed again. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "metron-lmdb-"));
  path = join(folder, "t.mdb");
  const root = openLmdb(path, { maxDbs: 4 });
  const small = root.openDB({ name: "small" });
  const large = root.openDB({ name: "large", keyEncoding: "binary" });
  for (let round = 0; round < 4; round++) {
    const writes = new PendingWrites(root);
    for (let index = 0; index < 3000; index++)
      writes.add(small.put(`${round}-${index}`, { index, text: "x".repeat(40) }));
    for (let index = 0; index < 10; index++)
      writes.add(large.put(Buffer.from(`${round}-${index}`), "y".repeat(20_000)));
    if (round > 0)
      for (let index = 0; index < 10; index += 2)
        writes.add(large.remove(Buffer.from(`${round - 1}-${index}`)));
    await writes.settle("filling");
  }
  await root.close();
  good = await readFile(path);
});
afterEach(() => rm(folder, { recursive: true }));

test("opens what is sound, and counts all of it", async () => {
  const root = openLmdb(path, { maxDbs: 4 });
  expect(root.openDB({ name: "small" }).getKeysCount({})).toBe(12_000);
  expect(root.openDB({ name: "large", keyEncoding: "binary" }).getKeysCount({})).toBe(25);
  await root.close();
});

test("makes a file whole before it has its name, so that nobody meets an empty one", async () => {
  const fresh = join(folder, "fresh.mdb");
  // What a start left behind that was killed while it made the file.
  await writeFile(`${fresh}.new`, "");
  const root = openLmdb(fresh);
  await root.put("a", 1);
  await root.close();
  const again = openLmdb(fresh);
  expect(again.get("a")).toBe(1);
  await again.close();
  expect((await readdir(folder)).filter((name) => name.includes(".new"))).toEqual([]);
});

const half = (bytes: Buffer) => bytes.length >> 1;
test.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
  ["is something else", (bytes) => Buffer.alloc(bytes.length, "text\n"), /its header is damaged/],
  ["is empty", () => Buffer.alloc(0), /it is empty \(0 bytes\)/],
  ["is a few bytes", (bytes) => bytes.subarray(0, 100), /its header is damaged/],
  ["lost its first page", (bytes) => Buffer.from(bytes).fill(0, 0, 4096), /its header is damaged/],
  ["lost its second page", (bytes) => Buffer.from(bytes).fill(0, 4096, 8192), /its header is damaged/],
  ["lost its second half", (bytes) => bytes.subarray(0, half(bytes)), /its page \d+ is (missing|damaged)/],
  [
    "has zeros in its second half",
    (bytes) => Buffer.from(bytes).fill(0, half(bytes)),
    /its page \d+ is damaged/,
  ],
  [
    "has noise in its second half",
    (bytes) => Buffer.from(bytes).fill(0x5a, half(bytes)),
    /its page \d+ is damaged/,
  ],
  [
    "has noise from its third page on",
    (bytes) => Buffer.from(bytes).fill(0xff, 8192),
    /its page \d+ is (missing|damaged)/,
  ],
])("a file that %s is a fault that says what to do", async (_what, harm, message) => {
  await writeFile(path, harm(good));
  const opening = () => openLmdb(path, { maxDbs: 4 });
  expect(opening).toThrow(message);
  expect(opening).toThrow(`opening ${path}: `);
  expect(opening).toThrow("set the file aside, so that it is made anew, or restore it");
});

test("a file that cannot be read is a fault", async () => {
  await rm(path);
  await mkdir(path);
  expect(() => openLmdb(path)).toThrow(expect.objectContaining({ code: "FOLDER_UNWRITABLE" }));
});
