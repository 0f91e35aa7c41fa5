import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readGlobal } from "../config/global.ts";
import { readSensor } from "../config/sensor.ts";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import { makeContext, silentLog } from "../core/context.ts";
import type { Message } from "../core/message.ts";
import { openTestServices } from "../platform/testing/stages.ts";
import { random } from "../scenario/random.ts";
import type { SensorStages } from "./pipeline.ts";
import { openStages } from "./stages.ts";
import { through } from "./testing/through.ts";

const DOCUMENT = `sensor: flows
parser: { jsonMap: {} }
models:
  - name: rarity
    version: "7"
    features: { size: bytes / 1000.0, port: port }
    halfSpaceTrees: { window: 50, reasonsFrom: 0.6 }
  - name: rarity
    version: "8"
    shadow: true
    features: { size: bytes / 1000.0 }
    halfSpaceTrees: { window: 20 }
threatIntel:
  stellar:
    is_alert: "if models.rarity.score > 0.6 then true else is_alert"
triage:
  rules:
    - name: rare
      rule: models.rarity.score > 0.6
      score: models.rarity.score * 100
      reason: models.rarity.reasons
`;

const services = await openTestServices();
afterAll(() => services[Symbol.asyncDispose]());

function open(text = DOCUMENT): SensorStages {
  return openStages(readSensor(text, "flows"), readGlobal("", "global"), services, makeContext());
}

function run(stages: SensorStages, records: readonly object[], batch = new Batch()): Message[] {
  batch.load(
    blockOf(
      records.map((record) => JSON.stringify(record)),
      0,
    ),
    { topic: "flows", partition: 0, offset: 0 },
  );
  through(stages, batch);
  return Array.from({ length: batch.rows }, (_, row) => batch.message(row));
}

function ordinary(count: number, seed = 1): object[] {
  const chance = random(seed);
  return Array.from({ length: count }, () => ({
    bytes: Math.round(chance.spread(2000, 0.3)),
    port: chance.pick([80, 443]),
  }));
}

test("a model learns, scores, says why, and triage goes by it; a shadow writes beside", () => {
  const stages = open(DOCUMENT.replace("flows", "flows1"));
  const messages = run(stages, [
    ...ordinary(100),
    { bytes: 9_000_000, port: 31_337 },
    { bytes: 1 },
    { bytes: "x", port: 1 },
  ]);
  expect(messages[0]).toMatchObject({
    "models.rarity.absent": "the model is learning from its first window",
  });
  expect(messages[0]?.["models.rarity.score"]).toBeUndefined();
  expect(messages[49]?.["models.rarity.score"]).toBeUndefined();
  expect(messages[50]).toMatchObject({
    "models.rarity.score": expect.any(Number),
    "models.rarity.version": "7",
  });
  expect(messages[20]?.["models.rarity.shadow.8.score"]).toEqual(expect.any(Number));
  expect(messages[20]?.["models.rarity.shadow.8.version"]).toBe("8");
  const odd = messages[100] as Message;
  expect(odd.is_alert).toBe("true");
  expect(odd["models.rarity.score"]).toBeGreaterThan(0.6);
  expect(odd["models.rarity.reasons"]).toMatch(/^(size|port) \+0\.\d{3}, (size|port) \+0\.\d{3}$/);
  expect(odd["threat.triage.score"]).toBeCloseTo((odd["models.rarity.score"] as number) * 100, 9);
  expect(odd["threat.triage.rules.0.reason"]).toBe(odd["models.rarity.reasons"]);
  expect(messages[101]).toMatchObject({ "models.rarity.absent": "port is missing" });
  expect(messages[102]).toMatchObject({ "models.rarity.absent": "size could not be computed" });
  expect(messages.filter(({ is_alert }) => is_alert !== undefined).length).toBeLessThan(8);
});

test("a record cannot bring a score", () => {
  const stages = open(DOCUMENT.replace("flows", "flows2"));
  const [message] = run(stages, [
    { bytes: 1, port: 2, "models.rarity.score": 0.99, "models.rarity.version": "7" },
  ]);
  expect(message?.["models.rarity.score"]).toBeUndefined();
  expect(message?.["models.rarity.version"]).toBeUndefined();
  expect(message?.is_alert).toBeUndefined();
});

test("a record cannot speak for a model that the sensor does not have; what it brought is kept as sent", () => {
  const stages = open(DOCUMENT.replace("flows", "flows6"));
  const [message] = run(stages, [
    { bytes: 1, port: 2, "models.removed.score": 0.99, "models.rarity.shadow.6.score": 0.98 },
  ]);
  expect(message?.["models.removed.score"]).toBeUndefined();
  expect(message?.["models.rarity.shadow.6.score"]).toBeUndefined();
  expect(message).toMatchObject({
    "sent.models.removed.score": 0.99,
    "sent.models.rarity.shadow.6.score": 0.98,
  });
});

