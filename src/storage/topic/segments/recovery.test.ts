import { mkdtempSync } from "node:fs";
import { open, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { blockOf } from "../../../core/block.ts";
import { type LogFields, makeContext } from "../../../core/context.ts";
import { readAll } from "../testing/describe-topic.ts";
import { type Files, systemFiles } from "./files.ts";
import { openTopics, type SegmentsOptions } from "./topics.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "metron-recovery-"));
  folders.push(folder);
  return folder;
}

type Logged = { level: string; sentence: string; fields: LogFields | undefined };

function recording(): { logged: Logged[]; context: ReturnType<typeof makeContext> } {
  const logged: Logged[] = [];
  const at = (level: string) => (sentence: string, fields?: LogFields) => {
    logged.push({ level, sentence, fields });
  };
  return {
    logged,
    context: makeContext({
      log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") },
    }),
  };
}

/** Appends blocks of `size` records each, one after another, and closes. */
async function fill(folder: string, blocks: number, options: SegmentsOptions = {}): Promise<void> {
  await using topics = await openTopics(folder, makeContext(), options);
  const topic = await topics.topic("t");
  for (let index = 0; index < blocks; index++) {
    const name = String(index).padStart(2, "0");
    await topic.append(0, blockOf([`first ${name} ${"x".repeat(1000)}`, `second ${name}`], index));
  }
}

async function segmentsIn(folder: string): Promise<string[]> {
  const partition = join(folder, "t", "0");
  return (await readdir(partition)).sort().map((name) => join(partition, name));
}

async function overwrite(path: string, position: number, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, "r+");
  await file.write(bytes, 0, bytes.length, position);
}

async function offsets(folder: string, options: SegmentsOptions = {}): Promise<number[]> {
  await using topics = await openTopics(folder, makeContext(), options);
  const entries = await readAll(await topics.topic("t"), 0, 0);
  return entries.map(({ offset }) => offset);
}

/** Length on disk of one of the blocks of `fill`. */
const FRAME = 1080;

test("a write torn by a crash is cut off with a warning, and appending goes on there", async () => {
  const folder = newFolder();
  const { logged, context } = recording();
  {
    // As a process that is killed leaves it: nothing is noted about the end.
    const topics = await openTopics(folder, context, { files: dying(6) });
    const topic = await topics.topic("t");
    const answers = Array.from({ length: 10 }, (_, index) =>
      topic.append(0, blockOf([`first ${index} ${"x".repeat(1000)}`, "second"], index)).then(
        () => true,
        () => false,
      ),
    );
    await topics[Symbol.asyncDispose]();
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 10 }, () => false));
  }
  await using topics = await openTopics(folder, context);
  const topic = await topics.topic("t");
  expect(logged.at(-1)).toMatchObject({
    level: "warn",
    sentence: "Cut off a write that a crash left unfinished.",
  });
  const end = await topic.end(0);
  expect(end % 2).toBe(0);
  expect(await topic.append(0, blockOf(["after"], 1))).toBe(end);
  expect((await readAll(topic, 0, 0)).at(-1)?.records).toEqual(["after"]);
});

/** Files of which every write stops after some frames and a half, and then fails. */
function dying(frames: number): Files {
  return {
    ...systemFiles,
    async write(file, parts, position) {
      const all = Buffer.concat(parts);
      await systemFiles.write(file, [all.subarray(0, (frames + 0.5) * FRAME)], position);
      throw Object.assign(new Error("power failed"), { code: "EIO" });
    },
  };
}

test.each([
  ["a header", 20],
  ["a payload", 60],
  ["a magic number", 0],
])(
  "damage to %s in the middle is a fault that names file and place, or is skipped and logged",
  async (_what, at) => {
    const folder = newFolder();
    await fill(folder, 10);
    const [path] = (await segmentsIn(folder)) as [string];
    await overwrite(path, 3 * FRAME + at, Uint8Array.of(0xde, 0xad));
    await expect(offsets(folder)).rejects.toMatchObject({
      code: "STORAGE_CORRUPT",
      message: expect.stringContaining(`${path} is damaged at byte ${3 * FRAME} (record 6)`),
    });
    const { logged, context } = recording();
    await using topics = await openTopics(folder, context, { onDamage: "skip" });
    const topic = await topics.topic("t");
    expect((await readAll(topic, 0, 0)).map(({ offset }) => offset)).toEqual([
      0, 2, 4, 8, 10, 12, 14, 16, 18,
    ]);
    expect(await topic.append(0, blockOf(["new"], 1))).toBe(20);
    expect((await readAll(topic, 0, 18)).map(({ offset }) => offset)).toEqual([18, 20]);
    expect(logged.filter(({ level }) => level === "error").map(({ fields }) => fields)).toContainEqual(
      expect.objectContaining({ file: path, position: 3 * FRAME, offset: 6, nextOffset: 8 }),
    );
  },
);

