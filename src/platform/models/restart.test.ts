import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { makeMatrix } from "../../models/features.ts";
import { HalfSpaceTrees } from "../../models/online/half-space-trees.ts";
import { Scores } from "../../models/scores.ts";
import { random } from "../../scenario/random.ts";
import { openPlatform, type Platform } from "../platform.ts";
import { found, send, TWO_WORKERS, testPlatforms } from "../testing/test-platform.ts";
import { STATES, stateEntry } from "./protocol.ts";

const WINDOW = 50;
const document = (partitions: number, depth = 6) => `sensor: web
partitions: ${partitions}
parser: { jsonMap: {} }
models:
  - name: rarity
    features: { a: a, b: b }
    halfSpaceTrees: { trees: 5, depth: ${depth}, window: ${WINDOW}, reasonsFrom: 1 }
`;
const LEARNING = "the model is learning from its first window";

type Row = { readonly n: number; readonly a: number; readonly b: number };

function rows(count: number, from = 0): Row[] {
  const chance = random(from + 1);
  return Array.from({ length: count }, (_, n) => ({ n: from + n, a: chance.next(), b: chance.next() * 9 }));
}

const lines = (some: readonly Row[]) => some.map((row) => JSON.stringify(row));

/** What a model that nothing interrupts says of the rows. */
function uninterrupted(some: readonly Row[]): (number | undefined)[] {
  const options = { trees: 5, depth: 6, window: WINDOW, seed: 1, reasonsFrom: 1, features: ["a", "b"] };
  const model = new HalfSpaceTrees(options);
  const [matrix, scores] = [makeMatrix(2, some.length), new Scores()];
  matrix.count = some.length;
  matrix.values.set(some.flatMap(({ a, b }) => [a, b]));
  model.score(matrix, scores);
  return some.map((_, at) => (scores.known[at] === 1 ? scores.values[at] : undefined));
}

/** What the messages of the sensor have, in their order. */
async function told(platform: Platform): Promise<{ scores: unknown[]; absent: unknown[] }> {
  await platform.caughtUp();
  const all = (await found(platform)).sort((one, other) => Number(one.n) - Number(other.n));
  return {
    scores: all.map((message) => message["models.rarity.score"]),
    absent: all.map((message) => message["models.rarity.absent"]),
  };
}

test("after an orderly end a model goes on as if nothing had happened; one whose definition changed begins anew", {
  timeout: 180_000,
}, async () => {
  using platforms = testPlatforms({ sensors: { web: document(1) } });
  const all = rows(200);
  for (const [from, to] of [
    [0, 20],
    [20, 120],
    [120, 200],
  ]) {
    await using platform = await platforms.open();
    await send(platform, lines(all.slice(from, to)));
    await platform.caughtUp();
  }
  await using platform = await platforms.open();
  expect((await told(platform)).scores).toEqual(uninterrupted(all));

  await platform.publish([{ kind: "sensor", name: "web", text: document(1, 7) }], {
    author: "test",
    at: 1,
  });
  await send(platform, lines(rows(1, 200)));
  expect((await told(platform)).absent.at(-1)).toBe(LEARNING);
});

test("after kill -9 a model goes on from what was kept", { timeout: 180_000 }, async () => {
  using platforms = testPlatforms({ sensors: { web: document(1) } });
  const all = rows(130);
  const script = join(import.meta.dirname, "..", "testing", "model-child.ts");
  const first = JSON.stringify(lines(all.slice(0, 80)));
  const child = spawn(process.execPath, [script, platforms.data, join(platforms.folder, "defaults"), first], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  for await (const line of createInterface({ input: child.stdout }))
    if (line === "kept") child.kill("SIGKILL");
  expect(await ended).toEqual([null, "SIGKILL"]);

  await using platform = await platforms.open();
  await platform.caughtUp();
  await send(platform, lines(all.slice(80)));
  const { scores } = await told(platform);
  // What was not yet on disk is read, and learned from, once more. Nothing begins anew.
  expect(scores.slice(80).every((score) => typeof score === "number")).toBe(true);
});

test("a worker that is new begins with what others have learned, and goes on with its own from then on", {
  timeout: 180_000,
}, async () => {
  using platforms = testPlatforms({ sensors: { web: document(2) } });
  const options = { data: platforms.data, defaults: join(platforms.folder, "defaults"), sources: false };
  {
    await using platform = await openPlatform({ ...options, workers: 1 });
    await send(platform, lines(rows(70)));
    await platform.caughtUp();
    expect((await told(platform)).absent.filter((why) => why === LEARNING)).toHaveLength(WINDOW);
  }
  {
    await using platform = await openPlatform({ ...options, workers: 2 });
    await platform.ready();
    for (let n = 70; n < 100; n++) await send(platform, lines(rows(1, n)));
    expect((await told(platform)).absent.slice(70)).toEqual(new Array(30).fill(undefined));
  }
  await using platform = await openPlatform({ ...options, workers: 2 });
  const states = [...platform.tables.models.range(STATES)].map(({ key }) => key.split("/").at(-1));
  expect(states).toEqual(["worker-0", "worker-1"]);
});

test("a state that cannot be read is told, and the model begins anew", { timeout: 180_000 }, async () => {
  using platforms = testPlatforms({ global: TWO_WORKERS, sensors: { web: document(1) } });
  {
    await using platform = await platforms.open();
    await send(platform, lines(rows(70)));
    await platform.caughtUp();
  }
  {
    await using platform = await platforms.open();
    const { models } = platform.tables;
    for (const { key } of models.range(STATES))
      await models.put(STATES, key, stateEntry(Date.now(), new Uint8Array(9)));
    await send(platform, lines(rows(1, 70)));
    expect((await told(platform)).absent.at(-1)).toBe(LEARNING);
    const lastError = {
      message: expect.stringContaining("cannot be read: it has no header"),
      at: expect.any(Number),
    };
    await expect
      .poll(async () => (await platform.status()).models)
      .toMatchObject([{ name: "rarity", state: "in force", scored: 0, absent: 1, lastError }]);
  }
});
