import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { readGlobal } from "../config/global.ts";
import { readSensor } from "../config/sensor.ts";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import { makeContext } from "../core/context.ts";
import { openTestServices } from "../platform/testing/stages.ts";
import { DEFAULTS, generate } from "../scenario/scenario.ts";
import { openStages } from "./stages.ts";
import { through } from "./testing/through.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const documents = globSync("config/sensors/*.yaml", { cwd: ROOT }).sort();

test.each(documents)("%s opens", async (file) => {
  await using services = await openTestServices();
  const placed = readSensor(readFileSync(join(ROOT, file), "utf8"), file);
  expect(placed.sensor.sensor).toBe(basename(file, ".yaml"));
  const stages = openStages(placed, readGlobal("", "global"), services, makeContext());
  expect(stages.indexed).toBe(true);
});

test("a mistake in a sensor's validation stands there, whatever the global document validates", async () => {
  await using services = await openTestServices();
  const global = readGlobal("validations: [ { IP: { input: a } } ]\n", "global");
  const text = "sensor: web\nparser: { asa: {} }\nvalidations:\n  - DATE: { input: b }\n";
  expect(() => openStages(readSensor(text, "web"), global, services, makeContext())).toThrow(
    /^web:4:5: validations\.0\.DATE\.config\.format: /,
  );
});

test.each([
  ["", "web"],
  ["source: { kafka: { topic: proxy, brokers: ['kafka:9092'] } }\n", "proxy"],
])("the topic among the metadata is that of others where they own it: %s", async (source, topic) => {
  await using services = await openTestServices();
  const text = `sensor: web\n${source}raw: { readMetadata: true, mergeMetadata: true }\nparser: { jsonMap: {} }\n`;
  const stages = openStages(readSensor(text, "web"), readGlobal("", "global"), services, makeContext());
  const batch = new Batch();
  batch.load(blockOf(['{"n":1}'], 0), { topic: "web", partition: 0, offset: 0 });
  through(stages, batch);
  expect(batch.message(0)["metron.metadata.topic"]).toBe(topic);
});

test("the shipped sensors read every record of the scenario", async () => {
  await using services = await openTestServices();
  const global = readGlobal(readFileSync(join(ROOT, "config", "metron.yaml"), "utf8"), "metron.yaml");
  const bySensor = Map.groupBy(generate({ ...DEFAULTS, duration: 3_600_000 }), ({ sensor }) => sensor);
  for (const [sensor, telemetry] of bySensor) {
    const stages = openStages(
      readSensor(readFileSync(join(ROOT, `config/sensors/${sensor}.yaml`), "utf8"), sensor),
      global,
      services,
      makeContext(),
    );
    const batch = new Batch();
    batch.load(
      blockOf(
        telemetry.map(({ record }) => record),
        Date.now(),
      ),
      { topic: sensor, partition: 0, offset: 0 },
    );
    through(stages, batch);
    expect(batch.rejected.slice(0, 3), sensor).toEqual([]);
    expect(batch.liveCount(), sensor).toBe(telemetry.length);
  }
});
