/** What an operator is told when something is wrong with the brokers or with what they hold. */
import { randomBytes } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { ResponseError } from "@platformatic/kafka";
import { describe, expect, test } from "vitest";
import { blockOf } from "../../../core/block.ts";
import { type Log, silentLog } from "../../../core/context.ts";
import { faultOf } from "../../kafka/faults.ts";
import type { KafkaSettings } from "../../kafka/settings.ts";
import { readAll } from "../testing/describe-topic.ts";
import {
  adminOf,
  type KafkaAddress,
  openTestTopics,
  ownSettings,
  removeTopics,
  testKafka,
} from "./testing/brokers.ts";

const address = await testKafka();

test.each([
  [14, "KAFKA_UNREACHABLE", "the brokers are not ready: "],
  [6, "KAFKA_UNREACHABLE", "the brokers are not ready: "],
  [19, "KAFKA_UNREACHABLE", "the brokers are not ready: "],
  [29, "KAFKA_REFUSED", "the broker refuses it: "],
  [3, "TOPIC_LOST", "there is no such topic any more"],
  [10, "TOO_LARGE", "the broker takes no batch of that size"],
])("answer %i of a broker is %s", (number, code, said) => {
  const error = new ResponseError(0, 9, { "/": [number, null] }, undefined);
  expect(faultOf("appending", error)).toMatchObject({
    code,
    message: expect.stringContaining(`appending: ${said}`),
  });
});

