/** Two indexes that take turns in reading a partition of a real Kafka, and what comes between a seal and the others' knowing of it. */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blockOf } from "../../../core/block.ts";
import { makeContext } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import type { Assignment, Topic, Topics } from "../../topic/contract.ts";
import {
  type KafkaAddress,
  openTestTopics,
  ownSettings,
  removeTopics,
  testKafka,
} from "../../topic/kafka/testing/brokers.ts";
import type { Claim, IndexWriter } from "../contract.ts";
import { partitionOf } from "../segments/position-key.ts";
import { batchOf, put } from "../testing/test-batches.ts";
import type { DuckdbIndex } from "./duckdb-index.ts";
import { openDuckdbIndex } from "./open.ts";

const address = await testKafka();
const MINUTES = 60_000;
const GROUP = "index";

describe.skipIf(address === undefined)("indexes that take turns", { timeout: MINUTES }, () => {
  const settings = ownSettings(address as KafkaAddress);
  let topics: Topics;
  let folder = "";
  let names = 0;

  beforeAll(async () => {
    topics = await openTestTopics(settings);
    folder = await mkdtemp(join(tmpdir(), "claims-"));
  }, MINUTES);
  afterAll(async () => {
    await topics[Symbol.asyncDispose]();
    await removeTopics(settings);
    await rm(folder, { recursive: true, force: true });
  }, MINUTES);

  async function newTopic(): Promise<Topic> {
    const topic = await topics.topic(`t${++names}`);
    await topic.append(0, blockOf(Array(100).fill("record"), 1));
    return topic;
  }

  /** A process, as far as it reads a topic into its index. */
  class Reader {
    readonly #topic: Topic;
    readonly #name: string;
    readonly #left = new AbortController();
    #assignment: Assignment | undefined;
    #shares: AsyncIterator<readonly number[]> | undefined;
    /** What becomes of a note. */
    claim: Claim = async (_topic, partition, offset) =>
      (await this.#assignment?.note?.(partition, offset)) ?? false;
    /** Whether anybody can tell how far the topic is kept. */
    isInForce = true;
    #index: DuckdbIndex | undefined;
    #writer: IndexWriter | undefined;

    constructor(topic: Topic, name: string) {
      this.#topic = topic;
      this.#name = name;
    }

    get index(): DuckdbIndex {
      if (this.#index === undefined) throw new Error("it is not open");
      return this.#index;
    }

    get folder(): string {
      return join(folder, this.#topic.name, this.#name);
    }

    async open(): Promise<void> {
      const [topic, keeper] = [this.#topic, this.#name];
      this.#index = await openDuckdbIndex(this.folder, { merges: false }, makeContext());
      await this.#index.takeTurns(async (_name, partition) => {
        if (!this.isInForce) return undefined;
        const standing = await topic.standing?.(GROUP, partition, keeper);
        return standing ?? { offset: undefined, own: 0, others: 0 };
      });
    }

    /** Joins, and waits for the partition. Returns where to go on. */
    async take(): Promise<number | undefined> {
      await this.newWriter();
      const { signal } = this.#left;
      this.#assignment = this.#topic.assigned({
        group: GROUP,
        member: this.#name,
        keeper: this.#name,
        signal,
      });
      this.#shares = this.#assignment[Symbol.asyncIterator]();
      while (!((await this.#shares.next()).value as readonly number[]).includes(0));
      return this.goOn();
    }

    /** Begins to write again, as a thread does after the one before has ended. */
    async newWriter(): Promise<void> {
      this.#writer = await this.index.writer("one", (key, offset) => this.claim(...partitionOf(key), offset));
    }

    /** Where to go on, as it is asked when a partition is given. */
    async goOn(): Promise<number | undefined> {
      return this.#writer?.position(this.#topic.name, 0);
    }

    async read(from: number, to: number): Promise<void> {
      const rows = Array.from({ length: to - from }, (_, row) => ({ n: from + row }));
      if (this.#writer !== undefined) await put(this.#writer, "s", batchOf(rows, from, this.#topic.name));
    }

    /** Leaves the group, whatever of it is sealed. */
    async leave(): Promise<void> {
      this.#left.abort();
      while ((await this.#shares?.next())?.done === false);
    }

    /** Ends in order; what it could not note is on disk, as after a kill. */
    async close(): Promise<void> {
      await this.#index?.[Symbol.asyncDispose]();
    }

    async numbers(): Promise<number[]> {
      const { messages } = await this.index.search({ size: 1000 });
      return messages.map(({ n }) => Number(n)).sort((one, other) => one - other);
    }
  }

  const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, place) => from + place);
  const unreachable = () => Promise.reject(new Fault("KAFKA_UNREACHABLE", "the answer is lost"));

  test("handed over in order, the next one goes on behind what was sealed", async () => {
    const topic = await newTopic();
    const [one, two] = [new Reader(topic, "one"), new Reader(topic, "two")];
    await one.open();
    expect(await one.take()).toBeUndefined();
    await one.read(0, 10);
    // It can be searched, and is nobody's until all know of it.
    expect(await one.index.position(topic.name, 0)).toBe(10);
    expect(await one.index.sealedPosition(topic.name, 0)).toBeUndefined();
    await one.index.seal();
    expect(await one.index.sealedPosition(topic.name, 0)).toBe(10);
    await one.leave();
    await two.open();
    expect(await two.take()).toBe(10);
    await two.read(10, 20);
    await two.index.seal();
    expect([await one.numbers(), await two.numbers()]).toEqual([numbers(0, 10), numbers(10, 20)]);
    await two.leave();
    for (const reader of [one, two]) await reader.close();
  });

  test("killed before the note: what was sealed goes when another one has read it", async () => {
    const topic = await newTopic();
    const [one, two] = [new Reader(topic, "one"), new Reader(topic, "two")];
    await one.open();
    await one.take();
    await one.read(0, 5);
    await one.index.seal();
    one.claim = unreachable;
    await one.read(5, 10);
    await expect(one.index.seal()).rejects.toThrow("the answer is lost");
    expect(await one.index.sealedPosition(topic.name, 0)).toBe(5);
    expect((await one.index.stats()).unsealed).toMatch(
      /^it is on disk here, and the other processes could not be told/,
    );
    await one.leave();
    await one.close();
    await two.open();
    expect(await two.take()).toBe(5);
    await two.read(5, 12);
    await two.index.seal();
    await one.open();
    expect([await one.numbers(), await two.numbers()]).toEqual([numbers(0, 5), numbers(5, 12)]);
    await two.leave();
    for (const reader of [one, two]) await reader.close();
  });

  test("killed behind the note: what was sealed stays, whoever read on", async () => {
    const topic = await newTopic();
    const [one, two] = [new Reader(topic, "one"), new Reader(topic, "two")];
    await one.open();
    await one.take();
    await one.read(0, 10);
    const { claim } = one;
    one.claim = async (...place) => {
      await claim(...place);
      return unreachable();
    };
    await expect(one.index.seal()).rejects.toThrow("the answer is lost");
    await one.leave();
    await one.close();
    await two.open();
    expect(await two.take()).toBe(10);
    await two.read(10, 12);
    await two.index.seal();
    await one.open();
    expect([await one.numbers(), await two.numbers()]).toEqual([numbers(0, 10), numbers(10, 12)]);
    await two.leave();
    for (const reader of [one, two]) await reader.close();
  });

  test.each([
    ["has sealed", true],
    ["has not sealed yet", false],
  ])(
    "cut off while it reads: at its next seal it drops what another one reads, which %s",
    async (_name, isSealed) => {
      const topic = await newTopic();
      const [one, two] = [new Reader(topic, "one"), new Reader(topic, "two")];
      await one.open();
      await one.take();
      await one.read(0, 10);
      await one.index.seal();
      await one.read(10, 20);
      await one.leave();
      await two.open();
      expect(await two.take()).toBe(10);
      await two.read(10, 15);
      if (isSealed) await two.index.seal();
      expect(await one.numbers()).toEqual(numbers(0, 20));
      await one.index.seal();
      expect([await one.numbers(), await two.numbers()]).toEqual([numbers(0, 10), numbers(10, 15)]);
      await two.index.seal();
      await two.leave();
      for (const reader of [one, two]) await reader.close();
    },
  );

  test("what it could not tell the others is told without a seal; if it is another's, what was read behind it goes too", async () => {
    const topic = await newTopic();
    const [one, two] = [new Reader(topic, "one"), new Reader(topic, "two")];
    await one.open();
    await one.take();
    const { claim } = one;
    one.claim = unreachable;
    await one.read(0, 10);
    await expect(one.index.seal()).rejects.toThrow("the answer is lost");
    await one.read(10, 20);
    await one.leave();
    await two.open();
    expect(await two.take()).toBeUndefined();
    await two.read(0, 5);
    await two.index.seal();
    one.claim = claim;
    await expect.poll(() => one.numbers(), { timeout: 20_000 }).toEqual([]);
    expect((await one.index.stats()).unsealed).toBeUndefined();
    await two.leave();
    for (const reader of [one, two]) await reader.close();
  });

  test("a partition that is given again is begun again behind what all know, and read into the index once", async () => {
    const topic = await newTopic();
    const one = new Reader(topic, "one");
    await one.open();
    await one.take();
    await one.read(0, 10);
    await one.index.seal();
    await one.read(10, 20);
    expect(await one.goOn()).toBe(10);
    expect(await one.numbers()).toEqual(numbers(0, 10));
    await one.read(10, 30);
    await one.index.seal();
    expect(await one.numbers()).toEqual(numbers(0, 30));
    await one.leave();
    await one.close();
  });

  test.each([
    ["in the same thread", false],
    ["in a new thread", true],
  ])(
    "begun again %s it notes no more than it has read again, and the next one goes on from there",
    async (_name, isNew) => {
      const topic = await newTopic();
      const [one, two] = [new Reader(topic, "one"), new Reader(topic, "two")];
      await one.open();
      await one.take();
      await one.read(0, 10);
      await one.index.seal();
      await one.read(10, 20);
      if (isNew) await one.newWriter();
      expect(await one.goOn()).toBe(10);
      await one.read(10, 12);
      await one.index.seal();
      expect(await one.index.sealedPosition(topic.name, 0)).toBe(12);
      await one.read(12, 14);
      await one.leave();
      await two.open();
      expect(await two.take()).toBe(12);
      await two.read(12, 20);
      await two.index.seal();
      // What it read and nobody noted goes.
      await one.index.seal();
      expect([await one.numbers(), await two.numbers()]).toEqual([numbers(0, 12), numbers(12, 20)]);
      await two.leave();
      for (const reader of [one, two]) await reader.close();
    },
  );

  test("restored from a backup, it reads again what it had stored since", async () => {
    const topic = await newTopic();
    const one = new Reader(topic, "one");
    await one.open();
    await one.take();
    await one.read(0, 10);
    await one.index.seal();
    await one.leave();
    await one.close();
    await cp(one.folder, `${one.folder}.backup`, { recursive: true });
    const later = new Reader(topic, "one");
    await later.open();
    expect(await later.take()).toBe(10);
    await later.read(10, 20);
    await later.index.seal();
    await later.leave();
    await later.close();
    await rm(one.folder, { recursive: true });
    await cp(`${one.folder}.backup`, one.folder, { recursive: true });
    const [restored, two] = [new Reader(topic, "one"), new Reader(topic, "two")];
    await restored.open();
    expect(await restored.take()).toBe(10);
    expect(restored.index.problems()).toEqual([]);
    await restored.read(10, 15);
    await restored.index.seal();
    await restored.leave();
    await two.open();
    expect(await two.take()).toBe(15);
    expect(await restored.numbers()).toEqual(numbers(0, 15));
    await two.leave();
    for (const reader of [restored, two]) await reader.close();
  });

  test("restored from a backup after others have read on, it says which records it lacks", async () => {
    const topic = await newTopic();
    const [one, later, two] = [new Reader(topic, "one"), new Reader(topic, "one"), new Reader(topic, "two")];
    await one.open();
    await one.take();
    await one.read(0, 10);
    await one.index.seal();
    await one.leave();
    await one.close();
    await cp(one.folder, `${one.folder}.backup`, { recursive: true });
    await later.open();
    await later.take();
    await later.read(10, 20);
    await later.index.seal();
    await later.leave();
    await later.close();
    await two.open();
    expect(await two.take()).toBe(20);
    await two.read(20, 30);
    await two.index.seal();
    await two.leave();
    await rm(one.folder, { recursive: true });
    await cp(`${one.folder}.backup`, one.folder, { recursive: true });
    const restored = new Reader(topic, "one");
    await restored.open();
    expect(await restored.take()).toBe(30);
    expect(restored.index.problems()).toMatchObject([
      { code: "MESSAGES_LOST", text: expect.stringContaining("records 10 to 20 of partition 0") },
    ]);
    await restored.leave();
    for (const reader of [restored, two]) await reader.close();
  });

  test("what an index had before processes took turns is known to the next one, also if nothing was read since", async () => {
    const topic = await newTopic();
    const [one, two] = [new Reader(topic, "one"), new Reader(topic, "two")];
    await using alone = await openDuckdbIndex(one.folder, { merges: false }, makeContext());
    await put(await alone.writer("one"), "s", batchOf([{ n: 0 }, { n: 1 }], 0, topic.name));
    await alone.seal();
    await alone[Symbol.asyncDispose]();
    await one.open();
    expect(await one.take()).toBe(2);
    await one.leave();
    await two.open();
    expect(await two.take()).toBe(2);
    await two.leave();
    for (const reader of [one, two]) await reader.close();
  });

  test("what was sealed of a sensor that is withdrawn is kept and told until somebody can decide it", async () => {
    const topic = await newTopic();
    const one = new Reader(topic, "one");
    await one.open();
    await one.take();
    const { claim } = one;
    one.claim = async (...place) => {
      await claim(...place);
      return unreachable();
    };
    await one.read(0, 10);
    await expect(one.index.seal()).rejects.toThrow("the answer is lost");
    one.isInForce = false;
    await one.index.seal();
    expect((await one.index.stats()).unsealed).toContain(
      `it waits until these sensors are in force again: ${topic.name}`,
    );
    expect(await one.numbers()).toEqual(numbers(0, 10));
    one.isInForce = true;
    await one.index.seal();
    expect((await one.index.stats()).unsealed).toBeUndefined();
    expect(await one.numbers()).toEqual(numbers(0, 10));
    await one.leave();
    await one.close();
  });

  test("files that may turn out to be another's are not merged", async () => {
    const topic = await newTopic();
    const one = new Reader(topic, "one");
    await one.open();
    await one.take();
    const { claim } = one;
    one.claim = unreachable;
    for (let from = 0; from < 50; from += 10) {
      await one.read(from, from + 10);
      await one.index.seal().catch(() => undefined);
    }
    await one.index.compact();
    expect((await one.index.stats()).segments).toBe(5);
    one.claim = claim;
    await one.index.seal();
    await one.index.compact();
    expect((await one.index.stats()).segments).toBe(1);
    expect(await one.numbers()).toEqual(numbers(0, 50));
    await one.leave();
    await one.close();
  });
});
