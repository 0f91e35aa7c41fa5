import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blockOf } from "../core/block.ts";
import { makeContext } from "../core/context.ts";
import { claimFolder, openStorage } from "../storage/storage.ts";
import type { Topic } from "../storage/topic/contract.ts";
import { TopicShare } from "./topic-share.ts";

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
