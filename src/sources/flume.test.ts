/** An agent of Apache Flume, unmodified, as a sender: its sinks to HTTP and to Kafka. */
import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { jarsOf } from "../../scripts/cluster/jars.ts";
import { adminOf, testKafka } from "../storage/topic/kafka/testing/brokers.ts";
import { elasticsearch } from "./elasticsearch/elasticsearch.ts";
import { kafka } from "./kafka/kafka.ts";
import { collecting } from "./testing/collecting.ts";
import { run } from "./testing/programs.ts";

// Where Kafka cannot run, neither can Flume, and that is told there.
const address = await testKafka();
// Fetched the first time, which takes minutes.
const jars = address === undefined ? "" : jarsOf("flume");
const MINUTES = 180_000;
const RECORDS = Array.from({ length: 100 }, (_, n) => JSON.stringify({ n, text: "käse" }));

describe.skipIf(address === undefined)("Flume", { timeout: MINUTES }, () => {
  test("its HTTP sink and its Kafka sink feed sensors", async () => {
    const brokers = [...(address?.brokers ?? [])];
    const topic = `flume-${randomUUID()}`;
    const admin = adminOf(brokers);
    await admin.createTopics({ topics: [topic], partitions: 1 });
    const [overHttp, overKafka] = [collecting(), collecting()];
    await using door = await elasticsearch.open(elasticsearch.config.parse({ port: 0 }), overHttp.context);
    await using _source = await kafka.open(kafka.config.parse({ topic, brokers }), overKafka.context);
    await using _agent = await startFlume({
      "sinks.http.type": "http",
      "sinks.http.endpoint": `${door.addresses[0]}/flume/_doc`,
      "sinks.http.contentTypeHeader": "application/json",
      "sinks.http.acceptHeader": "application/json",
      "sinks.http.backoff.2XX": "false",
      "sinks.http.rollback.2XX": "false",
      "sinks.http.incrementMetrics.2XX": "true",
      "sinks.kafka.type": "org.apache.flume.sink.kafka.KafkaSink",
      "sinks.kafka.kafka.bootstrap.servers": brokers.join(),
      "sinks.kafka.kafka.topic": topic,
    });
    for (const { records } of [overHttp, overKafka]) {
      await expect.poll(() => records.length, { timeout: MINUTES }).toBe(RECORDS.length);
      expect(records.map((text) => Buffer.from(text, "latin1").toString())).toEqual(RECORDS);
    }
    await admin.deleteTopics({ topics: [topic] });
    await admin.close();
  });
});

/** An agent that reads a folder and hands each line to both sinks. */
async function startFlume(sinks: Readonly<Record<string, string>>) {
  const folder = await mkdtempDisposable(join(tmpdir(), "metron-flume-"));
  const spool = join(folder.path, "spool");
  mkdirSync(spool);
  writeFileSync(join(spool, "records.log"), RECORDS.map((record) => `${record}\n`).join(""));
  const settings = {
    sources: "spool",
    channels: "one two",
    sinks: "http kafka",
    "sources.spool.type": "spooldir",
    "sources.spool.spoolDir": spool,
    "sources.spool.channels": "one two",
    "channels.one.type": "memory",
    "channels.two.type": "memory",
    "sinks.http.channel": "one",
    "sinks.kafka.channel": "two",
    ...sinks,
  };
  const file = join(folder.path, "flume.properties");
  writeFileSync(
    file,
    Object.entries(settings)
      .map(([key, value]) => `agent.${key} = ${value}\n`)
      .join(""),
  );
  const words = ["-Xmx128m", "-Dfile.encoding=UTF-8", "-cp", join(jars, "*")];
  const main = ["org.apache.flume.node.Application", "--name", "agent", "--conf-file", file];
  const program = run("java", [...words, ...main]);
  return {
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]();
      await folder.remove();
    },
  };
}
