/** Messages into topics of others, on a real broker. */
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { kafkaTool, startKafka } from "../../../scripts/cluster/kafka.ts";
import { Batch } from "../../core/batch.ts";
import { blockOf } from "../../core/block.ts";
import { makeContext } from "../../core/context.ts";
import type { Message } from "../../core/message.ts";
import { openPlatform, type Platform } from "../../platform/platform.ts";
import { found, numbers, send, testPlatforms, upTo } from "../../platform/testing/test-platform.ts";
import { openForeignTopic } from "../../storage/storage.ts";
import { adminOf, testKafka } from "../../storage/topic/kafka/testing/brokers.ts";
import { partitionOfKey } from "../../storage/topic/key.ts";
import { kafka } from "./kafka.ts";

const address = await testKafka();
const MINUTES = 180_000;

const MESSAGES: readonly Message[] = [
  {
    guid: "g1",
    "source.type": "bro",
    ip_src_addr: "10.0.0.1",
    original_string: "one käse",
    "threat.triage.score": 7.5,
  },
  {
    guid: "g2",
    "source.type": "bro",
    ip_src_addr: "10.0.0.2",
    original_string: "two",
    deep: { a: [1, "x"] },
  },
  { guid: "g3", "source.type": "bro", original_string: "three" },
];

describe.skipIf(address === undefined)("a topic of others as a sink", { timeout: MINUTES }, () => {
  const brokers = [...(address?.brokers ?? [])];

  test("Kafka's own client reads messages as JSON without a key, as in the original's topic `indexing`", async () => {
    await using topic = await makeTopic(brokers);
    await write(topic.name, {}, MESSAGES);
    const lines = await consume(brokers, topic.name, 3);
    expect(lines.map((line) => line.split("\t")[0])).toEqual(["null", "null", "null"]);
    expect(lines.map((line) => JSON.parse(line.split("\t")[1] ?? ""))).toEqual(MESSAGES);
  });

  test("the original text as a probe sends it, by a key", async () => {
    await using topic = await makeTopic(brokers);
    await write(topic.name, { content: "original", key: "ip_src_addr" }, MESSAGES);
    expect((await consume(brokers, topic.name, 3)).toSorted()).toEqual([
      "10.0.0.1\tone käse",
      "10.0.0.2\ttwo",
      "null\tthree",
    ]);
  });

  test("a message without its original text is rejected, and not passed on as an empty record", async () => {
    await using topic = await makeTopic(brokers);
    const batch = await write(topic.name, { content: "original" }, [{ guid: "g0" }, ...MESSAGES]);
    expect(batch.rejected).toMatchObject([
      { row: 0, rejection: { reason: expect.stringContaining("expected text in `original_string`") } },
    ]);
    expect((await consume(brokers, topic.name, 3))[0]).toBe("null\tone käse");
  });

  test("messages of many keys go together, each to the partition that Kafka's own clients choose", async () => {
    await using topic = await makeTopic(brokers, {}, 3);
    const messages = Array.from({ length: 300 }, (_, n) => ({ n, of: n % 2 === 0 ? `k${n}` : [n] }));
    await write(topic.name, { key: "of" }, messages);
    const lines = await consume(brokers, topic.name, 300, "print.partition=true");
    const found = lines.map((line) => line.split("\t"));
    expect(found.map(([, key]) => key).toSorted()).toEqual(
      messages.map(({ of }) => (typeof of === "string" ? of : JSON.stringify(of))).toSorted(),
    );
    const chosen = found.map(([, key = ""]) => `Partition:${partitionOfKey(key, 3)}`);
    expect(found.map(([partition]) => partition)).toEqual(chosen);
    expect(await batchesOf(brokers, topic.name)).toBeLessThan(10);
  });

  test("a message that the topic does not take is rejected with its reason, and the others are passed on", async () => {
    await using topic = await makeTopic(brokers, { "max.message.bytes": "2000" });
    // What cannot be compressed is as large as it looks.
    const large = Array.from({ length: 300 }, () => randomUUID()).join("");
    const batch = await write(topic.name, {}, [...MESSAGES, { guid: "g4", large }]);
    expect(batch.rejected).toMatchObject([
      {
        row: 3,
        rejection: { type: "indexing_error", reason: expect.stringContaining("more than the topic takes") },
      },
    ]);
    expect(await consume(brokers, topic.name, 3)).toHaveLength(3);
  });

  test("brokers that do not answer are told", async () => {
    await using own = await startKafka();
    const admin = adminOf(own.brokers);
    await admin.createTopics({ topics: ["indexing"], partitions: 1 });
    await admin.close();
    const sink = await open("indexing", { brokers: [...own.brokers] });
    await sink.write(batchOf(MESSAGES));
    await own.kill(0);
    await expect(sink.write(batchOf(MESSAGES))).rejects.toMatchObject({ code: "KAFKA_UNREACHABLE" });
    await sink[Symbol.asyncDispose]();
  });

  test("a topic between two sensors, and nothing is done before it is there", async () => {
    const name = `between-${randomUUID()}`;
    const connection = JSON.stringify({ topic: name, brokers });
    using platforms = testPlatforms({
      sensors: {
        web: `sensor: web\nparser: { jsonMap: {} }\nsinks: { kafka: ${connection} }\n`,
        again: `sensor: again\nsource: { kafka: ${connection} }\nparser: { jsonMap: {} }\ntrusted: [original_string]\n`,
      },
    });
    const openWithSources = () =>
      openPlatform({
        ...{ data: platforms.data, defaults: `${platforms.folder}/defaults`, sources: true },
      });
    {
      await using platform = await openWithSources();
      await platform.ready();
      await send(
        platform,
        upTo(5).map((n) => `{"n":${n},"ip_src_addr":"10.0.0.1"}`),
      );
      await expect.poll(() => problems(platform), { timeout: MINUTES }).toContain("NOT_FOUND");
      expect(await numbers(platform)).toEqual([]);
      const admin = adminOf(brokers);
      await admin.createTopics({ topics: [name], partitions: 2 });
      await admin.close();
      await expect.poll(() => numbers(platform), { timeout: MINUTES }).toEqual(upTo(5));
      await expect.poll(() => numbers(platform, "again"), { timeout: MINUTES }).toEqual(upTo(5));
      const [first] = await found(platform, "n:0", "web");
      const [copy] = await found(platform, "n:0", "again");
      expect(copy).toMatchObject({
        "source.type": "again",
        "sent.source.type": "web",
        "sent.guid": first?.guid,
        original_string: '{"n":0,"ip_src_addr":"10.0.0.1"}',
        timestamp: first?.timestamp,
      });
    }
    await using platform = await openWithSources();
    await platform.ready();
    await send(platform, ['{"n":5}']);
    await expect.poll(() => numbers(platform, "again"), { timeout: MINUTES }).toEqual(upTo(6));
  });

  const open = (topic: string, more: object = {}) =>
    kafka.open(kafka.config.parse({ topic, brokers, ...more }), {
      ...makeContext(),
      sensor: "bro",
      readSecret: () => "",
    });

  async function write(topic: string, more: object, messages: readonly Message[]): Promise<Batch> {
    const sink = await open(topic, more);
    const batch = batchOf(messages);
    await sink.write(batch);
    await sink[Symbol.asyncDispose]();
    return batch;
  }
});

