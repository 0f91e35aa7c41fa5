/** Topics of others as a source, on a real broker. */
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { runJava } from "../../../scripts/cluster/kafka.ts";
import { type Block, blockOf } from "../../core/block.ts";
import { makeContext } from "../../core/context.ts";
import { openForeignTopic } from "../../storage/storage.ts";
import { adminOf, testKafka } from "../../storage/topic/kafka/testing/brokers.ts";
import { textsOf } from "../../storage/topic/testing/describe-topic.ts";
import type { Source, SourceContext } from "../source.ts";
import { type Collected, collecting } from "../testing/collecting.ts";
import { kafka } from "./kafka.ts";

const address = await testKafka();
const MINUTES = 120_000;

describe.skipIf(address === undefined)("a topic of others as a source", { timeout: MINUTES }, () => {
  const brokers = [...(address?.brokers ?? [])];

  test("brings what Kafka's own client wrote, with keys and headers, and goes on behind it after a restart", async () => {
    await using theirs = await makeTopic(brokers, 1);
    await runJava("Produce.java", [brokers.join(), theirs.name, `${theirs.name}-t`]);
    const blocks: Block[] = [];
    const collected = collecting();
    const { deliver } = collected.context;
    const context = {
      ...collected.context,
      deliver: (sensor: string, block: Block) => {
        blocks.push(block);
        return deliver(sensor, block);
      },
    };
    {
      await using source = await open(theirs.name, context);
      await collected.until(250);
      expect(source.counts()).toMatchObject({ refused: 0, dropped: 0, peers: 1 });
    }
    const texts = ["none", "gzip", "snappy", "lz4", "zstd"].flatMap((compression) =>
      Array.from({ length: 50 }, (_, index) => `${compression} käse ${index}`),
    );
    expect(collected.records.map((text) => Buffer.from(text, "latin1").toString())).toEqual(texts);
    const attached = blocks.flatMap((block) => (block.attached === undefined ? [] : textsOf(block.attached)));
    expect(attached).toEqual(texts.map((_, index) => [`key-${index % 50}`, ["origin", "java"]]));
    await append(brokers, theirs.name, ["next"]);
    await using source = await open(theirs.name, context);
    await collected.until(251);
    expect(collected.records.slice(250)).toEqual(["next"]);
    await source[Symbol.asyncDispose]();
    expect(source.counts()).toMatchObject({ records: 1, bytes: 4, peers: 0 });
  });

  test("reads all partitions, also those that the topic gets later, and from the end only what comes", async () => {
    await using theirs = await makeTopic(brokers, 2);
    await append(brokers, theirs.name, ["old"], 1);
    const [whole, late] = [collecting(), collecting()];
    await using _all = await open(theirs.name, whole.context);
    await using _end = await open(theirs.name, late.context, { from: "end" });
    await append(brokers, theirs.name, ["a"], 0);
    await append(brokers, theirs.name, ["b"], 1);
    await Promise.all([whole.until(3), late.until(2)]);
    const admin = adminOf(brokers);
    await admin.createPartitions({ topics: [{ name: theirs.name, count: 3 }] });
    await admin.close();
    await expect
      .poll(
        () =>
          append(brokers, theirs.name, ["c"], 2).then(
            () => true,
            () => false,
          ),
        { timeout: MINUTES },
      )
      .toBe(true);
    await Promise.all([whole.until(4), late.until(3)]);
    expect(whole.records.toSorted()).toEqual(["a", "b", "c", "old"]);
    expect(late.records.toSorted()).toEqual(["a", "b", "c"]);
  });

  test("reads no faster than its records become durable", async () => {
    await using theirs = await makeTopic(brokers, 1);
    const large = "x".repeat(1 << 20);
    for (let index = 0; index < 24; index++) await append(brokers, theirs.name, [large]);
    const collected = collecting();
    const gate = Promise.withResolvers<void>();
    collected.gate = gate.promise;
    let asked = 0;
    const { deliver } = collected.context;
    await using _source = await open(theirs.name, {
      ...collected.context,
      deliver: (sensor, block) => {
        asked++;
        return deliver(sensor, block);
      },
    });
    await expect.poll(() => asked, { timeout: MINUTES }).toBe(4);
    // Whoever went on reading would have asked for more by now: the broker answers within milliseconds.
    await append(brokers, theirs.name, ["last"]);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(asked).toBe(4);
    gate.resolve();
    await collected.until(25);
    expect(collected.records.at(-1)).toBe("last");
  });

  test("what could not be delivered is brought again, and nothing before it", async () => {
    await using theirs = await makeTopic(brokers, 1);
    await append(brokers, theirs.name, ["one"]);
    const collected = collecting();
    const { deliver } = collected.context;
    let fails = false;
    const context: SourceContext = {
      ...collected.context,
      deliver: (sensor, block) =>
        fails ? Promise.reject(new Error("the sensor is gone")) : deliver(sensor, block),
    };
    const source = await open(theirs.name, context);
    await collected.until(1);
    await expect.poll(() => source.counts().records).toBe(1);
    fails = true;
    await append(brokers, theirs.name, ["two"]);
    await expect(source.done).rejects.toThrow("the sensor is gone");
    await append(brokers, theirs.name, ["three"]);
    fails = false;
    await using _again = await open(theirs.name, context);
    await collected.until(3);
    expect(collected.records).toEqual(["one", "two", "three"]);
  });

  test("a topic that was deleted and made anew is told, and read anew when that is asked for", async () => {
    await using theirs = await makeTopic(brokers, 1);
    await append(brokers, theirs.name, ["one", "two"]);
    const collected = collecting();
    const source = await open(theirs.name, collected.context);
    await collected.until(2);
    await theirs.remake();
    // As many as were read of the one before: only its identity tells.
    await append(brokers, theirs.name, ["other", "than", "those"]);
    await expect(source.done).rejects.toMatchObject({ code: "TOPIC_LOST" });
    await expect(open(theirs.name, collected.context)).rejects.toMatchObject({
      code: "TOPIC_LOST",
      message: expect.stringContaining("write `reading: 2` in the source to read what is there now"),
    });
    await using _again = await open(theirs.name, collected.context, { reading: 2 });
    await collected.until(5);
    expect(collected.records).toEqual(["one", "two", "other", "than", "those"]);
  });

  test("records that somebody deleted before they were read count as lost, and the next ones come", async () => {
    await using theirs = await makeTopic(brokers, 1);
    await append(brokers, theirs.name, ["one"]);
    const collected = collecting();
    {
      await using _source = await open(theirs.name, collected.context);
      await collected.until(1);
    }
    await append(brokers, theirs.name, ["two", "three", "four"]);
    const admin = adminOf(brokers);
    await admin.deleteRecords({
      topics: [{ name: theirs.name, partitions: [{ partition: 0, offset: 3n }] }],
    });
    await admin.close();
    await using source = await open(theirs.name, collected.context);
    await collected.until(2);
    expect(collected.records).toEqual(["one", "four"]);
    expect(source.counts().dropped).toBe(2);
    expect(source.loss).toContain("somebody deleted them");
  });

  test("a topic that does not exist is told, and not made", async () => {
    const name = `theirs-${randomUUID()}`;
    await expect(open(name, collecting().context)).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining("the brokers have no such topic"),
    });
    const admin = adminOf(brokers);
    expect(await admin.listTopics()).not.toContain(name);
    await admin.close();
  });

  function open(topic: string, context: Collected["context"], more: object = {}): Promise<Source> {
    return kafka.open(kafka.config.parse({ topic, brokers, ...more }), context);
  }
});

/** A topic as somebody else makes it, which is gone in the end. */
async function makeTopic(brokers: readonly string[], partitions: number) {
  const name = `theirs-${randomUUID()}`;
  const admin = adminOf(brokers);
  const make = () => admin.createTopics({ topics: [name], partitions });
  const other = `${name}-t`;
  await admin.createTopics({ topics: [name, other], partitions });
  return {
    name,
    async remake() {
      await admin.deleteTopics({ topics: [name] });
      await expect
        .poll(() =>
          make().then(
            () => true,
            () => false,
          ),
        )
        .toBe(true);
    },
    async [Symbol.asyncDispose]() {
      await admin.deleteTopics({ topics: [name, other] });
      await admin.close();
    },
  };
}

async function append(brokers: readonly string[], name: string, records: readonly string[], partition = 0) {
  const topic = await openForeignTopic(name, { brokers }, () => "", makeContext());
  try {
    await topic.append(partition, blockOf(records, Date.now()));
  } finally {
    await topic[Symbol.asyncDispose]();
  }
}
