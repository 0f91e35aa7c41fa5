import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { makeContext } from "../../core/context.ts";
import { openPacketStore, type PacketStoreOptions } from "./files/packet-store.ts";
import {
  append,
  blockOf,
  filesOf,
  flip,
  type Logged,
  numbered,
  numbersIn,
  openLogged,
  range,
  write,
} from "./testing/made-store.ts";

let folder: string;
let logged: Logged[];

beforeEach(() => {
  logged = [];
  folder = mkdtempSync(join(tmpdir(), "packets-damaged-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

const open = (options?: Partial<PacketStoreOptions>) => openLogged(folder, logged, options);
const files = (end: string) => filesOf(folder, end);

test("a segment with a damaged header is told and left out, the others are read", () => {
  const writer = open().writer("test");
  write(writer, 0, 1500);
  writer.close();
  const [first = ""] = files(".packets");
  flip(first, 3);
  const reader = open().reader();
  const found = numbersIn(reader);
  expect(found.length).toBeGreaterThan(500);
  expect(found).toEqual(range(found[0] ?? 0, 1500));
  expect(reader.progress.problems).toEqual([
    expect.stringMatching(/^segment \S+ does not begin as segments do and is left out$/),
  ]);
});

test("a segment that cannot be opened is told, and of very many problems their number", () => {
  const writer = open({ segmentBytes: 1000 }).writer("test");
  for (let number = 0; number < 30; number++) append(writer, numbered(number, number + 1, 1200));
  writer.close();
  const segments = files(".packets");
  const [first = "", ...others] = segments;
  rmSync(first);
  // A link that leads to itself.
  symlinkSync(first, first);
  const some = open().reader();
  expect(numbersIn(some)).toEqual(range(1, 30));
  expect(some.progress.problems).toEqual([
    expect.stringMatching(/^segment \S+ cannot be opened and is left out: ELOOP$/),
  ]);
  for (const segment of others) flip(segment, 3);
  const none = open().reader();
  expect(numbersIn(none)).toEqual([]);
  expect(none.progress.problems.length).toBe(21);
  expect(none.progress.problems.at(-1)).toBe("there are 10 more problems");
});

test("an index of another version is made again when the store is opened, and until then all packets are looked at", () => {
  const store = open();
  const writer = store.writer("test");
  write(writer, 0, 400);
  writer.close();
  const [index = ""] = files(".index");
  const before = readFileSync(index);
  flip(index, 6);
  const reader = store.reader();
  expect(numbersIn(reader, { needs: [{ ports: [1007] }] })).toEqual(range(0, 400));
  expect(reader.progress.problems).toEqual([
    expect.stringMatching(/^the index of segment \S+ cannot be read, so all of its packets were looked at$/),
  ]);
  expect(numbersIn(open().reader(), { needs: [{ ports: [1007] }] })).toEqual(
    range(0, 400).filter((number) => number % 50 === 7),
  );
  expect(readFileSync(index)).toEqual(before);
});

test("a damaged block in a segment without an index is told and left out, and those behind it are read and indexed", () => {
  const writer = open({ segmentBytes: 1 << 30 }).writer("test");
  write(writer, 0, 500);
  const [segment = ""] = files(".packets");
  flip(segment, readFileSync(segment).indexOf("packet 250 ") + 9);
  const lost = new Set(range(200, 300));
  const left = range(0, 500).filter((number) => !lost.has(number));
  const damaged = [expect.stringMatching(/^100 packets of segment \S+ are damaged and left out$/)];
  const reader = open({ segmentBytes: 1 << 30 }).reader();
  // It was indexed when it was opened, without them.
  expect(logged).toMatchObject([
    { sentence: "Packets of an earlier run were indexed.", packets: 400, torn: 0, damaged: 100 },
  ]);
  expect(numbersIn(reader)).toEqual(left);
  rmSync(files(".index")[0] ?? "");
  const scan = openPacketStore({ folder: join(folder, "other"), bytes: 1 }, makeContext());
  renameSync(segment, join(scan.folder, "00000001-1.packets"));
  const scanner = scan.reader();
  expect(numbersIn(scanner)).toEqual(left);
  expect(scanner.progress.problems).toEqual(damaged);
  for (const port of [1010, 1049])
    expect(numbersIn(open({ folder: scan.folder }).reader(), { needs: [{ ports: [port] }] })).toEqual(
      left.filter((number) => 1000 + (number % 50) === port),
    );
});

test.each([
  ["its beginning", 0],
  ["its length", 12],
  ["its length, which then reaches behind the end", 15],
])("a block that has a damaged header, in %s, is mended by the one behind it: nothing is lost", (_, byte) => {
  const writer = open({ segmentBytes: 1 << 30, secret: "one" }).writer("test");
  write(writer, 0, 1000);
  const [segment = ""] = files(".packets");
  const { length } = readFileSync(segment);
  flip(segment, blockOf(segment, 3) + byte);
  // Also while it is not indexed.
  const other = openPacketStore({ folder: join(folder, "other"), bytes: 1, secret: "one" }, makeContext());
  copyFileSync(segment, join(other.folder, "00000001-1.packets"));
  expect(numbersIn(other.reader())).toEqual(range(0, 1000));
  const store = open({ segmentBytes: 1 << 30, secret: "one" });
  expect(logged.at(-1)).toMatchObject({ packets: 1000, torn: 0, damaged: 0 });
  const reader = store.reader();
  expect(numbersIn(reader)).toEqual(range(0, 1000));
  expect(reader.progress.problems).toEqual([]);
  expect(readFileSync(segment)).toHaveLength(length);
});

test("of a block that can be read nowhere it is told how many packets it had, and those behind it are there", () => {
  const writer = open({ segmentBytes: 1 << 30 }).writer("test");
  write(writer, 0, 1000);
  const [segment = ""] = files(".packets");
  const { length } = readFileSync(segment);
  const at = blockOf(segment, 3);
  flip(segment, at);
  flip(segment, at + 100);
  const left = [...range(0, 200), ...range(300, 1000)];
  const other = openPacketStore({ folder: join(folder, "other"), bytes: 1 }, makeContext());
  copyFileSync(segment, join(other.folder, "00000001-1.packets"));
  const scanner = other.reader();
  expect(numbersIn(scanner)).toEqual(left);
  expect(scanner.progress.problems).toEqual(["100 packets of segment 00000001-1 are damaged and left out"]);
  const reader = open({ segmentBytes: 1 << 30 }).reader();
  expect(logged.at(-1)).toMatchObject({ packets: 900, torn: 0, damaged: 100 });
  expect(numbersIn(reader)).toEqual(left);
  expect(readFileSync(segment)).toHaveLength(length);
});

test("the last block is told as damaged when it is there to its end, and cut off when it is not", () => {
  const writer = open({ segmentBytes: 1 << 30 }).writer("test");
  write(writer, 0, 300);
  const [segment = ""] = files(".packets");
  const bytes = readFileSync(segment);
  flip(segment, bytes.length - 1);
  expect(numbersIn(open().reader())).toEqual(range(0, 200));
  expect(logged.at(-1)).toMatchObject({ packets: 200, torn: 0, damaged: 100 });
  expect(readFileSync(segment)).toHaveLength(bytes.length);
  rmSync(files(".index")[0] ?? "");
  writeFileSync(segment, bytes.subarray(0, -1));
  expect(numbersIn(open().reader())).toEqual(range(0, 200));
  expect(logged.at(-1)).toMatchObject({ packets: 200, damaged: 0 });
  expect(readFileSync(segment)).toHaveLength(blockOf(segment, 3));
});

test("a segment of an earlier run that has a damaged header is told and left as it is", () => {
  write(open().writer("test"), 0, 300);
  const [segment = ""] = files(".packets");
  const bytes = readFileSync(segment);
  flip(segment, 3);
  const reader = open().reader();
  expect(logged.at(-1)).toMatchObject({
    sentence: "Packets are left out.",
    reason: expect.stringMatching(/^segment \S+ cannot be read \(no segment\) and is left as it is$/),
  });
  expect(numbersIn(reader)).toEqual([]);
  expect(reader.progress.problems).toEqual([expect.stringContaining("does not begin as segments do")]);
  // Restored, it is all there.
  writeFileSync(segment, bytes);
  expect(numbersIn(open().reader())).toEqual(range(0, 300));
});

test("payload that looks like blocks keeps no start waiting, and what is damaged before it is not cut off", () => {
  const writer = open({ segmentBytes: 1 << 30 }).writer("test");
  write(writer, 0, 100);
  const [segment = ""] = files(".packets");
  const bytes = readFileSync(segment);
  const at = blockOf(segment, 1);
  // Headers that each claim the rest of some 8 MB.
  const seeming = Buffer.alloc(48 * 170_000);
  for (let place = 0; place < seeming.length; place += 48) {
    bytes.copy(seeming, place, at, at + 48);
    seeming.writeUInt32LE(seeming.length - place - 48, place + 12);
    seeming.writeUInt32LE(seeming.length - place - 48, place + 16);
    seeming.writeUInt32LE(100, place + 40);
  }
  const damaged = Buffer.concat([bytes, Buffer.from("no block"), seeming]);
  writeFileSync(segment, damaged);
  expect(numbersIn(open().reader())).toEqual(range(0, 100));
  expect(logged.at(-1)).toMatchObject({ packets: 100, torn: 0, damagedBytes: seeming.length + 8 });
  expect(statSync(segment).size).toBe(damaged.length);
});

test("an interface whose description is damaged keeps its place: its packets are there, of a link that nobody reads", () => {
  const writer = open().writer("test");
  write(writer, 0, 100);
  writer.close();
  const [segment = ""] = files(".packets");
  flip(segment, readFileSync(segment).indexOf('"linkType"'));
  const [found] = [...open().reader().find({})];
  expect(found?.count).toBe(100);
  expect(found?.seen).toMatchObject([{ linkType: 0xffff, description: expect.stringContaining("damaged") }]);
});
