import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { numbers, send, testPlatforms } from "./testing/test-platform.ts";

test("the status tells why messages cannot be sealed, until they are", async () => {
  using platforms = testPlatforms({ global: "workers: 1\nseal: { seconds: 3600 }\n" });
  await using platform = await platforms.open();
  // Where the folder of the sensor's files should be, there is a file.
  const inTheWay = join(platforms.data, "index", "sensor=web");
  await writeFile(inTheWay, "");
  await send(platform, ['{"n":0}', '{"n":1}']);
  await platform.caughtUp();
  await expect(platform.index.seal()).rejects.toThrow();
  await expect(platform.seal()).rejects.toMatchObject({ code: "SEAL_FAILED" });
  const { health, problems } = await platform.status();
  expect([health, problems]).toEqual([
    "degraded",
    [
      {
        code: "SEAL_FAILED",
        detail: expect.stringContaining(inTheWay),
        advice: expect.stringContaining("sealing is tried again"),
      },
    ],
  ]);
  expect(await numbers(platform)).toEqual([0, 1]);
  await rm(inTheWay);
  await platform.index.seal();
  expect((await platform.status()).problems).toEqual([]);
  expect(await numbers(platform)).toEqual([0, 1]);
});