describe.skipIf(address === undefined)("faults of Kafka", () => {
  const at = address as KafkaAddress;

  test("brokers that nobody runs are told at the start", async () => {
    const settings = ownSettings(at, { brokers: ["127.0.0.1:1"] });
    await expect(openTestTopics(settings)).rejects.toMatchObject({
      code: "KAFKA_UNREACHABLE",
      message: expect.stringMatching(/^reaching Kafka at 127\.0\.0\.1:1: no broker answers: .*ECONNREFUSED/),
    });
  });

  test("something that is no Kafka is told at the start", async () => {
    const server = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const settings = ownSettings(at, { brokers: [`127.0.0.1:${port}`] });
    await expect(openTestTopics(settings)).rejects.toMatchObject({
      code: "KAFKA_UNREACHABLE",
    });
    server.close();
  });

  test("a topic that somebody deleted is told to readers, and appends wait and say why", async () => {
    await withTopics(async (settings, topics) => {
      const topic = await topics.topic("bro");
      await topic.append(0, blockOf(["one"], 1));
      await removeTopics(settings);
      await expect(async () => {
        for await (const _ of topic.read(0, 0)) break;
      }).rejects.toMatchObject({ code: "TOPIC_LOST" });
      const waiting = topic.append(0, blockOf(["two"], 2)).catch((error: unknown) => error);
      await expect.poll(() => topic.fault?.code).toBe("TOPIC_LOST");
      await topic[Symbol.asyncDispose]();
      expect(await waiting).toMatchObject({ code: "TOPIC_LOST" });
    });
  });

  test("a topic that was made anew is not read on in silence, however many records it has", async () => {
    await withTopics(async (settings, topics) => {
      const topic = await topics.topic("bro");
      await topic.append(0, blockOf(["one", "two", "three"], 1));
      await topic[Symbol.asyncDispose]();
      await removeTopics(settings);
      const again = await waitFor(() => topics.topic("bro"));
      await again.append(0, blockOf(["a", "b", "c", "d"], 2));
      await again.commit("index", 0, 3);
      await expect(readAll(again, 0, 3)).rejects.toMatchObject({
        code: "TOPIC_LOST",
        message: expect.stringContaining("somebody deleted it and made another of its name"),
      });
      expect(await again.committed("index", 0)).toBeUndefined();
    });
  });

  test("a topic that has less than was read of it is not read on in silence", async () => {
    await withTopics(async (_settings, topics) => {
      const topic = await topics.topic("bro", { reached: async () => 3 });
      await topic.append(0, blockOf(["one"], 1));
      await expect(readAll(topic, 0, 0)).rejects.toMatchObject({
        code: "TOPIC_LOST",
        message: expect.stringContaining("partition 0 ends at 0, and has been read up to 3"),
      });
      const other = await topics.topic("asa");
      await expect(async () => {
        for await (const _ of other.read(0, 7)) break;
      }).rejects.toMatchObject({ code: "TOPIC_LOST", message: expect.stringContaining("it ends at 0") });
    });
  });

  test("records that were deleted before they were read are counted in the log", async () => {
    const told: unknown[] = [];
    const log: Log = {
      ...silentLog,
      warn: (sentence, fields) => void told.push([sentence, fields?.records]),
    };
    await withTopics(async (settings, topics) => {
      const topic = await topics.topic("bro");
      await topic.append(0, blockOf(["one", "two", "three"], 1));
      const admin = adminOf(at.brokers);
      await admin.deleteRecords({
        topics: [{ name: `${settings.prefix}bro`, partitions: [{ partition: 0, offset: 2n }] }],
      });
      await admin.close();
      expect((await readAll(topic, 0, 0)).map(({ offset }) => offset)).toEqual([2]);
      expect(told).toEqual([["Records were deleted before they were read here.", 2]]);
    }, log);
  });

  test("a member that another one of its name takes the place of says that it has stopped", async () => {
    const told: unknown[] = [];
    const log: Log = { ...silentLog, error: (sentence, fields) => void told.push([sentence, fields]) };
    await withTopics(async (settings, topics) => {
      const topic = await topics.topic("bro");
      const join = () => topic.assigned({ group: "g", member: "same" })[Symbol.asyncIterator]();
      const [one, other] = [join(), join()];
      const ends = async (member: typeof one) => {
        while ((await member.next()).done !== true);
      };
      await Promise.race([ends(one), ends(other)]);
      expect(told).toEqual([
        [
          "Another process of the same name reads a topic; this one has stopped.",
          { topic: `${settings.prefix}bro`, member: "same" },
        ],
      ]);
    }, log);
  });

  test("a batch that was damaged at the broker is not taken for what was sent", async () => {
    await withTopics(
      async (settings, topics) => {
        const topic = await topics.topic("bro");
        await topic.append(0, blockOf(["one"], 1));
        await topic.append(0, blockOf(["two"], 1));
        const file = join(at.stored, `${settings.prefix}bro-0`, `${"0".repeat(20)}.log`);
        const bytes = await readFile(file);
        const place = bytes.indexOf("two");
        expect(place).toBeGreaterThan(0);
        await using opened = await open(file, "r+");
        await opened.write("tWo", place);
        const seen: number[] = [];
        const reading = async () => {
          for await (const { position } of topic.read(0, 0, { follow: false })) seen.push(position.offset);
        };
        await expect(reading()).rejects.toMatchObject({
          code: "STORAGE_CORRUPT",
          message: expect.stringMatching(
            /the batch at offset 1 of partition 0 .*its checksum is not that of its bytes/,
          ),
        });
      },
      silentLog,
      "none",
    );
  });

  test("a topic of others keeps its partitions and settings, and its records", async () => {
    const told: unknown[] = [];
    const log: Log = { ...silentLog, warn: (sentence) => void told.push(sentence) };
    await withTopics(async (settings, topics) => {
      const admin = adminOf(at.brokers);
      const name = `${settings.prefix}theirs`;
      await admin.createTopics({
        topics: [name],
        partitions: 1,
        configs: [{ name: "retention.ms", value: "999999999" }],
      });
      const topic = await waitFor(() => topics.topic("theirs", { partitions: 3, retention: { age: 1 } }));
      expect(topic.partitions).toBe(1);
      await topic.append(0, blockOf(["old"], 1000));
      await topic.retain();
      expect(await topic.start(0)).toBe(0);
      expect(await topics.list()).toEqual([]);
      await admin.close();
      expect(told).toEqual(["A topic of others has fewer partitions than readers; it is left as it is."]);
    }, log);
  });

  test("a topic of ours grows to the partitions that are asked for", async () => {
    await withTopics(async (_settings, topics) => {
      const topic = await topics.topic("bro", { partitions: 1 });
      await topic[Symbol.asyncDispose]();
      expect((await topics.topic("bro", { partitions: 3 })).partitions).toBe(3);
    });
  });

  test("a block that no broker takes is refused, and the next one is stored", async () => {
    await withTopics(async (settings, topics) => {
      const admin = adminOf(at.brokers);
      await admin.createTopics({
        topics: [`${settings.prefix}small`],
        partitions: 1,
        configs: [{ name: "max.message.bytes", value: "1000" }],
      });
      await admin.close();
      const topic = await waitFor(() => topics.topic("small"));
      const calls = [
        topic.append(0, blockOf(["first"], 1)),
        topic.append(0, blockOf([randomBytes(5000)], 2)),
        topic.append(0, blockOf(["last"], 3)),
      ];
      expect(await Promise.allSettled(calls)).toMatchObject([
        { value: 0 },
        { reason: { code: "TOO_LARGE" } },
        { value: 1 },
      ]);
      expect((await readAll(topic, 0, 0)).flatMap(({ records }) => records)).toEqual(["first", "last"]);
    });
  });

  test("retention by size keeps about as many bytes as it should", async () => {
    await withTopics(
      async (_settings, topics) => {
        const topic = await topics.topic("bro", { retention: { bytes: 100_000 } });
        for (let index = 0; index < 40; index++)
          await topic.append(
            0,
            blockOf(
              Array.from({ length: 10 }, () => randomBytes(1000)),
              1,
            ),
          );
        await topic.retain();
        const start = await topic.start(0);
        expect(start).toBeGreaterThan(200);
        expect(start).toBeLessThan(380);
        // What was deleted stays on disk for minutes; that is no reason to delete more.
        await topic.retain();
        expect(await topic.start(0)).toBeLessThan(start + 30);
      },
      silentLog,
      "none",
    );
  });

  async function withTopics(
    work: (settings: KafkaSettings, topics: Awaited<ReturnType<typeof openTestTopics>>) => Promise<void>,
    log: Log = silentLog,
    compression: KafkaSettings["compression"] = "lz4",
  ): Promise<void> {
    const settings = ownSettings(at, { compression });
    const topics = await openTestTopics(settings, { log });
    try {
      await work(settings, topics);
    } finally {
      await topics[Symbol.asyncDispose]();
      await removeTopics(settings);
    }
  }
});

/** Tries again while a cluster still speaks of what was there before. */
async function waitFor<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let tried = 0; ; tried++) {
    try {
      return await attempt();
    } catch (error) {
      if (tried === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
