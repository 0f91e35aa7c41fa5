import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeContext } from "../../../core/context.ts";
import { describeIndex } from "../testing/describe-index.ts";
import { openDuckdbIndex } from "./open.ts";
import { openRemoteWriter } from "./remote.ts";

describeIndex("duckdb, each batch a row group", async () => {
  const folder = await mkdtemp(join(tmpdir(), "index-"));
  return {
    open: () => openDuckdbIndex(folder, { groupRows: 1, firstRows: 1 }, makeContext()),
    join: openRemoteWriter,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
});
