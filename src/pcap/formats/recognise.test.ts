import { gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { RECOGNISE_BYTES, recognise } from "./recognise.ts";
import { joined, packetsOf, pcapOf, sampleRows } from "./testing/samples.ts";
import { sequenceHeader } from "./testing/sequence-files.ts";
import { writePcapng } from "./write-pcapng.ts";

const PCAP = await pcapOf(sampleRows(5000));
const PCAPNG = await joined(writePcapng([packetsOf(sampleRows(5000))]));

test.each([
  ["pcap", PCAP, { format: "pcap", packing: undefined }],
  ["pcapng", PCAPNG, { format: "pcapng", packing: undefined }],
  ["a sequence file", sequenceHeader(), { format: "sequence file", packing: undefined }],
  ["pcap in gzip", gzipSync(PCAP), { format: "pcap", packing: "gzip" }],
  ["pcapng in gzip", gzipSync(PCAPNG), { format: "pcapng", packing: "gzip" }],
  ["pcap in zstd", zstdCompressSync(PCAP), { format: "pcap", packing: "zstd" }],
  ["pcapng in zstd", zstdCompressSync(PCAPNG), { format: "pcapng", packing: "zstd" }],
])("recognises %s", (_, capture, expected) => {
  expect(recognise(capture.subarray(0, RECOGNISE_BYTES))).toEqual({ kind: "capture", ...expected });
});

test.each([
  ["lines", "2026-11-30 hello\n"],
  ["JSON", '{"a":1}'],
  ["nothing", ""],
  ["a text that begins with SEQ", "SEQUENCE 1 2 3"],
  ["lines in gzip", gzipSync("hello, hello, hello\n")],
  ["lines in zstd", zstdCompressSync(Buffer.from("hello, hello, hello\n"))],
  // A priority in RFC 6587 frames and the start of a Windows event.
  ["syslog", "68 <13>Nov 30 08:00:00 host program: text"],
  ["XML", "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>"],
])("takes %s for no capture", (_, bytes) => {
  expect(recognise(Buffer.from(bytes))).toEqual({ kind: "other" });
});

/** A frame of zstd in blocks: some that hold nothing, then some that are one byte 131,072 times (RFC 8878, 3.1.1.2). */
function zstdBomb(empty: number, full: number): Buffer {
  const fullBlock = Buffer.from([0x02, 0x00, 0x10, 0x41]);
  const blocks = [...Array(empty).fill(Buffer.alloc(3)), ...Array(full).fill(fullBlock)];
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]), ...blocks]);
}

test("unpacks little of a beginning that gives nothing at first and gigabytes then", () => {
  const { maxRSS: before } = process.resourceUsage();
  expect(recognise(zstdBomb(12_000, 4000))).toEqual({ kind: "other" });
  expect(process.resourceUsage().maxRSS - before).toBeLessThan(65_536);
});

test("says when too little of something packed is there to tell", () => {
  expect(recognise(gzipSync(PCAP).subarray(0, 12))).toEqual({ kind: "packed", packing: "gzip" });
  expect(recognise(zstdCompressSync(PCAP).subarray(0, 500))).toEqual({ kind: "packed", packing: "zstd" });
  expect(recognise(Buffer.from("1f8b08ffffffffffffffffffffffffff", "hex"))).toEqual({
    kind: "packed",
    packing: "gzip",
  });
});

test.each([
  // A record of 94 bytes: time, Ethernet, flags, lengths.
  ["\0\0\0\0\x00\xf1\x53\x65\x02\x04\x00\x5e\x00\x00\x00\x4a", "ERF", "editcap -F pcapng"],
  ["snoop\0\0\0\x00\x00\x00\x02", "snoop", "editcap -F pcapng"],
  ["GMBU\x00\x02", "Microsoft Network Monitor 2", "editcap -F pcapng"],
  ["\xfd7zXZ\0\0\0", "xz", "xz -d"],
  ["\x04\x22\x4d\x18abcd", "lz4", "lz4 -d"],
])("says how to convert %j", (start, format, cure) => {
  const recognised = recognise(Buffer.from(start, "latin1"));
  expect(recognised).toMatchObject({ kind: "foreign", format });
  expect(recognised).toHaveProperty("advice", expect.stringContaining(cure));
});
