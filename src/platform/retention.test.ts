import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { numbers, send, testPlatforms } from "./testing/test-platform.ts";

const DAY = 86_400_000;

test("messages older than their sensor keeps them go by themselves, those of others stay", async () => {
  using platforms = testPlatforms({
    sensors: {
      short: "sensor: short\nparser: { jsonMap: {} }\nindex: { retentionDays: 3 }\n",
      endless: "sensor: endless\nparser: { jsonMap: {} }\n",
    },
    upkeepEvery: 100,
  });
  await using platform = await platforms.open();
  const records = [1, 2, 5, 9].map((days, n) => JSON.stringify({ n, timestamp: Date.now() - days * DAY }));
  for (const sensor of ["short", "endless"]) await send(platform, records, sensor);
  await platform.caughtUp();
  await platform.seal();
  while ((await numbers(platform, "short")).length > 2) await setTimeout(50);
  expect(await numbers(platform, "short")).toEqual([0, 1]);
  expect(await numbers(platform, "endless")).toEqual([0, 1, 2, 3]);
});
