import { request } from "node:http";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { Block } from "../../core/block.ts";
import { textsOf } from "../../storage/topic/testing/describe-topic.ts";
import type { SourceContext } from "../source.ts";
import { collecting } from "../testing/collecting.ts";
import { elasticsearch } from "./elasticsearch.ts";

const NDJSON = { "content-type": "application/x-ndjson" };
const TWO = '{"index":{"_index":"web"}}\n{"n":1}\n{"create":{"_index":"fw","_id":"7"}}\n{"n":"käse"}\n';

async function open(part: Partial<SourceContext> = {}, options: object = {}) {
  const collected = collecting(part);
  const source = await elasticsearch.open(
    elasticsearch.config.parse({ port: 0, ...options }),
    collected.context,
  );
  const [url = ""] = source.addresses;
  const bulk = async (body: string | Buffer, headers: Record<string, string> = {}, path = "/_bulk") => {
    const answer = await fetch(`${url}${path}`, {
      ...{ method: "POST", body: new Uint8Array(Buffer.from(body)), headers: { ...NDJSON, ...headers } },
    });
    return { status: answer.status, answer: await answer.json() };
  };
  return { url, bulk, source, collected, [Symbol.asyncDispose]: () => source[Symbol.asyncDispose]() };
}

test("a shipper is told a version, a licence and that all is well", async () => {
  await using door = await open({}, { version: "8.11.3" });
  const answer = await fetch(door.url);
  expect(answer.headers.get("x-elastic-product")).toBe("Elasticsearch");
  expect(await answer.json()).toMatchObject({ version: { number: "8.11.3", build_flavor: "default" } });
  expect((await fetch(door.url, { method: "HEAD" })).status).toBe(200);
  expect(await (await fetch(`${door.url}/_license`)).json()).toMatchObject({ license: { status: "active" } });
  expect((await fetch(`${door.url}/_cat/health`)).status).toBe(200);
});

