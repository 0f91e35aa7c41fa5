import { globSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type LogFields, makeContext } from "../../../core/context.ts";
import type { Message } from "../../../core/message.ts";
import type { Index } from "../contract.ts";
import { batchOf, NOON, put } from "../testing/test-batches.ts";
import { openDuckdbIndex } from "./open.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** An index whose files are written by a thread that makes mistakes, and what it logs. */
async function openFaulty(groupRows: number) {
  const folder = await mkdtemp(join(tmpdir(), "index-"));
  folders.push(folder);
  const errors: LogFields[] = [];
  const error = (_sentence: string, fields: LogFields = {}) => errors.push(fields);
  const log = { debug() {}, info() {}, warn() {}, error };
  const segmentWriter = join(import.meta.dirname, "..", "testing", "faulty-segment-worker");
  const index = await openDuckdbIndex(folder, { segmentWriter, groupRows }, makeContext({ log }));
  const files = (ending: string) => globSync(`sensor=*/**/*${ending}`, { cwd: folder });
  return { folder, index, errors, files };
}

const messagesOf = (part: number) =>
  Array.from({ length: 40 }, (_, row) => ({
    text: `text of row ${row} of part ${part}`,
    part,
    // Of each declared type, spelt in each way.
    ...{
      ip_src_port: row,
      ip_dst_port: String(row),
      rt: NOON + row,
      duration: `0.${row}0`,
      local_orig: "true",
    },
    ...(row % 2 === 0 ? { even: true, fraction: row + 0.5, list: [row] } : {}),
  }));

async function all(index: Index): Promise<readonly Message[]> {
  return (await index.search({ size: 1000 })).messages;
}

/** What is said of a file of each sensor. */
const REASONS: readonly [sensor: string, reason: RegExp][] = [
  ["empty-page", /segment .*\.parquet: .+; what was written was set aside as .*set-aside/],
  ["fewer", /its column text has 0 values instead of 40/],
  ["fewer-rows", /it has 40 messages instead of 41/],
  ["thrown", /RangeError: the writer made a mistake/],
];

test.each([
  ["a row group each", 1],
  ["put together", 1e9],
])(
  "files that do not hold what was put in them are set aside, their messages are kept: %s",
  async (_, groupRows) => {
    const { folder, index, errors, files } = await openFaulty(groupRows);
    {
      await using _ = index;
      const writer = await index.writer("one");
      for (const [place, sensor] of [...REASONS.map(([sensor]) => sensor), "sound"].entries())
        await put(writer, sensor, batchOf(messagesOf(place), place * 40));
      const before = await all(index);
      expect(before).toHaveLength(200);
      await index.seal();
      expect(await all(index)).toEqual(before);
      const stats = await index.stats();
      expect(stats).toMatchObject({ messages: 200, hot: 0, segments: 5, problems: [] });
      expect(stats.setAside).toEqual(REASONS.map(([, reason]) => expect.stringMatching(reason)));
      expect(errors).toEqual(stats.setAside.map((reason) => ({ code: "SEGMENT_REFUSED", reason })));
      // Of what was thrown there is no file.
      expect(files(".set-aside")).toHaveLength(3);
      expect(files(".tmp")).toEqual([]);
    }
    await using again = await openDuckdbIndex(folder, {}, makeContext());
    expect(await all(again)).toHaveLength(200);
    expect((await again.stats()).problems).toEqual([]);
    expect(files(".set-aside")).toHaveLength(3);
  },
);

test("files stay as they are when what they were merged to does not hold what they hold", async () => {
  const { index, files } = await openFaulty(1e9);
  await using _ = index;
  const writer = await index.writer("one");
  for (const [place, sensor] of ["merged-empty-page", "merged-fewer", "merged-thrown", "sound"].entries())
    for (let part = 0; part < 4; part++) {
      await put(writer, sensor, batchOf(messagesOf(part), (place * 4 + part) * 40));
      await index.seal();
    }
  const before = await all(index);
  expect(before).toHaveLength(640);
  await index.compact();
  await index.compact();
  const stats = await index.stats();
  expect(stats).toMatchObject({ messages: 640, segments: 13, problems: [] });
  expect(stats.setAside).toHaveLength(3);
  expect(files(".set-aside")).toHaveLength(2);
  expect(await all(index)).toEqual(before);
});

test("what retention removes while it is merged does not come back", async () => {
  const { folder, index, files } = await openFaulty(1e9);
  await using _ = index;
  const writer = await index.writer("one");
  for (let part = 0; part < 4; part++) {
    await put(writer, "merged-late", batchOf(messagesOf(part), part * 40));
    await index.seal();
  }
  const compacted = index.compact();
  await expect.poll(() => files("written"), { timeout: 10_000 }).toHaveLength(1);
  await index.retain([{ sensor: "merged-late", bytes: 1 }]);
  await rm(join(folder, files("written")[0] as string));
  await compacted;
  expect(await all(index)).toEqual([]);
  expect([...files(".parquet"), ...files(".tmp")]).toEqual([]);
});

test("a seal that does not work is told until it works, and nothing is lost", async () => {
  const folder = await mkdtemp(join(tmpdir(), "index-"));
  folders.push(folder);
  await using index = await openDuckdbIndex(folder, {}, makeContext());
  // Where the folder of the sensor's files should be, there is a file.
  const inTheWay = join(folder, "sensor=s");
  await writeFile(inTheWay, "");
  await put(await index.writer("one"), "s", batchOf(messagesOf(0)));
  await expect(index.seal()).rejects.toThrow(/EEXIST|ENOTDIR/);
  expect((await index.stats()).unsealed).toContain(inTheWay);
  expect(await all(index)).toHaveLength(40);
  await rm(inTheWay);
  await index.seal();
  expect(await index.stats()).toMatchObject({ unsealed: undefined, hot: 0, messages: 40 });
  expect(await all(index)).toHaveLength(40);
});
