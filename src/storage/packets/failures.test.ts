import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { silentLog } from "../../core/context.ts";
import type { PacketStoreOptions } from "./files/packet-store.ts";
import { openPacketWriter } from "./files/packet-writer.ts";
import { openShelf } from "./files/shelf.ts";
import {
  append,
  filesOf,
  flip,
  type Logged,
  numbered,
  numbersIn,
  numbersOf,
  openLogged,
  range,
  START,
  write,
} from "./testing/made-store.ts";

let folder: string;
let logged: Logged[];

beforeEach(() => {
  logged = [];
  folder = mkdtempSync(join(tmpdir(), "packets-failures-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

const open = (options?: Partial<PacketStoreOptions>) => openLogged(folder, logged, options);
const files = (end: string) => filesOf(folder, end);

test("on a full disk the oldest packets go, what is preserved stays, and it goes on when there is room again", (context) => {
  folder = join(folder, "small");
  mkdirSync(folder);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return context.skip("needs the right to mount a tmpfs");
  }
  onTestFinished(() => void execFileSync("umount", ["-l", folder]));
  const store = open();
  const writer = store.writer("test");
  write(writer, 0, 1000);
  const kept = { from: START, to: START + 99_000 };
  store.preserve({ id: "case", ...kept, reason: "a case", by: "analyst", at: 0 });
  write(writer, 1000, 12_000);

  const there = numbersIn(store.reader());
  expect(there.slice(0, 100)).toEqual(range(0, 100));
  expect(there.slice(-4000)).toEqual(range(8000, 12_000));
  expect(there.length).toBeLessThan(9000);
  const { dropped, packets } = store.state();
  expect(packets + dropped.packets).toBe(12_000);
  const told = logged.filter(({ sentence }) => sentence === "The oldest packets were dropped.");
  expect(told).toHaveLength(dropped.segments);
  expect(told[0]).toMatchObject({ packets: expect.any(Number), reason: "the disk is full" });
  const names = told.map(({ segment }) => String(segment));
  expect(names).toEqual([...names].sort());

  // Nothing may go any more: what cannot be written waits, and is written once there is room.
  store.preserve({ id: "all", from: START, to: START + 1e9, reason: "all", by: "analyst", at: 0 });
  let next = 12_000;
  expect(() => {
    for (; next < 24_000; next += 100) write(writer, next, next + 100);
  }).toThrow(/^writing packets to .*: disk full$/);
  expect(writer.problem).toMatchObject({ code: "DISK_FULL" });
  expect(() => writer.flush()).toThrow("disk full");
  expect(numbersIn(store.reader()).filter((number) => number >= 12_000)).toEqual(range(12_000, next));
  execFileSync("mount", ["-o", "remount,size=16m", folder]);
  writer.flush();
  expect(writer.problem).toBeUndefined();
  write(writer, next + 100, next + 500);
  writer.close();
  expect(numbersIn(store.reader()).filter((number) => number >= 12_000)).toEqual(range(12_000, next + 500));
  expect(numbersIn(open().reader()).filter((number) => number >= 12_000)).toEqual(range(12_000, next + 500));
});

test("of the packets that are added at once, those behind one that could not be written wait for the next, without a try each", (context) => {
  folder = join(folder, "small");
  mkdirSync(folder);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return context.skip("needs the right to mount a tmpfs");
  }
  onTestFinished(() => void execFileSync("umount", ["-l", folder]));
  const ballast = join(folder, "ballast");
  writeFileSync(ballast, Buffer.alloc(700_000));
  const { shared } = open().share();
  const shelf = openShelf({ folder, abandoned: new Set(), shared, log: silentLog });
  let tries = 0;
  const writer = openPacketWriter({
    ...{
      folder,
      capture: "test",
      segmentBytes: 400_000,
      segmentAge: 1e9,
      compress: false,
      secret: undefined,
    },
    ...{ nextSequence: () => 1, now: Date.now },
    shelf: {
      ...shelf,
      droppable() {
        tries++;
        return shelf.droppable();
      },
    },
  });
  append(writer, numbered(0, 3000));
  expect(writer.problem).toMatchObject({ code: "DISK_FULL" });
  expect(tries).toBe(1);
  append(writer, numbered(3000, 3500));
  expect(tries).toBe(2);
  rmSync(ballast);
  execFileSync("mount", ["-o", "remount,size=16m", folder]);
  writer.close();
  expect(numbersIn(open().reader())).toEqual(range(0, 3500));
});

test("a folder that goes away is told, and what was added is written when it is there again", () => {
  const store = open();
  const writer = store.writer("test");
  const away = `${folder}-away`;
  renameSync(folder, away);
  onTestFinished(() => rmSync(away, { recursive: true, force: true }));
  append(writer, numbered(0, 100));
  expect(() => writer.flush()).toThrow(/^writing packets to .*: ENOENT$/);
  expect(writer.problem).toMatchObject({ code: "FOLDER_UNWRITABLE" });
  renameSync(away, folder);
  writer.close();
  expect(writer.problem).toBeUndefined();
  expect(numbersIn(store.reader())).toEqual(range(0, 100));
});

test("what is no folder, and a list of preserved times that is none, are told when the store is opened", () => {
  writeFileSync(join(folder, "file"), "");
  expect(() => open({ folder: join(folder, "file") })).toThrow(/^making folder .*file: EEXIST$/);
  writeFileSync(join(folder, "preserved.json"), '[{"id": 1}]');
  expect(() => open()).toThrow(/preserved\.json: it is no list of preserved times; restore or remove it$/);
});

test("a packet of a wild time does not move those behind it", () => {
  const store = open();
  const writer = store.writer("test");
  const made = numbered(0, 5).map((each, at) =>
    at === 2 ? { ...each, micros: Number.MAX_SAFE_INTEGER } : each,
  );
  append(writer, made);
  writer.close();
  expect(numbersIn(store.reader(), { from: START, to: START + 10_000 })).toEqual([0, 1, 3, 4]);
  expect(numbersIn(store.reader(), { from: Number.MAX_SAFE_INTEGER })).toEqual([2]);
});

test("segments that are dropped while a query reads are read to their end, or not found, and nothing fails", () => {
  const store = open({ bytes: 1 });
  const writer = store.writer("test");
  write(writer, 0, 2000);
  writer.close();
  const reader = store.reader();
  const finding = reader.find({});
  const first = finding.next();
  store.retain();
  expect(store.state().segments).toBe(0);
  const found = first.done ? [] : numbersOf(first.value);
  for (const packets of finding) found.push(...numbersOf(packets));
  expect(found.length).toBeGreaterThan(100);
  expect(found).toEqual(range(0, found.length));
  expect(found.length).toBeLessThan(1000);
  expect(reader.progress.problems).toEqual([]);
});

test("what an absent address, or another secret, cannot be in is not opened, and goes when there is no room", () => {
  const writer = open().writer("test");
  write(writer, 0, 100);
  writer.close();
  flip(files(".packets")[0] ?? "", 3);
  const absent = [0, 0, 0, 0x0a0000ff];
  const reader = open().reader();
  expect(numbersIn(reader, { needs: [{ addresses: [{ version: 4, from: absent, to: absent }] }] })).toEqual(
    [],
  );
  expect(reader.progress.problems).toEqual([]);

  const other = join(folder, "encrypted");
  write(open({ folder: other, secret: "one" }).writer("test"), 0, 100);
  const store = open({ folder: other, bytes: 1, secret: "another" });
  expect(logged.at(-1)).toMatchObject({
    sentence: "Packets are left out.",
    reason: expect.stringContaining("cannot be read (wrong key) and is left as it is"),
  });
  expect(store.state()).toMatchObject({ segments: 1, packets: 100 });
  store.retain();
  expect(store.state()).toMatchObject({ segments: 0, dropped: { segments: 1, packets: 100 } });
});

test("a segment that two threads drop at once is counted once", () => {
  const store = open();
  const writer = store.writer("test");
  write(writer, 0, 100);
  writer.close();
  const { shared } = store.share();
  const shelves = ["one", "other"].map(() =>
    openShelf({ folder, abandoned: new Set(), shared, log: silentLog }),
  );
  for (const [shelf, segments] of shelves.map((shelf) => [shelf, shelf.droppable()] as const))
    for (const segment of segments) shelf.drop(segment, "a test");
  expect(store.state().dropped).toMatchObject({ segments: 1, packets: 100 });
});
