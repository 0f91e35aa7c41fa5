import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { type FileHandle, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Worker } from "node:worker_threads";
import { afterEach, expect, test } from "vitest";
import { blockOf } from "../../../core/block.ts";
import { makeContext } from "../../../core/context.ts";
import { readAll } from "../testing/describe-topic.ts";
import { type Files, systemFiles } from "./files.ts";
import { openTopics } from "./topics.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "metron-crash-"));
  folders.push(folder);
  return folder;
}

const MODULES = `
  import { openTopics } from ${JSON.stringify(join(import.meta.dirname, "topics.ts"))};
  import { openSharedTopic } from ${JSON.stringify(join(import.meta.dirname, "topics.ts"))};
  import { blockOf } from ${JSON.stringify(join(import.meta.dirname, "../../../core/block.ts"))};
  import { makeContext } from ${JSON.stringify(join(import.meta.dirname, "../../../core/context.ts"))};
`;

/** Appends as fast as it can and prints the number of each record once it is acknowledged. */
const APPENDER = `${MODULES}
  const topics = await openTopics(process.argv[1], makeContext(), { segmentBytes: 1 << 20 });
  const topic = await topics.topic("t");
  let next = await topic.end(0);
  async function lane() {
    for (;;) {
      const first = next;
      next += 50;
      const records = Array.from({ length: 50 }, (_, index) => "record " + (first + index) + " " + "x".repeat(200));
      await topic.append(0, blockOf(records, first));
      process.stdout.write(first + 50 + "\\n");
    }
  }
  await Promise.all([lane(), lane(), lane()]);
`;

test("what was acknowledged survives kill -9, and the lock of the killed process is taken over", async () => {
  const folder = newFolder();
  let acknowledged = 0;
  for (let round = 0; round < 4; round++) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", APPENDER, folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let lines = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Math.max(acknowledged, Number(line));
      if (++lines === 40 + round * 37) child.kill("SIGKILL");
    }
  }
  expect(acknowledged).toBeGreaterThan(1000);
  await using topics = await openTopics(folder, makeContext());
  const records = (await readAll(await topics.topic("t"), 0, 0)).flatMap((entry) => entry.records);
  expect(records.length).toBeGreaterThanOrEqual(acknowledged);
  for (const [index, record] of records.entries()) {
    if (!record.startsWith(`record ${index} x`)) throw new Error(`record ${index} is ${record.slice(0, 30)}`);
  }
});

