import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "vitest";
import { makeContext } from "../../../core/context.ts";
import { isWholeRun } from "../../../core/testing/runs.ts";
import { describeIndex } from "../testing/describe-index.ts";
import { openDuckdbIndex } from "./open.ts";
import { openRemoteWriter } from "./remote.ts";

// The suite of duckdb.test.ts once more takes as long again.
describe.runIf(isWholeRun)("variant", () => {
  describeIndex("duckdb, without pointers to texts", async () => {
    const folder = await mkdtemp(join(tmpdir(), "index-"));
    return {
      open: () => openDuckdbIndex(folder, { pointers: false }, makeContext()),
      join: openRemoteWriter,
      remove: () => rm(folder, { recursive: true, force: true }),
    };
  });
});
if (!isWholeRun)
  console.warn("Left out, as CI=true is not set: the index in DuckDB without pointers to texts.");
