/** Damaged capture files through all that reads captures, as an upload of a stranger goes: each reader's own tests look closer. */
import { readFileSync, statSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { runs } from "../core/testing/runs.ts";
import { openDecoder } from "./decode/decode.ts";
import { SESSIONS } from "./flows/testing/sessions.ts";
import { readCapture } from "./formats/read-capture.ts";
import { joined } from "./formats/testing/samples.ts";
import { writePcap } from "./formats/write-pcap.ts";
import { carveObjects } from "./objects/objects.ts";
import { openCollector } from "./reassembly/collect.ts";
import { lengthOf } from "./reassembly/view.ts";
import { sharedCaptures } from "./testing/captures.ts";
import { blockOf } from "./testing/frames.ts";
import { mutateFile, tries } from "./testing/mutate.ts";
import { collectRecords } from "./testing/records.ts";
import { packetTree } from "./tree/packet-tree.ts";

const COUNT = 1500;
const MOST_BYTES = 40_000;
const TREES = 4;
/** Flows and bytes that may be kept: less than what is read. */
const FLOWS = { flows: 20, bytes: 64 * 1024, bytesPerSide: 16 * 1024 };
const COLLECTOR = { bytes: 30_000, packets: 200 };
/** More than all tries leave to be collected, and less than a length that is only claimed. */
const MOST_MEMORY = 2 ** 30;

const FILES: readonly Uint8Array[] = [
  ...sharedCaptures()
    .filter((path) => statSync(path).size <= MOST_BYTES)
    .map((path) => readFileSync(path)),
  ...(await Promise.all(SESSIONS.map(({ frames }) => joined(writePcap([blockOf(frames)]).bytes)))),
];

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Reads a capture with everything there is, and answers how many packets it has. */
async function readAll(file: Uint8Array, chunk: number): Promise<number> {
  const { packets, report } = readCapture(chunksOf(file, chunk));
  const decoder = openDecoder();
  const { flows, records } = collectRecords(FLOWS);
  const collector = openCollector(COLLECTOR);
  let trees = 0;
  let count = 0;
  for await (const block of packets) {
    const layers = decoder.decode(block);
    flows.push(block, layers);
    collector.add(block, layers);
    for (let row = 0; row < block.count && trees < TREES; row++, trees++) {
      const start = block.starts[row]!;
      const frame = block.bytes.subarray(start, start + block.captured[row]!);
      packetTree(frame, block.seen[block.interfaces[row]!]!.linkType, block.original[row]);
    }
    count += block.count;
  }
  flows.end();
  expect(flows.counts.records).toBe(records.length);
  const { tcp } = collector.conversations();
  for (const conversation of tcp) {
    const [one, other] = [0, 1].map((side) =>
      conversation.chunks.reduce((sum, chunk) => (chunk.side === side ? sum + lengthOf(chunk) : sum), 0),
    );
    expect(Number.isSafeInteger(one) && Number.isSafeInteger(other)).toBe(true);
    await carveObjects(conversation, tcp);
  }
  expect(report.packets).toBe(count);
  for (const { at, text } of report.problems) {
    expect(at).toBeGreaterThanOrEqual(0);
    expect(at).toBeLessThanOrEqual(report.bytes);
    expect(text).toMatch(/\w/);
  }
  // What is neither read nor told of would be lost in silence.
  if (count === 0)
    expect(report.problemCount + report.skipped.size + report.interfaces.length).toBeGreaterThan(0);
  expect(process.memoryUsage().arrayBuffers).toBeLessThan(MOST_MEMORY);
  return count;
}

test("damaged capture files are read as far as they go by all readers", { timeout: 600_000 }, async () => {
  let read = 0;
  await tries(runs(COUNT), 20_261_130, async (random) => {
    const upTo = (limit: number): number => Math.floor(random() * limit);
    const file = FILES[upTo(FILES.length)]!;
    const damaged = mutateFile(file, random);
    // Damage within gzip mostly ends the reading, so it is rare.
    const packed = random() < 0.05 ? mutateFile(gzipSync(damaged), random) : damaged;
    if ((await readAll(packed, [100, 4096, 1 << 20][upTo(3)]!)) > 0) read++;
  });
  // Most damage leaves something to read.
  expect(read).toBeGreaterThan(runs(COUNT) / 2);
});
