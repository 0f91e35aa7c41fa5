import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { makeContext } from "../../core/context.ts";
import { runs } from "../../core/testing/runs.ts";
import { communityId } from "../../pcap/decode/community-id.ts";
import { openDecoder } from "../../pcap/decode/decode.ts";
import type { Layers } from "../../pcap/layers.ts";
import type { Packets } from "../../pcap/packets.ts";
import type { PacketNeed, PacketQuery, PacketStore } from "./contract.ts";
import { PacketReader } from "./files/packet-reader.ts";
import { openPacketStore, type PacketStoreOptions } from "./files/packet-store.ts";
import { type MadePacket, packetsOf } from "./testing/traffic.ts";

const SECOND = 1_000_000;
const START = 1_700_000_000 * SECOND;
const SECRET = "a secret of the test";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "packets-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

function open({ now, ...options }: Partial<PacketStoreOptions> & { now?: () => number } = {}): PacketStore {
  const context = makeContext(now === undefined ? {} : { clock: { now } });
  return openPacketStore({ folder, bytes: 1 << 30, ...options }, context);
}

/** Numbers that look random and are the same each time (Marsaglia's xorshift). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function randomTraffic(count: number, random: (below: number) => number): MadePacket[] {
  return Array.from({ length: count }, (_, number) => ({
    micros: START + number * 1000 + random(5000),
    version: random(4) === 0 ? 6 : 4,
    source: random(20),
    destination: random(20),
    sourcePort: 1000 + random(30),
    destinationPort: [53, 123, 443][random(3)] ?? 53,
    vlan: random(5) === 0 ? random(4) : undefined,
    isTunnelled: random(10) === 0,
    payload: Buffer.alloc(random(600), `packet ${number} `),
  }));
}

const decoder = openDecoder();

function write(store: PacketStore, traffic: readonly MadePacket[], end: "flush" | "close" = "close"): void {
  const writer = store.writer("test");
  for (let from = 0; from < traffic.length; from += 500) {
    const packets = packetsOf(traffic.slice(from, from + 500));
    writer.append(packets, decoder.decode(packets));
  }
  writer[end]();
}

/** What a query finds, each packet as one text, after every packet it lets through was looked at. */
function find(
  query: PacketQuery,
  secret?: string,
  matches: (layers: Layers, row: number) => boolean = () => true,
) {
  const reader = new PacketReader(folder, secret);
  const own = openDecoder();
  const found: string[] = [];
  let looked = 0;
  for (const packets of reader.find(query)) {
    const layers = own.decode(packets);
    looked += packets.count;
    const matching = new Set<number>();
    for (let row = 0; row < layers.count; row++)
      if (matches(layers, row)) matching.add(layers.packet[row] ?? 0);
    for (const packet of matching) found.push(textOf(packets, packet));
  }
  return { found: found.sort(), looked, problems: reader.progress.problems, progress: reader.progress };
}

/** What was written, as `find` tells it. */
function written(traffic: readonly MadePacket[]): string[] {
  return everyPacket(traffic)
    .map(({ text }) => text)
    .sort();
}

/** A packet as one text. */
function textOf(packets: Packets, row: number): string {
  const start = packets.starts[row] ?? 0;
  const frame = Buffer.from(packets.bytes.buffer, packets.bytes.byteOffset + start, packets.captured[row]);
  const numbers = [packets.micros[row], packets.nanos[row], packets.original[row]];
  return `${numbers.join(" ")} ${packets.seen[packets.interfaces[row] ?? 0]?.name} ${frame.toString("latin1")}`;
}

test.for([
  { compress: false, secret: undefined },
  { compress: true, secret: undefined },
  { compress: false, secret: SECRET },
  { compress: true, secret: SECRET },
])(
  "what is written is read as it was, compressed: $compress, by a secret: $secret",
  ({ compress, secret }) => {
    const traffic = randomTraffic(6000, randomNumbers(1));
    write(open({ compress, secret, segmentBytes: 400_000 }), traffic);
    const { found, problems, progress } = find({}, secret);
    expect(problems).toEqual([]);
    expect(found).toEqual(written(traffic));
    expect(progress.done).toBe(progress.bytes);
    const files = readdirSync(folder);
    expect(files.length).toBeGreaterThan(3);
    const stored = files.map((file) => readFileSync(join(folder, file), "latin1")).join();
    expect(stored.includes("packet 77 packet 77")).toBe(!compress && secret === undefined);
  },
);

