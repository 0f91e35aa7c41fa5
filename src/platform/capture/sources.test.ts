import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CaptureState } from "../../api/captures.ts";
import { makeContext } from "../../core/context.ts";
import { joined, pcapOf, sampleRows } from "../../pcap/formats/testing/samples.ts";
import { writePcap } from "../../pcap/formats/write-pcap.ts";
import { packetsOf } from "../../storage/packets/testing/traffic.ts";
import { openTables } from "../../storage/table/lmdb.ts";
import { openPlatform, type Platform } from "../platform.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "metron-captures-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A platform whose sensor `pcap` has this source. */
const open = (source: string): Promise<Platform> => {
  const defaults = join(folder, "defaults");
  mkdirSync(join(defaults, "sensors"), { recursive: true });
  mkdirSync(join(folder, "data", "incoming"), { recursive: true });
  writeFileSync(join(defaults, "metron.yaml"), "workers: 1\n");
  writeFileSync(
    join(defaults, "sensors", "pcap.yaml"),
    `sensor: pcap\nparser: { jsonMap: {} }\nsource: ${source}\n`,
  );
  return openPlatform({ data: join(folder, "data"), defaults, sources: true, upkeepEvery: 100 });
};

const incoming = (name: string) => join(folder, "data", "incoming", name);

