import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeContext } from "../../core/context.ts";
import { describeTable } from "./describe-table.ts";
import { openSharedTable, openTables } from "./lmdb.ts";
import type { LmdbTableHandle } from "./lmdb-reader.ts";

describeTable("lmdb", async () => {
  const folder = await mkdtemp(join(tmpdir(), "metron-tables-"));
  return {
    open: () => openTables(folder, makeContext()),
    openShared: async (handle) => openSharedTable(handle as LmdbTableHandle),
    remove: () => rm(folder, { recursive: true }),
  };
});
