import { once } from "node:events";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeContext } from "../../core/context.ts";
import { openSharedTable, openTables } from "./lmdb.ts";
import { describeTable } from "./testing/describe-table.ts";

describeTable("lmdb", async () => {
  const folder = await mkdtemp(join(tmpdir(), "metron-tables-"));
  return {
    open: () => openTables(folder, makeContext()),
    openShared: async (handle) => openSharedTable(handle),
    remove: () => rm(folder, { recursive: true }),
  };
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metron-table-"));
});
afterEach(() => rm(folder, { recursive: true }));

const KEYS = Array.from({ length: 30_000 }, (_, index): [string, number] => [`key ${index}`, index]);

async function fill(): Promise<void> {
  await using tables = await openTables(folder, makeContext());
  await (await tables.table("t")).load("a", KEYS);
}

/** Opens the table and asks for all there is, and for as much that does not exist. */
async function misses(): Promise<number> {
  await using tables = await openTables(folder, makeContext());
  const table = await tables.table("t");
  const lookup = table.lookup("a");
  let count = 0;
  for (const [key, value] of KEYS) {
    if (table.get("a", key) !== value) throw new Error(`${key} is gone`);
    const absent = Buffer.from(`absent ${key}`);
    if (!lookup.mightHave(absent, 0, absent.length)) count++;
  }
  return count;
}

test("the filter is kept in a file", async () => {
  await fill();
  expect((await readFile(join(folder, "t.mdb.filter"))).length).toBeGreaterThan(60_000);
  expect(await misses()).toBeGreaterThan(29_700);
});

test("a filter file that is old, damaged or gone does no harm", async () => {
  const [path, old] = [join(folder, "t.mdb.filter"), join(folder, "old")];
  await using tables = await openTables(folder, makeContext());
  await (await tables.table("t")).put("a", "other", 1);
  await tables[Symbol.asyncDispose]();
  await copyFile(path, old);
  await fill();
  await copyFile(old, path);
  expect(await misses()).toBeGreaterThan(29_700);
  const bytes = await readFile(path);
  await writeFile(path, bytes.fill(0, 40, 60_000));
  expect(await misses()).toBeGreaterThan(29_700);
  await writeFile(path, "");
  expect(await misses()).toBeGreaterThan(29_700);
  await rm(path);
  expect(await misses()).toBeGreaterThan(29_700);
});

test("a damaged file is a fault that says what to do, and the other tables open", async () => {
  await fill();
  const path = join(folder, "t.mdb");
  await writeFile(path, (await readFile(path)).fill(0xaa, 100_000, 300_000));
  await using tables = await openTables(folder, makeContext());
  await expect(tables.table("t")).rejects.toMatchObject({
    code: "STORAGE_CORRUPT",
    message: expect.stringMatching(/opening .*t\.mdb: its page \d+ is damaged; set the file aside/),
  });
  const other = await tables.table("other");
  await other.put("a", "k", 1);
  expect(other.get("a", "k")).toBe(1);
});

const READER = `
  import { parentPort, workerData } from "node:worker_threads";
  import { openSharedTable } from ${JSON.stringify(join(import.meta.dirname, "lmdb.ts"))};
  const table = openSharedTable(workerData);
  const lookup = table.lookup("a");
  const ask = (key) => { const bytes = Buffer.from(key); return lookup.get(bytes, 0, bytes.length); };
  parentPort.on("message", (keys) => parentPort.postMessage(keys.map(ask)));
  parentPort.postMessage("ready");
  for await (const types of table.watch()) parentPort.postMessage({ changed: types });
`;

test("another thread sees each write once it is acknowledged, and is told of it", async () => {
  await using tables = await openTables(folder, makeContext());
  const table = await tables.table("t");
  const worker = new Worker(READER, { eval: true, workerData: table.share() });
  const changes: string[][] = [];
  const answers: ((values: unknown) => void)[] = [];
  await once(worker, "message");
  worker.on("message", (message: { changed?: string[] }) => {
    if (message.changed === undefined) answers.shift()?.(message);
    else changes.push(message.changed);
  });
  const ask = (keys: string[]) =>
    new Promise((resolve) => {
      answers.push(resolve);
      worker.postMessage(keys);
    });
  expect(await ask(["k0"])).toEqual([undefined]);
  for (let round = 0; round < 30; round++) {
    await table.put("a", "k0", round);
    expect(await ask(["k0", "none"])).toEqual([round, undefined]);
  }
  // Enough for the filter to be replaced by larger ones while the thread asks.
  for (let round = 0; round < 3; round++) {
    const loading = table.load(
      "a",
      KEYS.map(([key, value]): [string, number] => [`${round} ${key}`, value]),
    );
    for (let asked = 0; asked < 20; asked++) expect(await ask(["k0"])).toEqual([29]);
    await loading;
    expect(await ask([`0 key 29999`, `${round} key 1`])).toEqual([29_999, 1]);
  }
  await table.load("a", [["new", 1]], { replace: true });
  expect(await ask(["k0", "new"])).toEqual([undefined, 1]);
  await table.put("b", "k", 1);
  while (!changes.flat().includes("b")) await once(worker, "message");
  expect(changes[0]).toEqual(["a"]);
  await worker.terminate();
});
