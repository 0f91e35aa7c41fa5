import { expect, test } from "vitest";
import { testFiles } from "./quick-tests.ts";

const { quick, slow } = testFiles();

test.each([
  ["src/core/ip.test.ts", "it imports nothing slow"],
  ["src/architecture.test.ts", "it reads files"],
  ["src/parsers/contract.test.ts", "it opens components, which compute"],
  ["scripts/quick-tests.test.ts", "the names of slow modules in a text are no imports"],
])("%s is quick: %s", (file) => {
  expect(quick).toContain(file);
});

test.each([
  ["src/cli/cli.test.ts", "it starts processes through `testing/run-cli.ts`"],
  ["src/platform/platform.test.ts", "a platform starts threads"],
  ["src/storage/table/lmdb.test.ts", "LMDB is native"],
  ["src/storage/index/duckdb/values.test.ts", "DuckDB is native"],
])("%s is slow: %s", (file) => {
  expect(slow).toContain(file);
});

test("every test file is one or the other", () => {
  expect(new Set([...quick, ...slow]).size).toBe(quick.length + slow.length);
  expect(quick.length).toBeGreaterThan(50);
});
