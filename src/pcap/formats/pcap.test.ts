import { expect, test } from "vitest";
import type { Packets } from "../packets.ts";
import { captureReader } from "./capture-reader.ts";
import { pcapOf, readAll, sampleRows } from "./testing/samples.ts";

const ROWS = sampleRows(50);
const NANO_ROWS = sampleRows(50, { nanos: true });

/** The same capture as a machine of the other byte order writes it. */
function swapped(capture: Buffer): Buffer {
  const other = Buffer.from(capture);
  const swap = (at: number, size: 2 | 4) =>
    size === 2 ? other.subarray(at, at + 2).swap16() : other.subarray(at, at + 4).swap32();
  for (const at of [0, 8, 12, 16, 20]) swap(at, 4);
  for (const at of [4, 6]) swap(at, 2);
  for (let at = 24; at < capture.length; at += 16 + capture.readUInt32LE(at + 8)) {
    for (const field of [0, 4, 8, 12]) swap(at + field, 4);
  }
  return other;
}

/** The same capture with the longer headers of Kuznetzov's patch. */
function patched(capture: Buffer): Buffer {
  const header = Buffer.from(capture.subarray(0, 24));
  header.writeUInt32LE(0xa1b2cd34);
  const parts: Buffer[] = [header];
  for (let at = 24; at < capture.length; at += 16 + capture.readUInt32LE(at + 8)) {
    const end = at + 16 + capture.readUInt32LE(at + 8);
    parts.push(capture.subarray(at, at + 16), Buffer.alloc(8, 1), capture.subarray(at + 16, end));
  }
  return Buffer.concat(parts);
}

/** Changes bytes of a capture's header or of its first packet's. */
function changed(capture: Buffer, change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(capture);
  change(bytes);
  return bytes;
}

test.each([
  ["microseconds", await pcapOf(ROWS), ROWS],
  ["nanoseconds", await pcapOf(NANO_ROWS, true), NANO_ROWS],
  ["the other byte order", swapped(await pcapOf(ROWS)), ROWS],
  ["nanoseconds in the other byte order", swapped(await pcapOf(NANO_ROWS, true)), NANO_ROWS],
  ["the patched variant", patched(await pcapOf(ROWS)), ROWS],
])("reads %s in chunks of any size", (_, capture, rows) => {
  for (const chunk of [1, 2, 3, 7, 1000, capture.length]) {
    const read = readAll(capture, chunk);
    expect(read.rows).toEqual(rows);
    expect(read.texts).toEqual([]);
    expect(read.report).toMatchObject({ format: "pcap", parts: 1, packets: 50, cut: 10, unread: 0 });
    expect(read.report.bytes).toBe(capture.length);
  }
});

test("tells first and last time, and packets whose time goes back", async () => {
  const [first, second, third] = sampleRows(3);
  const { report, rows } = readAll(await pcapOf([second!, first!, third!]));
  expect(report).toMatchObject({ backwards: 1, largestStepBack: 250_017 });
  expect([report.earliest, report.latest]).toEqual([first!.micros, third!.micros]);
  expect(rows).toEqual([second, first, third]);
});

test("counts steps back of nanoseconds", async () => {
  const [row] = sampleRows(1);
  const { report } = readAll(
    await pcapOf(
      [7, 5, 5].map((nanos) => ({ ...row!, nanos })),
      true,
    ),
  );
  expect(report).toMatchObject({ backwards: 1, largestStepBack: 0 });
});

test("takes an empty packet whose time is a magic number for a packet", async () => {
  const rows = [{ ...ROWS[1]!, frame: "", micros: 0xa1b2c3d4 * 1e6 + 5 }, ROWS[2]!];
  const { report, rows: read } = readAll(await pcapOf(rows));
  expect(read).toEqual(rows);
  expect(report.parts).toBe(1);
});

test.each([24, 25, 26, 27, 28, 39, 40])(
  "reads a capture of which %i bytes are in memory when its header is read",
  async (there) => {
    const small = await pcapOf(sampleRows(5));
    // The first block is read when this many bytes have come.
    const rest = 65_536 - there - small.length - 16;
    const filler = { ...sampleRows(6)[5]!, frame: "00".repeat(rest), original: rest };
    const first = [...sampleRows(5), filler];
    const { rows, texts } = readAll(Buffer.concat([await pcapOf(first), small]));
    expect(texts).toEqual([]);
    expect(rows).toEqual([...first, ...sampleRows(5)]);
  },
);

test("reads captures joined to one, also of other formats and links", async () => {
  const first = await pcapOf(ROWS);
  const second = swapped(await pcapOf(NANO_ROWS, true));
  const wifi = { linkType: 127, snapLength: 262_144 };
  const third = sampleRows(3, { link: wifi });
  const all = Buffer.concat([first, first, second, await pcapOf(third)]);
  const { rows, report, texts } = readAll(all, 7);
  expect(texts).toEqual([]);
  expect(rows).toEqual([...ROWS, ...ROWS, ...NANO_ROWS, ...third]);
  expect(report.parts).toBe(4);
  expect(report.interfaces.map(({ linkType }) => linkType)).toEqual([1, 127]);
});

