import { globSync } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeContext } from "../../../core/context.ts";
import { parse } from "../../../query/parse.ts";
import { DuckdbReader } from "../testing/foreign-readers.ts";
import { batchOf, NOON, put } from "../testing/test-batches.ts";
import { openDuckdbIndex } from "./open.ts";

/** Makes the values of a column unreadable in all row groups but the first. */
async function damage(path: string, column: string): Promise<number> {
  using duckdb = await DuckdbReader.open();
  const chunks = await duckdb.rows(
    `SELECT data_page_offset, total_compressed_size FROM parquet_metadata('${path}')
     WHERE path_in_schema = '${column}' AND row_group_id > 0`,
  );
  await using file = await open(path, "r+");
  for (const [at, length] of chunks)
    await file.write(Buffer.alloc(Number(length), 0xff), 0, Number(length), Number(at));
  return chunks.length;
}

test.each([
  ["rt", (part: number, row: number) => NOON + part * 1000 + row, `rt:<=${NOON + 9}`, `rt:>=${NOON + 1001}`],
  [
    "rt",
    (part: number, row: number) => String(NOON + part * 1000 + row),
    `rt:${NOON + 3}`,
    `rt:${NOON + 1001}`,
  ],
  [
    "rt",
    (part: number, row: number) => NOON + part * 3_600_000 + row,
    "rt:<2026-11-21T13:00",
    `rt:>=${NOON + 3_600_001}`,
  ],
  ["ip_src_port", (part: number, row: number) => part * 1000 + row, "ip_src_port:3", "ip_src_port:1001"],
  [
    "ip_src_port",
    (part: number, row: number) => String(part * 1000 + row),
    "ip_src_port:<10",
    "ip_src_port:>10",
  ],
  [
    "duration",
    (part: number, row: number) => String(part * 1000 + row / 2),
    "duration:<=4.5",
    "duration:1000.5",
  ],
])("row groups whose %s lies elsewhere are not read", async (field, value, near, far) => {
  const folder = await mkdtemp(join(tmpdir(), "pruning-"));
  try {
    await using index = await openDuckdbIndex(folder, { groupRows: 1 }, makeContext());
    const writer = await index.writer("one");
    for (const part of [0, 1, 2]) {
      const messages = Array.from({ length: 64 }, (_, row) => ({ [field]: value(part, row) }));
      await put(writer, "s", batchOf(messages, part * 64));
    }
    await index.seal();
    const [file = ""] = globSync("sensor=*/**/[!_]*.parquet", { cwd: folder });
    const before = await index.count({ query: parse(near) });
    const found = await index.count({ query: parse(far) });
    expect(Math.min(before, found)).toBeGreaterThan(0);
    expect(await damage(join(folder, file), field)).toBe(2);
    expect(await index.count({ query: parse(near) })).toBe(before);
    // That values of the others are read is seen by what is found of them.
    expect(await index.count({ query: parse(far) }).catch(() => "unreadable")).not.toBe(found);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
