import { expect, test } from "vitest";
import { pcapngBlocks } from "./testing/pcapng-blocks.ts";
import { joined, packetsOf, pcapOf, readAll, sampleRows } from "./testing/samples.ts";
import { writePcapng } from "./write-pcapng.ts";

const FRAME = Buffer.from("00112233445566778899aabbccddeeff0800", "hex");
const HEX = FRAME.toString("hex");
const SECOND = 1_000_000n;
const { word, wide, option, end, block, section, interfaceOf, packet } = pcapngBlocks();

test("reads what it writes, in chunks of any size", async () => {
  const links = [
    { linkType: 1, snapLength: 262_144, name: "eth0", description: "to the world", filter: "tcp port 80" },
    { linkType: 127, snapLength: 0, name: "wlan0", fcsLength: 4 },
  ];
  const rows = links.flatMap((link) => sampleRows(20, { nanos: true, link }));
  const secrets = [{ type: 0x544c534b, bytes: Buffer.from("CLIENT_RANDOM 00 11\n") }];
  const comments = ["from the store", "x".repeat(70_000)];
  const capture = await joined(writePcapng([packetsOf(rows)], { comments, application: "Metron", secrets }));
  for (const chunk of [1, 2, 3, 7, capture.length]) {
    const { rows: read, report, texts } = readAll(capture, chunk);
    expect(texts).toEqual([]);
    expect(read).toEqual(rows);
    expect(report).toMatchObject({ format: "pcapng", parts: 1, packets: 40, application: "Metron" });
    expect(report.comments[0]).toBe("from the store");
    expect(report.secrets.map(({ type, bytes }) => [type, Buffer.from(bytes).toString()])).toEqual([
      [0x544c534b, "CLIENT_RANDOM 00 11\n"],
    ]);
  }
});

test.each([true, false])("reads blocks of every kind, little-endian: %s", (little) => {
  const blocks = pcapngBlocks(little);
  const capture = Buffer.concat([
    blocks.section(blocks.option(1, "a note"), blocks.option(4, "probe 1.0"), blocks.end),
    blocks.interfaceOf(1, 65_535, blocks.option(2, "eth0"), blocks.option(11, "\0tcp"), blocks.end),
    blocks.interfaceOf(113, 0),
    blocks.packet(
      0,
      7n * SECOND,
      FRAME,
      60,
      blocks.option(1, "odd"),
      blocks.option(4, blocks.wide(3n)),
      blocks.end,
    ),
    blocks.obsoletePacket(1, 2, 8n * SECOND, FRAME),
    blocks.obsoletePacket(1, 0xffff, 9n * SECOND, FRAME),
    blocks.simplePacket(100, FRAME),
    blocks.block(
      4,
      blocks.option(1, Buffer.from("\x0a\x00\x00\x01one\0two\0", "latin1")),
      blocks.option(
        2,
        Buffer.concat([Buffer.from("20010db8000000000000000000000001", "hex"), Buffer.from("six\0")]),
      ),
      blocks.end,
    ),
    blocks.block(10, blocks.word(0x544c534b), blocks.word(5), Buffer.from("keys\n")),
    blocks.statistics(0, blocks.option(5, blocks.wide(10n)), blocks.option(7, blocks.wide(4n)), blocks.end),
    blocks.statistics(0, blocks.option(5, blocks.wide(11n)), blocks.option(7, blocks.wide(5n)), blocks.end),
    blocks.block(0x0bad, blocks.word(1), Buffer.from("custom")),
    blocks.block(9, Buffer.from("__REALTIME_TIMESTAMP=1\n")),
    blocks.block(0x1234, Buffer.alloc(2_000_000)),
    blocks.packet(1, 10n * SECOND, FRAME),
  ]);
  for (const chunk of [1, 5, 64, capture.length]) {
    const { rows, report, texts } = readAll(capture, chunk);
    expect(texts).toEqual([]);
    expect(
      rows.map(({ micros, original, frame, link }) => [micros / 1e6, original, frame, link.linkType]),
    ).toEqual([
      [7, 60, HEX, 1],
      [8, 18, HEX, 113],
      [9, 18, HEX, 113],
      // The block is padded to 20 bytes, and nothing says how many of them are the packet's.
      [9, 100, `${HEX}0000`, 1],
      [10, 18, HEX, 113],
    ]);
    expect(report).toMatchObject({
      comments: ["a note"],
      application: "probe 1.0",
      packetComments: 1,
      droppedBetween: 5,
      dropped: [16, 0],
      timeless: 1,
      names: [
        { address: "10.0.0.1", names: ["one", "two"] },
        { address: "2001:db8::1", names: ["six"] },
      ],
      interfaces: [
        { linkType: 1, snapLength: 65_535, name: "eth0", filter: "tcp" },
        { linkType: 113, snapLength: 0 },
      ],
    });
    expect(Buffer.from(report.secrets[0]!.bytes).toString()).toBe("keys\n");
    expect(Object.fromEntries(report.skipped)).toEqual({
      custom: 1,
      "systemd journal": 1,
      "type 0x00001234": 1,
    });
  }
});