test("damage in an older segment is met by the reader, not passed over", async () => {
  const folder = newFolder();
  await fill(folder, 30, { segmentBytes: 8 * FRAME });
  const paths = await segmentsIn(folder);
  expect(paths.length).toBe(4);
  await overwrite(paths[1] as string, 2 * FRAME + 100, Uint8Array.of(1));
  await using topics = await openTopics(folder, makeContext());
  const topic = await topics.topic("t");
  const seen: number[] = [];
  const reading = (async () => {
    for await (const { position } of topic.read(0, 0, { follow: false })) seen.push(position.offset);
  })();
  await expect(reading).rejects.toMatchObject({ code: "STORAGE_CORRUPT", details: { offset: 20 } });
  expect(seen.at(-1)).toBe(18);
  expect((await readAll(topic, 0, 22)).length).toBe(19);
});

test.each([
  ["zeroed from some place on", async (path: string) => truncate(path, 4 * FRAME)],
  ["gone", async (path: string) => rm(path)],
  ["emptied", async (path: string) => writeFile(path, "")],
])("an older segment that is %s does not go unnoticed", async (_what, harm) => {
  const folder = newFolder();
  await fill(folder, 30, { segmentBytes: 8 * FRAME });
  await harm((await segmentsIn(folder))[1] as string);
  await expect(offsets(folder)).rejects.toMatchObject({ code: "STORAGE_CORRUPT" });
  const kept = await offsets(folder, { onDamage: "skip" });
  expect(kept.slice(0, 8)).toEqual([0, 2, 4, 6, 8, 10, 12, 14]);
  expect(kept.slice(-14)).toEqual(Array.from({ length: 14 }, (_, index) => 32 + index * 2));
});

test("a tail that was acknowledged and is gone is a fault", async () => {
  const folder = newFolder();
  await fill(folder, 10);
  const [path] = (await segmentsIn(folder)) as [string];
  await truncate(path, 7 * FRAME);
  await expect(offsets(folder)).rejects.toMatchObject({ code: "STORAGE_CORRUPT", details: { offset: 14 } });
  await using topics = await openTopics(folder, makeContext(), { onDamage: "skip" });
  // Offsets are names: those of the lost records are not given to others.
  expect(await (await topics.topic("t")).append(0, blockOf(["new"], 1))).toBe(20);
});

test("a topic takes no more room than was asked of it, and gives reserved room back", async () => {
  const folder = newFolder();
  await fill(folder, 30, { segmentBytes: 8 * FRAME });
  const sizes = await Promise.all((await segmentsIn(folder)).map(async (path) => (await stat(path)).size));
  expect(sizes).toEqual([8 * FRAME, 8 * FRAME, 8 * FRAME, 8 * FRAME]);
});

test("appends wait while the disk is full, lose nothing and go on by themselves", async () => {
  const folder = newFolder();
  let full = false;
  const files: Files = {
    ...systemFiles,
    async write(file, parts, position) {
      if (full) {
        await systemFiles.write(file, [Buffer.concat(parts).subarray(0, 100)], position);
        throw Object.assign(new Error("write"), { code: "ENOSPC" });
      }
      await systemFiles.write(file, parts, position);
    },
  };
  const { logged, context } = recording();
  await using topics = await openTopics(folder, context, { files });
  const topic = await topics.topic("t");
  await topic.append(0, blockOf(["one"], 1));
  full = true;
  const waiting = [topic.append(0, blockOf(["two"], 2)), topic.append(0, blockOf(["three"], 3))];
  await until(() => topic.fault !== undefined);
  expect(topic.fault).toMatchObject({ code: "DISK_FULL" });
  expect(await topic.end(0)).toBe(1);
  full = false;
  expect(await Promise.all(waiting)).toEqual([1, 2]);
  expect(topic.fault).toBeUndefined();
  expect((await readAll(topic, 0, 0)).flatMap(({ records }) => records)).toEqual(["one", "two", "three"]);
  expect(logged.map(({ level }) => level)).toEqual(["error", "info"]);
});

test("closing on a full disk rejects what could not be written", async () => {
  const files: Files = {
    ...systemFiles,
    flush: () => Promise.reject(Object.assign(new Error("flush"), { code: "ENOSPC" })),
  };
  const topics = await openTopics(newFolder(), makeContext(), { files });
  const waiting = (await topics.topic("t")).append(0, blockOf(["lost"], 1));
  const outcome = expect(waiting).rejects.toMatchObject({ code: "DISK_FULL" });
  await topics[Symbol.asyncDispose]();
  await outcome;
});

test("a folder that cannot be made is a fault", async () => {
  const folder = newFolder();
  await writeFile(join(folder, "file"), "");
  await expect(openTopics(join(folder, "file", "topics"), makeContext())).rejects.toMatchObject({
    code: "FOLDER_UNWRITABLE",
  });
});

test.each([
  ["overwritten", Buffer.alloc(20_000, "A")],
  ["cut short", undefined],
])("a consumers file that is %s is a fault", async (_what, bytes) => {
  const folder = newFolder();
  await fill(folder, 1);
  const path = join(folder, "consumers.mdb");
  if (bytes === undefined) await truncate(path, 5000);
  else await writeFile(path, bytes);
  await expect(openTopics(folder, makeContext())).rejects.toMatchObject({
    code: "STORAGE_CORRUPT",
    message: expect.stringContaining("set the file aside"),
  });
  await rm(path);
  expect(await offsets(folder)).toEqual([0]);
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}