test("random queries find by the index exactly what looking at every packet finds", () => {
  const random = randomNumbers(2);
  const traffic = randomTraffic(3000, random);
  const store = open({ segmentBytes: 250_000 });
  write(store, traffic.slice(0, 2500));
  // The last ones are in a segment that is still being written.
  write(store, traffic.slice(2500), "flush");
  const all = everyPacket(traffic);
  expect(find({}).found).toEqual(all.map(({ text }) => text).sort());
  const tries = runs(200, 1_000);
  let looked = 0;
  for (let round = 0; round < tries; round++) {
    const { need, matches } = randomNeed(random);
    const from = random(3) === 0 ? START + random(3_000_000) : undefined;
    const to = random(3) === 0 ? (from ?? START) + random(1_500_000) : undefined;
    const byIndex = find({ from, to, needs: [need] }, undefined, matches);
    const byScan = all.filter(
      ({ micros, layers, rows }) =>
        (from === undefined || micros >= from) &&
        (to === undefined || micros <= to) &&
        rows.some((row) => matches(layers, row)),
    );
    expect(byIndex.found).toEqual(byScan.map(({ text }) => text).sort());
    looked += byIndex.looked;
  }
  expect(looked).toBeLessThan((tries * all.length) / 3);
});

type Known = {
  readonly text: string;
  readonly micros: number;
  readonly layers: Layers;
  readonly rows: readonly number[];
};

/** Each packet with its layers, decoded once for all queries. */
function everyPacket(traffic: readonly MadePacket[]): readonly Known[] {
  const packets = packetsOf(traffic);
  const layers = openDecoder().decode(packets);
  const rows = new Map<number, number[]>();
  for (let row = 0; row < layers.count; row++) {
    const packet = layers.packet[row] ?? 0;
    rows.set(packet, [...(rows.get(packet) ?? []), row]);
  }
  // Blocks of 500 packets, as they are written: nanoseconds and lengths depend on the place in a block.
  const texts = Array.from({ length: Math.ceil(traffic.length / 500) }, (_, block) => {
    const written = packetsOf(traffic.slice(block * 500, (block + 1) * 500));
    return Array.from({ length: written.count }, (_, row) => textOf(written, row));
  }).flat();
  return traffic.map(({ micros }, packet) => ({
    ...{ text: texts[packet] ?? "", micros, layers, rows: rows.get(packet) ?? [] },
  }));
}

/** A need as a filter states it, and the same as a test of a row of layers. */
function randomNeed(random: (below: number) => number): {
  need: PacketNeed;
  matches: (layers: Layers, row: number) => boolean;
} {
  const last = random(24);
  const port = [53, 123, 1000 + random(30), 9][random(4)] ?? 9;
  const vlan = random(5);
  const address = [0, 0, 0, (10 << 24) + last];
  const hasAddress = (layers: Layers, row: number) =>
    layers.version[row] === 4 &&
    (layers.source[row * 4 + 3] === address[3] || layers.destination[row * 4 + 3] === address[3]);
  const hasPort = (layers: Layers, row: number) =>
    layers.sourcePort[row] === port || layers.destinationPort[row] === port;
  switch (random(5)) {
    case 0:
      return { need: { addresses: [{ version: 4, from: address, to: address }] }, matches: hasAddress };
    case 1:
      return {
        need: { addresses: [{ version: 4, from: address, to: address }], ports: [port] },
        matches: (layers, row) => hasAddress(layers, row) && hasPort(layers, row),
      };
    case 2:
      return { need: { vlan }, matches: (layers, row) => layers.vlan[row] === vlan };
    case 3: {
      const from = [0xfd000000, 0, 0, last];
      const to = [0xfd000000, 0, 0, last + 3];
      const within = (words: Uint32Array, row: number) =>
        words[row * 4] === from[0] &&
        (words[row * 4 + 3] ?? 0) >= last &&
        (words[row * 4 + 3] ?? 0) <= last + 3;
      return {
        need: { addresses: [{ version: 6, from, to }] },
        matches: (layers, row) =>
          layers.version[row] === 6 && (within(layers.source, row) || within(layers.destination, row)),
      };
    }
    default: {
      const packets = packetsOf(randomTraffic(1, random));
      const layers = openDecoder().decode(packets);
      const id = communityId(layers, 0) ?? "";
      return { need: { communityId: id }, matches: (other, row) => communityId(other, row) === id };
    }
  }
}

