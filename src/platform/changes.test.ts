import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Platform } from "./platform.ts";
import { found, numbers, send, TWO_WORKERS, testPlatforms, upTo } from "./testing/test-platform.ts";

/** What changes while telemetry flows: documents, sensors, workers. Nothing is lost, nothing is there twice. */

const by = () => ({ author: "test", at: Date.now() });
const sensor = (version: number, name = "web") =>
  `sensor: ${name}\nparser: { jsonMap: {} }\ntransforms: [ { STELLAR: { version: "${version}" } } ]\n`;

/** Sends numbered records, some blocks at a time, until it is told to stop; resolves to how many. */
function flow(platform: Platform, name = "web"): () => Promise<number> {
  let next = 0;
  let ends = false;
  const flowing = (async () => {
    while (!ends) {
      const records = Array.from({ length: 100 }, () => `{"n":${next++},"ip_src_addr":"10.0.0.1"}`);
      await send(platform, records, name);
      await sleep(1);
    }
  })();
  return async () => {
    ends = true;
    await flowing;
    await platform.caughtUp();
    return next;
  };
}

test("twenty versions published during the flow lose and double no record, and each is in force", async () => {
  using platforms = testPlatforms({ global: TWO_WORKERS, sensors: { web: sensor(0) } });
  await using platform = await platforms.open();
  const stop = flow(platform);
  for (let version = 1; version <= 20; version++) {
    await platform.publish([{ kind: "sensor", name: "web", text: sensor(version) }], by());
    // A record that is sent after the publish is treated by it.
    await send(platform, [`{"m":${version}}`]);
  }
  const count = await stop();
  expect(await numbers(platform)).toEqual(upTo(count));
  const marks = await found(platform, "_exists_:m");
  expect(marks).toHaveLength(20);
  for (const { m, version } of marks) expect(Number(version)).toBeGreaterThanOrEqual(Number(m));
}, 60_000);

test("sensors come and go during the flow of another", async () => {
  using platforms = testPlatforms({ global: TWO_WORKERS, sensors: { web: sensor(0) } });
  await using platform = await platforms.open();
  const stop = flow(platform);
  const publish = (text: string | null) => platform.publish([{ kind: "sensor", name: "guest", text }], by());
  for (let round = 0; round < 5; round++) {
    await publish(sensor(round, "guest"));
    await send(platform, [`{"n":${2 * round}}`, `{"n":${2 * round + 1}}`], "guest");
    await platform.caughtUp();
    await publish(null);
    await expect(send(platform, ["{}"], "guest")).rejects.toMatchObject({ code: "SENSOR_UNKNOWN" });
  }
  const count = await stop();
  expect(await numbers(platform)).toEqual(upTo(count));
  expect(await numbers(platform, "guest")).toEqual(upTo(10));
}, 60_000);

test("what a removed sensor had not read is read when it comes back", async () => {
  using platforms = testPlatforms({ global: TWO_WORKERS, sensors: { web: sensor(0) } });
  await using platform = await platforms.open();
  await platform.ready();
  await send(
    platform,
    upTo(5000).map((n) => `{"n":${n}}`),
  );
  await platform.publish([{ kind: "sensor", name: "web", text: null }], by());
  await platform.publish([{ kind: "sensor", name: "web", text: sensor(1) }], by());
  await platform.caughtUp();
  expect(await numbers(platform)).toEqual(upTo(5000));
}, 60_000);

test("a worker that dies is started again, and nothing is lost or there twice", async () => {
  using platforms = testPlatforms({ global: TWO_WORKERS, sensors: { web: sensor(0) } });
  await using platform = await platforms.open();
  await platform.ready();
  const stop = flow(platform);
  for (const worker of [0, 1, 0]) {
    await sleep(300);
    await platform.endWorker(worker);
  }
  const count = await stop();
  expect(await numbers(platform)).toEqual(upTo(count));
  await platform.seal();
  expect(await numbers(platform)).toEqual(upTo(count));
}, 60_000);

test("a platform that is closed while a worker is dead closes, and reads on at the next start", async () => {
  using platforms = testPlatforms({ global: TWO_WORKERS, sensors: { web: sensor(0) } });
  {
    await using platform = await platforms.open();
    await platform.ready();
    await platform.endWorker(0);
    await platform.endWorker(1);
    await send(
      platform,
      upTo(1000).map((n) => `{"n":${n}}`),
    );
  }
  await using platform = await platforms.open();
  await platform.caughtUp();
  expect(await numbers(platform)).toEqual(upTo(1000));
}, 60_000);

test("a sensor whose document no longer works fails alone, says why, and reads on once it is mended", async () => {
  using platforms = testPlatforms({ sensors: { web: sensor(0), other: sensor(0, "other") } });
  {
    await using platform = await platforms.open();
    await platform.ready();
    // As after an update that took something away: the store holds what would be refused now.
    await platform.config.publish(
      [{ kind: "sensor", name: "web", text: "sensor: web\nparser: { gone: {} }\n" }],
      by(),
    );
  }
  await using platform = await platforms.open();
  await send(platform, ['{"n":0}']);
  await send(platform, ['{"n":0}'], "other");
  await expect.poll(() => numbers(platform, "other"), { timeout: 20_000 }).toEqual([0]);
  await expect
    .poll(async () =>
      (await platform.sensorStates()).map(({ name, state, detail = "" }) => [name, state, detail]),
    )
    .toEqual([
      ["other", "running", ""],
      ["web", "failing", expect.stringContaining("there is no parser `gone`")],
    ]);
  expect((await platform.status()).health).toBe("degraded");
  await platform.publish([{ kind: "sensor", name: "web", text: sensor(2) }], by());
  await platform.caughtUp();
  expect(await numbers(platform)).toEqual([0]);
}, 60_000);
