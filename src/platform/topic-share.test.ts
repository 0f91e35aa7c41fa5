import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blockOf } from "../core/block.ts";
import { makeContext } from "../core/context.ts";
import { claimFolder, openStorage } from "../storage/storage.ts";
import type { Topic } from "../storage/topic/contract.ts";
import {
  type KafkaAddress,
  openTestTopics,
  ownSettings,
  removeTopics,
  testKafka,
} from "../storage/topic/kafka/testing/brokers.ts";
import { TopicShare } from "./topic-share.ts";

const kafka = await testKafka();
/** For what is tried again until it is so. */
const SOON = { timeout: 60_000 };
const PACKETS = { bytes: 1e9, compress: false };
const INDEX = {
  ...{ memory: 256_000_000, temporaryBytes: 1e9, concurrent: 1, waiting: 1, searchTime: 30_000 },
  ...{ sealRows: 1000, sealAge: 1000 },
};

/** Reads its share of a topic and commits what it has read when it lets go. */
function reader(topic: Topic, member: string, seen: string[], readBy: Map<number, string>): TopicShare {
  const offsets = new Map<number, number>();
  const share: TopicShare = new TopicShare({
    topic,
    membership: { group: "g", member },
    async read(partition, signal) {
      // Nobody else may be reading it.
      expect(readBy.get(partition)).toBeUndefined();
      readBy.set(partition, member);
      const from = (await topic.committed("g", partition)) ?? 0;
      for await (const { block, position } of topic.read(partition, from, { signal })) {
        seen.push(...Array.from(block.ends, (_, record) => `${partition}/${position.offset + record}`));
        offsets.set(partition, position.offset + block.ends.length);
      }
      // The last block may take long.
      await new Promise((done) => setTimeout(done, 20));
      readBy.delete(partition);
    },
    onReplaced: () => void seen.push(`${member} was replaced`),
    async letGo(partitions) {
      for (const partition of partitions) await topic.commit("g", partition, offsets.get(partition) ?? 0);
    },
  });
  return share;
}

test("partitions that come and go while records arrive lose and double none", async () => {
  const folder = mkdtempSync(join(tmpdir(), "metron-share-"));
  try {
    await using _claim = await claimFolder(folder);
    await using storage = await openStorage({ folder, index: INDEX, packets: PACKETS }, makeContext());
    const topic = await storage.topics.topic("t", { partitions: 4 });
    const seen: string[] = [];
    const readBy = new Map<number, string>();
    let sent = 0;
    const send = async (blocks: number) => {
      for (const last = sent + blocks; sent < last; sent++)
        await topic.append(sent % 4, blockOf(["a", "b"], sent));
    };
    const one = reader(topic, "one", seen, readBy);
    await send(40);
    await expect.poll(() => seen.length).toBe(80);
    const two = reader(topic, "two", seen, readBy);
    await send(40);
    await expect.poll(() => [one.partitions.length, two.partitions.length]).toEqual([2, 2]);
    await send(40);
    await expect.poll(() => seen.length).toBe(sent * 2);
    expect(new Set(readBy.values())).toEqual(new Set(["one", "two"]));
    const kept = two.partitions;
    await two.end();
    for (const partition of kept) await topic.commit("g", partition, await topic.end(partition));
    expect(two.partitions).toEqual([]);
    two.leave();
    await send(40);
    await expect.poll(() => one.partitions.length).toBe(4);
    await expect.poll(() => seen.length).toBe(sent * 2);
    expect(new Set(seen).size).toBe(sent * 2);
    await one.end();
    one.leave();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.skipIf(kafka === undefined)(
  "who is replaced by another one of its name ends its reading, commits what it read and says so",
  async () => {
    const settings = ownSettings(kafka as KafkaAddress);
    await using topics = await openTestTopics(settings);
    try {
      const topic = await topics.topic("t", { partitions: 2 });
      const seen: string[] = [];
      const one = reader(topic, "same", seen, new Map());
      for (const partition of [0, 1]) await topic.append(partition, blockOf(["a", "b"], 1));
      await expect.poll(() => seen.length, SOON).toBe(4);
      const later: string[] = [];
      const other = reader(topic, "same", later, new Map());
      await expect.poll(() => seen.at(-1), SOON).toBe("same was replaced");
      expect([one.partitions, await topic.committed("g", 0), await topic.committed("g", 1)]).toEqual([
        [],
        2,
        2,
      ]);
      for (const partition of [0, 1]) await topic.append(partition, blockOf(["c"], 2));
      await expect.poll(() => later, SOON).toEqual(expect.arrayContaining(["0/2", "1/2"]));
      expect(seen).toHaveLength(5);
      await one.leave();
      await other.end();
      await other.leave();
    } finally {
      await removeTopics(settings);
    }
  },
  300_000,
);
