import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { type Context, makeContext } from "../../core/context.ts";
import { communityId } from "../../pcap/decode/community-id.ts";
import { openDecoder } from "../../pcap/decode/decode.ts";
import { emptyPackets, type Packets } from "../../pcap/packets.ts";
import { blockOf, ethernet, ip } from "../../pcap/testing/frames.ts";
import type { PacketStore } from "./contract.ts";
import { openPacketStore, type PacketStoreOptions } from "./files/packet-store.ts";
import { append, numbered, numbersIn, START } from "./testing/made-store.ts";
import { packetsOf } from "./testing/traffic.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "packets-captures-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

function open(options: Partial<PacketStoreOptions> = {}, context: Partial<Context> = {}): PacketStore {
  return openPacketStore({ folder, bytes: 1 << 30, segmentBytes: 300_000, ...options }, makeContext(context));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** Packets of frames as they are, a second apart. */
function ofFrames(frames: readonly Uint8Array[], packets: Packets): Packets {
  const bytes = Buffer.concat(frames);
  let start = 0;
  for (const [row, { length }] of frames.entries()) {
    packets.starts[row] = start;
    packets.captured[row] = length;
    packets.original[row] = length;
    packets.micros[row] = START + row * 1e6;
    start += length;
  }
  return { ...packets, bytes, count: frames.length };
}

test("several write at once, in this thread and in others, and each packet is there once", async () => {
  const store = open();
  const threads = [10_000, 20_000].map(
    (from) =>
      new Worker(new URL("testing/joining-thread.ts", import.meta.url), {
        workerData: { handle: store.share(), from, to: from + 2000 },
      }),
  );
  const ended = threads.map((thread) => once(thread, "exit"));
  const writers = [store.writer("one"), store.writer("two")];
  for (let next = 0; next < 2000; next += 100) append(writers[(next / 100) % 2]!, numbered(next, next + 100));
  for (const writer of writers) writer.close();
  for (const exit of ended) expect(await exit).toEqual([0]);
  expect(numbersIn(store.reader())).toEqual([
    ...range(0, 2000),
    ...range(10_000, 12_000),
    ...range(20_000, 22_000),
  ]);
  const sequences = readdirSync(folder)
    .filter((name) => name.endsWith(".packets"))
    .map((name) => Number(name.split("-")[0]));
  expect(sequences.sort((one, other) => one - other)).toEqual(range(1, sequences.length + 1));
  const captures = new Set<string | undefined>();
  for (const { seen } of store.reader().find({})) captures.add(seen[0]?.capture);
  expect(captures).toEqual(new Set(["one", "two", "thread"]));
});

test("interfaces with different links keep their numbers, in every segment", () => {
  const ethernet = packetsOf(numbered(0, 1));
  const frame = Buffer.from(ethernet.bytes.subarray(0, ethernet.captured[0]));
  // The second interface has packets of IP alone: what is behind the header of Ethernet.
  const frames = range(0, 2000).map((number) => (number % 2 === 0 ? frame : frame.subarray(14)));
  const seen = [
    { linkType: 1, snapLength: 0, name: "eth0" },
    { linkType: 101, snapLength: 96, name: "tun0", filter: "not port 22" },
  ];
  const packets = ofFrames(frames, emptyPackets(frames.length, seen));
  for (let row = 0; row < packets.count; row++) packets.interfaces[row] = row % 2;
  const writer = open().writer("router");
  append(writer, packets);
  writer.close();
  const links = new Map<string, number>();
  let parts = 0;
  for (const part of open()
    .reader()
    .find({ needs: [{ ports: [1000], protocol: 17 }] })) {
    const layers = openDecoder().decode(part);
    for (let row = 0; row < layers.count; row++) {
      const on = part.seen[part.interfaces[layers.packet[row] ?? 0] ?? 0];
      const text = `${on?.capture} ${on?.name} ${on?.linkType} ${on?.snapLength} ${on?.filter} ${layers.sourcePort[row]}`;
      links.set(text, (links.get(text) ?? 0) + 1);
    }
    parts++;
  }
  expect(parts).toBeGreaterThan(3);
  expect(Object.fromEntries(links)).toEqual({
    "router eth0 1 0 undefined 1000": 1000,
    "router tun0 101 96 not port 22 1000": 1000,
  });
});

test.for([
  { compress: false, secret: undefined },
  { compress: true, secret: "a secret of the test" },
])("frames of 400 KB are kept among small ones, compressed: $compress, by a secret: $secret", (options) => {
  const small = packetsOf(numbered(0, 1));
  const frame = Buffer.from(small.bytes.subarray(0, small.captured[0]));
  const large = Buffer.concat([frame, Buffer.alloc(400_000, "large")]);
  const frames = range(0, 40).map((number) => (number % 3 === 1 ? large : frame));
  const writer = open({ ...options, segmentBytes: 1 << 20 }).writer("test");
  append(writer, ofFrames(frames, emptyPackets(frames.length, [{ linkType: 1, snapLength: 0 }])));
  writer.close();
  const found: Buffer[] = [];
  for (const { bytes, starts, captured, count } of open(options).reader().find({}))
    for (let row = 0; row < count; row++) {
      const start = starts[row] ?? 0;
      found.push(Buffer.from(bytes.slice(start, start + (captured[row] ?? 0))));
    }
  expect(found.map(({ length }) => length)).toEqual(frames.map(({ length }) => length));
  expect(found.every((each, index) => each.equals(frames[index] ?? frame))).toBe(true);
});

test("packets whose times run backwards, or jump by years, are found by their times", () => {
  const writer = open().writer("test");
  const made = numbered(0, 3000).map((packet, index) => ({
    ...packet,
    micros: index % 100 === 7 ? START - 1e14 + index : START + (3000 - index) * 1000,
  }));
  for (let next = 0; next < 3000; next += 100) append(writer, made.slice(next, next + 100));
  writer.close();
  for (const [from, to] of [
    [START + 500_000, START + 700_000],
    [START - 1e14, START - 1e14 + 1000],
    [START + 2_999_000, undefined],
    [undefined, START],
  ] as const)
    expect(numbersIn(open().reader(), { from, to })).toEqual(
      made.flatMap(({ micros }, index) =>
        (from === undefined || micros >= from) && (to === undefined || micros <= to) ? [index] : [],
      ),
    );
});

test("messages of ICMP without a reply are conversations of one direction each, and found by their Community IDs", () => {
  const unreachable = (from: string, to: string, micros: number) => {
    // No such port: type and code are the same number.
    const payload = Uint8Array.from([3, 3, 0, 0, 0, 0, 0, 0]);
    return { bytes: ethernet(ip({ from, to, protocol: 1, payload })), micros };
  };
  const packets = blockOf([
    unreachable("10.0.0.1", "10.0.0.2", START),
    unreachable("10.0.0.2", "10.0.0.1", START + 1),
  ]);
  const writer = open().writer("test");
  append(writer, packets);
  writer.close();
  const layers = openDecoder().decode(packets);
  const ids = [0, 1].map((row) => communityId(layers, row) ?? "");
  expect(ids[0]).not.toBe(ids[1]);
  for (const [row, id] of ids.entries()) {
    const times: number[] = [];
    for (const { count, micros } of open()
      .reader()
      .find({ needs: [{ communityId: id }] }))
      times.push(...micros.slice(0, count));
    expect(times).toEqual([START + row]);
  }
});

test("a packet that is found by its tunnel and by what is in it is there once", () => {
  const writer = open().writer("test");
  append(
    writer,
    numbered(0, 10).map((packet) => ({ ...packet, isTunnelled: true })),
  );
  writer.close();
  const tunnel = [0, 0, 0, 0xc0000201];
  const needs = [{ ports: [53] }, { addresses: [{ version: 4 as const, from: tunnel, to: tunnel }] }];
  expect(numbersIn(open().reader(), { needs })).toEqual(range(0, 10));
});

test("a segment is sealed when it is old, however small", () => {
  let now = 1000;
  const writer = open({ segmentAge: 500 }, { clock: { now: () => now } }).writer("test");
  const indices = () => readdirSync(folder).filter((name) => name.endsWith(".index")).length;
  append(writer, numbered(0, 10));
  writer.flush();
  expect(indices()).toBe(0);
  now += 500;
  writer.flush();
  expect(indices()).toBe(1);
  append(writer, numbered(10, 20));
  writer.flush();
  expect(numbersIn(open().reader())).toEqual(range(0, 20));
});

test("a capture without packets leaves no file", () => {
  const store = open();
  const writer = store.writer("empty");
  append(writer, emptyPackets(0, []));
  writer.flush();
  writer.close();
  expect(readdirSync(folder)).toEqual([]);
  expect(store.state()).toMatchObject({ segments: 0, packets: 0, oldest: undefined, days: undefined });
  expect(numbersIn(store.reader())).toEqual([]);
});

test.for([undefined, "a secret of the test"])(
  "secrets of a capture are in each of its segments, and survive its end, encrypted by: %s",
  (secret) => {
    const writer = open({ secret }).writer("test");
    const secrets = [
      { type: 0x544c534b, bytes: Buffer.from("CLIENT_RANDOM 00 11") },
      { type: 0x57474b4c, bytes: Buffer.from("LOCAL_STATIC_PRIVATE_KEY = x") },
    ];
    for (const each of secrets) writer.addSecrets(each);
    for (let next = 0; next < 2000; next += 100) append(writer, numbered(next, next + 100));
    writer.flush();
    // Once with the last segment still open, once after it was sealed by the next who opens.
    for (const reader of [open({ secret }).reader(), open({ secret }).reader()])
      for (const from of [undefined, START + 1_990_000]) expect(reader.secrets({ from })).toEqual(secrets);
    expect(
      open({ secret })
        .reader()
        .secrets({ to: START - 1 }),
    ).toEqual([]);
    const lonely = open({ folder: join(folder, "lonely"), secret });
    const other = lonely.writer("test");
    other.addSecrets(secrets[0]!);
    other.flush();
    expect(open({ folder: lonely.folder, secret }).reader().secrets({})).toEqual([secrets[0]]);
  },
);

test("the state tells how far back packets reach, what came in the last hour, and for how many days there is room", () => {
  const HOUR = 3_600_000;
  let now = Date.now() - 10 * HOUR;
  const context = makeContext({ clock: { now: () => now } });
  const store = openPacketStore({ folder, bytes: 100e6, segmentBytes: 300_000 }, context);
  const writer = store.writer("test");
  for (let next = 0; next < 2000; next += 100) append(writer, numbered(next, next + 100));
  writer.flush();
  const { packets, oldest, newest, bytes } = store.state();
  expect({ packets, oldest, newest }).toEqual({ packets: 2000, oldest: START, newest: START + 1_999_000 });
  // Ten hours later: the same bytes in ten hours are so many in a day, and none in the last hour.
  now += 10 * HOUR;
  const later = store.state();
  expect(later.days).toBeCloseTo(100e6 / (bytes * 2.4), 0);
  now += 25 * HOUR;
  expect(store.state()).toMatchObject({ bytesPerSecond: 0, days: undefined });
});

test("a capture of hours that is stored at once fills the room in the time that its packets took", () => {
  const HOUR = 3_600_000;
  const store = openPacketStore({ folder, bytes: 100e6 }, makeContext());
  const writer = store.writer("test");
  append(writer, numbered(0, 100));
  append(writer, numbered(8 * HOUR, 8 * HOUR + 100));
  writer.flush();
  const { bytes, days } = store.state();
  expect(days).toBeCloseTo(100e6 / (bytes * 3), 0);
});
