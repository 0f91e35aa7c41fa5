import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Platform } from "./platform.ts";
import { found, send, testPlatforms } from "./testing/test-platform.ts";

const by = () => ({ author: "test", at: Date.now(), note: "" });
const WEB = "sensor: web\nparser: { jsonMap: {} }\n";
const HELD = `${WEB}transforms: [ { STELLAR: { twice: TWICE(n) } } ]\n`;

const waiting = async (platform: Platform) =>
  (await platform.status()).problems.filter(({ code }) => code === "RECORDS_WAITING");

test("records of a sensor that is withdrawn or whose document is lost are told of until they are read", async () => {
  using platforms = testPlatforms({ sensors: {} });
  const file = join(platforms.data, "functions", "ours.stellar");
  const global = {
    kind: "global" as const,
    name: "global",
    text: "workers: 1\nstop: { seconds: 0.1 }\nfunctions: [functions/ours.stellar]\n",
  };
  {
    await using platform = await platforms.open();
    mkdirSync(join(platforms.data, "functions"), { recursive: true });
    writeFileSync(file, "TWICE := (x) -> x * 2\n");
    await platform.publish([global, { kind: "sensor", name: "web", text: HELD }], by());
    await send(platform, ['{"n":0}']);
    await platform.caughtUp();
    writeFileSync(file, "nonsense\n");
  }
  const told = [
    {
      code: "RECORDS_WAITING",
      detail: "2 records of web wait in its topic, as no document of a sensor `web` is in force",
    },
  ];
  {
    // Its function is missing, so its records wait.
    await using platform = await platforms.open();
    await send(platform, ['{"n":1}', '{"n":2}']);
    expect(await waiting(platform)).toEqual([]);
    await platform.publish([{ kind: "sensor", name: "web", text: null }], by());
    expect(await waiting(platform)).toMatchObject(told);
    expect((await platform.status()).health).toBe("degraded");
  }
  {
    await using platform = await platforms.open();
    expect(await waiting(platform)).toMatchObject(told);
  }
  rmSync(join(platforms.data, "config"), { recursive: true });
  await using platform = await platforms.open();
  expect(await waiting(platform)).toMatchObject(told);
  await platform.publish([{ kind: "sensor", name: "web", text: WEB }], by());
  await platform.caughtUp();
  expect(await found(platform)).toHaveLength(3);
  expect(await waiting(platform)).toEqual([]);
  await platform.publish([{ kind: "sensor", name: "web", text: null }], by());
  expect(await waiting(platform)).toEqual([]);
});
