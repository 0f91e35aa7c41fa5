import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { blockOf } from "../../core/block.ts";
import { makeContext } from "../../core/context.ts";
import type { TopicReader } from "../../storage/topic/contract.ts";
import {
  openTestTopics,
  ownSettings,
  removeTopics,
  testKafka,
} from "../../storage/topic/kafka/testing/brokers.ts";
import { openTopics } from "../../storage/topic/segments/topics.ts";
import { FIRST_ARRIVAL, moveTopic } from "./move-topic.ts";

const kafka = await testKafka();
const folder = mkdtempSync(join(tmpdir(), "metron-move-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const NOON = Date.UTC(2026, 10, 21, 12);

/** Every record of a partition, with its offset and when it arrived. */
async function recordsOf(topic: TopicReader, partition: number) {
  const records: string[] = [];
  const from = await topic.start(partition);
  for await (const { block, position } of topic.read(partition, from, { follow: false }))
    for (const [at, end] of block.ends.entries()) {
      const text = Buffer.from(block.bytes.subarray(block.ends[at - 1] ?? 0, end)).toString();
      records.push(`${position.offset + at} ${block.arrival} ${text}`);
    }
  return records;
}

describe.skipIf(kafka === undefined)("a topic that moves", () => {
  const settings = ownSettings(kafka ?? ({ brokers: [] } as never));
  afterAll(() => removeTopics(settings), 60_000);

  test("keeps offsets and arrivals, also where retention had removed the first records and a move was interrupted", async () => {
    await using old = await openTopics(folder, makeContext(), { segmentBytes: 4096 });
    await using from = await old.topic("web", { partitions: 2, retention: { bytes: 9000 } });
    // More than one filler takes the places of.
    await from.append(0, {
      bytes: new Uint8Array(150_000),
      ends: Uint32Array.from({ length: 150_000 }, (_, n) => n + 1),
      arrival: NOON,
    });
    for (let n = 0; n < 200; n++)
      await from.append(0, blockOf([`first of ${n} ${"x".repeat(80)}\n`, `second of ${n}\n`, ""], NOON + n));
    await from.append(1, blockOf(["alone"], NOON));
    await from.retain();
    const start = await from.start(0);
    expect(start).toBeGreaterThan(150_000);
    await from.commit("index", 0, start + 3);

    await using topics = await openTestTopics(settings);
    const retention = { age: Date.now() - FIRST_ARRIVAL };
    await using to = await topics.topic("web", { partitions: 2, retention });
    // What an interrupted move left.
    await to.append(0, { bytes: new Uint8Array(0), ends: new Uint32Array(40), arrival: 0 });
    let copied = 0;
    const move = () =>
      moveTopic({ from, to, group: "index" }, (count) => {
        copied += count;
      });
    expect(await move()).toEqual([
      { partition: 0, start, end: 150_600 },
      { partition: 1, start: 0, end: 1 },
    ]);
    expect(copied).toBe(150_600 - start + 1);
    for (const partition of [0, 1])
      expect(await recordsOf(to, partition)).toEqual(await recordsOf(from, partition));
    expect(await to.committed("index", 0)).toBe(start + 3);

    // What came since follows; nothing is copied again.
    await from.append(1, blockOf(["later"], NOON + 1));
    await move();
    expect(copied).toBe(150_600 - start + 2);
    expect(await recordsOf(to, 1)).toEqual([`0 ${NOON} alone`, `1 ${NOON + 1} later`]);

    // Somebody else wrote to the copy.
    await to.append(1, blockOf(["foreign"], NOON));
    await expect(move()).rejects.toMatchObject({
      code: "MIGRATION_CONFLICT",
      message: "moving topic web, partition 1: it ends at 3, and the original at 2",
    });
  });
});
