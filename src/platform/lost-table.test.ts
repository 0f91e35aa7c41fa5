import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Platform } from "./platform.ts";
import { testPlatforms } from "./testing/test-platform.ts";

const lost = async (platform: Platform) =>
  (await platform.status()).problems.filter(({ code }) => code === "TABLE_LOST");

test("indicators whose file is gone are told of until some are loaded", async () => {
  using platforms = testPlatforms({ sensors: {} });
  const path = join(platforms.data, "tables", "threatintel.mdb");
  {
    await using platform = await platforms.open();
    await platform.tables.threatIntel.put("malicious_ip", "192.0.2.1", {});
    expect(await lost(platform)).toEqual([]);
  }
  rmSync(path);
  await using platform = await platforms.open();
  expect(await lost(platform)).toMatchObject([{ detail: expect.stringContaining(`${path} was missing`) }]);
  expect((await platform.status()).health).toBe("degraded");
  await platform.tables.threatIntel.put("malicious_ip", "192.0.2.1", {});
  expect(await lost(platform)).toEqual([]);
});