test("a folder in use is refused with the process that has it", async () => {
  const folder = newFolder();
  const child = spawn(process.execPath, ["--input-type=module", "-e", APPENDER, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  await expect(openTopics(folder, makeContext())).rejects.toMatchObject({
    code: "STORAGE_LOCKED",
    details: { pid: child.pid },
  });
  child.kill("SIGKILL");
  await once(child, "exit");
  await using topics = await openTopics(folder, makeContext());
  expect((await topics.list()).length).toBe(1);
});

test("a lock left by a process whose id another one has now is taken over", async () => {
  const folder = newFolder();
  await writeFile(join(folder, "lock"), `${process.ppid} 12345`);
  await using topics = await openTopics(folder, makeContext());
  expect(await topics.list()).toEqual([]);
  expect(await readFile(join(folder, "lock"), "utf8")).toMatch(new RegExp(`^${process.pid} `));
  await expect(openTopics(folder, makeContext())).rejects.toMatchObject({ code: "STORAGE_LOCKED" });
});

test("another thread reads along, waits without work and sees every record once", async () => {
  await using topics = await openTopics(newFolder(), makeContext(), { segmentBytes: 1 << 20 });
  const topic = await topics.topic("t");
  const worker = new Worker(
    `${MODULES}
    import { parentPort, workerData } from "node:worker_threads";
    const topic = openSharedTopic(workerData, makeContext());
    const seen = [];
    for await (const { block, position } of topic.read(0, 0)) {
      seen.push([position.offset, block.ends.length, block.bytes[0]]);
      if (position.offset + block.ends.length === 6000) break;
    }
    await topic.commit("group", 0, 6000);
    await topic[Symbol.asyncDispose]();
    parentPort.postMessage(seen);
    `,
    { eval: true, workerData: topic.share() },
  );
  const answer = once(worker, "message");
  for (let index = 0; index < 300; index++) {
    const records = Array.from(
      { length: 20 },
      () => String.fromCharCode(65 + (index % 26)) + "x".repeat(500),
    );
    const appended = topic.append(0, blockOf(records, index));
    if (index % 50 === 0) {
      await appended;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  const [seen] = await answer;
  expect(seen).toEqual(Array.from({ length: 300 }, (_, index) => [index * 20, 20, 65 + (index % 26)]));
  expect(await topic.committed("group", 0)).toBe(6000);
  await worker.terminate();
});

test("what was acknowledged survives power loss, whatever became of the rest", async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const folder = newFolder();
    const random = generator(seed);
    const disk = new FailingDisk(20 + Math.floor(random() * 60));
    const topics = await openTopics(folder, makeContext(), { files: disk, segmentBytes: 8192 });
    const topic = await topics.topic("t");
    let acknowledged = 0;
    for (let index = 0; index < 400 && !disk.isOff; index++) {
      const first = index * 3;
      const records = [0, 1, 2].map(
        (step) => `record ${first + step} ${"y".repeat(Math.floor(random() * 400))}`,
      );
      const appended = topic.append(0, blockOf(records, index)).then(() => {
        acknowledged = Math.max(acknowledged, first + 3);
      });
      appended.catch(() => undefined);
      if (random() < 0.3) await Promise.race([appended, disk.off]);
    }
    await disk.off;
    await disk.lose(random);
    // The process is gone as well.
    await rm(join(folder, "lock"));
    await using again = await openTopics(folder, makeContext());
    const records = (await readAll(await again.topic("t"), 0, 0)).flatMap((entry) => entry.records);
    expect(records.length).toBeGreaterThanOrEqual(acknowledged);
    for (const [index, record] of records.entries())
      expect(record).toMatch(new RegExp(`^record ${index} y*$`));
  }
});

type Write = { readonly file: FileHandle; readonly position: number; readonly before: Buffer };

/** A disk that power leaves at its n-th operation: sectors written since the last flush may or may not be there. */
class FailingDisk implements Files {
  isOff = false;
  readonly off: Promise<void>;
  #left: number;
  #turnOff: () => void = () => undefined;
  #unflushed: Write[] = [];

  constructor(operations: number) {
    this.#left = operations;
    this.off = new Promise((resolve) => {
      this.#turnOff = resolve;
    });
  }

  async create(path: string, length: number): Promise<FileHandle> {
    await this.#count();
    return systemFiles.create(path, length);
  }

  async write(file: FileHandle, parts: readonly Uint8Array[], position: number): Promise<void> {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const before = Buffer.alloc(length);
    await file.read(before, 0, length, position);
    this.#unflushed.push({ file, position, before });
    await systemFiles.write(file, parts, position);
    await this.#count();
  }

  async flush(file: FileHandle): Promise<void> {
    await this.#count();
    this.#unflushed = this.#unflushed.filter((write) => write.file !== file);
  }

  /** Takes back some of the sectors that were not flushed. */
  async lose(random: () => number): Promise<void> {
    for (const { file, position, before } of this.#unflushed.reverse()) {
      const chance = random();
      for (let at = 0; at < before.length; ) {
        const next = Math.min(before.length, (Math.floor((position + at) / 512) + 1) * 512 - position);
        if (random() < chance) await file.write(before, at, next - at, position + at);
        at = next;
      }
    }
  }

  async #count(): Promise<void> {
    if (--this.#left > 0) return;
    this.isOff = true;
    this.#turnOff();
    await new Promise(() => undefined);
  }
}

/** Mulberry32, a small generator of even numbers below 1. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
