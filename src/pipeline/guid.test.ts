import { expect, test } from "vitest";
import { arrivalOf } from "../core/arrival-of.ts";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import type { Message } from "../core/message.ts";
import { Rejection } from "../core/rejection.ts";
import { assignGuids, giveGuids, keepGuids } from "./guid.ts";

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

/** What is stored under a guid is found by it for years: a replay by a later version must give it again. */
test("guids are what they were in every version", () => {
  expect(guids("bro", 0, 7, 1_700_000_000_000, 1)).toEqual(["018bcfe5-6800-7b5a-867c-ac5619db857b"]);
  expect(guids("bro", 3, 5_000_000_000, 1_700_000_000_000, 1)).toEqual([
    "018bcfe5-6800-7811-ace4-d941cbe1d269",
  ]);
  const batch = batchOf([{}, {}]);
  batch.recordOf[1] = 0;
  assignGuids(batch, "error");
  expect([0, 1].map((row) => batch.message(row).guid)).toEqual([
    "00000000-0001-75d0-b2bd-6457f4100758",
    "00000000-0001-74cf-9a1f-ccbdf4100758",
  ]);
});

test("a hundred thousand records and rows of one record never share one", () => {
  expect(new Set(guids("bro", 0, 0xffff_fff0, 1, 100_000)).size).toBe(100_000);
  const batch = new Batch();
  batch.load(blockOf(["x"], 1), { topic: "t", partition: 0, offset: 0 });
  for (let row = 0; row < 5000; row++) batch.addRow(0);
  assignGuids(batch);
  expect(new Set(Array.from({ length: 5000 }, (_, row) => batch.column("guid").text(row))).size).toBe(5000);
});

const batchOf = (messages: readonly Message[]): Batch => {
  const batch = new Batch();
  batch.load(
    blockOf(
      messages.map(() => "x"),
      1,
    ),
    { topic: "t", partition: 0, offset: 0 },
  );
  for (const [record, message] of messages.entries()) batch.addMessage(record, message);
  return batch;
};
const guidsOf = (batch: Batch) => Array.from({ length: batch.rows }, (_, row) => batch.message(row).guid);
const GUID = /^00000000-0001-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test("a guid the message brings stays, null is none, and who left the batch gets none", () => {
  const batch = batchOf([{ guid: "mine" }, { guid: null }, {}, {}]);
  batch.reject(2, new Rejection("error", "no"));
  assignGuids(batch);
  expect(guidsOf(batch)).toEqual([
    "mine",
    expect.stringMatching(GUID),
    undefined,
    expect.stringMatching(GUID),
  ]);
});

test("the loop gives every message a guid of its own, and what the message says stays beside it", () => {
  const batch = batchOf([{ guid: "mine" }, { guid: null }, {}, { guid: "gone" }]);
  batch.drop(3);
  giveGuids(batch);
  expect(guidsOf(batch).slice(0, 3)).toEqual(Array(3).fill(expect.stringMatching(GUID)));
  expect(new Set(guidsOf(batch)).size).toBe(4);
  expect({ ...batch.message(0) }).toMatchObject({ "sent.guid": "mine" });
  expect(batch.message(2)).not.toHaveProperty(["sent.guid"]);
  expect({ ...batch.message(3) }, "who left is not touched").toEqual({ guid: "gone" });
});

test("whatever stages do to a guid, the message has in the end the one it was given", () => {
  const batch = batchOf([{}, {}, {}, {}]);
  const given = giveGuids(batch);
  const before = guidsOf(batch);
  const column = batch.column("guid");
  column.setString(0, "another");
  column.clear(1);
  column.setSpan(2, 0, 1);
  column.setSpan(3, batch.arena.appendText("late"), batch.arena.length);
  keepGuids(batch, given);
  expect(guidsOf(batch)).toEqual(before);
  expect([0, 1, 2, 3].map((row) => batch.message(row)["sent.guid"])).toEqual([
    "another",
    undefined,
    "x",
    "late",
  ]);
});

test.each<[guid: string, arrival: number | undefined]>([
  ["01234567-89ab-7000-8000-000000000000", 0x0123456789ab],
  ["01234567-89ab-7fff-bfff-ffffffffffff", 0x0123456789ab],
  ["01234567-89ab-4000-8000-000000000000", undefined],
  ["01234567-89ab-7000-c000-000000000000", undefined],
  ["x01234567-89ab-7000-8000-000000000000", undefined],
  ["01234567-89ab-7000-8000-0000000000001", undefined],
  ["mine", undefined],
])("the arrival that %s tells is %s", (guid, arrival) => {
  expect(arrivalOf(guid)).toBe(arrival);
});

test("a guid tells the arrival it was made with", () => {
  const [guid = ""] = guids("bro", 0, 0, 1_700_000_000_123, 1);
  expect(arrivalOf(guid)).toBe(1_700_000_000_123);
});
