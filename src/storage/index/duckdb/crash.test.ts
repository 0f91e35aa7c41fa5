import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Death, dieAndCount } from "../testing/crash.ts";

/** Eight seals come first, each of one file, then two merges of four files each. */
const DEATHS: readonly Death[] = [
  "datasync 3 before",
  "rename 4 before",
  "stat 5 after",
  "rename 9 after",
  "stat 10 after",
  "rm 6 after",
];

test("killed at any step of a seal or a merge, it has each message once and goes on where it was", async () => {
  const folder = await mkdtemp(join(tmpdir(), "index-"));
  try {
    let before = 0;
    for (const death of DEATHS) {
      const { position, ...counted } = await dieAndCount(folder, death);
      expect([death, counted]).toEqual([death, { lost: 0, doubled: 0, strays: 0 }]);
      expect(position, death).toBeGreaterThan(before);
      before = position;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 120_000);