test("each document of a bulk request is a record, with its index as a header, and each item is answered", async () => {
  const blocks: Block[] = [];
  await using door = await open({ deliver: async (_sensor, block) => blocks.push(block) });
  const { status, answer } = await door.bulk(TWO);
  expect(status).toBe(200);
  expect(answer).toMatchObject({
    errors: false,
    items: [
      { index: { _index: "web", status: 201, result: "created" } },
      { create: { _index: "fw", _id: "7", status: 201 } },
    ],
  });
  expect(blocks.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(['{"n":1}{"n":"käse"}']);
  expect(blocks.map(({ attached }) => attached && textsOf(attached))).toEqual([
    [
      [undefined, ["index", "web"]],
      [undefined, ["index", "fw"]],
    ],
  ]);
  expect(door.source.counts()).toMatchObject({ records: 2, bytes: 20, refused: 0 });
});

test.each([
  ["gzip", gzipSync(TWO), { "content-encoding": "gzip" }, "/_bulk"],
  ["empty lines between items", TWO.replaceAll('{"create"', '\n{"create"'), {}, "/_bulk"],
  ["line ends of two bytes", TWO.replaceAll("\n", "\r\n"), {}, "/_bulk"],
  ["no line end at the end, the index in the address", TWO.trimEnd(), {}, "/web/_doc/_bulk"],
])("takes %s", async (_name, body, headers, path) => {
  await using door = await open();
  expect((await door.bulk(body, headers as Record<string, string>, path)).status).toBe(200);
  expect(door.collected.records.map((text) => Buffer.from(text, "latin1").toString())).toEqual([
    '{"n":1}',
    '{"n":"käse"}',
  ]);
});

test("what is no new document is refused alone", async () => {
  await using door = await open();
  const { status, answer } = await door.bulk(
    '{"update":{"_id":"1"}}\n{"doc":{}}\n{"delete":{"_id":"2"}}\n{"index":{}}\n{"n":1}\n{"index":{}}\n\n',
  );
  expect(status).toBe(200);
  expect(answer).toMatchObject({
    errors: true,
    items: [
      { update: { status: 400, error: { reason: expect.stringContaining("no `update`") } } },
      { delete: { status: 400 } },
      { index: { status: 201 } },
      { index: { status: 400, error: { reason: "the document is empty" } } },
    ],
  });
  expect(door.collected.records).toEqual(['{"n":1}']);
  expect(door.source.counts()).toMatchObject({ records: 1, refused: 3 });
});

test.each([
  ["no bulk request", '{"n":1}\n', {}, /Malformed action\/metadata line \[1\]/],
  ["no JSON", "{\n", {}, /Malformed action/],
  ["no document", '{"index":{}}\n', {}, /the document of the action on line 1 is missing/],
  ["a document that is too long", `{"index":{}}\n${"x".repeat(2000)}\n`, {}, /more than 1000 bytes/],
  ["no gzip", "no gzip at all", { "content-encoding": "gzip" }, /incorrect header check/],
  ["another encoding", "x", { "content-encoding": "br" }, /send gzip or none/],
])("%s is answered with 400 and the reason", async (_name, body, headers, reason) => {
  await using door = await open({}, { maxRecordBytes: 1000 });
  const { status, answer } = await door.bulk(body, headers as Record<string, string>);
  expect(status).toBe(400);
  expect(answer).toMatchObject({ status: 400, error: { reason: expect.stringMatching(reason) } });
});

test("requests that are not taken are counted, and told once in a while", async () => {
  const told: unknown[] = [];
  const log = { ...collecting().context.log, warn: (...words: unknown[]) => void told.push(words) };
  await using door = await open({ log, clock: { now: () => 0 } });
  expect((await door.bulk("{\n")).status).toBe(400);
  expect((await door.bulk("{}", {}, "/_ilm/policy")).status).toBe(404);
  expect((await door.bulk("", {}, "/web/_doc")).status).toBe(400);
  expect(door.source.counts()).toMatchObject({ records: 0, refused: 3 });
  expect(told).toEqual([
    [
      "A request of a shipper was not taken.",
      expect.objectContaining({ status: 400, reason: expect.stringContaining("Malformed action") }),
    ],
  ]);
});

test("a request of more items than can be answered is refused, however small it is", async () => {
  await using door = await open();
  const body = gzipSync('{"delete":{}}\n'.repeat(100_001));
  const { status, answer } = await door.bulk(body, { "content-encoding": "gzip" });
  expect(status).toBe(400);
  expect(answer).toMatchObject({ error: { reason: expect.stringContaining("more than 100000 items") } });
});

test("a document alone is a record, on however many lines", async () => {
  await using door = await open();
  const { status, answer } = await door.bulk('{\n "n": 1\n}', {}, "/web/_doc");
  expect(status).toBe(201);
  expect(answer).toMatchObject({ _index: "web", result: "created" });
  expect(door.collected.records).toEqual(['{  "n": 1 }']);
});

test("an answer comes when the records are durable, and a large request waits for them", async () => {
  await using door = await open();
  const gate = Promise.withResolvers<void>();
  door.collected.gate = gate.promise;
  const line = `{"index":{}}\n${JSON.stringify({ text: "x".repeat(1 << 20) })}\n`;
  let isAnswered = false;
  const small = door.bulk(TWO).then(() => {
    isAnswered = true;
  });
  const answered = door.bulk(line.repeat(20)).then((answer) => {
    isAnswered = true;
    return answer;
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(isAnswered).toBe(false);
  gate.resolve();
  await small;
  expect((await answered).answer.items).toHaveLength(20);
  expect(door.collected.records).toHaveLength(22);
});

test("records that cannot be stored are answered so that a shipper sends them again", async () => {
  await using door = await open({ deliver: () => Promise.reject(new Error("the platform is stopping")) });
  expect(await door.bulk(TWO)).toMatchObject({
    status: 503,
    answer: { error: { reason: "the platform is stopping" } },
  });
});

test("a password is asked for where one is set, and pages of others are refused", async () => {
  const part = { readSecret: () => "secret" };
  await using door = await open(part, { user: "ship", password: { env: "METRON_SECRET_SHIP" } });
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });
  expect((await door.bulk(TWO)).status).toBe(401);
  expect((await door.bulk(TWO, basic("ship:wrong"))).status).toBe(401);
  expect((await door.bulk(TWO, basic("ship:secret"))).status).toBe(200);
  expect((await door.bulk(TWO, { ...basic("ship:secret"), origin: "http://evil.example" })).status).toBe(403);
  await expect(open(part, { user: "ship" })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});

test("what is none of its business is answered with what to turn off", async () => {
  await using door = await open();
  const answer = await fetch(`${door.url}/_index_template/filebeat`, { method: "PUT", body: "{}" });
  expect(answer.status).toBe(404);
  expect(await answer.json()).toMatchObject({ error: { reason: expect.stringContaining("turn templates") } });
});

test("a shipper that goes away in the middle leaves what was whole and breaks nothing", async () => {
  await using door = await open();
  const { port } = new URL(door.url);
  const broken = request({ port, path: "/_bulk", method: "POST", headers: { "content-length": "1000" } });
  broken.on("error", () => undefined);
  broken.write('{"index":{}}\n{"n":1}\n{"index":{}}\n{"n"');
  await expect.poll(() => door.source.counts().peers).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 100));
  broken.destroy();
  await door.collected.until(1);
  expect((await door.bulk(TWO)).status).toBe(200);
  expect(door.collected.records[0]).toBe('{"n":1}');
});

test("a port that is taken is told", async () => {
  await using door = await open();
  const port = Number(new URL(door.url).port);
  await expect(open({}, { port })).rejects.toMatchObject({ code: "PORT_IN_USE" });
});
