import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeContext, silentLog } from "../../core/context.ts";
import { pcapOf, sampleRows } from "../../pcap/formats/testing/samples.ts";
import { openPacketStore } from "../../storage/packets/files/packet-store.ts";
import { CaptureThreads } from "./capture-threads.ts";
import type { CaptureThreadStart } from "./protocol.ts";
import { startCaptureThread } from "./thread.ts";

const PCAP = await pcapOf(sampleRows(300));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "metron-threads-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Takes captures in these threads; each is stored, and its records go nowhere. */
function captures(threads: CaptureThreads) {
  const store = openPacketStore({ folder: join(folder, "packets"), bytes: 1e9 }, makeContext());
  return (input: CaptureThreadStart["input"], bytes?: AsyncIterable<Uint8Array>) =>
    startCaptureThread({
      threads,
      start: {
        ...{ name: "one", input, choice: {}, isPacketsOnly: false, after: undefined },
        packets: store.share(),
      },
      bytes,
      deliver: async () => undefined,
      log: silentLog,
      onState: () => undefined,
    });
}

async function* sent(...chunks: Uint8Array[]) {
  yield* chunks;
}

/** Files below the folder, and pipes, that this process has open. */
const opened = (): string[] =>
  readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(folder) || path.includes("metron-pipe-") ? [path] : [];
    } catch {
      return [];
    }
  });

test("captures one after another are taken by one thread, which ends when none comes", async () => {
  await using threads = new CaptureThreads(1000);
  const take = captures(threads);
  const counts: number[] = [];
  for (let number = 0; number < 5; number++) {
    await take({ kind: "stream", isEndless: false }, sent(PCAP)).ended;
    counts.push(threads.count);
  }
  expect(counts).toEqual([1, 1, 1, 1, 1]);
  await expect.poll(() => threads.count, { timeout: 30_000 }).toBe(0);
  await take({ kind: "stream", isEndless: false }, sent(PCAP)).ended;
  expect(threads.count).toBe(1);
});

test("of many threads that worked at once, two wait for more", async () => {
  await using threads = new CaptureThreads(600_000);
  const take = captures(threads);
  await Promise.all(
    Array.from({ length: 4 }, () => take({ kind: "stream", isEndless: false }, sent(PCAP)).ended),
  );
  await expect.poll(() => threads.count, { timeout: 30_000 }).toBe(2);
});

test("a thread leaves no file open, however its captures end", async (context) => {
  if (process.platform !== "linux") return context.skip("needs /proc");
  {
    await using threads = new CaptureThreads();
    const take = captures(threads);
    const path = join(folder, "many.pcap");
    writeFileSync(path, Buffer.concat([PCAP, ...Array(200).fill(PCAP.subarray(24))]));
    const stopped = take({ kind: "file", path });
    stopped.stop();
    await stopped.ended;
    await take({ kind: "file", path }).ended;
    await take({ kind: "file", path: join(folder, "absent") }).ended.catch(() => undefined);
    writeFileSync(path, "no capture");
    await take({ kind: "file", path }).ended.catch(() => undefined);
    await take({ kind: "interface", interface: "absent" }).ended.catch(() => undefined);
    // The thread waits, and lives.
    expect(threads.count).toBe(1);
    await expect.poll(opened, { timeout: 30_000 }).toEqual([]);
  }
  expect(opened()).toEqual([]);
});