const until = async <T>(ask: () => T | undefined | false): Promise<T> => {
  for (;;) {
    const answer = ask();
    if (answer !== undefined && answer !== false) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const ended = (platform: Platform, name: string, count = 1): Promise<CaptureState> =>
  until(() => {
    const found = platform.captures.list().filter((capture) => capture.name === incoming(name));
    return found.length === count && found.every(({ endedAt }) => endedAt !== undefined) && found[0];
  });

const stored = (platform: Platform): number => {
  let count = 0;
  for (const packets of platform.packets.reader().find({})) count += packets.count;
  return count;
};

const PCAP = await pcapOf(sampleRows(300));

test("captures of a folder are taken once, when they do not grow any more", async () => {
  const source = "{ captures: { folder: incoming, settle: 0.5 } }";
  {
    await using platform = await open(source);
    for (let at = 0; at < PCAP.length; at += 10_000) {
      appendFileSync(incoming("growing"), PCAP.subarray(at, at + 10_000));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(await ended(platform, "growing")).toMatchObject({
      ...{ kind: "file", state: "finished", packets: 300, stored: 300, size: PCAP.length, by: "sensor pcap" },
    });
    writeFileSync(incoming("a.log"), "no capture\n");
    expect(await ended(platform, "a.log")).toMatchObject({
      state: "failed",
      error: expect.stringMatching(/begins/),
    });
    expect(stored(platform)).toBe(300);
  }
  await using platform = await open(source);
  // One that comes later is taken, so those that were there have been looked at.
  writeFileSync(incoming("later.part"), PCAP);
  renameSync(incoming("later.part"), incoming("later"));
  await ended(platform, "later");
  // One that has grown is taken from where it ended.
  appendFileSync(incoming("growing"), PCAP.subarray(24));
  expect(await ended(platform, "growing", 2)).toMatchObject({ packets: 600, stored: 300 });
  expect(
    platform.captures
      .list()
      .map(({ name }) => name.split("/").at(-1))
      .sort(),
  ).toEqual(["a.log", "growing", "growing", "later"]);
  expect(stored(platform)).toBe(900);
});

test("a capture that is stopped before anything of it was read is taken after a restart", async () => {
  const source = "{ captures: { folder: incoming, settle: 0 } }";
  {
    await using platform = await open(source);
    writeFileSync(incoming("one"), PCAP);
    await until(() => platform.captures.list()[0]);
  }
  await using platform = await open(source);
  await until(() => stored(platform) === 300);
});

test("a file that has another's name is taken from its beginning, however long it is", async () => {
  await using platform = await open("{ captures: { folder: incoming, settle: 0 } }");
  const put = (bytes: Uint8Array) => {
    writeFileSync(incoming("ring.part"), bytes);
    renameSync(incoming("ring.part"), incoming("ring"));
  };
  await until(() => platform.status());
  put(PCAP);
  expect(await ended(platform, "ring")).toMatchObject({ stored: 300 });
  put(await pcapOf(sampleRows(400).map((row) => ({ ...row, micros: row.micros + 3_600_000_000 }))));
  expect(await ended(platform, "ring", 2)).toMatchObject({ packets: 400, stored: 400 });
});

test("of a file that grew after a crash the flows are made from where those began that were not told", async () => {
  const source = "{ captures: { folder: incoming, settle: 0 } }";
  const frames = (from: number, to: number) =>
    packetsOf(
      Array.from({ length: to - from }, (_, index) => ({
        micros: 1_700_000_000_000_000 + from + index,
        ...({ version: 4, source: 1, destination: 2, destinationPort: 9999 } as const),
        ...{ sourcePort: 1000 + from + index, payload: Buffer.alloc(100) },
      })),
    );
  const [some, more] = [
    await joined(writePcap([frames(0, 10)]).bytes),
    await joined(writePcap([frames(10, 15)]).bytes),
  ];
  {
    await using platform = await open(source);
    writeFileSync(incoming("one"), some);
    expect(await ended(platform, "one")).toMatchObject({ stored: 10, flows: 10 });
  }
  {
    // As it is after a crash: packets are durable, and of the flows none was told.
    await using tables = await openTables(join(folder, "data", "tables"), makeContext());
    const positions = await tables.table("positions");
    for (const { key, value } of [...positions.range("source")])
      await positions.put("source", key, { ...(value as object), isDone: 0, records: 0 });
  }
  appendFileSync(incoming("one"), more.subarray(24));
  await using platform = await open(source);
  expect(await ended(platform, "one", 2)).toMatchObject({ packets: 15, stored: 5, flows: 15, records: 15 });
});

test("a folder that is missing is told of, and taken when it is there", async () => {
  await using platform = await open("{ captures: { folder: incoming/deep, settle: 0 } }");
  expect((await platform.status()).problems).toMatchObject([
    { detail: expect.stringMatching(/reading the folder .*incoming\/deep: ENOENT/) },
  ]);
  mkdirSync(incoming("deep"));
  writeFileSync(incoming("deep/one"), PCAP);
  expect(await ended(platform, "deep/one")).toMatchObject({ stored: 300 });
});

/** Whether this machine lets tests capture packets. */
const mayCapture = () =>
  spawnSync("tcpdump", ["-i", "lo", "-d"], { stdio: "ignore" }).status === 0 && process.getuid?.() === 0;

test("an interface is captured while the platform runs", async (context) => {
  if (!mayCapture()) return context.skip("needs tcpdump and the right to capture");
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  const platform = await open(`{ capture: { interface: lo, filter: udp port ${port}, cutoff: 4 } }`);
  try {
    expect((await platform.status()).problems).toEqual([]);
    for (let count = 0; count < 10; count++) socket.send("a datagram", port, "127.0.0.1");
    const state = await until(() => platform.captures.list().find((capture) => capture.stored >= 10));
    expect(state).toMatchObject({ name: "lo", kind: "interface", state: "running", packets: 10, dropped: 0 });
    const [found] = [...platform.packets.reader().find({ needs: [{ ports: [port] }] })].map((packets) => ({
      captured: [...packets.captured.slice(0, packets.count)],
      original: [...packets.original.slice(0, packets.count)],
      capture: packets.seen[0]?.capture,
    }));
    expect(found).toMatchObject({
      capture: "lo",
      captured: [46, ...Array(9).fill(42)],
      original: Array(10).fill(52),
    });
  } finally {
    socket.close();
    await platform[Symbol.asyncDispose]();
  }
  await using again = await open("");
  expect(again.captures.list().at(-1)).toMatchObject({ name: "lo", state: "stopped", stored: 10 });
});

test("an interface that does not exist is told of with those that do", async (context) => {
  if (spawnSync("tcpdump", ["--version"]).error !== undefined) return context.skip("needs tcpdump");
  await using platform = await open("{ capture: { interface: nowhere0 } }");
  expect((await platform.status()).problems).toMatchObject([
    { detail: expect.stringMatching(/capturing on nowhere0: .*there is no such interface; there are: .*lo/) },
  ]);
});

test.skipIf(process.platform === "win32")(
  "tcpdump is ended when what it writes cannot be taken, and is not left alone",
  async () => {
    // What stands in its place listens, writes what is no capture, and never ends by itself.
    const programs = join(folder, "programs");
    const pids = join(folder, "pids");
    mkdirSync(programs);
    const script = [
      "#!/bin/sh",
      `echo $$ >> '${pids}'`,
      "echo 'tcpdump: listening on lo' >&2",
      "echo 'this is no capture, and it is long enough to see that'",
      "exec sleep 1000",
    ];
    writeFileSync(join(programs, "tcpdump"), script.join("\n"));
    chmodSync(join(programs, "tcpdump"), 0o755);
    const { PATH } = process.env;
    process.env.PATH = `${programs}:${PATH}`;
    try {
      await using platform = await open("{ capture: { interface: lo } }");
      await until(() => existsSync(pids));
      const [pid = 0] = readFileSync(pids, "utf8").trim().split("\n").map(Number);
      await until(() => !isRunning(pid));
      // It is told, and tried again.
      await expect
        .poll(async () => (await platform.status()).problems, { timeout: 30_000 })
        .toMatchObject([{ detail: expect.stringContaining("begins") }]);
    } finally {
      process.env.PATH = PATH;
    }
    // Nor does any that was tried again outlive the platform.
    for (const pid of readFileSync(pids, "utf8").trim().split("\n"))
      expect(isRunning(Number(pid))).toBe(false);
  },
);

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
