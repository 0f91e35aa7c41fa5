import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pcapOf, sampleRows } from "../../pcap/formats/testing/samples.ts";
import { testPlatforms } from "../testing/test-platform.ts";

/** A small disk at a place, where this user may mount one. */
function mountAt(folder: string): Disposable | undefined {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  return { [Symbol.dispose]: () => void execFileSync("umount", ["-l", folder]) };
}

test("a full disk keeps an upload waiting, which is told, and it goes on by itself once there is room", async (context) => {
  using platforms = testPlatforms({ folder: mkdtempSync(join(tmpdir(), "metron-full-")) });
  const packets = join(platforms.data, "packets");
  mkdirSync(packets, { recursive: true });
  using disk = mountAt(packets);
  if (disk === undefined) return context.skip("needs the right to mount a tmpfs");
  const ballast = join(packets, "ballast");
  writeFileSync(ballast, Buffer.alloc(12 << 20));
  await using platform = await platforms.open();
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
  expect(running.state().error).toMatch(/writing packets to .*packets/);
  rmSync(ballast);
  await running.done;
  expect(running.state()).toMatchObject({ state: "finished", packets: 1000, stored: 1000, dropped: 0 });
  let found = 0;
  for (const { count } of platform.packets.reader().find({})) found += count;
  expect(found).toBe(1000);
}, 120_000);
