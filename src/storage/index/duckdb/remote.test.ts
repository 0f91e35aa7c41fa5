import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeContext } from "../../../core/context.ts";
import { parse } from "../../../query/parse.ts";
import { batchOf, put } from "../testing/test-batches.ts";
import type { DuckdbIndex } from "./duckdb-index.ts";
import { openDuckdbIndex } from "./open.ts";
import { openRemoteWriter, serveWriter } from "./remote.ts";

let folder: string;
let index: DuckdbIndex;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "index-"));
  index = await openDuckdbIndex(folder, { sealRows: 1000 }, makeContext());
});

afterEach(async () => {
  await index[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function runWorker(batches: number, end: "close" | "crash"): Promise<void> {
  const handle = serveWriter(index, "worker");
  const worker = new Worker(new URL("../testing/remote-child.ts", import.meta.url), {
    workerData: { handle, batches, end },
    transferList: handle.transfer,
    execArgv: [],
  });
  await once(worker, "exit");
}

test("a thread writes, seals and closes; another goes on where it was", async () => {
  await runWorker(35, "close");
  expect(await index.count({})).toBe(3500);
  expect(await index.count({ query: parse("text:*batch") })).toBe(0);
  expect(await index.count({ query: parse('text:"number 7 of batch 20"') })).toBe(1);
  expect(await index.sealedPosition("t", 0)).toBe(3500);
  await runWorker(5, "close");
  expect(await index.count({})).toBe(4000);
  const [facet] = await index.facets({ fields: ["guid"], size: 1 });
  expect(facet?.values[0]?.count).toBe(1);
});

test("what a thread had not committed when it ended is gone", async () => {
  await runWorker(3, "crash");
  expect(await index.position("t", 0)).toBe(300);
  await expect.poll(() => index.count({})).toBe(300);
  await runWorker(1, "close");
  expect(await index.count({})).toBe(400);
});

test("a writer of which something was not taken says so once, and takes nothing any more", async () => {
  const handle = serveWriter(index, "worker");
  handle.transfer[0]?.postMessage({ type: "add", block: null });
  let broken = 0;
  const writer = openRemoteWriter(handle, () => broken++);
  await put(writer, "s", batchOf([{ text: "not taken" }]));
  await expect.poll(() => broken).toBe(1);
  await expect(put(writer, "s", batchOf([{ text: "nor this" }], 1))).rejects.toThrow("writing to the index");
  expect(await index.position("t", 0)).toBeUndefined();
  const next = openRemoteWriter(serveWriter(index, "worker"));
  await put(next, "s", batchOf([{ text: "taken" }]));
  await expect.poll(() => index.count({ query: parse("text:taken") })).toBe(1);
  expect(broken).toBe(1);
});
