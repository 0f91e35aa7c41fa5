import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { crash } from "./testing/crash.ts";

/** The long form is `npm run bench -- crash`. */
test("killed at random moments, the platform loses and doubles nothing it acknowledged", {
  timeout: 120_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "metron-crash-"));
  try {
    const result = await crash({ folder, rounds: 3, life: 1500, seed: Date.now() });
    expect(result.acknowledged).toBeGreaterThan(1000);
    expect(result).toMatchObject({ lost: 0, doubled: 0 });
    expect(result.rejected).toBeGreaterThanOrEqual(Math.floor(result.acknowledged / 10) - 1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