test("stages that are opened again go on with what was learned, unless the model is another", () => {
  const text = DOCUMENT.replace("flows", "flows3");
  const before = open(text);
  run(before, ordinary(60));
  const same = open(text.replace("score: models.rarity.score * 100", "score: 5"));
  const score = (stages: SensorStages) => run(stages, ordinary(1, 5))[0]?.["models.rarity.score"];
  expect(score(same)).toEqual(expect.any(Number));
  expect(score(open(text.replace("window: 50", "window: 51")))).toBeUndefined();
  expect(score(open(text.replace("bytes / 1000.0, port", "bytes / 1000.1, port")))).toBeUndefined();
  expect(score(before)).toEqual(expect.any(Number));
});

test("another version of the document writes its own words into the batch of the one before", () => {
  const batch = new Batch();
  const text = DOCUMENT.replace("flows", "flows4");
  for (const version of ["7", "9"]) {
    const stages = open(text.replace('version: "7"', `version: "${version}"`));
    const messages = run(stages, ordinary(60), batch);
    expect(messages[55]).toMatchObject({ "models.rarity.version": version });
    expect(messages[5]).toMatchObject({ "models.rarity.absent": expect.stringContaining("learning") });
  }
});

test.each([
  [
    "features: { size: bytes / 1000.0, port: port }",
    "features: {}",
    /^flows:6:5: models\.0\.features: expected 1 to 255 features/,
  ],
  ["size: bytes / 1000.0, port", "size: (bytes, port", /^flows:6:\d+: models\.0\.features\.size: .*\(bytes/],
  ["window: 50", "window: 5", /^flows:7:23: models\.0\.halfSpaceTrees\.window: /],
  [
    "halfSpaceTrees: { window: 50, reasonsFrom: 0.6 }",
    "",
    /^flows:4:5: models\.0: expected one kind of model/,
  ],
  [
    "    shadow: true\n",
    "",
    /^flows:8:5: models\.1\.name: another model writes to `models\.rarity` already; make one of them a shadow/,
  ],
  [
    'version: "8"',
    'version: "7"',
    /^flows:9:5: models\.1\.version: another model is called `rarity` with version `7`/,
  ],
  ['version: "8"', "version: 8", /^flows:9:5: models\.1\.version: /],
  ["name: rarity", "name: a.b", /^flows:4:5: models\.0\.name: expected a name of letters/],
])("%s as %s is refused at its place", (part, wrong, said) => {
  expect(() => open(DOCUMENT.replace(part, wrong))).toThrow(said);
});

test("the log says how many messages lack what a model reads, at once and then once per hour", () => {
  const told: unknown[] = [];
  const clock = { at: 0 };
  const log = {
    ...silentLog,
    warn: (sentence: string, fields: unknown) => void told.push([sentence, fields]),
  };
  const context = makeContext({ log, clock: { now: () => clock.at } });
  const [before = "", after = ""] = DOCUMENT.replace("flows", "flows5").split(
    / {2}- name: rarity\n {4}version: "8"/,
  );
  const text = before + after.slice(after.indexOf("threatIntel"));
  const stages = openStages(readSensor(text, "flows"), readGlobal("", "global"), services, context);
  run(stages, [{ bytes: 1 }, { bytes: "x", port: 1 }, ...ordinary(3)]);
  run(stages, [{ port: 1 }]);
  clock.at = 3_600_000;
  run(stages, [{ port: 1 }]);
  clock.at = 1_800_000;
  run(stages, [{ port: 1 }]);
  const sentence = "Messages have no score, as they lack what a model reads.";
  const fields = {
    model: "flows5/rarity@7",
    field: "models.rarity.absent",
    error: expect.stringContaining("size: "),
  };
  expect(told).toEqual([
    [sentence, { ...fields, messages: 2 }],
    [sentence, { ...fields, messages: 2, error: undefined }],
    // The clock was set back.
    [sentence, { ...fields, messages: 1, error: undefined }],
  ]);
});

const GUIDE = readFileSync(join(import.meta.dirname, "../../docs/guide/models.md"), "utf8");
const examples = Array.from(GUIDE.matchAll(/^```yaml\n(.*?)^```$/gms), ([, text = ""]) => text);

test("the documents of the guide are right", () => {
  expect(examples).toHaveLength(5);
  for (const text of examples) {
    if (text.includes("endpoints:")) expect(readGlobal(text, "global").models.endpoints).toHaveLength(1);
    else if (text.startsWith("sensor:")) expect(open(text).rest.map(({ name }) => name)).toContain("models");
    else readSensor(`sensor: flows\nparser: { jsonMap: {} }\n${text}`, "flows");
  }
});
