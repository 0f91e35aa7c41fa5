import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { found, send, testPlatforms } from "./testing/test-platform.ts";

test("a sensor held by a missing function says so with the fault's own code, waits, and goes on once it is there", async () => {
  using platforms = testPlatforms();
  const by = () => ({ author: "test", at: Date.now(), note: "" });
  const file = join(platforms.data, "functions", "ours.stellar");
  const global = {
    kind: "global" as const,
    name: "global",
    text: "workers: 1\nfunctions: [functions/ours.stellar]\n",
  };
  const web = "sensor: web\nparser: { jsonMap: {} }\ntransforms: [ { STELLAR: { twice: TWICE(n) } } ]\n";
  {
    await using platform = await platforms.open();
    mkdirSync(join(platforms.data, "functions"), { recursive: true });
    writeFileSync(file, "TWICE := (x) -> x * 2\n");
    await platform.publish([global, { kind: "sensor", name: "web", text: web }], by());
    writeFileSync(file, "nonsense\n");
  }
  await using platform = await platforms.open();
  await send(platform, ['{"n":1}', "nonsense"]);
  const problems = async () =>
    (await platform.status()).problems.filter(({ detail }) => detail.startsWith("web: "));
  await expect
    .poll(problems, { timeout: 20_000 })
    .toMatchObject([{ code: "CONFIG_INVALID", detail: expect.stringContaining("TWICE") }]);
  expect((await platform.sensorStates())[0]).toMatchObject({ state: "failing", lag: 2 });
  expect(await found(platform, "", "error")).toEqual([]);

  writeFileSync(file, "TWICE := (x) -> x * 2\n");
  await platform.publish([global], by());
  await platform.caughtUp();
  expect(await found(platform)).toMatchObject([{ n: 1, twice: 2 }]);
  expect(await found(platform, "", "error")).toHaveLength(1);
  await expect.poll(problems, { timeout: 20_000 }).toEqual([]);
});
