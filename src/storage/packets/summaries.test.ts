import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { makeContext } from "../../core/context.ts";
import type { PacketNeed, PacketStore } from "./contract.ts";
import { openPacketStore, type PacketStoreOptions } from "./files/packet-store.ts";
import { readSummaries } from "./files/summaries.ts";
import { append, numbered, numbersIn, START } from "./testing/made-store.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "packets-summaries-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

function open(options: Partial<PacketStoreOptions> = {}): PacketStore {
  return openPacketStore({ folder, bytes: 1 << 30, segmentBytes: 20_000, ...options }, makeContext());
}

/** A store of some 90 segments, which two files sum up. */
function filled(options: Partial<PacketStoreOptions> = {}): PacketStore {
  const store = open(options);
  const writer = store.writer("test");
  append(writer, numbered(0, 3000));
  writer.close();
  return store;
}

function files(end: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(end))
    .sort();
}

/** The names of the segments that a file sums up. */
function summed(file: number): string[] {
  return [...readSummaries(folder, file)].map(({ name }) => name);
}

function damage(name: string, at: number): void {
  const bytes = readFileSync(join(folder, name));
  bytes[at] = (bytes[at] ?? 0) ^ 0x40;
  writeFileSync(join(folder, name), bytes);
}

function need(last: number): PacketNeed {
  const words = [0, 0, 0, 0x0a000000 + last];
  return { addresses: [{ version: 4, from: words, to: words }] };
}

const ABSENT = need(255);
const PRESENT = need(1);
const ALL = Array.from({ length: 3000 }, (_, number) => number);

test.for([undefined, "a secret"])(
  "what summaries rule out is not opened, by address and by time; the secret is %s",
  (secret) => {
    const store = filled({ secret });
    const segments = files(".packets").map((name) => name.replace(".packets", ""));
    expect(segments.length).toBeGreaterThan(64);
    expect([...summed(0), ...summed(1)]).toEqual(segments);
    expect(files(".summary")).toEqual(["00000000.summary", "00000001.summary"]);
    // An index that is opened now is told of.
    for (const name of files(".index")) damage(name, 6);
    for (const query of [{ needs: [ABSENT] }, { from: START + 1e12 }, { to: START - 1, needs: [PRESENT] }]) {
      const reader = store.reader();
      expect(numbersIn(reader, query)).toEqual([]);
      expect(reader.progress).toMatchObject({ problems: [], done: reader.progress.bytes });
    }
    const reader = store.reader();
    expect(numbersIn(reader, { needs: [ABSENT, PRESENT] })).toEqual(ALL);
    expect(reader.progress.problems[0]).toContain("cannot be read, so all of its packets were looked at");
  },
);

test("with another secret nothing is ruled out, and each segment is told", () => {
  filled({ secret: "one" });
  const reader = openPacketStore({ folder, bytes: 1 << 30, secret: "other" }, makeContext()).reader();
  expect(numbersIn(reader, { needs: [ABSENT] })).toEqual([]);
  expect(reader.progress.problems[0]).toContain("is encrypted with another secret than the one configured");
  expect(reader.progress.problems.at(-1)).toMatch(/^there are \d\d more problems$/);
});

test.for([
  ["a byte of a filter", (name: string) => damage(name, 3000)],
  ["a name", (name: string) => damage(name, 8)],
  ["a length", (name: string) => damage(name, 7)],
  [
    "a torn end",
    (name: string) => writeFileSync(join(folder, name), readFileSync(join(folder, name)).subarray(0, -3)),
  ],
  ["all of it", (name: string) => rmSync(join(folder, name))],
] as const)("where %s is damaged or gone, indices are asked, and opening the store mends it", ([, harm]) => {
  const store = filled();
  const before = readFileSync(join(folder, "00000000.summary"));
  const names = summed(0);
  harm("00000000.summary");
  expect(summed(0).length).toBeLessThan(names.length);
  // What is added behind damage is not read, and does no harm.
  const writer = store.writer("more");
  append(writer, numbered(3000, 3030));
  writer.close();
  const all = [...ALL, ...Array.from({ length: 30 }, (_, index) => 3000 + index)];
  expect(numbersIn(store.reader(), { needs: [PRESENT] })).toEqual(all);
  expect(numbersIn(store.reader(), { needs: [ABSENT] })).toEqual([]);
  const reopened = open();
  expect(readFileSync(join(folder, "00000000.summary"))).toEqual(before);
  expect(numbersIn(reopened.reader(), { needs: [PRESENT] })).toEqual(all);
});

test("a summary of another index than the one there is is made again, and those of no segment go", () => {
  const writer = open({ segmentBytes: 1 << 30 }).writer("test");
  for (const from of [0, 100, 200]) {
    append(writer, numbered(from, from + 100));
    writer.flush();
  }
  writer.close();
  const whole = readFileSync(join(folder, "00000000.summary"));
  writeFileSync(join(folder, "00000777.summary"), whole);
  // Recovery makes the index again when it is lost, here without the packets of a damaged block.
  const [index = ""] = files(".index");
  rmSync(join(folder, index));
  const segment = index.replace(".index", ".packets");
  damage(segment, readFileSync(join(folder, segment)).indexOf("packet 150 "));
  open();
  expect(files(".summary")).toEqual(["00000000.summary"]);
  const [summary] = readSummaries(folder, 0);
  expect(summary?.indexHeader).toEqual(readFileSync(join(folder, index)).subarray(0, 64));
  expect(readFileSync(join(folder, "00000000.summary"))).not.toEqual(whole);
});

test("a file of summaries goes with the last of its segments", () => {
  filled();
  const store = open({ bytes: 300_000 });
  store.retain();
  expect(files(".summary")).toEqual(["00000001.summary"]);
  expect(store.state().bytes).toBeLessThanOrEqual(300_000);
});
