import { Readable } from "node:stream";
import { createGzip, createZstdCompress, gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import type { Packets } from "../packets.ts";
import { readCapture } from "./read-capture.ts";
import { joined, pcapOf, type Row, rowsOf, sampleRows } from "./testing/samples.ts";

const ROWS = sampleRows(300);
const PCAP = await pcapOf(ROWS);

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function readBlocks(packets: AsyncIterable<Packets>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const block of packets) rows.push(...rowsOf(block));
  return rows;
}

async function readChunks(input: AsyncIterable<Uint8Array>) {
  const { packets, report } = readCapture(input);
  const rows = await readBlocks(packets);
  return { rows, report, texts: report.problems.map(({ at, text }) => `${at}: ${text}`) };
}

test.each([
  ["plain", PCAP, undefined, 1],
  ["gzip", gzipSync(PCAP), "gzip", 1],
  ["zstd", zstdCompressSync(PCAP), "zstd", 1],
  ["several members of gzip", Buffer.concat([gzipSync(PCAP), gzipSync(PCAP)]), "gzip", 2],
  ["several frames of zstd", Buffer.concat([zstdCompressSync(PCAP), zstdCompressSync(PCAP)]), "zstd", 2],
])("reads %s", async (_, bytes, packing, times) => {
  for (const chunk of [1, 7, 1000, bytes.length]) {
    const { rows, report, texts } = await readChunks(inChunks(bytes, chunk));
    expect(texts).toEqual([]);
    expect(report).toMatchObject({ packing, parts: times, bytes: PCAP.length * times });
    expect(rows).toEqual(times === 1 ? ROWS : [...ROWS, ...ROWS]);
  }
});

test.each([
  ["gzip", gzipSync(PCAP)],
  ["zstd", zstdCompressSync(PCAP)],
])("keeps what comes before the end of a broken %s", async (packing, bytes) => {
  const half = await readChunks(inChunks(bytes.subarray(0, bytes.length - 6), 100));
  expect(half.texts[0]).toMatch(`the ${packing} data end too early, after ${bytes.length - 6} bytes`);
  const damaged = Buffer.concat([bytes, Buffer.from("this is not packed")]);
  const { rows, texts } = await readChunks(inChunks(damaged, bytes.length));
  expect(texts).toEqual([`${PCAP.length}: the ${packing} data are damaged near their byte ${bytes.length}`]);
  expect(rows).toEqual(ROWS);
});

test.each([
  ["gzip", createGzip],
  ["zstd", createZstdCompress],
])("unpacks an enormous %s in bounded memory", async (_, createPacker) => {
  const packet = (await pcapOf([{ ...ROWS[0]!, frame: "00".repeat(262_144) }])).subarray(24);
  async function* enormous() {
    yield PCAP.subarray(0, 24);
    for (let times = 0; times < 1000; times++) yield packet;
  }
  const bomb = await joined(Readable.from(enormous()).pipe(createPacker()));
  expect(bomb.length).toBeLessThan(500_000);
  const { packets, report } = readCapture(inChunks(bomb, bomb.length));
  const before = process.memoryUsage().arrayBuffers;
  await packets.next();
  // A reader that takes no more blocks makes it wait.
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1_048_576);
  for await (const _ of packets);
  expect(report).toMatchObject({ packets: 1000, problemCount: 0 });
});

test("hands over what has come when nothing more comes", async () => {
  const { promise: isSeen, resolve: seen } = Promise.withResolvers<void>();
  async function* pipe() {
    yield PCAP.subarray(0, 5000);
    await isSeen;
    yield PCAP.subarray(5000);
  }
  const { packets, report } = readCapture(pipe(), { lingerMs: 1 });
  const rows: Row[] = [];
  for await (const block of packets) {
    rows.push(...rowsOf(block));
    seen();
  }
  expect(rows).toEqual(ROWS);
  expect(report.problemCount).toBe(0);
});

test("ends with its reader, also while the input is silent, and closes the input", async () => {
  let isClosed = false;
  async function* pipe() {
    try {
      for (;;) yield PCAP;
    } finally {
      isClosed = true;
    }
  }
  for await (const _ of readCapture(pipe()).packets) break;
  expect(isClosed).toBe(true);

  async function* silent() {
    yield PCAP;
    await new Promise<never>(() => {});
  }
  for await (const _ of readCapture(silent(), { lingerMs: 1 }).packets) break;
});

test("throws what its input throws, behind what came before", async () => {
  async function* failing() {
    yield PCAP;
    throw new Error("the disk is gone");
  }
  const { packets, report } = readCapture(failing(), { lingerMs: 1 });
  await expect(readBlocks(packets)).rejects.toThrow("the disk is gone");
  expect(report.bytes).toBe(PCAP.length);
});
