import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tinyOnnx } from "../models/testing/tiny-onnx.ts";
import type { Platform } from "./platform.ts";
import { found, send, testPlatforms } from "./testing/test-platform.ts";

const document = (version: string, more = "") => `sensor: web
parser: { jsonMap: {} }
models:
  - name: linear
    version: "${version}"
    features: { a: a, b: b }
    onnx: { file: models/linear-${version}.onnx }
${more}`;

const SHADOW = `  - name: linear
    version: "3"
    shadow: true
    features: { a: a, b: b }
    onnx: { file: models/linear-3.onnx }
`;

const BY = { author: "test", at: 1 };

async function publish(platform: Platform, text: string): Promise<void> {
  await platform.publish([{ kind: "sensor", name: "web", text }], BY);
}

/** The messages of the sensor once there are so many. */
async function messages(platform: Platform, count: number) {
  for (;;) {
    expect((await platform.status()).problems).toEqual([]);
    const all = await found(platform);
    if (all.length >= count) return all.sort((one, other) => Number(one.n) - Number(other.n));
    await new Promise((done) => setTimeout(done, 20));
  }
}

test("models are published, replaced and tried in the shadow while telemetry flows, and no message is lost", async () => {
  using platforms = testPlatforms();
  await using platform = await platforms.open();
  mkdirSync(join(platforms.data, "models"), { recursive: true });
  for (const [version, weights] of Object.entries({ 1: [2, 3], 2: [20, 30], 3: [5, 5] }))
    writeFileSync(join(platforms.data, `models/linear-${version}.onnx`), tinyOnnx({ weights }));
  await publish(platform, document("1"));
  await send(platform, ['{"n":0,"a":1,"b":1}', '{"n":1,"a":1}', '{"n":2,"a":"1","b":1}']);
  const first = await messages(platform, 3);
  expect(first[0]).toMatchObject({ "models.linear.score": 5, "models.linear.version": "1" });
  expect(first[1]).toMatchObject({ "models.linear.absent": "b is missing" });
  expect(first[2]).toMatchObject({ "models.linear.absent": "a is not a number" });

  let sent = 3;
  let isPublished = false;
  const stream = (async () => {
    // Some of the messages come before the second version is in force, and some after.
    for (let after = 0; after < 50; sent++) {
      await send(platform, [`{"n":${sent},"a":1,"b":1}`]);
      if (isPublished) after++;
    }
  })();
  await publish(platform, document("2", SHADOW));
  isPublished = true;
  await stream;
  const all = await messages(platform, sent);
  expect(all.map(({ n }) => n)).toEqual(Array.from({ length: sent }, (_, n) => n));
  const scored = all.slice(3);
  for (const message of scored)
    expect(message["models.linear.score"]).toBe(message["models.linear.version"] === "1" ? 5 : 50);
  expect(scored.at(-1)).toMatchObject({
    "models.linear.version": "2",
    "models.linear.shadow.3.score": 10,
    "models.linear.shadow.3.version": "3",
  });

  const by = (version: string) => scored.filter((one) => one["models.linear.version"] === version).length;
  const inShadow = scored.filter((one) => one["models.linear.shadow.3.score"] !== undefined).length;
  const told = async () => (await platform.status()).models?.map(({ lastAt: _, ...model }) => model);
  const one = { sensor: "web", name: "linear", absent: 0, reasons: {}, late: 0 };
  await expect.poll(told).toEqual([
    { ...one, version: "2", state: "in force", scored: by("2") },
    { ...one, version: "3", state: "shadow", scored: inShadow },
    {
      ...{ ...one, version: "1", state: "replaced", scored: by("1") + 1, absent: 2 },
      reasons: { "b is missing": 1, "a is not a number": 1 },
    },
  ]);
}, 60_000);

test("a model that is no model is refused at its line, and what was in force stays", async () => {
  using platforms = testPlatforms();
  await using platform = await platforms.open();
  const folder = join(platforms.data, "models");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "linear-1.onnx"), tinyOnnx());
  writeFileSync(join(folder, "linear-2.onnx"), tinyOnnx().subarray(0, 90));
  writeFileSync(join(folder, "linear-3.onnx"), tinyOnnx({ nodes: [{ operator: "Divine", inputs: ["X"] }] }));
  await publish(platform, document("1"));
  const refused = async (version: string) =>
    publish(platform, document(version)).then(
      () => "published",
      (error: Error) => error.message,
    );
  expect(await refused("2")).toMatch(
    /^sensor\/web:7:13: models\.0\.onnx\.file: the model models\/linear-2\.onnx: it is cut off or damaged/,
  );
  expect(await refused("3")).toContain("nobody knows its operator ai.onnx:Divine (node `node0`)");
  expect(await refused("4")).toContain("no such file");
  await send(platform, ['{"n":0,"a":1,"b":1}']);
  expect((await messages(platform, 1))[0]).toMatchObject({ "models.linear.score": 5 });
}, 60_000);
