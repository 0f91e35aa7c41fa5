/**
 * The stages of the loop in one thread, without topic and index: CPU nanoseconds a message for each.
 *
 *   npm run bench -- stages [--messages=500000] [--shapes=zeek,zeek-general,asa]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readGlobal } from "../src/config/global.ts";
import { readSensor } from "../src/config/sensor.ts";
import { Batch } from "../src/core/batch.ts";
import { makeContext } from "../src/core/context.ts";
import { loadDatabases } from "../src/enrichments/addresses/databases.ts";
import { openStages } from "../src/pipeline/stages.ts";
import { mainServices } from "../src/platform/services.ts";
import { openTables } from "../src/storage/table/lmdb.ts";
import { argument } from "./lib/arguments.ts";
import { knownHosts, sensorDocument } from "./lib/sensors.ts";
import { indicators, makeBlocks, type Shape } from "./lib/telemetry.ts";

export const name = "Stages: CPU per message, one thread";

export async function run(args: readonly string[]): Promise<Record<string, string | number>[]> {
  const messages = Number(argument(args, "messages") ?? 500_000);
  const shapes = (argument(args, "shapes") ?? "zeek,zeek-general,asa").split(",") as Shape[];
  const folder = mkdtempSync(join(tmpdir(), "metron-bench-"));
  using _remove = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
  const context = makeContext();
  await using tables = await openTables(folder, context);
  const threatIntel = await tables.table("threatintel");
  await threatIntel.load("malicious_ip", indicators(1_000_000), { replace: true });
  const services = mainServices({ enrichment: await tables.table("enrichment"), threatIntel }, context);
  await loadDatabases({}, (databases) => services.attach({ databases }));
  const global = { ...readGlobal("", "global"), hosts: knownHosts() };
  const rows: Record<string, string | number>[] = [];
  for (const shape of shapes) {
    const stages = openStages(readSensor(sensorDocument(shape), shape), global, services, context);
    const blocks = makeBlocks(shape, 65_536, Date.now());
    const batch = new Batch();
    const spent: Record<string, number> = { load: 0 };
    const timed = (stage: string, work: () => void) => {
      const before = process.cpuUsage();
      work();
      const { user, system } = process.cpuUsage(before);
      spent[stage] = (spent[stage] ?? 0) + (user + system) * 1000;
    };
    let done = 0;
    for (let turn = 0; done < messages; turn++) {
      // The first rounds warm the compiler up and are not counted.
      if (turn === blocks.length) {
        for (const stage in spent) spent[stage] = 0;
        done = 0;
      }
      const block = blocks[turn % blocks.length]!;
      timed("load", () => batch.load(block, { topic: shape, partition: 0, offset: done }));
      for (const [stage, work] of Object.entries(stages))
        if (typeof work === "function") timed(stage, () => work(batch));
      done += block.ends.length;
      if (turn < blocks.length) done = 0;
    }
    const each = Object.fromEntries(
      Object.entries(spent).map(([stage, ns]) => [`${stage} ns`, Math.round(ns / done)]),
    );
    const total = Object.values(spent).reduce((sum, ns) => sum + ns, 0) / done;
    rows.push({
      work: shape,
      ...each,
      "total ns": Math.round(total),
      "messages/s of one core": Math.round(1e9 / total),
      rejected: batch.rejected.length,
    });
  }
  return rows;
}
