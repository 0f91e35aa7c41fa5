import { describe, expect, test } from "vitest";
import { type Attached, AttachedReader, attach } from "../../../core/attached.ts";
import { type Block, blockOf } from "../../../core/block.ts";
import type { TopicReader } from "../contract.ts";
import { describeShares } from "./describe-shares.ts";
import { openings, type TopicSubject } from "./topic-subject.ts";

type Read = { offset: number; arrival: number; records: string[] };

/** What every implementation of a topic obeys. */
export function describeTopic(name: string, subject: () => Promise<TopicSubject>): void {
  describe(`topic: ${name}`, () => {
    const { start, openTopics, openTopic, atEnd } = openings(subject);

    test("gives back what was appended, in order, byte for byte", async () => {
      const topic = await openTopic();
      const odd = Uint8Array.of(0, 255, 128, 10, 13, 0);
      expect(await topic.append(0, blockOf(["one\n", "", "three"], 1000))).toBe(0);
      expect(await topic.append(0, blockOf([odd], 2000))).toBe(3);
      const blocks = [];
      for await (const { block, position } of topic.read(0, 0, { follow: false })) {
        expect(position).toEqual({ topic: "bro", partition: 0, offset: blocks.length === 0 ? 0 : 3 });
        blocks.push(copyOf(block));
      }
      expect(blocks.map((block) => [...block.ends])).toEqual([[4, 4, 9], [6]]);
      expect(Buffer.from((blocks[0] as Block).bytes).toString()).toBe("one\nthree");
      expect([...(blocks[1] as Block).bytes]).toEqual([...odd]);
      expect(blocks.map((block) => block.arrival)).toEqual([1000, 2000]);
    });

    test("takes only what the ends cover, from views into larger memory", async () => {
      const topic = await openTopic();
      const memory = Buffer.from("xxoneytwozzz");
      const ends = new Uint32Array([0, 4, 7, 99]).subarray(1, 3);
      await topic.append(0, { bytes: memory.subarray(2), ends, arrival: 1 });
      expect(await readAll(topic, 0, 0)).toEqual([{ offset: 0, arrival: 1, records: ["oney", "two"] }]);
    });

    test("keeps the keys and headers that records came with, also from within a block, and gives none where none came", async () => {
      const topic = await openTopic();
      const attached = attach([
        { key: '{"site":"north"}', headers: [{ name: "origin", value: Buffer.from("käse") }] },
        {},
        { headers: [{ name: "empty", value: undefined }] },
      ]);
      await topic.append(0, { ...blockOf(["a", "bb", "ccc"], 1), attached });
      await topic.append(0, blockOf(["d"], 2));
      const read = async (from: number) => {
        const found: unknown[] = [];
        for await (const { block } of topic.read(0, from, { follow: false }))
          found.push([recordsOf(block), block.attached && textsOf(block.attached)]);
        return found;
      };
      const [first, second, third] = [
        ['{"site":"north"}', ["origin", "käse"]],
        [undefined],
        [undefined, ["empty", undefined]],
      ];
      expect(await read(0)).toEqual([
        [
          ["a", "bb", "ccc"],
          [first, second, third],
        ],
        [["d"], undefined],
      ]);
      expect(await read(1)).toEqual([
        [
          ["bb", "ccc"],
          [second, third],
        ],
        [["d"], undefined],
      ]);
    });

    test("reads from an offset within a block", async () => {
      const topic = await openTopic();
      await topic.append(0, blockOf(["a", "bb", "ccc", "dddd"], 1));
      await topic.append(0, blockOf(["e"], 2));
      expect(await readAll(topic, 0, 2)).toEqual([
        { offset: 2, arrival: 1, records: ["ccc", "dddd"] },
        { offset: 4, arrival: 2, records: ["e"] },
      ]);
      expect(await readAll(topic, 0, 5)).toEqual([]);
    });

    test("an empty block takes no offset", async () => {
      const topic = await openTopic();
      expect(await topic.append(0, blockOf([], 1))).toBe(0);
      expect(await topic.append(0, blockOf(["a"], 1))).toBe(0);
      expect(await topic.end(0)).toBe(1);
    });

    test("keeps the order of appends in flight, and partitions apart", async () => {
      const topic = await openTopic(3);
      const calls = [];
      for (let index = 0; index < 300; index++) {
        calls.push(topic.append(index % 3, blockOf([`r${index}`, "x"], index)));
      }
      const offsets = await Promise.all(calls);
      expect(offsets).toEqual(calls.map((_, index) => Math.floor(index / 3) * 2));
      for (const partition of [0, 1, 2]) {
        const records = (await readAll(topic, partition, 0)).flatMap((entry) => entry.records);
        expect(records.filter((record) => record !== "x")).toEqual(
          Array.from({ length: 100 }, (_, index) => `r${index * 3 + partition}`),
        );
      }
    });

    test("carries a record of 20 MB beside small ones", async () => {
      const topic = await openTopic();
      const large = Buffer.alloc(20 << 20, "metron ");
      await topic.append(0, blockOf(["before"], 1));
      await topic.append(0, blockOf([large], 2));
      await topic.append(0, blockOf(["after"], 3));
      const lengths = [];
      for await (const { block } of topic.read(0, 0, { follow: false })) {
        lengths.push(block.bytes.length);
        if (block.arrival === 2) expect(large.equals(block.bytes)).toBe(true);
      }
      expect(lengths).toEqual([6, 20 << 20, 5]);
    });

    test("a reader follows what is appended later, and ends when told", async () => {
      const topic = await openTopic();
      const stop = new AbortController();
      const seen: string[] = [];
      const reading = (async () => {
        for await (const { block } of topic.read(0, 0, { signal: stop.signal })) {
          seen.push(...recordsOf(block));
          if (seen.length >= 40) stop.abort();
        }
      })();
      for (let index = 0; index < 20; index++) {
        await topic.append(0, blockOf([`a${index}`, `b${index}`], index));
        if (index % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      }
      await reading;
      expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => [`a${index}`, `b${index}`]).flat());
    });

    test("a reader tells when it has read all and waits, also where nothing is", async () => {
      const topic = await openTopic(2);
      await topic.append(0, blockOf(["a", "b"], 1));
      for (const [partition, expected] of [
        [0, ["a", "b", "waits"]],
        [1, ["waits"]],
      ] as const) {
        const stop = new AbortController();
        const seen: string[] = [];
        const onWaiting = () => {
          seen.push("waits");
          stop.abort();
        };
        for await (const { block } of topic.read(partition, 0, { signal: stop.signal, onWaiting }))
          seen.push(...recordsOf(block));
        expect(seen).toEqual(expected);
      }
    });

    test("a waiting reader ends when its signal aborts, and when the topics close", async () => {
      const made = await start();
      const topics = await made.open();
      const topic = await topics.topic("bro");
      const stop = new AbortController();
      const waiting = readFollowing(topic, stop.signal);
      const other = readFollowing(topic, undefined);
      stop.abort();
      expect(await waiting).toEqual([]);
      await topics[Symbol.asyncDispose]();
      expect(await other).toEqual([]);
    });

    test("a shared reader sees the same, and what is appended later", async () => {
      const made = await start();
      const topic = await (await openTopics(made)).topic("bro", { partitions: 2 });
      await topic.append(1, blockOf(["early"], 1));
      const shared = await made.openShared(structuredClone(topic.share()));
      atEnd(() => shared[Symbol.asyncDispose]());
      expect([shared.name, shared.partitions]).toEqual(["bro", 2]);
      const stop = new AbortController();
      const reading = (async () => {
        const seen: string[] = [];
        for await (const { block } of shared.read(1, 0, { signal: stop.signal })) {
          seen.push(...recordsOf(block));
          if (seen.length === 2) break;
        }
        return seen;
      })();
      await topic.append(1, blockOf(["late"], 2));
      expect(await reading).toEqual(["early", "late"]);
      await shared.commit("pipeline", 1, 2);
      expect(await topic.committed("pipeline", 1)).toBe(2);
    });

    test("all records of a key are in one partition, in order, and keys spread", async () => {
      const topic = await openTopic(4);
      const keys = ["10.0.0.1", "10.0.0.2", "host-a", "host-b", "käse", "x", "y", "z"];
      for (const round of [0, 1])
        for (const key of keys) await topic.append({ key }, blockOf([`${key} ${round}`], round));
      await topic.append({ key: Buffer.from("x") }, blockOf(["x 2"], 2));
      const found = new Map<string, string[]>();
      const used = new Set<number>();
      for (const partition of [0, 1, 2, 3]) {
        for (const record of (await readAll(topic, partition, 0)).flatMap(({ records }) => records)) {
          const [key = "", round = ""] = record.split(" ");
          found.set(key, [...(found.get(key) ?? []), `${round} in ${partition}`]);
          used.add(partition);
        }
      }
      expect(used.size).toBeGreaterThan(1);
      for (const key of keys) {
        const [[, partition] = []] = found.get(key)?.map((place) => place.split(" in ")) ?? [];
        const rounds = key === "x" ? [0, 1, 2] : [0, 1];
        expect(found.get(key)).toEqual(rounds.map((round) => `${round} in ${partition}`));
      }
    });

    test("finds the offset of a time", async () => {
      const topic = await openTopic();
      expect(await topic.offsetAt(0, 0)).toBe(0);
      for (const arrival of [1000, 2000, 3000]) await topic.append(0, blockOf(["a", "b"], arrival));
      const found = [];
      for (const time of [0, 1000, 1001, 2000, 3000, 3001]) found.push(await topic.offsetAt(0, time));
      expect(found).toEqual([0, 0, 2, 2, 4, 6]);
    });

    test("finds the offset of a time among megabytes", async () => {
      const topic = await openTopic();
      const record = Buffer.alloc(100_000, "x");
      for (let index = 0; index < 50; index++)
        await topic.append(0, blockOf([record, "y"], 1000 + index * 10));
      for (const index of [0, 1, 9, 10, 11, 25, 49]) {
        expect(await topic.offsetAt(0, 1000 + index * 10)).toBe(index * 2);
        expect(await topic.offsetAt(0, 1000 + index * 10 - 9)).toBe(index * 2);
      }
      expect(await topic.offsetAt(0, 1491)).toBe(100);
    });

    test("groups commit apart from each other, and may go back", async () => {
      const topic = await openTopic(2);
      await topic.append(0, blockOf(["a", "b", "c"], 1));
      await topic.append(1, blockOf(["a", "b", "c"], 1));
      expect(await topic.committed("one", 0)).toBeUndefined();
      await topic.commit("one", 0, 3);
      await topic.commit("two", 0, 1);
      await topic.commit("one", 1, 2);
      await topic.commit("one", 0, 2);
      expect(await topic.committed("one", 0)).toBe(2);
      expect(await topic.committed("two", 0)).toBe(1);
      expect(await topic.committed("one", 1)).toBe(2);
      await expect(topic.commit("one", 0, 4)).rejects.toThrow("not within 0 and 3");
    });

    test("everything is there after opening again", async () => {
      const made = await start();
      for (const round of [0, 1, 2]) {
        const topics = await made.open();
        const topic = await topics.topic("bro", { partitions: 2 });
        expect(await topic.append(1, blockOf([`r${round}`], round))).toBe(round);
        expect(await topic.committed("group", 1)).toBe(round === 0 ? undefined : round);
        await topic.commit("group", 1, round + 1);
        await (await topics.topic("asa")).append(0, blockOf(["x"], 0));
        await topics[Symbol.asyncDispose]();
      }
      const topics = await openTopics(made);
      const topic = await topics.topic("bro");
      expect(topic.partitions).toBe(2);
      expect((await readAll(topic, 1, 0)).map((entry) => entry.records)).toEqual([["r0"], ["r1"], ["r2"]]);
      expect(await topics.list()).toEqual(["asa", "bro"]);
    });

    test("appends in flight are durable when the topics are disposed of", async () => {
      const made = await start();
      const topics = await made.open();
      const topic = await topics.topic("bro");
      const calls = Array.from({ length: 50 }, (_, index) => topic.append(0, blockOf([`${index}`], index)));
      await topics[Symbol.asyncDispose]();
      expect((await Promise.all(calls)).at(-1)).toBe(49);
      const again = await (await openTopics(made)).topic("bro");
      expect(await again.end(0)).toBe(50);
    });

    test("a topic may be closed alone and opened again", async () => {
      const topics = await openTopics(await start());
      const topic = await topics.topic("bro");
      await topic.append(0, blockOf(["a"], 1));
      await topic[Symbol.asyncDispose]();
      await topic[Symbol.asyncDispose]();
      await expect(topic.append(0, blockOf(["b"], 1))).rejects.toThrow("closed");
      const again = await topics.topic("bro");
      expect(await again.append(0, blockOf(["b"], 1))).toBe(1);
    });

    test("throws away by age and by size, but never what a holding group needs", async () => {
      const made = await start();
      const topics = await openTopics(made);
      const topic = await topics.topic("bro", { retention: { age: 1000, bytes: 1 << 20 } });
      await topic.hold("pipeline");
      const block = blockOf([Buffer.alloc(256 << 10, "x")], 1000);
      for (let index = 0; index < 40; index++) await topic.append(0, block);
      await topic.retain();
      expect(await topic.start(0)).toBe(0);
      await topic.commit("pipeline", 0, 20);
      await topic.retain();
      const start0 = await topic.start(0);
      expect(start0).toBeGreaterThan(0);
      expect(start0).toBeLessThanOrEqual(20);
      expect((await readAll(topic, 0, 0))[0]?.offset).toBe(start0);
      await topic.release("pipeline");
      await topic.retain();
      expect(await topic.start(0)).toBe(40);
      expect(await readAll(topic, 0, 0)).toEqual([]);
      expect(await topic.append(0, blockOf(["new"], Date.now()))).toBe(40);
      expect((await topic.sizes())[0]).toMatchObject({ partition: 0, start: 40, end: 41 });
    });

    test.each(["", ".", "..", "a/b", "-a", "a b", "ä", "x".repeat(201)])(
      "refuses the name %j",
      async (bad) => {
        const topics = await openTopics(await start());
        await expect(topics.topic(bad)).rejects.toMatchObject({ code: "REQUEST_INVALID" });
      },
    );

    test("refuses a partition that does not exist", async () => {
      const topic = await openTopic();
      await expect(topic.append(1, blockOf(["a"], 1))).rejects.toMatchObject({ code: "NOT_FOUND" });
      await expect(readAll(topic, 1, 0)).rejects.toMatchObject({ code: "NOT_FOUND" });
    });

    describeShares(subject);
  });
}

