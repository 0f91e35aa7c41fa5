import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { API_BASE } from "../api/endpoint.ts";
import { pcapOf, sampleRows } from "../pcap/formats/testing/samples.ts";
import { openTestServer, type Sent, type TestServer } from "./testing/platform-server.ts";

/** Records in by HTTP however their senders write them, and what analysts may change of the messages they become. */
let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
}, 60_000);
afterAll(() => server[Symbol.asyncDispose](), 60_000);

type Found = { guid: string; [field: string]: unknown };

async function search(query: string, sensors?: string[]): Promise<Found[]> {
  await server.platform.caughtUp();
  const answer = await server.json("POST", "/search", { query, ...(sensors && { sensors }) });
  return (answer as { hits: Found[] }).hits;
}

let batches = 0;

test.each<[string, (mark: number) => Sent, number]>([
  ["one map", (mark) => ({ body: { mark } }), 1],
  ["a list", (mark) => ({ body: [{ mark }, { mark }] }), 2],
  ["maps laid out", (mark) => json(`${pretty({ mark })}\n${pretty({ mark })}`), 2],
  ["a list as text", (mark) => ({ text: pretty([{ mark }, { mark }]) }), 2],
  ["NDJSON as JSON", (mark) => json(`{"mark":${mark}}\n{"mark":${mark}}\n`), 2],
  ["a packed list", (mark) => json(gzipSync(JSON.stringify([{ mark }])), { "content-encoding": "gzip" }), 1],
  [
    "a charset",
    (mark) => json(`[{"mark":${mark}}]`, { "content-type": "application/json; charset=UTF-8" }),
    1,
  ],
  ["no type", (mark) => ({ text: new TextEncoder().encode(`[{"mark":${mark}}]`) }), 1],
])("%s is taken as the records it holds", async (_name, sent, count) => {
  const mark = ++batches;
  const response = await server.send("POST", "/ingest/web", sent(mark));
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ accepted: count, refused: 0 });
  expect(await search(`mark:${mark}`, ["web"])).toHaveLength(count);
});

test.each<[string, Sent, number, string]>([
  ["text that is no JSON", json("nonsense"), 400, "nothing was taken"],
  ["half a map", json('{"a":'), 400, "expected the end of a value at byte 6"],
  [
    "a form",
    { text: "--x", headers: { "content-type": "multipart/form-data; boundary=x" } },
    415,
    "a form of several parts",
  ],
  ["another packing", { text: "x", headers: { "content-encoding": "br" } }, 415, "`br`"],
])("%s is refused", async (_name, sent, status, detail) => {
  const response = await server.send("POST", "/ingest/web", sent);
  expect(response.status).toBe(status);
  expect(((await response.json()) as { detail: string }).detail).toContain(detail);
});

const PCAP = new Uint8Array(await pcapOf(sampleRows(300)));

test.each<[string, Uint8Array, string, string]>([
  [
    "a capture",
    PCAP,
    "it is a capture of packets (pcap), and no records; nothing was taken",
    "curl --data-binary @FILE",
  ],
  ["a packed capture", gzipSync(PCAP), "(pcap)", "/api/v1/captures"],
  ["a capture in zstd", zstdCompressSync(PCAP), "(pcap, zstd)", "metron capture FILE"],
  ["records in zstd", zstdCompressSync(Buffer.from('{"a":1}\n')), "packed with zstd", "gzip"],
])("%s is never taken as lines", async (_name, bytes, detail, advice) => {
  const before = server.platform.counts();
  const response = await server.send("POST", "/ingest/web", { text: new Uint8Array(bytes) });
  expect(response.status).toBe(415);
  expect(await response.json()).toMatchObject({
    detail: expect.stringContaining(detail),
    advice: expect.stringContaining(advice),
  });
  expect(server.platform.counts()).toEqual(before);
});

test("a form is told how to send its file", async () => {
  const form = new FormData();
  form.set("file", new Blob([PCAP]));
  for (const path of ["/captures", "/ingest/web"]) {
    const response = await fetch(`${server.url}${API_BASE}${path}`, { method: "POST", body: form });
    expect(await response.json()).toMatchObject({
      ...{ status: 415, code: "MEDIA_UNSUPPORTED" },
      advice: expect.stringContaining("curl --data-binary @FILE"),
    });
  }
});

test("a body without records is accepted with a word", async () => {
  const response = await server.send("POST", "/ingest/web", json("[]"));
  expect(await response.json()).toMatchObject({ accepted: 0, note: "The body holds no records." });
});

