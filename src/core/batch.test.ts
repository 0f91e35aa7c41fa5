import { expect, test } from "vitest";
import { Batch, TooManyFields } from "./batch.ts";
import { blockOf } from "./block.ts";
import { Rejection } from "./rejection.ts";

const POSITION = { topic: "t", partition: 1, offset: 40 };
const ARRIVAL = 1_700_000_000_000;

function loaded(records: readonly (string | Uint8Array)[], batch = new Batch(4)): Batch {
  batch.load(blockOf(records, ARRIVAL), POSITION);
  return batch;
}

test("records are the bytes that came, without their line ends", () => {
  const batch = loaded(["one\n", "two\r\n", "", "\n", " three ", Uint8Array.of(0x61, 0xff)]);
  expect(batch.records).toBe(6);
  const texts = Array.from({ length: 6 }, (_, record) => batch.recordText(record));
  expect(texts).toEqual(["one", "two", "", "", " three ", "a\ufffd"]);
  expect([...batch.record(5)]).toEqual([0x61, 0xff]);
  expect([batch.position, batch.arrival]).toEqual([POSITION, ARRIVAL]);
});

test("a message comes back field by field, null and absent apart", () => {
  const batch = loaded(["a", "b"]);
  const row = batch.addMessage(1, { text: "x", port: 80, nothing: null, list: [1, "a"] });
  batch.addMessage(0, { other: 0.5 });
  expect({ ...batch.message(row) }).toStrictEqual({ text: "x", port: 80, nothing: null, list: [1, "a"] });
  expect({ ...batch.message(1) }).toStrictEqual({ other: 0.5 });
  expect([...batch.recordOf.subarray(0, 2)]).toEqual([1, 0]);
});

test("a record may become many rows, and every column grows with them", () => {
  const batch = loaded(["a"]);
  const { capacity } = batch;
  const count = capacity * 3;
  for (let n = 0; n < count; n++) batch.addMessage(0, { n, timestamp: n });
  expect(batch.rows).toBe(count);
  expect(batch.liveCount()).toBe(count);
  expect(batch.capacity).toBeGreaterThanOrEqual(count);
  for (const row of [0, capacity - 1, capacity, count - 1]) expect(batch.message(row).n).toBe(row);
});

test("what is rejected or dropped leaves the selection, and only what is rejected has a reason", () => {
  const batch = loaded(["a", "b", "c", "d"]);
  for (const record of [3, 2, 1]) batch.addRow(record);
  const rejection = new Rejection("parser_error", "no");
  batch.reject(0, rejection);
  batch.drop(1);
  batch.rejectRecord(0, rejection);
  expect([...batch.live.subarray(0, 3)]).toEqual([0, 0, 1]);
  expect([batch.liveCount(), batch.dropped]).toEqual([1, 1]);
  expect(batch.rejected).toEqual([
    { record: 3, row: 0, rejection },
    { record: 0, row: undefined, rejection },
  ]);
});

test("a message without a time gets that of its arrival, and is counted as such", () => {
  const batch = loaded(["a", "b"]);
  batch.addMessage(0, { timestamp: 5 });
  expect(batch.hasTimeless).toBe(false);
  batch.setArrival(batch.addRow(1));
  expect([batch.message(0).timestamp, batch.message(1).timestamp]).toEqual([5, ARRIVAL]);
  expect([batch.hasTimeless, ...batch.timeless.subarray(0, 2)]).toEqual([true, 0, 1]);
});

test("the next block finds nothing of the one before, but the same columns", () => {
  const batch = loaded(["a", "b", "c"]);
  batch.addMessage(0, { text: "old", list: [1] });
  batch.setArrival(0);
  batch.reject(0, new Rejection("parser_error", "no"));
  batch.drop(batch.addRow(1));
  batch.isCrowded = true;
  const column = batch.column("text");
  const { rejected } = batch;
  loaded(["next"], batch);
  expect(batch).toMatchObject({
    records: 1,
    rows: 0,
    dropped: 0,
    rejected: [],
    isCrowded: false,
    hasTimeless: false,
  });
  expect(rejected, "the list of the block before is its reader's").toHaveLength(1);
  const row = batch.addRow(0);
  expect({ ...batch.message(row) }).toStrictEqual({});
  expect(batch.timeless[row]).toBe(0);
  expect(batch.column("text")).toBe(column);
  expect(batch.recordText(0)).toBe("next");
});

test("metadata are of records, stay out of messages, and go with their block", () => {
  const batch = loaded(["a", "b"]);
  const host = batch.metadataColumn("host");
  host.setString(1, "web1");
  batch.showsMetadata = true;
  const row = batch.addMessage(1, { n: 1 });
  expect({ ...batch.message(row) }).toStrictEqual({ n: 1 });
  expect(batch.metadataColumn("host")).toBe(host);
  expect([batch.names, batch.columns.size]).toEqual([2, 1]);
  // More records than there was room for: the columns grow with them.
  loaded(Array(9).fill("x"), batch);
  expect([batch.showsMetadata, host.touched, host.value(1)]).toEqual([false, false, undefined]);
  host.setString(8, "web8");
  expect([host.value(8), batch.metadata.get("host")?.kinds.length]).toEqual(["web8", 18]);
});

test("a block of more records than any before has room for all of them", () => {
  const batch = loaded(["a"]);
  const records = Array.from({ length: 3000 }, (_, n) => `record ${n}\n`);
  loaded(records, batch);
  for (const record of [0, 1023, 1024, 2999]) expect(batch.recordText(record)).toBe(`record ${record}`);
  expect(batch.capacity).toBeGreaterThanOrEqual(3000);
});

test("many messages may have eight thousand fields together, a few messages more", () => {
  const many = new Batch(1024);
  const fields = (batch: Batch, count: number) => {
    for (let n = batch.columns.size; n < count; n++) batch.column(`field ${n}`);
  };
  fields(many, 8000);
  expect(() => many.column("one more")).toThrow(TooManyFields);
  expect(() => many.column("one more")).toThrow(
    "more than 8000 different fields, with room for 1024 messages",
  );
  expect(many.column("field 7999").name).toBe("field 7999");
  const few = new Batch(16);
  fields(few, 8001);
  expect(few.columns.size).toBe(8001);
  // Cells count too: nine bytes each.
  const long = new Batch(16_384);
  fields(long, 1024);
  expect(() => long.column("one more")).toThrow(
    "more than 1024 different fields, with room for 16384 messages",
  );
  // With this many fields there is no room for more messages.
  expect(() => {
    for (let row = 0; row < 17; row++) few.addRow(0);
  }).toThrow(TooManyFields);
});