test("a torn end is cut off, and what was whole before it stays", () => {
  const traffic = randomTraffic(3000, randomNumbers(3));
  write(open(), traffic, "flush");
  const [name = ""] = readdirSync(folder);
  const path = join(folder, name);
  const { length } = readFileSync(path);
  truncateSync(path, length - 10);
  const recovered = open();
  const { found } = find({});
  expect(found.length).toBeGreaterThan(0);
  expect(found.length).toBeLessThan(3000);
  const all = new Set(written(traffic));
  expect(found.every((packet) => all.has(packet))).toBe(true);
  expect(recovered.state().packets).toBe(found.length);
  expect(statSync(path).size).toBeLessThan(length - 10);
  expect(readdirSync(folder).sort()).toEqual(["00000000.summary", name.replace("packets", "index"), name]);
});

test("a damaged block is left out and told of, and so is an index", () => {
  const traffic = randomTraffic(4000, randomNumbers(4));
  write(open(), traffic);
  const names = readdirSync(folder).map((name) => join(folder, name));
  const segment = names.find((name) => name.endsWith(".packets")) ?? "";
  const bytes = readFileSync(segment);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  writeFileSync(segment, bytes);
  const damaged = find({});
  expect(damaged.problems).toEqual([
    expect.stringMatching(/^\d+ packets of segment \S+ are damaged and left out$/),
  ]);
  expect(damaged.found.length).toBeGreaterThan(2000);
  expect(damaged.found.length).toBeLessThan(4000);

  const index = names.find((name) => name.endsWith(".index")) ?? "";
  const indexBytes = readFileSync(index);
  indexBytes[indexBytes.length - 5] = (indexBytes[indexBytes.length - 5] ?? 0) ^ 1;
  writeFileSync(index, indexBytes);
  expect(find({}).problems[0]).toMatch(
    /^the index of segment \S+ cannot be read, so all of its packets were looked at$/,
  );
});

test("packets are not read with another secret, or none, and it is told", () => {
  write(open({ secret: SECRET }), randomTraffic(100, randomNumbers(5)));
  expect(find({}, "another")).toMatchObject({
    found: [],
    problems: [expect.stringContaining("is encrypted with another secret than the one configured")],
  });
  expect(find({})).toMatchObject({
    found: [],
    problems: [expect.stringContaining("no secret is configured")],
  });
});

test("the oldest go when there are more than configured, or older, but for those that are preserved", () => {
  let now = 1000;
  const options = { segmentBytes: 100_000, bytes: 500_000, age: 10_000, now: () => now };
  const store = open(options);
  const traffic = randomTraffic(4000, randomNumbers(6));
  write(store, traffic);
  expect(store.state().bytes).toBeGreaterThan(1_000_000);
  const first = { from: START, to: START + 100_000 };
  store.preserve({ id: "one", ...first, reason: "a case", by: "analyst", at: 0 });
  store.retain();
  expect(store.state().bytes).toBeLessThan(500_000);
  expect(find(first).found.length).toBeGreaterThan(50);
  expect(find({ from: START + 500_000, to: START + 600_000 }).found).toEqual([]);
  expect(find({ from: START + 3_900_000 }).found.length).toBeGreaterThan(50);

  now = 20_000;
  const reopened = open(options);
  reopened.retain();
  expect(find({ from: START + 3_900_000 }).found).toEqual([]);
  expect(find(first).found.length).toBeGreaterThan(50);
  expect(reopened.preserved()).toHaveLength(1);
  reopened.release("one");
  reopened.retain();
  expect(reopened.state()).toMatchObject({ segments: 0, bytes: 0, oldest: undefined });
  expect(() => reopened.release("one")).toThrow("no preserved range has the id one");
});