test("a stream is read no faster than it can be kept, whole, and its records are all there", async () => {
  const line = `{"n":300,"text":"${"x".repeat(1000)}"}\n`;
  const block = Buffer.from(line.repeat(1000));
  let blocks = 0;
  const body = new ReadableStream({
    pull(controller) {
      if (++blocks > 30) controller.close();
      else controller.enqueue(new Uint8Array(block));
    },
  });
  const response = await fetch(`${server.url}${API_BASE}/ingest/web`, {
    method: "POST",
    body,
    duplex: "half",
  } as RequestInit);
  expect(await response.json()).toMatchObject({ accepted: 30_000, refused: 0 });
  await server.platform.caughtUp();
  expect(await server.json("POST", "/search", { query: "n:300", size: 0 })).toMatchObject({ total: 30_000 });
});

test("a client that goes away in the middle leaves whole records and a server that answers", async () => {
  const stop = new AbortController();
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"n":400}\n{"n":4'));
      setTimeout(() => stop.abort(), 50);
    },
  });
  const call = fetch(`${server.url}${API_BASE}/ingest/web`, {
    method: "POST",
    body,
    duplex: "half",
    signal: stop.signal,
  } as RequestInit);
  await expect(call).rejects.toThrow();
  expect((await server.send("GET", "/status")).status).toBe(200);
});

test("nothing is sent to the error index", async () => {
  const response = await server.send("POST", "/ingest/error", { body: { failed_sensor_type: "web" } });
  expect(response.status).toBe(404);
  expect(await search("*", ["error"])).toEqual([]);
});

test("analysts change status, assignee, tags and comments, and it is noted who and when", async () => {
  const before = Date.now();
  await server.send("POST", "/ingest/web", { body: { mark: "changed" } });
  const [{ guid } = { guid: "" }] = await search("mark:changed");
  const patch = (fields: object) => server.json("PATCH", `/messages/${guid}`, { fields });
  await patch({ alert_status: "ESCALATE", alert_assignee: "kim", alert_tags: ["phish"], comment: "first" });
  await Promise.all([patch({ comment: "second" }), patch({ comment: "third" })]);
  const { message } = (await patch({ alert_assignee: null })) as { message: Record<string, unknown> };
  expect(message).toMatchObject({
    alert_status: "ESCALATE",
    alert_tags: ["phish"],
    alert_changed_by: "local",
    comments: [
      { comment: "first", username: "local" },
      { comment: "second", username: "local" },
      { comment: "third", username: "local" },
    ],
  });
  expect(message).not.toHaveProperty("alert_assignee");
  expect(Number(message.alert_changed_at)).toBeGreaterThanOrEqual(before);
  expect(await search("alert_status:ESCALATE")).toHaveLength(1);
});

test.each<[unknown, string]>([
  [{ alert_status: "CLOSED" }, "fields.alert_status"],
  [{ alert_status: 5 }, "fields.alert_status"],
  [{ alert_assignee: "" }, "fields.alert_assignee"],
  [{ alert_tags: [1] }, "fields.alert_tags.0"],
  [{ comment: null }, "fields.comment"],
  [{ guid: "other" }, "guid"],
  [{ timestamp: 1 }, "timestamp"],
  [{ "source.type": "x" }, "source.type"],
  [{ is_alert: "false" }, "is_alert"],
  [{ "threat.triage.score": 0 }, "threat.triage.score"],
  [{ original_string: "x" }, "original_string"],
  [{ ip_src_addr: "192.0.2.1" }, "ip_src_addr"],
  [{ comments: [] }, "comments"],
  [{}, "fields: expected at least one field"],
])("a change of %j is refused with its place", async (fields, place) => {
  const [{ guid } = { guid: "" }] = await search("mark:1");
  const response = await server.send("PATCH", `/messages/${guid}`, { body: { fields } });
  expect(response.status).toBe(400);
  expect(((await response.json()) as { detail: string }).detail).toContain(place);
});

function json(text: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Sent {
  return { text, headers: { "content-type": "application/json", ...headers } };
}

function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

test("numbers that JSON's own writer refuses or turns into null are written all the same", async () => {
  await server.send("POST", "/ingest/web", {
    text: '{"huge":1,"a":9223372036854775807,"b":1e400,"c":123456789012345678901234567890}\n',
  });
  await server.platform.caughtUp();
  const answer = await server.send("POST", "/search", { body: { query: "huge:1" } });
  const text = await answer.text();
  expect(answer.status, text).toBe(200);
  expect(text).toContain('"a":9223372036854775807,');
  expect(text).toMatch(/"c":123456789012345678901234567890|"c":1.2345678901234568e\+?29/);
  expect(text).not.toContain('"b":null');
});
