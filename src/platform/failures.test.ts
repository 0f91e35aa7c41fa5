import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  globSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Fault } from "../core/fault.ts";
import {
  numbers,
  send,
  type TestPlatforms,
  TWO_WORKERS,
  testPlatforms,
  upTo,
} from "./testing/test-platform.ts";

/** Real disks and files that fail: a clear fault that says what to do, and what was acknowledged is not lost. */

const records = (from: number, to: number, text = "") =>
  Array.from({ length: to - from }, (_, index) => `{"n":${from + index},"text":"${text}"}`);

async function fill(platforms: TestPlatforms, count: number): Promise<void> {
  await using platform = await platforms.open();
  await send(platform, records(0, count));
  await platform.caughtUp();
}

test("a folder that another platform has is refused, and named", async () => {
  using platforms = testPlatforms();
  await using _platform = await platforms.open();
  await expect(platforms.open()).rejects.toMatchObject({
    code: "STORAGE_LOCKED",
    message: expect.stringContaining(`process ${process.pid} has it`),
  });
});

test("a folder that cannot be made is refused, and named", async () => {
  using platforms = testPlatforms();
  writeFileSync(platforms.data, "a file where the folder should be");
  await expect(platforms.open()).rejects.toMatchObject({
    code: "FOLDER_UNWRITABLE",
    message: expect.stringContaining(platforms.data),
  });
});

const LMDB_FILES = [
  "config/config.mdb",
  "tables/threatintel.mdb",
  "tables/enrichment.mdb",
  "tables/captures.mdb",
  "topics/consumers.mdb",
];

test("a damaged or empty file of settings or tables is refused, and restored the platform opens again", async () => {
  using platforms = testPlatforms();
  await fill(platforms, 100);
  for (const name of LMDB_FILES) {
    const path = join(platforms.data, name);
    copyFileSync(path, `${path}.good`);
    const bytes = readFileSync(path);
    for (const harmed of [bytes.fill(0xa5, 0, bytes.length / 2), Buffer.alloc(0)]) {
      writeFileSync(path, harmed);
      const error: unknown = await platforms.open().catch((cause: unknown) => cause);
      expect(error, name).toBeInstanceOf(Fault);
      expect(error).toMatchObject({ code: "STORAGE_CORRUPT", message: expect.stringContaining(path) });
      expect(readFileSync(path).length, name).toBe(harmed.length);
    }
    renameSync(`${path}.good`, path);
  }
  await using platform = await platforms.open();
  expect(await numbers(platform)).toEqual(upTo(100));
});

test("a damaged Parquet file is told of, the others are searched, and restored it is searched again", async () => {
  using platforms = testPlatforms();
  await fill(platforms, 100);
  {
    await using platform = await platforms.open();
    await send(platform, records(100, 200));
    await platform.caughtUp();
  }
  const files = globSync("**/*.parquet", { cwd: platforms.data }).map((name) => join(platforms.data, name));
  expect(files.length).toBeGreaterThan(1);
  const path = files.sort((one, other) => statSync(one).mtimeMs - statSync(other).mtimeMs)[0] as string;
  const good = readFileSync(path);
  writeFileSync(path, Buffer.alloc(good.length, 0xa5));
  {
    await using platform = await platforms.open();
    const left = await numbers(platform);
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(200);
    const { health, problems } = await platform.status();
    expect(health).toBe("degraded");
    expect(problems).toMatchObject([{ code: "FILE_UNREADABLE", detail: expect.stringContaining(path) }]);
  }
  writeFileSync(path, good);
  await using platform = await platforms.open();
  expect(await numbers(platform)).toEqual(upTo(200));
});

test("a damaged topic segment stops nothing that does not need it, and takes nothing that is indexed", async () => {
  using platforms = testPlatforms();
  await fill(platforms, 100);
  for (const name of globSync("topics/web/*/*", { cwd: platforms.data })) {
    const path = join(platforms.data, name);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xa5, 0, Math.min(64, bytes.length)));
  }
  const opened = await platforms.open().catch((cause: unknown) => cause);
  if (opened instanceof Error) {
    expect(opened).toMatchObject({
      code: "STORAGE_CORRUPT",
      message: expect.stringContaining(platforms.data),
    });
    return;
  }
  await using platform = opened as Awaited<ReturnType<TestPlatforms["open"]>>;
  expect(await numbers(platform)).toEqual(upTo(100));
  await send(platform, records(100, 200));
  await platform.caughtUp();
  expect(await numbers(platform)).toEqual(upTo(200));
});

/** A small disk of its own, where this user may mount one. */
function smallDisk(): (Disposable & { readonly folder: string }) | undefined {
  const folder = mkdtempSync(join(tmpdir(), "metron-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=96m", "tmpfs", folder], { stdio: "ignore" });
  } catch {
    // Without the right to mount there is no small disk to fill.
    rmSync(folder, { recursive: true });
    return undefined;
  }
  return {
    folder,
    [Symbol.dispose]() {
      execFileSync("umount", ["-l", folder]);
      rmSync(folder, { recursive: true });
    },
  };
}

test("a full disk makes senders wait, loses nothing, and goes on by itself once there is room", async (context) => {
  using disk = smallDisk();
  if (disk === undefined) return context.skip("needs the right to mount a tmpfs");
  using platforms = testPlatforms({ global: TWO_WORKERS, folder: join(disk.folder, "metron") });
  const text = "x".repeat(2000);
  let acknowledged = 0;
  {
    await using platform = await platforms.open();
    await platform.ready();
    const ballast = join(disk.folder, "ballast");
    writeFileSync(ballast, Buffer.alloc(40 << 20));
    let ends = false;
    const flow = (async () => {
      while (!ends) {
        await send(platform, records(acknowledged, acknowledged + 100, text));
        acknowledged += 100;
      }
    })();
    const codes = async () => (await platform.status()).problems.map(({ code }) => code);
    await expect.poll(codes, { timeout: 30_000 }).toContain("DISK_FULL");
    // Searching goes on meanwhile.
    expect((await numbers(platform)).length).toBeGreaterThan(0);
    ends = true;
    rmSync(ballast);
    await flow;
    await platform.caughtUp();
    await expect.poll(codes, { timeout: 30_000 }).toEqual([]);
    expect(await numbers(platform)).toEqual(upTo(acknowledged));
  }
  await using platform = await platforms.open();
  expect(await numbers(platform)).toEqual(upTo(acknowledged));
}, 120_000);