/** All entries from an offset to the end, copied out. */
export async function readAll(topic: TopicReader, partition: number, from: number): Promise<Read[]> {
  const entries: Read[] = [];
  for await (const { block, position } of topic.read(partition, from, { follow: false })) {
    entries.push({ offset: position.offset, arrival: block.arrival, records: recordsOf(block) });
  }
  return entries;
}

/** The records of a block as text. */
function recordsOf(block: Block): string[] {
  return Array.from(block.ends, (end, index) =>
    Buffer.from(block.bytes.subarray(index === 0 ? 0 : block.ends[index - 1], end)).toString(),
  );
}

async function readFollowing(topic: TopicReader, signal: AbortSignal | undefined): Promise<unknown[]> {
  const entries = [];
  for await (const { position } of topic.read(0, 0, { signal })) entries.push(position.offset);
  return entries;
}

function copyOf(block: Block): Block {
  return { bytes: block.bytes.slice(), ends: block.ends.slice(), arrival: block.arrival };
}

/** Of each record its key and its headers, as texts. */
export function textsOf(attached: Attached): unknown[][] {
  const reader = new AttachedReader(attached);
  const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();
  return Array.from(attached.starts, (_, record) => {
    reader.seek(record);
    return [text(reader.key()), ...[...reader.each()].map(({ name, value }) => [name, text(value)])];
  });
}
