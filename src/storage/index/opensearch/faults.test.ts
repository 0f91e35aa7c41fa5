import { afterAll, describe, expect, test } from "vitest";
import { makeContext } from "../../../core/context.ts";
import { areInstalled } from "../../../pcap/testing/programs.ts";
import { parse } from "../../../query/parse.ts";
import type { Index } from "../contract.ts";
import type { Kept } from "../kept.ts";
import { deafAddress, type GuardedProxy, guardServer } from "../testing/guarded-proxy.ts";
import { batchOf, guids, put } from "../testing/test-batches.ts";
import { Client } from "./client.ts";
import { openOpenSearchIndex } from "./open.ts";
import { removeIndices, testOpenSearch } from "./testing/node.ts";

const given = await testOpenSearch();
const prefix = `faults-${process.pid}`;
const PASSWORD = `Basic ${Buffer.from("ann:secret").toString("base64")}`;

describe.skipIf(given === undefined)("OpenSearch that is not as it should be", () => {
  const url = given ?? "";
  afterAll(() => removeIndices(url, prefix));
  const open = (options: object) =>
    openOpenSearchIndex({ nodes: [url], prefix, replicas: 0, ...options }, makeContext());
  /** An index of its own that reaches OpenSearch through a proxy. */
  const behind = ({ url: node, authority }: GuardedProxy, name: string, options: object = {}) =>
    open({ nodes: [node], authority, prefix: `${prefix}-${name}`, ...options });
  /** A writer of an index that has one message. */
  const begun = async (index: Index) => {
    const writer = await index.writer("one");
    await put(writer, "s", batchOf([{ n: 1 }]));
    await index.seal();
    return writer;
  };

  test("says that nobody answers, and goes on to the next node", async () => {
    const deaf = await deafAddress();
    await expect(open({ nodes: [deaf] })).rejects.toMatchObject({
      code: "INDEX_UNREACHABLE",
      message: expect.stringMatching(/^OpenSearch at http:.* cannot be reached: connect ECONNREFUSED/),
    });
    await using index = await open({ nodes: [deaf, url] });
    expect(await index.count({ query: parse("none:x") })).toBe(0);
  });

  test("takes a password over TLS, and says when it is wrong or the certificate is not known", async () => {
    await using proxy = await guardServer(url, { authorization: PASSWORD });
    const { authority } = proxy;
    const nodes = [proxy.url];
    await using index = await open({ nodes, authority, authorization: PASSWORD });
    expect(await index.count({ query: parse("none:x") })).toBe(0);
    await expect(open({ nodes, authority, authorization: "Basic x" })).rejects.toMatchObject({
      code: "INDEX_REFUSED",
      message: `OpenSearch at ${proxy.url} does not accept the password or API key (401)`,
    });
    await expect(open({ nodes, authorization: PASSWORD })).rejects.toMatchObject({
      code: "INDEX_REFUSED",
      message: expect.stringMatching(
        /^the certificate of OpenSearch at https:.* is not accepted: self-signed/,
      ),
    });
  });

  test.skipIf(!areInstalled("faketime"))("says that a certificate has expired", async () => {
    await using proxy = await guardServer(url, { madeOn: "2020-01-01" });
    await expect(open({ nodes: [proxy.url], authority: proxy.authority })).rejects.toMatchObject({
      code: "INDEX_REFUSED",
      message: expect.stringMatching(/is not accepted: certificate has expired$/),
    });
  });

  test("keeps what it cannot store, says so, and stores it once when it can again", async () => {
    await using proxy = await guardServer(url);
    await using index = await behind(proxy, "lost");
    const writer = await begun(index);
    proxy.isCut = true;
    await put(writer, "s", batchOf([{ n: 2 }, { n: 3 }], 1));
    await expect(index.seal()).rejects.toMatchObject({ code: "INDEX_UNREACHABLE" });
    await expect(index.count({})).rejects.toMatchObject({ code: "INDEX_UNREACHABLE" });
    expect(index.problems()).toMatchObject([
      {
        code: "INDEX_UNREACHABLE",
        text: expect.stringContaining("new messages wait until they can be stored"),
      },
    ]);
    proxy.isCut = false;
    expect(await index.sealedPosition("t", 0)).toBe(1);
    await index.seal();
    expect(await guids(index, "*")).toEqual(["g0", "g1", "g2"]);
    expect(await index.sealedPosition("t", 0)).toBe(3);
    expect(index.problems()).toEqual([]);
  });

  test("counts nothing when a shard does not answer, rather than too little", async () => {
    await using proxy = await guardServer(url);
    await using index = await open({
      nodes: [proxy.url],
      authority: proxy.authority,
      prefix: `${prefix}-shard`,
    });
    const _shards = { total: 2, failed: 1, failures: [] };
    const body = JSON.stringify({ timed_out: false, _shards, hits: { hits: [], total: { value: 0 } } });
    proxy.answer = (_method, path) =>
      path.includes("_search") && !path.includes("internal") ? { status: 200, body } : undefined;
    const lack = {
      code: "INDEX_UNREACHABLE",
      message: expect.stringContaining("1 of 2 shards of OpenSearch"),
    };
    await expect(index.count({})).rejects.toMatchObject(lack);
    await expect(index.facets({ fields: ["n"] })).rejects.toMatchObject(lack);
    expect((await index.search({})).problems).toMatchObject([{ code: "INDEX_UNREACHABLE" }]);
  });

  test("says that it is silent instead of waiting for it, and counts nothing as stored meanwhile", async () => {
    await using proxy = await guardServer(url);
    await using index = await behind(proxy, `silent-${Date.now()}`, { patience: 2000 });
    const writer = await begun(index);
    expect(await index.stats()).toMatchObject({ messages: 1, problems: [] });
    proxy.isSilent = () => true;
    await put(writer, "s", batchOf([{ n: 2 }], 1));
    const silence = { code: "INDEX_UNREACHABLE", message: expect.stringContaining("no answer within 2 s") };
    await expect(index.count({})).rejects.toMatchObject(silence);
    await expect(index.search({})).rejects.toMatchObject(silence);
    await expect(index.patch("g0", { set: { x: 1 } }, "ann")).rejects.toMatchObject(silence);
    const { messages, problems, asOf } = await index.stats();
    expect([messages, typeof asOf]).toEqual([1, "number"]);
    expect(problems.map(({ code }) => code)).toEqual(["INDEX_BEHIND", "INDEX_UNREACHABLE"]);
    expect(await index.position("t", 0)).toBe(1);
    proxy.restart();
    expect(await guids(index, "*")).toEqual(["g0", "g1"]);
    expect(await index.position("t", 0)).toBe(2);
    expect(index.problems()).toEqual([]);
  });

  test("says since when it stores nothing as soon as it is silent for long, and no more once it stores again", async () => {
    await using proxy = await guardServer(url);
    await using index = await behind(proxy, `stall-${Date.now()}`, { patience: 500 });
    const writer = await begun(index);
    expect(index.problems()).toEqual([]);
    const from = Date.now();
    proxy.isSilent = (path) => path.startsWith("/_bulk");
    await put(writer, "s", batchOf([{ n: 2 }], 1));
    await expect.poll(() => index.problems()).toMatchObject([{ code: "INDEX_BEHIND" }]);
    const [{ since = 0, text = "" } = {}] = index.problems();
    expect([since >= from - 1, since <= Date.now()]).toEqual([true, true]);
    const late = { code: "INDEX_UNREACHABLE", message: expect.stringContaining("no answer within 0.5 s") };
    proxy.isSilent = () => true;
    await expect(writer.write("new", batchOf([{ n: 3 }]))).rejects.toMatchObject(late);
    await expect(writer.position("t", 7)).rejects.toMatchObject(late);
    expect(text).toBe(
      `since ${new Date(since).toISOString()} new messages wait until they can be stored: OpenSearch at ${proxy.url} has not answered for 0.5 s`,
    );
    proxy.restart();
    await expect.poll(() => index.problems()).toEqual([]);
  });

  test("ends a search when it answers nothing any more, and not while it works on", async () => {
    await using proxy = await guardServer(url);
    const options = { patience: 1000, searchTime: 3000 };
    await using index = await behind(proxy, `gone-${Date.now()}`, options);
    await begun(index);
    expect(await index.count({})).toBe(1);
    // What others wrote of fields is known for a second, so that nothing is asked before the search itself.
    proxy.isSilent = () => true;
    const silence = "no answer within 1 s";
    await expect(index.count({})).rejects.toMatchObject({ message: expect.stringContaining(silence) });
    proxy.restart();
    expect(await index.count({})).toBe(1);
    proxy.isSilent = (path) => path.includes("allow_no_indices");
    await expect(index.count({})).rejects.toMatchObject({
      message: expect.stringMatching(/ended after 3 s/),
    });
  });

  test("tells what is kept once it is stored, and what was there before or is refused", async () => {
    await using proxy = await guardServer(url);
    const own = `kept-${Date.now()}`;
    const told: Kept[] = [];
    const take = async (index: Index, rows: readonly Record<string, string | number>[]) => {
      const writer = await index.writer("one");
      const batch = batchOf(rows);
      await writer.write("s", batch);
      await writer.commit(batch.position, batch.records, (kept) => told.push(kept));
      return writer;
    };
    const rows = [{ n: 1 }, { n: 2, guid: "g".repeat(600) }];
    {
      await using index = await behind(proxy, own);
      proxy.isSilent = (path) => path.startsWith("/_bulk");
      await take(index, rows);
      expect(told).toEqual([]);
      proxy.restart();
      await index.seal();
      expect(told).toEqual([{ before: new Map(), refused: new Map([["s", 1]]) }]);
    }
    // Another one reads the same again, as after a kill; what the answer was lost of is its own when it sends it again.
    await using index = await behind(proxy, own);
    await take(index, [...rows, { n: 3 }]);
    await index.seal();
    expect(told[1]).toEqual({ before: new Map([["s", 2]]), refused: new Map() });
    // The client asks again at once, and the writer when both answers are lost.
    for (const [turn, answers] of [1, 2].entries()) {
      let lost = 0;
      proxy.cutAfter = (_method, path) => (path.startsWith("/_bulk") && lost++ < answers ? 0 : undefined);
      await take(index, [{ guid: `later ${turn}`, n: 4 }]);
      if (answers > 1) await expect(index.seal()).rejects.toMatchObject({ code: "INDEX_UNREACHABLE" });
      await index.seal();
      expect([lost > answers, told[2 + turn]]).toEqual([true, { before: new Map(), refused: new Map() }]);
    }
  });

  test("asks the next node in place of one that is silent, now and from then on", async () => {
    await using proxy = await guardServer(url);
    let asked = 0;
    proxy.isSilent = () => ++asked > 0;
    await using client = new Client({ nodes: [proxy.url, url], authority: proxy.authority });
    for (let turn = 0; turn < 3; turn++)
      expect((await client.ask("GET", "/", { time: 1000 })).status).toBe(200);
    expect(asked).toBe(1);
  });

  test("ends although it is silent, and leaves what is not stored to the topic", async () => {
    await using proxy = await guardServer(url);
    const own = `end-${Date.now()}`;
    const index = await behind(proxy, own);
    const writer = await begun(index);
    proxy.isSilent = () => true;
    await put(writer, "s", batchOf([{ n: 2 }], 1));
    await writer[Symbol.asyncDispose]();
    await index[Symbol.asyncDispose]();
    await using again = await open({ prefix: `${prefix}-${own}` });
    expect(await again.sealedPosition("t", 0)).toBe(1);
    expect(await guids(again, "*")).toEqual(["g0"]);
  });

  test("answers without what is still being stored, and says so", async () => {
    await using proxy = await guardServer(url);
    await using index = await behind(proxy, `behind-${Date.now()}`, { patience: 3000 });
    const writer = await begun(index);
    expect(await index.count({})).toBe(1);
    proxy.isSilent = (path) => path.startsWith("/_bulk");
    await put(writer, "s", batchOf([{ n: 2 }], 1));
    const { total, problems } = await index.search({});
    expect(total).toBe(1);
    expect(problems).toMatchObject([{ code: "INDEX_BEHIND" }]);
    const stats = await index.stats();
    expect(stats.messages).toBe(1);
    expect(stats.problems.map(({ code }) => code)).not.toContain("INDEX_UNREACHABLE");
    proxy.restart();
    expect(await guids(index, "*")).toEqual(["g0", "g1"]);
    expect(index.problems()).toEqual([]);
  });

  test("makes its writer wait when too much is kept", async () => {
    await using proxy = await guardServer(url);
    await using index = await behind(proxy, "wait");
    const writer = await begun(index);
    proxy.isCut = true;
    const many = Array.from({ length: 20_000 }, (_, n) => ({ n }));
    await writer.write("s", batchOf(many, 1));
    let isOver = false;
    const committed = Promise.resolve(writer.commit({ topic: "t", partition: 0, offset: 1 }, many.length));
    void committed.then(() => {
      isOver = true;
    });
    await expect(index.seal()).rejects.toMatchObject({ code: "INDEX_UNREACHABLE" });
    expect(isOver).toBe(false);
    proxy.isCut = false;
    await committed;
    await index.seal();
    expect(await index.count({})).toBe(20_001);
  });

  test("stores an error record in place of a message that is refused, with the reason", async () => {
    await using index = await open({ prefix: `${prefix}-refused` });
    const writer = await index.writer("one");
    const long = "g".repeat(600);
    await put(writer, "s", batchOf([{ n: 1 }, { guid: long, n: 2 }, { n: 3 }]));
    await index.seal();
    expect(await index.count({ sensors: ["s"] })).toBe(2);
    const { messages, problems } = await index.search({ sensors: ["error"] });
    expect(messages).toMatchObject([
      {
        error_type: "indexing_error",
        failed_sensor_type: "s",
        failed_topic: "t",
        failed_partition: 0,
        failed_offset: 1,
        message: expect.stringMatching(/^OpenSearch refused the message: .*id \[g+/),
      },
    ]);
    expect(JSON.parse(String(messages[0]?.raw_message))).toMatchObject({ guid: long, n: 2 });
    expect(problems).toMatchObject([{ code: "INDEX_REFUSED", sensor: "s", messages: 1 }]);
    // Read again, it is refused again and told once.
    await put(writer, "s", batchOf([{ n: 1 }, { guid: long, n: 2 }, { n: 3 }]));
    expect(await index.count({ sensors: ["error"] })).toBe(1);
  });

  test("stores an error record in place of a message that somebody else's mapping does not take", async () => {
    const own = `${prefix}-conflict`;
    await using index = await open({ prefix: own });
    await fetch(`${url}/${own}.s.2026-11-21`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        mappings: { properties: { real: { properties: { odd: { type: "boolean" } } } } },
      }),
    });
    const writer = await index.writer("one");
    await put(writer, "s", batchOf([{ odd: "x" }, { odd: 7 }]));
    expect(await guids(index, "_exists_:odd")).toEqual(["g0"]);
    const { messages } = await index.search({ sensors: ["error"] });
    expect(messages).toMatchObject([
      {
        failed_offset: 1,
        message: expect.stringContaining("failed to parse field [real.odd] of type [boolean]"),
      },
    ]);
    expect(await index.sealedPosition("t", 0)).toBe(2);
  });

  test("waits when somebody else's mapping is in the way, and says whose", async () => {
    const own = `${prefix}-mapping`;
    await using index = await open({ prefix: own });
    await fetch(`${url}/${own}.s.2026-11-21`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ mappings: { properties: { guid: { type: "long" } } } }),
    });
    await fetch(`${url}/${own}.error.2026-11-21`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ mappings: { properties: { guid: { type: "long" } } } }),
    });
    const writer = await index.writer("one");
    await put(writer, "s", batchOf([{ n: 1 }]));
    await expect(index.seal()).rejects.toMatchObject({
      code: "INDEX_REFUSED",
      message: expect.stringContaining("failed to parse field [guid] of type [long]"),
    });
    expect(await index.sealedPosition("t", 0)).toBeUndefined();
  });

  test("statistics", async () => {
    await using index = await open({ prefix: `${prefix}-stats` });
    const writer = await index.writer("one");
    await put(writer, "a", batchOf([{ x: 1 }, { y: 2 }]));
    await put(writer, "b", batchOf([{ x: 1 }], 2));
    const stats = await index.stats();
    expect(stats).toMatchObject({ messages: 3, hot: 0, segments: 2, problems: [], unsealed: undefined });
    expect(stats.sensors).toMatchObject([
      { sensor: "a", messages: 2, segments: 1, fields: 4 },
      { sensor: "b", messages: 1, segments: 1, fields: 3 },
    ]);
    expect(stats.bytes).toBeGreaterThan(0);
  });
});
