import { expect, test } from "vitest";
import { packetsOf, rowsOf, sampleRows } from "./testing/samples.ts";
import { type TopicForm, topicReader, topicTime } from "./topic.ts";
import { topicRecords } from "./write-topic.ts";

const ROWS = sampleRows(20, { nanos: true });
const WIFI = sampleRows(3, { link: { linkType: 127, snapLength: 2_000 } });

test.each([
  ["MILLISECONDS", 1_700_000_000_000n],
  ["MICROSECONDS", 1_700_000_000_000_000n],
  ["NANOSECONDS", 1_700_000_000_000_000_000n],
] as const)("the key is the time in %s, big-endian, and the value the frame", (granularity, time) => {
  const form: TopicForm = { scheme: "FROM_KEY", granularity };
  const { records, leftOut } = topicRecords(packetsOf([...ROWS, ...WIFI]), form);
  expect(leftOut).toBe(3);
  expect(Buffer.from(records[0]?.key ?? []).readBigUInt64BE()).toBe(time);
  expect(records.map(({ value }) => Buffer.from(value).toString("hex"))).toEqual(
    ROWS.map(({ frame }) => frame),
  );
  const times = records.map(({ key, value }) => topicTime(form)(key, value));
  expect(times).toEqual(times.toSorted((one, other) => one - other));
});

test("captures of one packet keep the time to the nanosecond, the length on the wire and the link", () => {
  const form: TopicForm = { scheme: "FROM_PACKET" };
  const rows = [...ROWS, ...WIFI];
  const reader = topicReader(form);
  for (const { key, value } of topicRecords(packetsOf(rows), form).records) {
    expect(topicTime(form)(key, value)).toBeCloseTo(Number(Buffer.from(key).readBigUInt64BE()), -1);
    reader.add(key, value);
  }
  expect(rowsOf(reader.take())).toEqual(rows);
});

test("a record without a time comes before all others", () => {
  expect(
    topicTime({ scheme: "FROM_KEY", granularity: "MICROSECONDS" })(Buffer.from("17"), Buffer.alloc(60)),
  ).toBe(Number.NEGATIVE_INFINITY);
  expect(topicTime({ scheme: "FROM_PACKET" })(Buffer.alloc(8), Buffer.alloc(20))).toBe(
    Number.NEGATIVE_INFINITY,
  );
});
