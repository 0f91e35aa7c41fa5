import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pcapOf, sampleRows } from "../../pcap/formats/testing/samples.ts";
import { type TestPlatforms, testPlatforms } from "../testing/test-platform.ts";

/** A small disk at a place, where this user may mount one. */
function mountAt(folder: string): Disposable | undefined {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  return { [Symbol.dispose]: () => void execFileSync("umount", ["-l", folder]) };
}

/** A platform on a disk of 16 MB with 4 of them left, to which 10 MB are uploaded. */
async function uploadTo(platforms: TestPlatforms, packets: string) {
  const ballast = join(packets, "ballast");
  writeFileSync(ballast, Buffer.alloc(12 << 20));
  const platform = await platforms.open();
  const frame = "ab".repeat(10_000);
  const rows = sampleRows(50).map((row) => ({ ...row, frame, original: 10_000 }));
  const header = (await pcapOf(rows)).subarray(0, 24);
  const chunk = (await pcapOf(rows)).subarray(24);
  async function* bytes() {
    yield header;
    for (let count = 0; count < 20; count++) yield chunk;
  }
  const running = platform.captures.take("web", {
    ...{ name: "large", by: "a test", input: { kind: "stream", bytes: bytes() } },
  });
  await expect.poll(() => running.state().state, { timeout: 30_000 }).toBe("waiting");
  return { platform, running, ballast };
}

test("a full disk keeps an upload waiting, which is told, and it goes on by itself once there is room", async (context) => {
  using platforms = testPlatforms({ folder: mkdtempSync(join(tmpdir(), "metron-full-")) });
  const packets = join(platforms.data, "packets");
  mkdirSync(packets, { recursive: true });
  using disk = mountAt(packets);
  if (disk === undefined) return context.skip("needs the right to mount a tmpfs");
  const { platform, running, ballast } = await uploadTo(platforms, packets);
  await using _platform = platform;
  expect(running.state().error).toMatch(/writing packets to .*packets/);
  rmSync(ballast);
  await running.done;
  expect(running.state()).toMatchObject({ state: "finished", packets: 1000, stored: 1000, dropped: 0 });
  let found = 0;
  for (const { count } of platform.packets.reader().find({})) found += count;
  expect(found).toBe(1000);
}, 120_000);

test("an upload that is stopped while it waits for room fails with that, and lets go of its file", async (context) => {
  using platforms = testPlatforms({ folder: mkdtempSync(join(tmpdir(), "metron-full-")) });
  const packets = join(platforms.data, "packets");
  mkdirSync(packets, { recursive: true });
  using disk = mountAt(packets);
  if (disk === undefined) return context.skip("needs the right to mount a tmpfs");
  const { platform, running } = await uploadTo(platforms, packets);
  await using _platform = platform;
  running.stop();
  await expect(running.done).rejects.toThrow(/packets are not stored/);
  const opened = () =>
    readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(packets);
      } catch {
        return false;
      }
    });
  await expect.poll(opened, { timeout: 30_000 }).toEqual([]);
}, 120_000);
