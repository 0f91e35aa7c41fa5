import { expect, test } from "vitest";
import { ETHERNET, pcapOf, rowsOf, sampleRows } from "./testing/samples.ts";
import { longKey } from "./testing/sequence-files.ts";
import { topicReader } from "./topic.ts";

const LINK = { linkType: 1, snapLength: 65_535 };

test.each([
  ["MILLISECONDS", 1_700_000_000_123n, 1_700_000_000_123_000, 0],
  ["MICROSECONDS", 1_700_000_000_123_456n, 1_700_000_000_123_456, 0],
  ["NANOSECONDS", 1_700_000_000_123_456_789n, 1_700_000_000_123_456, 789],
] as const)("reads frames whose keys are %s", (granularity, key, micros, nanos) => {
  const reader = topicReader({ scheme: "FROM_KEY", granularity });
  expect(reader.add(longKey(key), Buffer.from("0011", "hex"))).toBe(false);
  reader.add(longKey(key), Buffer.from("223344", "hex"));
  expect(rowsOf(reader.take())).toEqual([
    { micros, nanos, frame: "0011", original: 2, link: LINK },
    { micros, nanos, frame: "223344", original: 3, link: LINK },
  ]);
  expect(rowsOf(reader.take())).toEqual([]);
  reader.add(longKey(key), Buffer.from("55", "hex"));
  expect(rowsOf(reader.take())).toEqual([{ micros, nanos, frame: "55", original: 1, link: LINK }]);
  expect(reader.report).toMatchObject({ packets: 3, capturedBytes: 6, problemCount: 0, interfaces: [LINK] });
});

test("reads whole captures of one packet", async () => {
  const reader = topicReader({ scheme: "FROM_PACKET" });
  const rows = sampleRows(5, { nanos: true });
  for (const row of rows) reader.add(Buffer.alloc(0), await pcapOf([row], true));
  const wifi = { ...ETHERNET, linkType: 127 };
  reader.add(Buffer.alloc(0), await pcapOf([{ ...rows[0]!, nanos: 0, link: wifi }]));
  expect(rowsOf(reader.take())).toEqual([...rows, { ...rows[0], nanos: 0, link: wifi }]);
});

test("says when its block is full", () => {
  const reader = topicReader({ scheme: "FROM_KEY", granularity: "MICROSECONDS" });
  const frame = Buffer.alloc(200_000);
  let records = 0;
  let packets = 0;
  while (records < 20) {
    records++;
    if (reader.add(longKey(BigInt(records)), frame)) packets += reader.take().count;
  }
  packets += reader.take().count;
  expect(packets).toBe(20);
  expect(reader.report).toMatchObject({ packets: 20, unreadable: 0 });
});

test("leaves out what is no packet, and counts it", () => {
  const reader = topicReader({ scheme: "FROM_KEY", granularity: "MICROSECONDS" });
  reader.add(Buffer.from("17"), Buffer.alloc(60));
  reader.add(longKey(2n ** 64n - 1n), Buffer.alloc(60));
  reader.add(longKey(1n), Buffer.alloc(300_000));
  reader.add(longKey(2n), Buffer.alloc(60));
  const packets = topicReader({ scheme: "FROM_PACKET" });
  packets.add(longKey(1n), Buffer.from("no capture"));
  expect(rowsOf(reader.take())).toMatchObject([{ micros: 2 }]);
  expect([...reader.report.problems, ...packets.report.problems]).toEqual([
    { at: 0, text: "the record has a key of 2 bytes; a time has 8; it is left out" },
    { at: 1, text: "the record has a key that is no time since 1970; it is left out" },
    { at: 2, text: "the record has 300000 bytes, more than the 262144 of a packet; it is left out" },
    { at: 0, text: "the record is no pcap capture; it is left out" },
  ]);
  expect(reader.report.unreadable).toBe(3);
});
