import { expect, test } from "vitest";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import { assignGuids } from "./guid.ts";

function guids(
  topic: string,
  partition: number,
  offset: number,
  arrival = 1_700_000_000_000,
  count = 3,
): string[] {
  const batch = new Batch();
  batch.load(
    blockOf(
      Array.from({ length: count }, () => "x"),
      arrival,
    ),
    { topic, partition, offset },
  );
  for (let record = 0; record < count; record++) batch.addRow(record);
  assignGuids(batch);
  return Array.from({ length: count }, (_, row) => batch.column("guid").text(row) as string);
}

test("a guid is a version 7 UUID that starts with the time of arrival", () => {
  const [guid] = guids("bro", 0, 0, 0x0123456789ab);
  expect(guid).toMatch(/^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("the same place gives the same guid, any other place another", () => {
  expect(guids("bro", 0, 7)).toEqual(guids("bro", 0, 7));
  expect(guids("bro", 0, 7)[1]).toBe(guids("bro", 0, 8)[0]);
  expect(new Set([...guids("bro", 0, 7), ...guids("bro", 1, 7), ...guids("asa", 0, 7)]).size).toBe(9);
});

test("a hundred thousand records and rows of one record never share one", () => {
  expect(new Set(guids("bro", 0, 0xffff_fff0, 1, 100_000)).size).toBe(100_000);
  const batch = new Batch();
  batch.load(blockOf(["x"], 1), { topic: "t", partition: 0, offset: 0 });
  for (let row = 0; row < 5000; row++) batch.addRow(0);
  assignGuids(batch);
  expect(new Set(Array.from({ length: 5000 }, (_, row) => batch.column("guid").text(row))).size).toBe(5000);
});

test("a guid the message brings stays", () => {
  const batch = new Batch();
  batch.load(blockOf(["x"], 1), { topic: "t", partition: 0, offset: 0 });
  batch.addMessage(0, { guid: "mine" });
  assignGuids(batch);
  expect(batch.message(0)).toEqual({ guid: "mine" });
});
