import { expect, test } from "vitest";
import { parse } from "../../../query/parse.ts";
import { batchOf, type Difference, guids, NOON, put, type Started } from "./test-batches.ts";

/** What holds of an index while it is written, sealed, cut and compacted. */
export function describeLife(start: () => Promise<Started>, differs: ReadonlySet<Difference>): void {
  test("what is not committed is seen, and gone when its writer begins again", async () => {
    const { index, writer } = await start();
    await put(writer, "s", batchOf([{ n: 1 }]));
    await writer.write("s", batchOf([{ n: 2 }], 1));
    expect(await index.count({})).toBe(differs.has("unseen") ? 1 : 2);
    await index.seal();
    expect(await index.position("t", 0)).toBe(1);
    const again = await index.writer("one");
    expect(await index.count({})).toBe(1);
    await put(again, "s", batchOf([{ n: 2 }], 1));
    expect(await index.count({})).toBe(2);
  });

  test("a writer whose place another one has taken changes nothing any more", async () => {
    const { index, writer } = await start();
    const batch = batchOf([{ n: 1 }]);
    await writer.write("s", batch);
    const again = await index.writer("one");
    await writer.commit(batch.position, batch.records);
    // Its message is gone: were its position in force, nobody would read the message again.
    expect(await index.count({})).toBe(0);
    expect(await index.position("t", 0)).toBeUndefined();
    await writer.write("s", batchOf([{ n: 2 }], 1));
    await writer.commit({ topic: "t", partition: 0, offset: 1 }, 1);
    expect(await index.position("t", 0)).toBeUndefined();
    await put(again, "s", batchOf([{ n: 1 }]));
    await index.seal();
    expect(await index.position("t", 0)).toBe(1);
    expect(await guids(index, "*")).toEqual(["g0"]);
  });

  test("a writer joined by a handle takes the place of its name, goes on where that was, and stores the same", async () => {
    const { made, index, writer } = await start();
    await put(writer, "s", batchOf([{ n: 1 }]));
    await writer.write("s", batchOf([{ n: "dropped" }], 1));
    const joined = made.join(index.share("one"));
    expect(await index.count({})).toBe(1);
    expect(await joined.position("t", 0)).toBe(1);
    expect(await joined.position("t", 1)).toBeUndefined();
    await put(joined, "s", batchOf([{ n: 2 }], 1));
    expect(await joined.position("t", 0)).toBe(2);
    await joined.seal();
    expect(await index.sealedPosition("t", 0)).toBe(2);
    await put(joined, "s", batchOf([{ n: 3 }], 2));
    await joined[Symbol.asyncDispose]();
    expect(await guids(index, "n:>=1")).toEqual(["g0", "g1", "g2"]);
    // Another writer hears of it too: a partition may get another reader.
    expect(await (await index.writer("two")).position("t", 0)).toBe(3);
  });

  test("rows out of the selection are not written", async () => {
    const { index, writer } = await start();
    const batch = batchOf([{ n: 1 }, { n: 2 }, { n: 3 }]);
    batch.drop(1);
    await put(writer, "s", batch);
    expect(await guids(index, "*")).toEqual(["g0", "g2"]);
  });

  test("names the fields that no message has, and those near", async () => {
    const { index, writer } = await start();
    await put(writer, "s", batchOf([{ ip_src_addr: "1.2.3.4" }]));
    const found = await index.search({ query: parse("ip_src_adr:1.2.3.4") });
    expect(found.messages).toEqual([]);
    expect(found.unknownFields).toEqual([
      { field: "ip_src_adr", place: { line: 1, column: 1 }, suggestions: ["ip_src_addr"] },
    ]);
  });

  test("old and large sensors are cut", async () => {
    const { index, writer } = await start();
    const day = 86_400_000;
    await put(writer, "a", batchOf([{ timestamp: NOON - 9 * day }, { timestamp: NOON }]));
    await put(writer, "b", batchOf([{ timestamp: NOON - 9 * day }, { timestamp: NOON }], 2));
    await index.seal();
    const removed = await index.retain([
      { sensor: "a", age: Date.now() - NOON + 5 * day },
      { sensor: "*", bytes: 1 },
    ]);
    expect(removed).toMatchObject({ segments: 3, messages: 3 });
    expect(await guids(index, "*")).toEqual(["g1"]);
  });

  test("searches run while messages are written and sealed, and see each one once", async () => {
    const { index, writer } = await start();
    let written = 0;
    let stopped = false;
    const writing = (async () => {
      for (let round = 0; round < 60; round++) {
        const messages = Array.from({ length: 500 }, (_, row) => ({
          n: row,
          text: `some text number ${row} of round ${round}`,
        }));
        await put(writer, "s", batchOf(messages, round * 500));
        written = (round + 1) * 500;
        if (round % 10 === 5) void index.seal();
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      stopped = true;
    })();
    while (!stopped) {
      const before = written;
      const count = await index.count({ query: parse("n:>=0") });
      expect(count).toBeGreaterThanOrEqual(before);
      expect(count).toBeLessThanOrEqual(written + 500);
      const { total } = await index.search({ query: parse("text:*round*"), size: 3 });
      expect(total).toBeGreaterThanOrEqual(count);
    }
    await writing;
    await index.seal();
    expect(await index.count({})).toBe(30_000);
    const [facet] = await index.facets({ fields: ["guid"], size: 1 });
    expect(facet?.values[0]?.count).toBe(1);
  });

  test.skipIf(differs.has("server"))("small files become one", async () => {
    const { index, writer } = await start();
    for (let round = 0; round < 6; round++) {
      await put(writer, "s", batchOf([{ n: round, [`own_${round}`]: "x" }, { n: "odd" }], round * 2));
      await index.seal();
    }
    const before = await guids(index, "*");
    expect((await index.stats()).segments).toBe(6);
    await index.compact();
    expect((await index.stats()).segments).toBe(1);
    expect(await guids(index, "*")).toEqual(before);
    expect(await guids(index, "own_3:x")).toEqual(["g6"]);
    expect(await guids(index, "n:odd")).toHaveLength(6);
  });

  test.skipIf(differs.has("server"))("statistics", async () => {
    const { index, writer } = await start();
    await put(writer, "a", batchOf([{ x: 1 }, { y: 2 }]));
    await index.seal();
    await put(writer, "b", batchOf([{ x: 1 }], 2));
    const stats = await index.stats();
    expect(stats).toMatchObject({ messages: 3, hot: 1, segments: 1, problems: [] });
    expect(stats.bytes).toBeGreaterThan(0);
    const named = { together: 0, hasMore: false };
    expect(stats.sensors).toEqual([
      {
        sensor: "a",
        messages: 2,
        bytes: stats.bytes,
        segments: 1,
        fields: 4,
        ...named,
        from: NOON,
        to: NOON + 1,
      },
      { sensor: "b", messages: 1, bytes: 0, segments: 0, fields: 3, ...named, from: NOON + 2, to: NOON + 2 },
    ]);
  });
}