test("keeps what comes before the place where a capture breaks off", async () => {
  const capture = await pcapOf(ROWS);
  const last = capture.length - 16 - ROWS[49]!.frame.length / 2;
  for (const [length, text] of [
    [last + 5, `${last}: the capture ends inside of this packet: 5 of 16 bytes are there`],
    [last + 20, `${last}: the capture ends inside of this packet: 20 of 43 bytes are there`],
  ] as const) {
    const { rows, report, texts } = readAll(capture.subarray(0, length), 100);
    expect(rows).toEqual(ROWS.slice(0, 49));
    expect(texts).toEqual([text]);
    expect(report.unread).toBe(length - last);
  }
});

test.each([
  ["nothing", Buffer.alloc(0), "0: the capture is empty: it has 0 bytes"],
  [
    "text",
    Buffer.from("hello world\n"),
    "0: no capture begins here: the bytes are 68 65 6c 6c 6f 20 77 6f; pcap, pcapng and sequence files are read",
  ],
  [
    "a header that is cut off",
    (await pcapOf([])).subarray(0, 20),
    "0: the capture ends inside of this header: 20 of 24 bytes are there",
  ],
  [
    "an unknown version",
    changed(await pcapOf([]), (bytes) => bytes.writeUInt16LE(3, 4)),
    "0: pcap of version 3.4 is not known here; 2.0 to 2.4 are",
  ],
  [
    "a version to come",
    changed(await pcapOf([]), (bytes) => bytes.writeUInt16LE(5, 6)),
    "0: pcap of version 2.5 is not known here; 2.0 to 2.4 are",
  ],
  [
    "a packet of two gigabytes",
    changed(await pcapOf(ROWS), (bytes) => bytes.writeUInt32LE(0x8000_0000, 24 + 8)),
    "24: a packet claims to have 2147483648 bytes, more than the 262144 of its kind of link; reading ends here",
  ],
])("says what is wrong with %s", (_, capture, text) => {
  const { rows, texts, report } = readAll(capture, 5);
  expect(texts).toEqual([text]);
  expect(rows).toEqual([]);
  expect(report.bytes).toBe(capture.length);
  expect(report.unread).toBe(capture.length - Number.parseInt(text, 10));
});

test("counts all that comes behind the place where reading ends", async () => {
  const damage = Buffer.alloc(500_000, 0xff);
  const capture = Buffer.concat([await pcapOf(ROWS), damage]);
  for (const chunk of [1000, capture.length]) {
    expect(readAll(capture, chunk).report).toMatchObject({ packets: 50, problemCount: 1, unread: 500_000 });
  }
});

test("believes neither snap length nor wire length", async () => {
  const capture = changed(await pcapOf(ROWS), (bytes) => {
    bytes.writeUInt32LE(0xffff_ffff, 16);
    bytes.writeUInt32LE(3, 24 + 12);
  });
  const { rows, report, texts } = readAll(capture);
  expect(texts).toEqual([]);
  expect(rows[0]).toMatchObject({ frame: ROWS[0]!.frame, original: 3 });
  expect(rows).toHaveLength(50);
  expect(report).toMatchObject({ overlong: 1, cut: 9 });
});

test("takes the length of check sequences out of the link type", async () => {
  const capture = changed(await pcapOf(ROWS), (bytes) => bytes.writeUInt32LE(0x2400_0001, 20));
  const { rows, report } = readAll(capture);
  expect(rows).toHaveLength(50);
  expect(report.interfaces).toEqual([{ linkType: 1, snapLength: 262_144, fcsLength: 4 }]);
});

test.each([
  ["2.2, always exchanged", 2, true],
  ["2.3, exchanged by this program", 3, true],
  ["2.3, not exchanged", 3, false],
])("reads the lengths of version %s", async (_, minor, isExchanged) => {
  const capture = changed(await pcapOf(ROWS), (bytes) => {
    bytes.writeUInt16LE(minor, 6);
    for (let at = 24; at < bytes.length; ) {
      const captured = bytes.readUInt32LE(at + 8);
      if (isExchanged) {
        bytes.writeUInt32LE(bytes.readUInt32LE(at + 12), at + 8);
        bytes.writeUInt32LE(captured, at + 12);
      }
      at += 16 + captured;
    }
  });
  expect(readAll(capture, 11).rows).toEqual(ROWS);
});

test("reads packets of more than a block, where the link has such", async () => {
  const usb = { linkType: 189, snapLength: 134_217_728 };
  const frame = Buffer.alloc(3_000_000, 7).toString("hex");
  const rows = [
    { ...ROWS[0]!, link: usb, frame, original: 3_000_000 },
    { ...ROWS[1]!, link: usb },
  ];
  const { rows: read, texts } = readAll(await pcapOf(rows), 100_000);
  expect(texts).toEqual([]);
  expect(read).toEqual(rows);
});

test("hands over blocks of bounded size", async () => {
  const long = sampleRows(40_000);
  const short = long.map((row) => ({ ...row, frame: row.frame.slice(0, 28) }));
  for (const rows of [short, long]) {
    const reader = captureReader();
    const counts: number[] = [];
    const count = (packets: Packets) => {
      counts.push(packets.count);
      expect(packets.bytes.length).toBeLessThanOrEqual(1_048_576);
    };
    for (const packets of reader.push(await pcapOf(rows))) count(packets);
    for (const packets of reader.end()) count(packets);
    expect(counts.reduce((sum, packets) => sum + packets)).toBe(40_000);
    // Some thousand packets each, but for the first blocks and the last.
    expect(counts.length).toBeLessThan(15);
    expect(Math.max(...counts)).toBeLessThanOrEqual(8192);
  }
});