function batchOf(messages: readonly Message[]): Batch {
  const batch = new Batch();
  batch.load(
    blockOf(
      messages.map(() => ""),
      0,
    ),
    { topic: "bro", partition: 0, offset: 0 },
  );
  for (const [record, message] of messages.entries()) batch.addMessage(record, message);
  return batch;
}

async function problems(platform: Platform): Promise<readonly string[]> {
  return (await platform.status()).problems.map(({ code }) => code);
}

/** Keys and values as Kafka's own console consumer prints them. */
async function consume(
  brokers: readonly string[],
  topic: string,
  count: number,
  ...properties: readonly string[]
): Promise<readonly string[]> {
  const printed = await kafkaTool("org.apache.kafka.tools.consumer.ConsoleConsumer", [
    ...["--bootstrap-server", brokers.join(), "--topic", topic, "--from-beginning"],
    ...["--max-messages", String(count), "--formatter-property", "print.key=true"],
    ...properties.flatMap((property) => ["--formatter-property", property]),
  ]);
  return printed.trim().split("\n");
}

/** How many batches a topic consists of. */
async function batchesOf(brokers: readonly string[], name: string): Promise<number> {
  await using topic = await openForeignTopic(name, { brokers: [...brokers] }, () => "", makeContext());
  let batches = 0;
  for (let partition = 0; partition < topic.partitions; partition++) {
    const end = await topic.end(partition);
    if (end === 0) continue;
    for await (const { block, position } of topic.read(partition, 0)) {
      batches++;
      if (position.offset + block.ends.length === end) break;
    }
  }
  return batches;
}

/** A topic as somebody else makes it, which is gone in the end. */
async function makeTopic(
  brokers: readonly string[],
  settings: Readonly<Record<string, string>> = {},
  partitions = 1,
) {
  const name = `theirs-${randomUUID()}`;
  const admin = adminOf(brokers);
  const configs = Object.entries(settings).map(([key, value]) => ({ name: key, value }));
  await admin.createTopics({ topics: [name], partitions, configs });
  return {
    name,
    async [Symbol.asyncDispose]() {
      await admin.deleteTopics({ topics: [name] });
      await admin.close();
    },
  };
}
