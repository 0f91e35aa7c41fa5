import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pcapOf, readAll, sampleRows } from "./testing/samples.ts";
import { longKey, MARKER, sequenceHeader, sequenceRecord } from "./testing/sequence-files.ts";

const ROWS = sampleRows(6, { nanos: true });
const MICRO_ROWS = ROWS.map((row) => ({ ...row, nanos: 0 }));

/** The values that the original's store has for these packets: each a pcap capture in microseconds. */
const VALUES = await Promise.all(MICRO_ROWS.map((row) => pcapOf([row])));
const RECORDS = ROWS.map(({ micros, nanos }, index) =>
  sequenceRecord(longKey(BigInt(micros) * 1000n + BigInt(nanos)), VALUES[index]!),
);

test("reads the original's files in chunks of any size, with the nanoseconds of their keys", () => {
  const [first, second, ...others] = RECORDS;
  const capture = Buffer.concat([sequenceHeader(), first!, second!, MARKER, ...others]);
  for (const chunk of [1, 2, 3, 7, capture.length]) {
    const { rows, report, texts } = readAll(capture, chunk);
    expect(texts).toEqual([]);
    expect(rows).toEqual(ROWS);
    expect(report).toMatchObject({ format: "sequence file", packets: 6, unread: 0 });
  }
});

test("trusts the header of the packet where the key is another time or a number", async () => {
  const key = Buffer.from([0, 0, 0, 1]);
  const numbered = [sequenceHeader({ key: "IntWritable", version: 5 }), sequenceRecord(key, VALUES[1]!)];
  expect(readAll(Buffer.concat(numbered)).rows).toEqual([MICRO_ROWS[1]]);
  const other = [sequenceHeader(), sequenceRecord(longKey(5n), VALUES[1]!)];
  expect(readAll(Buffer.concat(other)).rows).toEqual([MICRO_ROWS[1]]);
  const exact = [sequenceHeader(), sequenceRecord(longKey(5n), await pcapOf([ROWS[1]!], true))];
  expect(readAll(Buffer.concat(exact)).rows).toEqual([ROWS[1]]);
});

test("goes on at the next marker behind damage", () => {
  const [first, second, third, ...others] = RECORDS;
  const damage = Buffer.alloc(1000, 0xff);
  const capture = Buffer.concat([
    sequenceHeader(),
    first!,
    damage,
    second!,
    MARKER,
    third!,
    MARKER,
    ...others,
  ]);
  for (const chunk of [1, 7, 33, capture.length]) {
    const { rows, report, texts } = readAll(capture, chunk);
    expect(rows).toEqual([ROWS[0], ...ROWS.slice(2)]);
    const place = sequenceHeader().length + first!.length;
    expect(texts).toEqual([`${place}: the marker between records is wrong; reading goes on at the next one`]);
    expect(report.unread).toBe(damage.length + second!.length);
  }
});

test.each([
  ["a value that is no capture", Buffer.from("hello"), "is no pcap capture"],
  ["a packet that is cut off", VALUES[0]!.subarray(0, -1), "claims to have 14 bytes of a packet and has 13"],
])("leaves out %s", (_, value, why) => {
  const capture = Buffer.concat([
    sequenceHeader(),
    RECORDS[0]!,
    sequenceRecord(longKey(1n), value),
    RECORDS[1]!,
  ]);
  const { rows, report, texts } = readAll(capture, 5);
  expect(rows).toEqual([ROWS[0], ROWS[1]]);
  expect(report.unreadable).toBe(1);
  expect(texts).toEqual([
    `${sequenceHeader().length + RECORDS[0]!.length}: the value of a record ${why}; it is left out`,
  ]);
});

test.each([
  [sequenceHeader({ isPacked: true }), "it is compressed; write it again without compression"],
  [sequenceHeader({ version: 7 }), "it is of version 7; 4 to 6 are read"],
  [
    sequenceHeader({ value: "Text" }),
    "its values are org.apache.hadoop.io.Text, and packets are BytesWritable",
  ],
  [Buffer.concat([Buffer.from("SEQ\x06\x80"), Buffer.alloc(70_000)]), "its header has no end"],
])("refuses a header that is not the store's", (header, why) => {
  expect(readAll(header, 1000).texts).toEqual([`0: this sequence file is not read here: ${why}`]);
});

type Expected = { valueBase64: string; ts_sec: number; ts_sub: number; orig: number };

const FOLDER = join(import.meta.dirname, "../../../../shared/data/metron");

test.skipIf(!existsSync(FOLDER))("reads the original's sample", () => {
  const { rows, report, texts } = readAll(readFileSync(join(FOLDER, "pcap-sequencefile.seq")), 100);
  expect(texts).toEqual([]);
  expect(report.packets).toBe(20);
  const expected = readFileSync(join(FOLDER, "derived-pcap-sequencefile.jsonl"), "utf8").trim().split("\n");
  for (const [index, line] of expected.entries()) {
    const { valueBase64, ts_sec, ts_sub, orig } = JSON.parse(line) as Expected;
    expect(rows[index]).toMatchObject({
      micros: ts_sec * 1e6 + ts_sub,
      original: orig,
      frame: Buffer.from(valueBase64, "base64").subarray(40).toString("hex"),
    });
  }
});
