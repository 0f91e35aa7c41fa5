import { globSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { endpoints } from "../api/index.ts";
import type { Actor } from "../core/actor.ts";
import { openTestServer, refused, type Sent, type TestServer } from "./testing/platform-server.ts";

/**
 * What an actor whose scope is one sensor gets of another one, call by call: nothing. A new endpoint fails to compile
 * here until somebody has said how it meets a scope.
 */
const ADMIN: Actor = { name: "ada", role: "admin" };
const SCOPED: Actor = { name: "sam", role: "admin", scope: "source.type:web" };
/** What every message of the other sensor, and every answer about it, has in it. */
const TRACE = /vault/;

type Ask = readonly [path: string, sent?: Sent];

/** How a call meets a scope: it reads messages, it writes them, it is tested further down, or there are none in it. */
type Meets =
  | { readonly reads: readonly Ask[] }
  | { readonly writes: readonly Ask[] }
  | { readonly apart: string }
  | { readonly without: string };

const DOCUMENTS = { without: "documents of sensors, not their messages" };
const INDICATORS = { without: "indicators that all sensors share" };
const EXPRESSIONS = { without: "expressions, which reach tables and the message that is sent along" };
const STATE = { without: "the state of the whole platform: counts, and names of sensors" };

const PACKETS = {
  without: "packets, which who has a scope sees only by a permission of its own (packets.test.ts)",
};
const CAPTURES = { without: "names and counts of captures, not what is in them" };

const everything = { query: "" };
const named = { sensors: ["vault", "web", "error"] };

const CALLS: { readonly [Name in keyof typeof endpoints]: Meets } = {
  captureUpdates: CAPTURES,
  checkDocument: DOCUMENTS,
  checkStellar: EXPRESSIONS,
  documentDiff: DOCUMENTS,
  documentHistory: DOCUMENTS,
  evaluateStellar: EXPRESSIONS,
  facetMessages: {
    reads: [
      ["/facets", { body: { ...everything, fields: ["kept_in", "source.type"] } }],
      ["/facets", { body: { ...everything, ...named, fields: ["failed_sensor_type"] } }],
      ["/facets", { body: { ...everything, fields: ["shelf.*.name"] } }],
    ],
  },
  findIndicators: INDICATORS,
  getCapture: CAPTURES,
  getDocument: DOCUMENTS,
  getMessage: { reads: [["/messages/:hidden"]] },
  getRebuild: STATE,
  getLiveness: STATE,
  getReadiness: STATE,
  getStatus: STATE,
  getUpload: { reads: [["/uploads/stream"]] },
  groupMessages: {
    reads: [
      ["/groups", { body: { ...everything, fields: ["source.type", "kept_in"] } }],
      ["/groups", { body: { ...everything, ...named, fields: ["failed_sensor_type"] } }],
      ["/groups", { body: { ...everything, fields: ["shelf.*.name"] } }],
    ],
  },
  ingestRecords: { writes: [["/ingest/vault", { body: { kept_in: "vault, brought by another" } }]] },
  listCaptures: CAPTURES,
  listDocuments: DOCUMENTS,
  listFields: { reads: [["/fields"]] },
  listFunctions: EXPRESSIONS,
  listIndicators: INDICATORS,
  listIntel: INDICATORS,
  listSensors: { reads: [["/sensors"]] },
  liveUpdates: { apart: "a stream of counts" },
  loadIntel: INDICATORS,
  messageHistogram: {
    reads: [
      ["/histogram", { body: { ...everything, split: "kept_in" } }],
      ["/histogram", { body: { ...everything, ...named, split: "failed_sensor_type" } }],
    ],
  },
  messageHistory: { reads: [["/messages/:hidden/history"]] },
  patchMessage: { writes: [["/messages/:hidden", { body: { fields: { comment: "seen in the vault" } } }]] },
  publishDocument: DOCUMENTS,
  publishDocuments: DOCUMENTS,
  removeIndicator: INDICATORS,
  replayRejections: {
    writes: [
      ["/replay", { body: {} }],
      ["/replay", { body: { query: "failed_sensor_type:*" } }],
    ],
  },
  rollbackDocument: DOCUMENTS,
  searchMessages: {
    reads: [
      ["/search", { body: everything }],
      ["/search", { body: { ...everything, ...named } }],
      ["/search", { body: { query: "source.type:vault OR kept_in:*" } }],
      ["/search", { body: { query: "shelf.*.name:*" } }],
      ["/search", { body: { query: "failed_sensor_type:*", sensors: ["error"] } }],
    ],
  },
  stopCapture: CAPTURES,
  startRebuild: {
    writes: [
      ["/index/rebuild", { body: {} }],
      ["/index/rebuild", { body: { sensor: "error" } }],
    ],
  },
  stopRebuild: STATE,
  uploadCapture: { without: "packets that come in, and their flows" },
  withdrawDocument: DOCUMENTS,
  downloadObject: PACKETS,
  downloadSide: PACKETS,
  exportPackets: PACKETS,
  getConversation: PACKETS,
  getHttp: PACKETS,
  getObject: PACKETS,
  getPacket: PACKETS,
  getPacketQuery: PACKETS,
  getPacketState: PACKETS,
  getTiming: PACKETS,
  listConversations: PACKETS,
  listObjects: PACKETS,
  listPacketAccess: PACKETS,
  listPacketFields: PACKETS,
  listPacketQueries: PACKETS,
  listPackets: PACKETS,
  messagePackets: PACKETS,
  pcapConfig: PACKETS,
  pcapFixed: PACKETS,
  pcapJobs: PACKETS,
  pcapKill: PACKETS,
  pcapPdml: PACKETS,
  pcapQuery: PACKETS,
  pcapRaw: PACKETS,
  pcapStatus: PACKETS,
  preservePackets: PACKETS,
  releasePackets: PACKETS,
  removePacketQuery: PACKETS,
  startPacketQuery: PACKETS,
  stopPacketQuery: PACKETS,
};

let server: TestServer;
let hidden: string;
beforeAll(async () => {
  server = await openTestServer({
    actorOf: ({ headers }) => JSON.parse(String(headers["x-actor"])) as Actor,
  });
  const text = "sensor: vault\nparser: { jsonMap: {} }\n";
  await as(ADMIN, "PUT", "/config/documents/sensor/vault", { body: { text } });
  const message = { kept_in: "vault", "shelf.0.name": "vault, upper", "shelf.1.name": "vault, lower" };
  await as(ADMIN, "POST", "/ingest/vault?upload=stream", { body: message });
  await as(ADMIN, "POST", "/ingest/vault", plain("no JSON, of the vault"));
  await as(ADMIN, "POST", "/ingest/web", { body: { kept_in: "the open" } });
  await server.platform.caughtUp();
  hidden = (await search("kept_in:vault", ["vault"]))[0]?.guid ?? "";
  expect(hidden).not.toBe("");
  await as(ADMIN, "PATCH", `/messages/${hidden}`, { body: { fields: { alert_tags: ["vault"] } } });
}, 60_000);
afterAll(() => server[Symbol.asyncDispose](), 60_000);

const reading = Object.entries(CALLS).flatMap(([name, meets]) =>
  "reads" in meets ? meets.reads.map((ask): [string, Ask] => [name, ask]) : [],
);
const writing = Object.entries(CALLS).flatMap(([name, meets]) =>
  "writes" in meets ? meets.writes.map((ask): [string, Ask] => [name, ask]) : [],
);

test.each(reading)(
  "%s tells who sees all of the other sensor, and who has a scope nothing: %j",
  async (name, ask) => {
    expect(await (await call(ADMIN, name, ask)).text()).toMatch(TRACE);
    expect(await (await call(SCOPED, name, ask)).text()).not.toMatch(TRACE);
  },
);

test.each(writing)("%s changes nothing of the other sensor for who has a scope: %j", async (name, ask) => {
  const before = await search("", ["vault", "error"]);
  const answer = await (await call(SCOPED, name, ask)).json();
  await server.platform.caughtUp();
  expect(await search("", ["vault", "error"])).toEqual(before);
  // The path that was asked for is told back, and nothing else.
  expect(JSON.stringify({ ...answer, detail: undefined })).not.toMatch(TRACE);
});

test("what a scoped actor may not write to is named no more than what does not exist", async () => {
  const body = { body: {} };
  expect(await refused(as(SCOPED, "POST", "/ingest/vault", body))).toMatchObject({
    code: "SENSOR_UNKNOWN",
    detail: "taking records for sensor `vault`: there is no such sensor; there are: web",
  });
  expect(await refused(as(SCOPED, "POST", "/replay", { body: { sensor: "vault" } }))).toMatchObject({
    detail: "replaying records of sensor `vault`: there is no such sensor; there are: web",
  });
  expect(await refused(as(SCOPED, "POST", "/index/rebuild", { body: { sensor: "vault" } }))).toMatchObject({
    detail: "rebuilding the index of sensor `vault`: there is no such sensor; there are: web",
  });
});

test("no hint tells what a scope could be replaced by to find more", async () => {
  const actor: Actor = { ...SCOPED, scope: "kept_in:VAULT" };
  const found = (await as(actor, "POST", "/search", { body: everything })).json();
  expect(await found).toMatchObject({ total: 0, hints: [] });
});

test("a scoped actor reads and writes what is its own", async () => {
  expect((await as(SCOPED, "POST", "/ingest/web", { body: { kept_in: "its own" } })).status).toBe(200);
  await server.platform.caughtUp();
  const [own] = await search('kept_in:"its own"', ["web"], SCOPED);
  const patch = { body: { fields: { comment: "mine" } } };
  expect((await as(SCOPED, "PATCH", `/messages/${own?.guid}`, patch)).status).toBe(200);
  expect(await search("kept_in:*", undefined, SCOPED)).toHaveLength(2);
});

test("live ticks count the messages of sensors that are seen", async () => {
  // Workers tell what they counted a little later than it is found.
  const counted = () => ["web", "vault"].map((sensor) => server.platform.counts().get(sensor)?.messages ?? 0);
  const stored = await Promise.all(
    ["web", "vault"].map(async (sensor) => (await search("", [sensor])).length),
  );
  await expect.poll(counted).toEqual(stored);
  const ended = new AbortController();
  const response = await fetch(`${server.url}/api/v1/live`, {
    headers: { "x-actor": JSON.stringify(SCOPED) },
    signal: ended.signal,
  });
  const stream = response.body?.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  const tick = async () => JSON.parse((await stream?.next())?.value?.match(/data: (.*)/)?.[1] ?? "null");
  expect(await tick()).toMatchObject({ indexed: 0 });
  await as(ADMIN, "POST", "/ingest/vault", { body: [{ a: 1 }, { a: 2 }, { a: 3 }] });
  await expect.poll(counted).toEqual([stored[0], (stored[1] ?? 0) + 3]);
  await as(ADMIN, "POST", "/ingest/web", { body: { a: 1 } });
  // Had the others counted, they would have been told first.
  expect(await tick()).toMatchObject({ indexed: 1 });
  ended.abort();
});

test("what cannot be read of another sensor is no part of an answer", async () => {
  await server.platform.seal();
  const [file = ""] = globSync("index/**/*vault*/**/*.parquet", { cwd: server.data });
  writeFileSync(join(server.data, file), Buffer.alloc(statSync(join(server.data, file)).size));
  const asks: [string, Ask][] = [
    ["listSensors", ["/sensors"]],
    ["searchMessages", ["/search", { body: { ...everything, ...named } }]],
    ["facetMessages", ["/facets", { body: { ...everything, ...named, fields: ["a"] } }]],
  ];
  await call(ADMIN, ...(asks[1] as [string, Ask]));
  for (const [name, ask] of asks) {
    expect(await (await call(ADMIN, name, ask)).json(), name).toMatchObject({
      partial: { reasons: [{ sensor: "vault" }] },
    });
    expect(await (await call(SCOPED, name, ask)).json(), name).not.toHaveProperty("partial");
  }
});

function plain(text: string): Sent {
  return { text, headers: { "content-type": "text/plain" } };
}

function as(actor: Actor, method: string, path: string, sent: Sent = {}): Promise<Response> {
  return server.send(method, path, {
    ...sent,
    headers: { ...sent.headers, "x-actor": JSON.stringify(actor) },
  });
}

function call(actor: Actor, name: string, [path, sent]: Ask): Promise<Response> {
  const { method } = endpoints[name as keyof typeof endpoints];
  return as(actor, method, path.replace(":hidden", hidden), sent);
}

async function search(
  query: string,
  sensors: string[] | undefined,
  actor = ADMIN,
): Promise<{ guid: string }[]> {
  const response = await as(actor, "POST", "/search", { body: { query, ...(sensors && { sensors }) } });
  return ((await response.json()) as { hits: { guid: string }[] }).hits;
}