test.each([
  ["microseconds where nothing is said", undefined, 0n, 1_700_000_000_123_456n, 1_700_000_000_123_456, 0],
  ["seconds", 0, 0n, 1_700_000_000n, 1_700_000_000_000_000, 0],
  ["milliseconds", 3, 0n, 1_700_000_000_123n, 1_700_000_000_123_000, 0],
  ["tenths of microseconds", 7, 0n, 17_000_000_001_234_567n, 1_700_000_000_123_456, 700],
  ["nanoseconds", 9, 0n, 1_700_000_000_123_456_789n, 1_700_000_000_123_456, 789],
  ["picoseconds", 12, 0n, 1_700_000_123_456_789_012n, 1_700_000_123_456, 789],
  ["10^-15 seconds", 15, 0n, 1_700_000_123_456_789_012n, 1_700_000_123, 456],
  ["10^-15 seconds, the last", 15, 0n, -1n, 18_446_744_073, 709],
  // With numbers in place of big integers the last digit is another one.
  ["10^-13 seconds", 13, 0n, 0xae60_1e4d_fcbb_e04en, 1_256_507_628_066, 516],
  ["1024ths of a second", 0x8a, 0n, 1_700_000_000n * 1024n + 1n, 1_700_000_000_000_976, 562],
  ["2^-32 seconds, as NTP", 0xa0, 0n, (1_700_000_000n << 32n) + 0x8000_0001n, 1_700_000_000_500_000, 0],
  ["2^-32 seconds, the last", 0xa0, 0n, (1n << 32n) + 0xffff_ffffn, 1_999_999, 999],
  ["2^-33 seconds", 0xa1, 0n, (1_700_000_000n << 33n) + 3n, 1_700_000_000_000_000, 0],
  ["an offset", 6, 1_700_000_000n, 5n * SECOND, 1_700_000_005_000_000, 0],
  ["a negative offset", 6, -4n, 5n * SECOND, 1_000_000, 0],
])("reads times of %s", (_, resolution, offset, ticks, micros, nanos) => {
  const options = [option(14, wide(offset)), end];
  if (resolution !== undefined) options.unshift(option(9, Uint8Array.of(resolution)));
  const capture = Buffer.concat([
    section(),
    interfaceOf(1, 0, ...options),
    packet(0, BigInt.asIntN(64, ticks), FRAME),
  ]);
  const { rows, report } = readAll(capture);
  expect(rows).toMatchObject([{ micros, nanos }]);
  expect(report.timeless).toBe(0);
});

test.each([
  ["before 1970", 6, -10n, 5n * SECOND],
  ["after the year 255,000", 0, 0n, 1n << 62n],
  ["beyond any number", 0xff, 1n << 62n, 5n],
])("gives a time %s the time of the packet before", (_, resolution, offset, ticks) => {
  const options = [option(9, Uint8Array.of(resolution)), option(14, wide(offset)), end];
  const capture = Buffer.concat([
    section(),
    interfaceOf(1, 0),
    interfaceOf(1, 0, ...options),
    packet(0, 42n * SECOND, FRAME),
    packet(1, ticks, FRAME),
  ]);
  const { rows, report } = readAll(capture);
  expect(rows.map((row) => row.micros)).toEqual([42_000_000, 42_000_000]);
  expect(report).toMatchObject({ timeless: 1, backwards: 0 });
});

test("reads sections of both byte orders one after another, each with interfaces of its own", async () => {
  const big = pcapngBlocks(false);
  const capture = Buffer.concat([
    section(),
    interfaceOf(1, 0),
    interfaceOf(1, 0),
    packet(1, 1n, FRAME),
    big.section(),
    big.interfaceOf(101, 0),
    big.interfaceOf(1, 0),
    big.packet(0, 2n, FRAME),
    big.packet(1, 3n, FRAME),
    await pcapOf(sampleRows(2)),
    section(),
    interfaceOf(101, 0),
    packet(0, 4n, FRAME),
  ]);
  const { rows, report, texts } = readAll(capture, 9);
  expect(texts).toEqual([]);
  expect(rows.map(({ link }) => report.interfaces.indexOf(link))).toEqual([1, 2, 0, 3, 3, 2]);
  expect(report.interfaces.map(({ linkType }) => linkType)).toEqual([1, 1, 101, 1]);
  expect(report.parts).toBe(4);
});

/** A packet, what is wrong, and another packet. */
function around(...wrong: Uint8Array[]): Buffer {
  const before = [section(), interfaceOf(1, 0), packet(0, 1n, FRAME)];
  return Buffer.concat([...before, ...wrong, packet(0, 2n, FRAME)]);
}

