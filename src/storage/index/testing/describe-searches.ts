import { describe, expect, test } from "vitest";
import type { Message } from "../../../core/message.ts";
import { Double } from "../../../core/number.ts";
import { parse } from "../../../query/parse.ts";
import type { Index } from "../contract.ts";
import { batchOf, guids, NOON, put, type Started } from "./test-batches.ts";

/** What holds of searches, counts, patches and replays, before and after a seal. */
export function describeSearches(start: () => Promise<Started>): void {
  describe.each([
    ["hot", async () => {}],
    ["sealed", (index: Index) => index.seal()],
  ] as const)("%s", (_state, settle) => {
    test("pages through everything once, in order, whatever the ties", async () => {
      const { index, writer } = await start();
      const messages = Array.from({ length: 57 }, (_, row) => ({
        guid: `m${String((row * 31) % 57).padStart(2, "0")}`,
        timestamp: NOON + (row % 3),
        ...(row % 5 > 0 && { score: row % 4 }),
      }));
      await put(writer, "s", batchOf(messages));
      await settle(index);
      const sort = [
        { field: "score", descending: true },
        { field: "timestamp", descending: false },
      ];
      const seen: Message[] = [];
      let cursor: string | undefined;
      do {
        const page = await index.search({ sort, size: 10, cursor });
        expect(page.total).toBe(57);
        seen.push(...page.messages);
        cursor = page.cursor;
      } while (cursor !== undefined);
      const order = (message: Message) =>
        [-((message.score as number | undefined) ?? -1), message.timestamp, message.guid] as [
          number,
          number,
          string,
        ];
      const sorted = [...messages].sort((a, b) => {
        const [one, other] = [order(a as Message), order(b as Message)];
        return one[0] - other[0] || one[1] - other[1] || (one[2] < other[2] ? -1 : 1);
      });
      expect(seen.map((message) => message.guid)).toEqual(sorted.map((message) => message.guid));
    });

    test.each([true, false])(
      "pages by time through what was written piece by piece, newest first: %s",
      async (descending) => {
        const { index, writer } = await start();
        const messages: (Message & { timestamp: number; guid: string })[] = [];
        for (let part = 0; part < 5; part++) {
          // Each piece reaches into the times of the ones around it, and times repeat.
          const own = Array.from({ length: 11 }, (_, row) => ({
            guid: `m${part}-${row}`,
            timestamp: NOON + part * 3 + (row % 7),
          }));
          messages.push(...own);
          await put(writer, "s", batchOf(own, part * 11));
          await settle(index);
        }
        const seen: unknown[] = [];
        let cursor: string | undefined;
        do {
          const page = await index.search({ sort: [{ field: "timestamp", descending }], size: 4, cursor });
          expect(page.total).toBe(55);
          seen.push(...page.messages.map(({ guid }) => guid));
          cursor = page.cursor;
        } while (cursor !== undefined);
        const sign = descending ? -1 : 1;
        messages.sort((a, b) => sign * (a.timestamp - b.timestamp) || (a.guid < b.guid ? -1 : 1));
        expect(seen).toEqual(messages.map(({ guid }) => guid));
      },
    );

    test("newest first, in a range of time, of some sensors, some fields", async () => {
      const { index, writer } = await start();
      await put(writer, "a", batchOf([{ x: 1, y: 1 }, { x: 2 }, { x: 3 }]));
      await put(writer, "b", batchOf([{ x: 4 }, { x: 5 }], 3));
      await settle(index);
      const found = await index.search({ from: NOON + 1, to: NOON + 4, fields: ["x"] });
      expect(found.messages.map((message) => ({ ...message }))).toEqual([
        { guid: "g3", x: 4 },
        { guid: "g2", x: 3 },
        { guid: "g1", x: 2 },
      ]);
      expect(found.total).toBe(3);
      const own = await index.search({ sensors: ["a"], from: NOON + 1, total: false });
      expect(own.messages.map((message) => message.guid)).toEqual(["g2", "g1"]);
      expect(own.total).toBeUndefined();
      expect(await index.count({ sensors: ["b"] })).toBe(2);
    });

    test("facets, histogram and groups", async () => {
      const { index, writer } = await start();
      const messages = Array.from({ length: 60 }, (_, row) => ({
        timestamp: NOON + row * 1000,
        kind: row % 3 === 0 ? "a" : "b",
        ip: `10.0.0.${row % 4}`,
        ...(row % 2 === 0 && { "threat.triage.score": new Double(row) }),
      }));
      await put(writer, "s", batchOf(messages));
      await settle(index);
      expect(await index.facets({ fields: ["kind", "threat.triage.score", "none"], size: 1 })).toEqual([
        { field: "kind", values: [{ value: "b", count: 40 }], distinct: 2, other: 20, missing: 0 },
        {
          field: "threat.triage.score",
          values: [{ value: 0, count: 1 }],
          distinct: 30,
          other: 29,
          missing: 30,
        },
        { field: "none", values: [], distinct: 0, other: 0, missing: 60 },
      ]);
      const histogram = await index.histogram({
        from: NOON,
        to: NOON + 60_000,
        interval: 20_000,
        split: "kind",
      });
      expect(histogram.series).toEqual(["b", "a"]);
      expect(histogram.buckets).toEqual([
        { time: NOON, count: 20, split: [13, 7] },
        { time: NOON + 20_000, count: 20, split: [13, 7] },
        { time: NOON + 40_000, count: 20, split: [14, 6] },
      ]);
      const groups = await index.groups({ by: ["kind", "ip"], query: parse("threat:triage:score:>=30") });
      expect(groups.map(({ value, total, score }) => [value, total, score])).toEqual([
        ["b", 10, 450],
        ["a", 5, 210],
      ]);
      expect(groups[0]?.groups.map(({ value, total }) => [value, total])).toEqual([
        ["10.0.0.0", 5],
        ["10.0.0.2", 5],
      ]);
    });

    test("a histogram has about as many bars as are wanted, up to now when its range is open", async () => {
      const { index, writer } = await start();
      const now = Date.now();
      const old = now - 5 * 3_600_000;
      await put(writer, "s", batchOf([{ timestamp: old }, { timestamp: old + 59_000 }]));
      await settle(index);
      const all = await index.histogram({ buckets: 120 });
      expect([all.interval, all.buckets.reduce((sum, { count }) => sum + count, 0)]).toEqual([500, 2]);
      expect(all.buckets.length).toBeGreaterThan(117);
      const day = await index.histogram({ from: now - 24 * 3_600_000, buckets: 48 });
      expect(day.interval).toBe(1_800_000);
      expect(day.buckets[0]?.time).toBeLessThanOrEqual(now - 24 * 3_600_000);
      expect((day.buckets.at(-1)?.time ?? 0) + day.interval).toBeGreaterThan(now);
      const hit = await index.histogram({ from: old, to: old + 10, buckets: 10 });
      expect([hit.interval, hit.buckets.reduce((sum, { count }) => sum + count, 0)]).toEqual([1, 1]);
    });

    test("a family of fields counts a message for each of its values, once", async () => {
      const { index, writer } = await start();
      const rule = (at: number, name: string) => ({ [`threat.triage.rules.${at}.name`]: name });
      await put(
        writer,
        "a",
        batchOf([
          { ...rule(0, "scan"), ...rule(1, "bad address"), ...rule(2, "upload"), sensor: "x" },
          { ...rule(0, "bad address"), ...rule(1, "bad address"), sensor: "x" },
          {},
        ]),
      );
      await put(writer, "b", batchOf([rule(0, "upload"), rule(10, "upload")], 3));
      await settle(index);
      const names = "threat.triage.rules.*.name";
      expect(await index.facets({ fields: [names, "threat:triage:rules:*:name"], size: 2 })).toEqual(
        [names, "threat:triage:rules:*:name"].map((field) => ({
          field,
          values: [
            { value: "upload", count: 3 },
            { value: "bad address", count: 2 },
          ],
          distinct: 3,
          other: 1,
          missing: 1,
        })),
      );
      expect(await index.facets({ fields: ["none.*.name"] })).toEqual([
        { field: "none.*.name", values: [], distinct: 0, other: 0, missing: 5 },
      ]);
      const groups = await index.groups({ by: ["sensor", names] });
      expect(groups.map(({ value, total }) => [value, total])).toEqual([["x", 2]]);
      expect(groups[0]?.groups.map(({ value, total }) => [value, total])).toEqual([
        ["bad address", 2],
        ["scan", 1],
        ["upload", 1],
      ]);
      const twice = await index.groups({ by: [names, names], query: parse("_exists_:sensor") });
      expect(twice[0]?.groups.map(({ value, total }) => [value, total])).toEqual([
        ["bad address", 2],
        ["scan", 1],
        ["upload", 1],
      ]);
    });

    test("groups come with their highest score, the largest or the most alarming first", async () => {
      const { index, writer } = await start();
      const scored = (kind: string, score?: number) => ({
        kind,
        ...(score !== undefined && { "threat.triage.score": score }),
      });
      await put(
        writer,
        "s",
        batchOf([scored("many", 5), scored("many", 7), scored("few", 90), scored("none"), scored("none")]),
      );
      await settle(index);
      const groups = async (order: "total" | "score") =>
        (await index.groups({ by: ["kind"], order })).map(({ value, total, score, highest }) => [
          value,
          total,
          score,
          highest,
        ]);
      expect(await groups("total")).toEqual([
        ["many", 2, 12, 7],
        ["none", 2, 0, undefined],
        ["few", 1, 90, 90],
      ]);
      expect(await groups("score")).toEqual([
        ["few", 1, 90, 90],
        ["many", 2, 12, 7],
        ["none", 2, 0, undefined],
      ]);
    });

    test("changes of one message at the same time are all kept", async () => {
      const { index, writer } = await start();
      await put(writer, "s", batchOf([{ a: 1 }]));
      await settle(index);
      const names = Array.from({ length: 20 }, (_, n) => `note${n}`);
      await Promise.all(names.map((name) => index.patch("g0", { set: { [name]: name } }, name)));
      const [message] = await index.get(["g0"]);
      expect(message).toMatchObject(Object.fromEntries(names.map((name) => [name, name])));
      expect(await guids(index, "note7:note7 AND note19:note19")).toEqual(["g0"]);
    });

    test("patches are found, shown, sorted by, counted, and survive", async () => {
      const { index, writer, reopen } = await start();
      await put(
        writer,
        "s",
        batchOf([{ "threat.triage.score": 10, tag: "x" }, { "threat.triage.score": 20 }, {}]),
      );
      await settle(index);
      const set = { alert_status: "OPEN", "threat.triage.score": 30, comments: [{ text: "hm" }] };
      const patched = await index.patch("g0", { set, remove: ["tag"] }, "ann");
      expect({ ...patched }).toMatchObject({
        guid: "g0",
        alert_status: "OPEN",
        comments: [{ text: "hm" }],
      });
      expect(patched.tag).toBeUndefined();
      await index.patch("g0", { set: { alert_status: "RESOLVE" } }, "bob");
      const check = async (one: Index) => {
        expect(await guids(one, "alert_status:RESOLVE")).toEqual(["g0"]);
        expect(await guids(one, "alert_status:OPEN")).toEqual([]);
        expect(await guids(one, "NOT alert_status:RESOLVE")).toEqual(["g1", "g2"]);
        expect(await guids(one, "_exists_:tag")).toEqual([]);
        expect(await guids(one, "threat.triage.score:>15")).toEqual(["g0", "g1"]);
        const { messages } = await one.search({
          sort: [{ field: "threat.triage.score", descending: true }],
        });
        expect(messages.map((message) => message["threat.triage.score"])).toEqual([30, 20, undefined]);
        expect((await one.facets({ fields: ["alert_status"] }))[0]?.values).toEqual([
          { value: "RESOLVE", count: 1 },
        ]);
        expect((await one.get(["g0"]))[0]?.tag).toBeUndefined();
        expect((await one.fields()).map((field) => field.name)).toContain("alert_status");
      };
      await check(index);
      await expect(index.patch("none", { set: { a: 1 } }, "ann")).rejects.toMatchObject({
        code: "NOT_FOUND",
      });
      await expect(index.patch("g0", { set: { guid: "z" } }, "ann")).rejects.toMatchObject({
        code: "REQUEST_INVALID",
      });
      await index[Symbol.asyncDispose]();
      const again = await reopen();
      await check(again);
    });

    test("what was changed of a message is told with who did it and when, and survives", async () => {
      const { index, writer, reopen } = await start();
      await put(writer, "s", batchOf([{ tag: "x" }, {}]));
      await settle(index);
      await index.patch("g0", { set: { status: "OPEN", note: "n".repeat(2000) }, remove: ["tag"] }, "ann");
      await index.patch("g0", { set: { status: "DONE", count: 2n }, remove: ["status"] }, "bob");
      await index.patch("g0", { set: { tag: null } }, "eve");
      const check = async (one: Index) => {
        const { changes, earlier } = await one.history("g0");
        expect(changes.map(({ by, fields }) => [by, fields])).toEqual([
          ["ann", [{ name: "status", value: "OPEN" }, { name: "note" }, { name: "tag", value: null }]],
          [
            "bob",
            [
              { name: "status", value: null },
              { name: "count", value: 2 },
            ],
          ],
          ["eve", [{ name: "tag", value: null }]],
        ]);
        expect(changes.every(({ at }) => Number.isInteger(at))).toBe(true);
        expect(earlier).toBe(0);
        for (const guid of ["g1", "none"])
          expect(await one.history(guid)).toEqual({ changes: [], earlier: 0 });
      };
      await check(index);
      await index[Symbol.asyncDispose]();
      await check(await reopen());
    });

    test("of very many changes the last ones are kept, and the others counted", async () => {
      const { index, writer } = await start();
      await put(writer, "s", batchOf([{ a: 1 }]));
      await settle(index);
      for (let n = 1; n <= 103; n++) await index.patch("g0", { set: { n } }, "ann");
      const { changes, earlier } = await index.history("g0");
      expect(earlier).toBe(3);
      expect(changes).toHaveLength(100);
      expect(changes.at(0)?.fields).toEqual([{ name: "n", value: 4 }]);
      expect(changes.at(-1)?.fields).toEqual([{ name: "n", value: 103 }]);
    });

    test("a replay doubles nothing", async () => {
      const { index, writer, reopen } = await start();
      await put(writer, "s", batchOf([{ n: 1 }, { n: 2 }], 0));
      await put(writer, "s", batchOf([{ n: 3 }], 2));
      await settle(index);
      await put(writer, "s", batchOf([{ n: 2 }, { n: 3 }, { n: 4 }], 1));
      await put(writer, "other", batchOf([{ n: 5 }], 4, ""));
      await put(writer, "other", batchOf([{ n: 5 }], 4, ""));
      expect(await index.count({})).toBe(5);
      expect(await index.position("t", 0)).toBe(4);
      await index[Symbol.asyncDispose]();
      const again = await reopen();
      expect(await again.position("t", 0)).toBe(4);
      expect(await again.sealedPosition("t", 0)).toBe(4);
      const second = await again.writer("one");
      await put(second, "s", batchOf([{ n: 4 }, { n: 6 }], 3));
      expect(await again.count({})).toBe(6);
      expect(await guids(again, "n:[1 TO 9]")).toEqual(["g0", "g1", "g2", "g3", "g4", "g4"]);
    });
  });
}
