import { gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { runs } from "../../core/testing/runs.ts";
import { type Random, random } from "../../scenario/random.ts";
import type { Packets } from "../packets.ts";
import { readCapture } from "./read-capture.ts";
import { recognise } from "./recognise.ts";
import { pcapngBlocks } from "./testing/pcapng-blocks.ts";
import { joined, packetsOf, pcapOf, readAll, sampleRows } from "./testing/samples.ts";
import { longKey, MARKER, sequenceHeader, sequenceRecord } from "./testing/sequence-files.ts";
import { writePcapng } from "./write-pcapng.ts";

const ROWS = sampleRows(12, { nanos: true });
const FRAME = Buffer.alloc(60, 9);
const CAPTURES = [
  await pcapOf(ROWS),
  await pcapOf(ROWS, true),
  await pcapng(),
  everyBlock(),
  await sequence(),
];

async function pcapng(): Promise<Buffer> {
  const secrets = [{ type: 1, bytes: Buffer.alloc(50, 3) }];
  return joined(writePcapng([packetsOf(ROWS)], { secrets, comments: ["a note"], application: "Metron" }));
}

function everyBlock(): Buffer {
  const {
    section,
    interfaceOf,
    packet,
    obsoletePacket,
    simplePacket,
    statistics,
    block,
    option,
    word,
    wide,
    end,
  } = pcapngBlocks(false);
  return Buffer.concat([
    section(option(1, "a note"), end),
    interfaceOf(1, 65_535, option(2, "eth0"), option(9, Uint8Array.of(9)), option(14, wide(5n)), end),
    interfaceOf(101, 0, option(9, Uint8Array.of(0xa1)), end),
    packet(0, 1_700_000_000_000_000_000n, FRAME, 90, option(1, "odd"), option(4, wide(1n)), end),
    packet(1, 17n << 40n, FRAME),
    obsoletePacket(0, 1, 1_700_000_000_000_000_000n, FRAME),
    simplePacket(60, FRAME),
    block(4, option(1, "\x01\x02\x03\x04name\0"), end),
    block(10, word(1), word(4), word(7)),
    block(0x0bad, word(1)),
    statistics(0, option(5, wide(9n)), end),
    packet(0, 1_700_000_001_000_000_000n, FRAME),
  ]);
}

async function sequence(): Promise<Buffer> {
  const values = await Promise.all(ROWS.map((row) => pcapOf([row])));
  const records = ROWS.map(({ micros }, index) =>
    sequenceRecord(longKey(BigInt(micros) * 1000n), values[index]!),
  );
  return Buffer.concat([sequenceHeader(), ...records.flatMap((record) => [record, MARKER])]);
}

const WORDS = [
  0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff_fffc, 0x0004_0000, 0x0004_0001, 0x0a0d0d0a, 0xa1b2c3d4,
];

/** Damages a capture from one place on, and says where that is. */
function damaged(capture: Buffer, chance: Random): { bytes: Buffer; place: number } {
  const place = chance.int(0, capture.length - 1);
  const bytes = Buffer.from(capture);
  switch (chance.int(0, 5)) {
    case 0:
      return { bytes: bytes.subarray(0, place), place };
    case 1:
      bytes[place] = bytes[place]! ^ (1 << chance.int(0, 7));
      return { bytes, place };
    case 2: {
      const word = Math.min(place & ~3, bytes.length - 4);
      if (chance.chance(0.5)) bytes.writeUInt32LE(chance.pick(WORDS), word);
      else bytes.writeUInt32BE(chance.pick(WORDS), word);
      return { bytes, place: word };
    }
    case 3: {
      const end = Math.min(bytes.length, place + chance.int(1, 40));
      return { bytes: Buffer.concat([bytes.subarray(0, place), bytes.subarray(end)]), place };
    }
    case 4:
      return {
        bytes: Buffer.concat([bytes.subarray(0, place), chance.pick(CAPTURES), bytes.subarray(place)]),
        place,
      };
    default:
      for (let at = place; at < bytes.length; at++) if (chance.chance(0.1)) bytes[at] = chance.int(0, 255);
      return { bytes, place };
  }
}

test("damaged captures are read as far as they go, the same in chunks of any size", {
  timeout: 600_000,
}, () => {
  const chance = random(7);
  let problems = 0;
  for (let run = 0; run < runs(2500); run++) {
    const capture = chance.pick(CAPTURES);
    const { bytes, place } = damaged(capture, chance);
    const whole = readAll(bytes);
    const context = `run ${run}, damaged at ${place}`;
    const chunked = readAll(bytes, chance.pick([1, 2, 3, 7]));
    expect(chunked, context).toEqual(whole);
    const { report, rows, texts, mostBytes } = whole;
    // Lengths that are only claimed take no memory.
    expect(mostBytes, context).toBeLessThanOrEqual(65_536);
    expect(report.bytes, context).toBe(bytes.length);
    expect(report.packets, context).toBe(rows.length);
    expect(report.unread, context).toBeLessThanOrEqual(bytes.length);
    for (const { at } of report.problems) expect(at, context).toBeLessThanOrEqual(bytes.length);
    for (const { micros, nanos } of rows) {
      expect(Number.isSafeInteger(micros) && micros >= 0 && nanos < 1000, context).toBe(true);
    }
    // What is whole before the damage is read.
    const before = readAll(capture.subarray(0, place)).rows;
    expect(rows.slice(0, before.length), context).toEqual(before);
    if (texts.length > 0) problems++;
  }
  expect(problems).toBeGreaterThan(runs(500));
});

test("damaged captures that are packed are read as far as they go", { timeout: 600_000 }, async () => {
  const chance = random(8);
  for (let run = 0; run < runs(200); run++) {
    const pack = chance.pick([gzipSync, zstdCompressSync]);
    const packed = pack(chance.chance(0.5) ? damaged(CAPTURES[0]!, chance).bytes : CAPTURES[0]!);
    const { bytes } = damaged(packed, chance);
    recognise(bytes);
    const { packets, report } = readCapture(inChunks(bytes, chance.pick([1, 7, 100, 10_000])));
    let count = 0;
    for await (const block of packets) {
      expectInside(block);
      count += block.count;
    }
    expect(report.packets, `run ${run}`).toBe(count);
  }
});

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function expectInside({ bytes, count, starts, captured, interfaces, seen }: Packets): void {
  for (let row = 0; row < count; row++) {
    expect(starts[row]! + captured[row]!).toBeLessThanOrEqual(bytes.length);
    expect(interfaces[row]).toBeLessThan(seen.length);
  }
}
