/** What Kafka's own clients write and read, in Java, against what we read and write. */
import { describe, expect, test } from "vitest";
import { kafkaTool, runJava } from "../../../../scripts/cluster/kafka.ts";
import { attach } from "../../../core/attached.ts";
import { blockOf } from "../../../core/block.ts";
import { readAll, textsOf } from "../testing/describe-topic.ts";
import { adminOf, openTestTopics, ownSettings, removeTopics, testKafka } from "./testing/brokers.ts";

const address = await testKafka();

describe.skipIf(address === undefined)("with Kafka's own clients", () => {
  const brokers = address?.brokers ?? [];

  test.each(["none", "lz4"] as const)(
    "the console consumer reads what we wrote, compressed by %s",
    async (compression) => {
      const settings = ownSettings({ brokers } as never, { compression });
      const topics = await openTestTopics(settings);
      try {
        const topic = await topics.topic("bro");
        await topic.append(0, blockOf(["one", "käse", ""], 1000));
        await topic.append({ key: "10.0.0.1" }, blockOf(["three"], 1_700_000_000_000));
        const attached = attach([{ key: "own", headers: [{ name: "site", value: Buffer.from("north") }] }]);
        await topic.append(0, { ...blockOf(["four"], 2000), attached });
        const shown = ["timestamp", "offset", "headers", "key"].flatMap((what) => [
          "--formatter-property",
          `print.${what}=true`,
        ]);
        const printed = await kafkaTool("org.apache.kafka.tools.consumer.ConsoleConsumer", [
          ...["--bootstrap-server", brokers.join(), "--topic", `${settings.prefix}bro`],
          ...["--from-beginning", "--max-messages", "5", ...shown],
        ]);
        expect(printed.trim().split("\n")).toEqual([
          "CreateTime:1000\tOffset:0\tNO_HEADERS\tnull\tone",
          "CreateTime:1000\tOffset:1\tNO_HEADERS\tnull\tkäse",
          "CreateTime:1000\tOffset:2\tNO_HEADERS\tnull\t",
          "CreateTime:1700000000000\tOffset:3\tNO_HEADERS\t10.0.0.1\tthree",
          "CreateTime:2000\tOffset:4\tsite:north\town\tfour",
        ]);
      } finally {
        await topics[Symbol.asyncDispose]();
        await removeTopics(settings);
      }
    },
  );

  test("we read what the Java client wrote: every compression, keys, headers, and no transaction that was given up", async () => {
    const settings = ownSettings({ brokers } as never);
    const [plain, transactions] = [`${settings.prefix}plain`, `${settings.prefix}transactions`];
    const admin = adminOf(brokers);
    await admin.createTopics({ topics: [plain, transactions], partitions: 1 });
    await admin.close();
    await runJava("Produce.java", [brokers.join(), plain, transactions]);
    const topics = await openTestTopics(settings);
    try {
      const read = await readAll(await topics.topic("plain"), 0, 0);
      // One batch per compression, with the largest time of its records.
      expect(read.map(({ offset, arrival }) => [offset, arrival])).toEqual(
        [0, 50, 100, 150, 200].map((offset) => [offset, 1049]),
      );
      expect(read.flatMap(({ records }) => records)).toEqual(
        ["none", "gzip", "snappy", "lz4", "zstd"].flatMap((name) =>
          Array.from({ length: 50 }, (_, index) => `${name} käse ${index}`),
        ),
      );
      for await (const { block, position } of (await topics.topic("plain")).read(0, 0, { follow: false })) {
        if (block.attached === undefined) throw new Error("keys and headers are missing");
        expect([position.offset, textsOf(block.attached)]).toEqual([
          position.offset,
          Array.from({ length: 50 }, (_, index) => [`key-${index}`, ["origin", "java"]]),
        ]);
      }
      const found = await readAll(await topics.topic("transactions"), 0, 0);
      expect(found.flatMap(({ records }) => records)).toEqual(
        ["first", "last"].flatMap((kind) => [0, 1, 2].map((index) => `${kind} ${index}`)),
      );
      // Markers have offsets too: who reads is told how far it is.
      const topic = await topics.topic("transactions");
      expect(found.at(-1)).toMatchObject({ offset: await topic.end(0), records: [] });
    } finally {
      await topics[Symbol.asyncDispose]();
      await removeTopics(settings);
    }
  });
});
