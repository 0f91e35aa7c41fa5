import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { makeContext } from "../../../core/context.ts";
import { parse } from "../../../query/parse.ts";
import { openDuckdbIndex } from "../duckdb/open.ts";
import { openOpenSearchIndex } from "../opensearch/open.ts";
import { testOpenSearch } from "../opensearch/testing/node.ts";
import { guardServer } from "../testing/guarded-proxy.ts";
import { batchOf, guids, NOON, put } from "../testing/test-batches.ts";
import { answeredBy, place, whole } from "./testing/place.ts";

const url = (await testOpenSearch()) ?? "";
const ALERTS = "is_alert:true";

describe.skipIf(url === "")("copies of alerts", () => {
  test("answer what asks for alerts alone, and the files answer the rest", async () => {
    const { open, copied } = await place(url);
    await using index = await open();
    await whole(index);
    const writer = await index.writer("one");
    await put(writer, "s", batchOf([{ n: 1, is_alert: "true" }, { n: 2 }, { n: 3, is_alert: "true" }]));
    const requests: [string, (text: string) => Promise<unknown>, unknown][] = [
      ["search", (text) => guids(index, text), ["g0", "g2"]],
      ["count", (text) => index.count({ query: parse(text) }), 2],
      [
        "facets",
        (text) => index.facets({ query: parse(text), fields: ["n"] }),
        [
          {
            ...{ field: "n", distinct: 2, other: 0, missing: 0 },
            values: [
              { value: 1, count: 1 },
              { value: 3, count: 1 },
            ],
          },
        ],
      ],
      ["histogram", (text) => index.histogram({ query: parse(text), interval: 1000 }), { interval: 1000 }],
      ["groups", (text) => index.groups({ query: parse(text), by: ["is_alert"] }), [{ total: 2 }]],
    ];
    for (const [name, ask, expected] of requests) {
      const by = await answeredBy(index, async () =>
        expect(await ask(ALERTS), name).toMatchObject(expected as object),
      );
      expect([name, by]).toEqual([name, "copies"]);
      const other = await answeredBy(index, () => ask(`${ALERTS} OR n:1`));
      expect([name, other]).toEqual([name, "files unasked for alerts"]);
    }
    expect(await guids(index, "*")).toEqual(["g0", "g1", "g2"]);
    expect(await copied()).toEqual(["g0", "g2"]);
  });

  test("know the fields that other messages have", async () => {
    const { open } = await place(url);
    await using index = await open();
    await whole(index);
    const writer = await index.writer("one");
    await put(writer, "s", batchOf([{ is_alert: "true" }, { colour: "red" }]));
    const search = (text: string) => index.search({ query: parse(text) });
    expect((await search(`${ALERTS} AND colour:red`)).unknownFields).toEqual([]);
    expect((await search(`${ALERTS} AND color:red`)).unknownFields).toMatchObject([
      { field: "color", suggestions: ["colour"] },
    ]);
  });

  test("are made of what was stored before there were any, and of what was stored without them", async () => {
    const { folder, open, copied } = await place(url);
    {
      await using before = await openDuckdbIndex(folder, {}, makeContext());
      const writer = await before.writer("one");
      await put(writer, "s", batchOf([{ is_alert: "true" }, { n: 1 }]));
      await before.patch("g0", { set: { state: "open" } }, "ann");
    }
    {
      await using index = await open();
      await whole(index);
      expect(
        await answeredBy(index, async () =>
          expect(await guids(index, `${ALERTS} AND state:open`)).toEqual(["g0"]),
        ),
      ).toBe("copies");
    }
    {
      await using without = await openDuckdbIndex(folder, {}, makeContext());
      const writer = await without.writer("one");
      await put(writer, "s", batchOf([{ is_alert: "true" }], 2));
      await without.patch("g1", { set: { is_alert: "true" } }, "ann");
    }
    await using index = await open();
    await whole(index);
    expect(await copied()).toEqual(["g0", "g1", "g2"]);
  });

  test("follow changes: what becomes an alert, what changes, what is none any more", async () => {
    const { open, copied } = await place(url);
    await using index = await open();
    await whole(index);
    const writer = await index.writer("one");
    await put(writer, "s", batchOf([{ is_alert: "true" }, { n: 1 }]));
    await index.patch("g1", { set: { is_alert: "true", state: "escalated" } }, "ann");
    await index.patch("g0", { set: { state: "open" } }, "bob");
    const states = () => guids(index, `${ALERTS} AND _exists_:state`);
    expect(await answeredBy(index, async () => expect(await states()).toEqual(["g0", "g1"]))).toBe("copies");
    await index.patch("g0", { remove: ["is_alert"] }, "bob");
    expect(await answeredBy(index, async () => expect(await states()).toEqual(["g1"]))).toBe("copies");
    expect(await copied()).toEqual(["g1"]);
    await index.patch("g0", { set: { is_alert: "true" } }, "bob");
    expect(await states()).toEqual(["g0", "g1"]);
    expect((await index.history("g0")).changes.map(({ by }) => by)).toEqual(["bob", "bob", "bob"]);
    const { messages } = await index.search({ query: parse(`${ALERTS} AND guid:g1`) });
    expect(messages).toMatchObject([{ guid: "g1", state: "escalated" }]);
  });

  test("wait while OpenSearch is out of reach: everything goes on, the files answer, and it is told", async () => {
    const { open, copied } = await place(url);
    await using proxy = await guardServer(url);
    await using index = await open({ nodes: [proxy.url], authority: proxy.authority });
    await whole(index);
    const writer = await index.writer("one");
    await put(
      writer,
      "s",
      batchOf([
        { n: 1, is_alert: "true" },
        { n: 2, is_alert: "true" },
      ]),
    );
    const page = (sort: string, cursor?: string) =>
      index.search({ query: parse(ALERTS), size: 1, sort: [{ field: sort, descending: false }], cursor });
    const byTime = await page("timestamp");
    const byNumber = await page("n");
    proxy.isCut = true;
    await put(writer, "s", batchOf([{ n: 3, is_alert: "true" }], 2));
    await index.patch("g0", { set: { state: "open" } }, "ann");
    await index.seal();
    expect(await index.sealedPosition("t", 0)).toBe(3);
    expect(
      await answeredBy(index, async () => expect(await guids(index, ALERTS)).toEqual(["g0", "g1", "g2"])),
    ).toBe("files");
    expect(index.problems()).toEqual([]);
    expect((await index.stats()).alertCopies).toMatchObject({
      failure: { code: "INDEX_UNREACHABLE", since: expect.any(Number) },
      waiting: 2,
    });
    // Both engines keep the same places in the order of time.
    expect((await page("timestamp", byTime.cursor)).messages).toMatchObject([{ guid: "g1" }]);
    await expect(page("n", byNumber.cursor)).rejects.toMatchObject({
      code: "INDEX_UNREACHABLE",
      message: expect.stringContaining("begin the search again"),
    });
    const ofFiles = await page("n");
    proxy.isCut = false;
    await whole(index);
    expect(
      await answeredBy(index, async () =>
        expect(await guids(index, `${ALERTS} AND state:open`)).toEqual(["g0"]),
      ),
    ).toBe("copies");
    // A search stays with the engine that began it.
    expect((await page("n", ofFiles.cursor)).messages).toMatchObject([{ guid: "g1" }]);
    expect((await page("n", byNumber.cursor)).messages).toMatchObject([{ guid: "g1" }]);
    expect(await copied()).toEqual(["g0", "g1", "g2"]);
    expect((await index.stats()).alertCopies).toMatchObject({ waiting: 0, isWhole: true });
  });

  test("that could not be made before the end are made after the next start", async () => {
    const { open, copied } = await place(url);
    await using proxy = await guardServer(url);
    const options = { nodes: [proxy.url], authority: proxy.authority };
    {
      await using index = await open(options);
      await whole(index);
      const writer = await index.writer("one");
      proxy.isCut = true;
      await put(writer, "s", batchOf([{ is_alert: "true" }, { n: 1 }]));
      await index.patch("g1", { set: { is_alert: "true" } }, "ann");
    }
    // Nor does a start wait for it.
    await using index = await open(options);
    expect(await guids(index, ALERTS)).toEqual(["g0", "g1"]);
    expect((await index.stats()).alertCopies).toMatchObject({ isWhole: false, waiting: 2 });
    proxy.isCut = false;
    await whole(index);
    expect(
      await answeredBy(index, async () => expect(await guids(index, ALERTS)).toEqual(["g0", "g1"])),
    ).toBe("copies");
    expect(await copied()).toEqual(["g0", "g1"]);
  });

  test("of messages that a crash took back go, too", async () => {
    const { prefix, folder, open, copied } = await place(url);
    {
      await using index = await open();
      await put(await index.writer("one"), "s", batchOf([{ n: 1 }]));
    }
    const child = join(import.meta.dirname, "testing/crash-child.ts");
    const { stdout } = await promisify(execFile)(process.execPath, [child, folder, url, prefix]);
    expect(stdout).toBe("1");
    expect(await copied()).toEqual(["g1"]);
    await using index = await open();
    await whole(index);
    expect(await guids(index, ALERTS)).toEqual([]);
    expect(await copied()).toEqual([]);
    await put(await index.writer("one"), "s", batchOf([{ is_alert: "true" }], 1));
    expect(await guids(index, ALERTS)).toEqual(["g1"]);
    expect(await copied()).toEqual(["g1"]);
  });

  test("are made of what was durable at a crash, and not copied", async () => {
    const { prefix, folder, open, copied } = await place(url);
    {
      await using index = await open();
      await whole(index);
    }
    const child = join(import.meta.dirname, "testing/crash-child.ts");
    await promisify(execFile)(process.execPath, [child, folder, "http://127.0.0.1:1", prefix, "sealed"]);
    await using index = await open();
    expect((await index.stats()).messages).toBe(1);
    expect(await guids(index, ALERTS)).toEqual(["g1"]);
    await whole(index);
    expect(await copied()).toEqual(["g1"]);
  });

  test("go with the messages that retention drops", async () => {
    const { open, copied } = await place(url);
    const day = 86_400_000;
    await using index = await open();
    await whole(index);
    const writer = await index.writer("one");
    const alert = { is_alert: "true" };
    await put(
      writer,
      "a",
      batchOf([
        { ...alert, timestamp: NOON - 9 * day },
        { ...alert, timestamp: NOON },
      ]),
    );
    await put(writer, "b", batchOf([{ ...alert, timestamp: NOON - 9 * day }], 2));
    await index.seal();
    expect(await guids(index, ALERTS)).toEqual(["g0", "g1", "g2"]);
    await index.retain([{ sensor: "*", age: Date.now() - NOON + 5 * day }]);
    while ((await copied()).length > 1) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await answeredBy(index, async () => expect(await guids(index, ALERTS)).toEqual(["g1"]))).toBe(
      "copies",
    );
  });

  test("are made again when a part of the index is", async () => {
    const { prefix, open, copied } = await place(url);
    await using index = await open();
    await whole(index);
    const writer = await index.writer("one");
    await put(writer, "s", batchOf([{ is_alert: "true" }]));
    expect(await guids(index, ALERTS)).toEqual(["g0"]);
    await index.seal();
    // What is there and should not be.
    const body = JSON.stringify({ guid: "stray", sensor: "s", time: NOON, message: { guid: "stray" } });
    const headers = { "content-type": "application/json" };
    await fetch(`${url}/${prefix}.s.2026-11-21/_doc/stray`, { method: "PUT", headers, body });
    expect(await copied()).toEqual(["g0", "stray"]);
    {
      await using restoration = index.restore({ everything: false });
      await restoration.takeFiles(() => {});
      expect((await restoration.missing()).size).toBe(0);
      await restoration.commit();
    }
    await whole(index);
    expect(await copied()).toEqual(["g0"]);
    expect(await answeredBy(index, async () => expect(await guids(index, ALERTS)).toEqual(["g0"]))).toBe(
      "copies",
    );
  });

  test("that OpenSearch refuses are told, and the files answer", async () => {
    const { prefix, open } = await place(url);
    await using index = await open();
    await whole(index);
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ mappings: { properties: { guid: { type: "long" } } } });
    await fetch(`${url}/${prefix}.s.2026-11-21`, { method: "PUT", headers, body });
    const writer = await index.writer("one");
    await put(writer, "s", batchOf([{ is_alert: "true" }]));
    await put(writer, "other", batchOf([{ is_alert: "true" }], 1));
    expect(
      await answeredBy(index, async () => expect(await guids(index, ALERTS)).toEqual(["g0", "g1"])),
    ).toBe("files");
    expect((await index.stats()).alertCopies).toMatchObject({
      isWhole: false,
      waiting: 1,
      failure: {
        code: "INDEX_REFUSED",
        message: expect.stringMatching(
          /^1 of the alerts cannot be copied, the last one for: failed to parse field \[guid\]/,
        ),
      },
    });
    await fetch(`${url}/${prefix}.s.2026-11-21`, { method: "DELETE" });
    await whole(index);
    expect(
      await answeredBy(index, async () => expect(await guids(index, ALERTS)).toEqual(["g0", "g1"])),
    ).toBe("copies");
  });

  test("are not mixed with those of another folder, nor with messages of OpenSearch's own", async () => {
    const [one, other] = [await place(url), await place(url)];
    {
      await using index = await one.open();
      await whole(index);
      await put(await index.writer("one"), "s", batchOf([{ is_alert: "true" }]));
      expect(await guids(index, ALERTS)).toEqual(["g0"]);
    }
    await expect(other.open({ prefix: one.prefix })).rejects.toMatchObject({
      code: "INDEX_REFUSED",
      message: expect.stringContaining("has copies of the alerts of another data folder"),
    });
    const connection = { nodes: [url], replicas: 0 };
    await expect(
      openOpenSearchIndex({ ...connection, prefix: one.prefix }, makeContext()),
    ).rejects.toMatchObject({
      code: "INDEX_REFUSED",
      message: expect.stringContaining("choose another `prefix` for an index of all messages"),
    });
    {
      await using all = await openOpenSearchIndex({ ...connection, prefix: other.prefix }, makeContext());
      await put(await all.writer("one"), "s", batchOf([{ n: 1 }]));
      await all.seal();
      expect(await all.count({})).toBe(1);
    }
    await expect(other.open()).rejects.toMatchObject({
      code: "INDEX_REFUSED",
      message: expect.stringContaining("has 1 messages that are no copies of alerts"),
    });
    expect(await one.copied()).toEqual(["g0"]);
  });
});