test.each([
  [
    "an interface that is not described",
    around(packet(3, 1n, FRAME)),
    "a packet names interface 3, and 1 are described; it is left out",
    { unreadable: 1, packets: 2 },
  ],
  [
    "a packet longer than its block",
    around(block(6, word(0), word(0), word(0), word(21), word(21), Buffer.alloc(20))),
    "a packet claims to have 21 bytes, and its block has room for 20; it is left out",
    { unreadable: 1, packets: 2 },
  ],
  [
    "a packet longer than any",
    around(packet(0, 1n, Buffer.alloc(262_145))),
    "a packet claims to have 262145 bytes, more than the 262144 of its kind of link; it is left out",
    { unreadable: 1, packets: 2 },
  ],
  [
    "a block too short for what it is",
    around(block(6, word(0))),
    "a block of type 6 has 16 bytes, fewer than the 32 it needs; it is passed over",
    { unreadable: 1, packets: 2 },
  ],
  [
    "a long block",
    around(block(10, word(1), word(17_000_000), Buffer.alloc(17_000_000))),
    "a block of type 10 has 17000020 bytes, more than the 16777216 that are read; it is passed over",
    { unreadable: 0, packets: 2 },
  ],
  [
    "lengths that differ",
    around(Buffer.concat([packet(0, 1n, FRAME).subarray(0, -4), word(99)])),
    "the length behind this block is another one than before it",
    { unreadable: 0, packets: 3 },
  ],
  [
    "options longer than their block",
    around(interfaceOf(1, 0, word(2, 2), word(100, 2))),
    "the options of an interface are longer than their block",
    { unreadable: 0, packets: 2 },
  ],
  [
    "a length that no block has",
    around(word(6), word(33), Buffer.alloc(25)),
    "a block claims to have 33 bytes, which no block has; reading ends here",
    { packets: 1, unread: 33 + 52 },
  ],
  [
    "another version",
    around(block(0x0a0d0d0a, word(0x1a2b3c4d), word(2, 2), word(0, 2), wide(-1n))),
    "pcapng of version 2.0 is not known here; 1.0 and 1.2 are",
    { packets: 1, unread: 28 + 52 },
  ],
  [
    "a section header of four gigabytes",
    around(word(0x0a0d0d0a), word(0xffff_fff0), word(0x1a2b3c4d), Buffer.alloc(16)),
    "a section header claims to have 4294967280 bytes; reading ends here",
    { packets: 1, unread: 28 + 52 },
  ],
])("says where there is %s", (_, capture, text, expected) => {
  const place = section().length + interfaceOf(1, 0).length + packet(0, 1n, FRAME).length;
  for (const chunk of [capture.length, 3]) {
    const { report, texts } = readAll(capture, chunk);
    expect(texts).toEqual([`${place}: ${text}`]);
    expect(report).toMatchObject(expected);
  }
});

test("says where a capture breaks off inside of a block that it passes over", () => {
  const capture = around(block(0x99, Buffer.alloc(3_000_000)));
  const { texts, report } = readAll(capture.subarray(0, 2_000_000), 50_000);
  expect(texts).toEqual([
    `2000000: the capture ends here, ${capture.length - 52 - 2_000_000} bytes before the end of the block that it is in`,
  ]);
  expect(report.packets).toBe(1);
});

test("keeps a bounded part of what hostile captures say", () => {
  const many = <Item>(count: number, item: (index: number) => Item) =>
    Array.from({ length: count }, (_, at) => item(at));
  const capture = Buffer.concat([
    section(...many(200, (index) => option(1, `note ${index}`)), end),
    ...many(5000, (index) => interfaceOf(1, index)),
    packet(4095, 1n, FRAME),
    packet(4999, 1n, FRAME),
    block(4, ...many(11_000, () => option(1, "\x01\x02\x03\x04name\0"))),
    ...many(1200, () => block(10, word(1), word(0))),
    packet(4999, 1n, FRAME),
    ...many(300, (index) => block(0x5000 + index)),
    ...many(499, () => packet(4999, 1n, FRAME)),
  ]);
  const { report } = readAll(capture);
  expect(report).toMatchObject({ packets: 1, unreadable: 501, problemCount: 501 });
  expect(report.comments).toHaveLength(100);
  expect(report.interfaces).toHaveLength(4096);
  expect(report.names).toHaveLength(10_000);
  expect(report.secrets).toHaveLength(1000);
  expect(report.problems).toHaveLength(100);
  expect(Object.fromEntries(report.skipped)).toMatchObject({
    comment: 100,
    interface: 904,
    name: 1000,
    "decryption secrets": 200,
  });
  expect(report.skipped.size).toBeLessThan(60);
});
