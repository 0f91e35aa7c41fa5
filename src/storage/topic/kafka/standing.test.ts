/** What members note of partitions that they read in turn: only who reads one may, and whoever was cut off learns what was taken. */
import { leaveGroupV5 } from "@platformatic/kafka";
import { describe, expect, test } from "vitest";
import { blockOf } from "../../../core/block.ts";
import { Cluster } from "../../kafka/cluster.ts";
import type { KafkaSettings } from "../../kafka/settings.ts";
import type { Assignment, Topic, TopicReader } from "../contract.ts";
import { keeperId, metadataOf } from "./standing.ts";
import {
  type KafkaAddress,
  openTestTopics,
  ownSettings,
  readTestSecret,
  removeTopics,
  testKafka,
} from "./testing/brokers.ts";

const address = await testKafka();
const MINUTES = 60_000;

describe.skipIf(address === undefined)("the standing of a partition", { timeout: MINUTES }, () => {
  async function withTopic(
    work: (topic: Topic, group: string, settings: KafkaSettings) => Promise<void>,
  ): Promise<void> {
    const settings = ownSettings(address as KafkaAddress);
    try {
      await using topics = await openTestTopics(settings);
      const topic = await topics.topic("bro", { partitions: 2 });
      for (const partition of [0, 1]) await topic.append(partition, blockOf(Array(50).fill("record"), 1));
      await work(topic, `${settings.name}/g/${settings.prefix}bro`, settings);
    } finally {
      await removeTopics(settings);
    }
  }

  test("who reads a partition notes how far it is kept, and all see that", async () => {
    await withTopic(async (topic) => {
      const one = join(topic, "one", "keeper one");
      await expect(one.note(0, 10)).rejects.toMatchObject({ code: "KAFKA_UNREACHABLE" });
      expect(await one.next()).toEqual([0, 1]);
      expect(await topic.standing?.("g", 0, "keeper one")).toBeUndefined();
      expect(await one.note(0, 10)).toBe(true);
      expect(await topic.standing?.("g", 0, "keeper one")).toEqual({ offset: 10, own: 10, others: 0 });
      expect(await topic.standing?.("g", 0, "keeper two")).toEqual({ offset: 10, own: 0, others: 10 });
      expect(await topic.standing?.("g", 1, "keeper one")).toBeUndefined();

      const two = join(topic, "two", "keeper two");
      expect(await two.next()).toEqual([]);
      const gained = two.next();
      expect(await one.next()).toEqual([0]);
      // It has been told to let go of the other, and has not yet: what it sealed of it still counts.
      expect(await one.note(1, 20)).toBe(true);
      expect(await two.note(1, 30)).toBe(false);
      const later = one.next();
      expect(await gained).toEqual([1]);
      expect(await one.note(1, 40)).toBe(false);
      expect(await two.note(1, 30)).toBe(true);
      expect(await topic.standing?.("g", 1, "keeper one")).toEqual({ offset: 30, own: 20, others: 30 });
      expect(await topic.standing?.("g", 1, "keeper two")).toEqual({ offset: 30, own: 30, others: 20 });
      await two.leave();
      expect(await later).toEqual([0, 1]);
      await one.leave();
      expect(await one.note(0, 11)).toBe(false);
    });
  });

  test("what is noted while others join and leave is taken, or refused, and not in doubt", async () => {
    await withTopic(async (topic) => {
      const one = join(topic, "one", "keeper one");
      expect(await one.next()).toEqual([0, 1]);
      let isOver = false;
      const noting = (async () => {
        for (let offset = 1; !isOver; offset++) expect(await one.note(0, offset)).toBe(true);
      })();
      for (let round = 0; round < 4; round++) {
        const two = join(topic, `two ${round}`, "keeper two");
        expect(await two.next()).toEqual([]);
        await two.leave();
      }
      isOver = true;
      await noting;
      await one.leave();
    });
  });

  test("who was taken for dead is told of an empty share first, and what it notes meanwhile is not taken", async () => {
    await withTopic(async (topic, group, settings) => {
      const one = join(topic, "one", "keeper one");
      expect(await one.next()).toEqual([0, 1]);
      expect(await one.note(0, 10)).toBe(true);
      await expel(settings, group, "one");
      // The broker refuses it before this member knows, and then the member itself.
      const noted = await Promise.resolve(one.note(0, 20)).catch(() => "in doubt");
      expect(noted).not.toBe(true);
      // It has joined again, and been given the same: its reader must begin again all the same.
      const notes = () => Promise.resolve(one.note(0, 20)).catch(() => "in doubt");
      await expect.poll(notes, { timeout: 30_000 }).toBe(false);
      expect(await one.next()).toEqual([]);
      expect(await topic.standing?.("g", 0, "keeper one")).toEqual({ offset: 10, own: 10, others: 0 });
      expect(await one.next()).toEqual([0, 1]);
      expect(await one.note(0, 20)).toBe(true);
      await one.leave();
    });
  });
});

test("keepers find room in what brokers keep of a partition, the furthest first", () => {
  let noted: Parameters<typeof metadataOf>[0];
  for (let n = 0; n < 200; n++) {
    const text = metadataOf(noted, `host-${n}:/a/long/path`, 9_000_000_000_000_000 + n);
    expect(text.length).toBeLessThan(4096);
    const keepers = text.split(" ").map((word) => word.split(":"));
    noted = { offset: n, keepers: new Map(keepers.map(([id = "", offset]) => [id, Number(offset)])) };
  }
  expect(noted?.keepers.get(keeperId("host-199:/a/long/path"))).toBe(9_000_000_000_000_199);
  expect(noted?.keepers.has(keeperId("host-0:/a/long/path"))).toBe(false);
});

/** Has the broker take a member for gone, as the end of its session does. */
async function expel(settings: KafkaSettings, group: string, member: string): Promise<void> {
  await using cluster = new Cluster(settings, readTestSecret);
  const wire = cluster.wire();
  const coordinator = await cluster.coordinator(group);
  await wire.ask(coordinator, leaveGroupV5.api, group, [{ memberId: "", groupInstanceId: member }]);
  wire.close();
}

/** A member of a group: `next` lets go of what its last share lacks, and waits for the next one. */
function join(topic: TopicReader, member: string, keeper: string) {
  const left = new AbortController();
  const joined: Assignment = topic.assigned({ group: "g", member, keeper, signal: left.signal });
  const shares = joined[Symbol.asyncIterator]();
  const next = async () => ((await shares.next()) as { value?: readonly number[] }).value;
  return {
    next,
    note: (partition: number, offset: number) => joined.note?.(partition, offset),
    async leave() {
      left.abort();
      while ((await next()) !== undefined);
    },
  };
}
