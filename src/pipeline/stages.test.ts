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

const ROOT = join(import.meta.dirname, "..", "..");
const documents = globSync("config/sensors/*.yaml", { cwd: ROOT }).sort();

test.each(documents)("%s opens", async (file) => {
  await using services = await openTestServices();
  const placed = readSensor(readFileSync(join(ROOT, file), "utf8"), file);
  expect(placed.sensor.sensor).toBe(basename(file, ".yaml"));
  const stages = openStages(placed, readGlobal("", "global"), services, makeContext());
  expect(stages.indexed).toBe(true);
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
    for (const stage of [
      stages.parse,
      stages.transform,
      stages.validate,
      stages.enrich,
      stages.threatIntel,
      stages.triage,
    ])
      stage(batch);
    expect(batch.rejected.slice(0, 3), sensor).toEqual([]);
    expect(batch.liveCount(), sensor).toBe(telemetry.length);
  }
});
