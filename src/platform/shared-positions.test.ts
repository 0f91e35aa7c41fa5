/** Positions that a machine kept by itself, and that are brought into the table that all processes share. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { makeContext } from "../core/context.ts";
import { openTablesOf } from "../storage/storage.ts";
import type { Table } from "../storage/table/contract.ts";
import { sharedPositions } from "./shared-positions.ts";

const KEYS = Array.from({ length: 50 }, (_, part) => `kafka/web/theirs/1/${part}`);

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A table of this machine with a position for each key, and an empty one that is shared. */
async function openBoth(): Promise<{ host: Table; shared: Table }> {
  const folder = mkdtempSync(join(tmpdir(), "metron-positions-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const tables = await openTablesOf(folder, undefined, makeContext());
  cleanups.push(() => tables[Symbol.asyncDispose]());
  const [host, shared] = [await tables.table("host"), await tables.table("shared")];
  for (const [offset, key] of KEYS.entries()) await host.put("source", key, { offset, id: "a" });
  return { host, shared };
}

test("a source that catches up while another one brings positions along finds all of them", async () => {
  const { host, shared } = await openBoth();
  const positions = sharedPositions(shared, host, "one");
  const first = positions.catchUp();
  await positions.catchUp();
  expect(KEYS.filter((key) => positions.load(key) === undefined)).toEqual([]);
  await first;
});

test("positions that could not be brought along are brought with the next try, and none that moved meanwhile is set back", async () => {
  const { host, shared } = await openBoth();
  let left = 10;
  // Brokers that take no more after some writes.
  const failing: Pick<Table, "get" | "put"> = {
    get: (type, key) => shared.get(type, key),
    put: (type, key, value) =>
      left-- === 0 ? Promise.reject(new Error("no broker answers")) : shared.put(type, key, value),
  };
  const positions = sharedPositions(failing, host, "one");
  await expect(positions.catchUp()).rejects.toThrow("no broker answers");
  await positions.save(KEYS[0] as string, { offset: 900, id: "a" });
  await positions.catchUp();
  expect(KEYS.filter((key) => positions.load(key) === undefined)).toEqual([]);
  expect(positions.load(KEYS[0] as string)).toEqual({ offset: 900, id: "a" });
});
