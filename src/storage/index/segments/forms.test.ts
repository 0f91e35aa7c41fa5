import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Buffers } from "../blocks/block.ts";
import { RowGroupEncoder } from "../parquet/row-group.ts";
import { blocksOf, many, type Rows } from "../testing/test-files.ts";
import { type Written, writeSegment } from "./write-segment.ts";

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "forms-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** In what forms the chunks of `text` are in a file with a row group per batch. */
async function formsOf(...batches: readonly Rows[]): Promise<number[]> {
  const encoder = new RowGroupEncoder(new Buffers(0));
  const blocks = blocksOf(batches).map((block) => ({ ...block, group: encoder.encode(block) }));
  const columns = new Map(blocks.flatMap((block) => block.columns.map(({ field, type }) => [field, type])));
  const written = (await writeSegment({
    path: join(folder, `${files++}.parquet`),
    sensor: "s",
    columns: [...columns].map(([field, type]) => ({ field, type, column: field, inside: false })),
    from: { blocks: blocks.map((block) => ({ block, textBase: 0 })), range: undefined },
  })) as Written;
  return [...(written.forms.get("text") ?? [])];
}

const text = (row: number) => `a text of its own for row number ${row}`;
const spread = many((row) => (row % 3 !== 0 ? { text: text(row) } : {}));

test("a page without a value is a form of its own, however many values the column lacks", async () => {
  const atTheEnd = many((row) => (row < 2560 ? { text: text(row) } : {}));
  expect(await formsOf(spread)).toHaveLength(1);
  expect(await formsOf(spread, atTheEnd)).toHaveLength(2);
});

test.each<[what: string, other: Rows]>([
  ["no value is missing", many((row) => ({ text: text(row) }))],
  ["few different values", many((row) => (row % 3 !== 0 ? { text: `word ${row % 8}` } : {}))],
  ["another number of different values", many((row) => (row % 3 !== 0 ? { text: `word ${row % 512}` } : {}))],
  ["few rows", many((row) => (row % 3 !== 0 ? { text: text(row) } : {}), 64)],
  ["rows that fill no byte", many((row) => (row % 3 !== 0 ? { text: text(row) } : {}), 4999)],
  ["the field is absent", many(() => ({}))],
])("another way to write is another form: %s", async (_what, other) => {
  expect(await formsOf(spread, other)).toHaveLength(2);
});
