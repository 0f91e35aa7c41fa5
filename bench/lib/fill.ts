/**
 * Prepares a data folder for the pipeline benchmark: records in the topic, a million indicators in the table. Prints
 * the mean size of a record in bytes.
 *
 *   node fill.ts FOLDER SHAPE MESSAGES PARTITIONS [STORAGE]
 *
 * STORAGE is `storage` of the global document, as JSON.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { makeContext } from "../../src/core/context.ts";
import { openTables } from "../../src/storage/table/lmdb.ts";
import { openKafkaTopics } from "../../src/storage/topic/kafka/topics.ts";
import { openTopics } from "../../src/storage/topic/segments/topics.ts";
import { knownHosts } from "./sensors.ts";
import { indicators, makeBlocks, type Shape } from "./telemetry.ts";

const INDICATORS = 1_000_000;
/** Distinct records; the topic repeats them. */
const DISTINCT = 262_144;

const [folder = "", shape = "zeek", wanted = "0", parts = "2", stored = "{}"] = process.argv.slice(2);
const messages = Number(wanted);
const partitions = Number(parts);
mkdirSync(join(folder, "defaults"), { recursive: true });
const storage = JSON.parse(stored) as { kafka?: Parameters<typeof openKafkaTopics>[1] };
const global = { workers: partitions, hosts: knownHosts(), topics: { retentionBytes: 1e12 }, storage };
writeFileSync(join(folder, "defaults", "metron.yaml"), stringify(global));
const context = makeContext();
{
  await using tables = await openTables(join(folder, "data", "tables"), context);
  const table = await tables.table("threatintel");
  await table.load("malicious_ip", indicators(INDICATORS), { replace: true });
}
{
  const place = join(folder, "data", "topics");
  await using topics = await (storage.kafka === undefined
    ? openTopics(place, context)
    : openKafkaTopics(place, storage.kafka, () => "", context));
  const topic = await topics.topic(shape, { partitions });
  const blocks = makeBlocks(shape as Shape, Math.min(messages, DISTINCT), Date.now());
  let filled = 0;
  let bytes = 0;
  let last: Promise<unknown> = Promise.resolve();
  for (let turn = 0; filled < messages; turn++) {
    const block = blocks[turn % blocks.length] as (typeof blocks)[number];
    last = topic.append(turn % partitions, { ...block, arrival: Date.now() });
    if (turn % 16 === 15) await last;
    filled += block.ends.length;
    bytes += block.bytes.length;
  }
  await last;
  process.stdout.write(String(bytes / filled));
}
