import { afterAll, beforeAll, expect, test } from "vitest";
import type { Platform } from "./platform.ts";
import { send, testPlatforms } from "./testing/test-platform.ts";

// Nothing is sealed meanwhile, so the workers alone know how far they have read.
const platforms = testPlatforms({ global: "workers: 2\nseal: { seconds: 3600 }\n" });
let platform: Platform;

beforeAll(async () => {
  platform = await platforms.open();
  await platform.ready();
  for (let n = 0; n < 4; n++) await send(platform, [`{"n":${n}}`]);
}, 60_000);
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  platforms[Symbol.dispose]();
}, 60_000);

const lag = async () => (await platform.sensorStates()).find(({ name }) => name === "web")?.lag;

async function everythingIsRead(): Promise<void> {
  while ((await lag()) !== 0) await new Promise((done) => setTimeout(done, 20));
}

test("blocks are dealt to all partitions in turn, so that every worker has its share", async () => {
  await everythingIsRead();
  expect(platform.counts().get("web")?.offsets).toEqual({ 0: 2, 1: 2 });
});

test("what a dead worker had read and not sealed counts as unread until its successor has read it", async () => {
  await everythingIsRead();
  await platform.endWorker(0);
  expect(platform.counts().get("web")?.offsets).toEqual({ 1: 2 });
  expect(await lag()).toBe(2);
  await everythingIsRead();
});
