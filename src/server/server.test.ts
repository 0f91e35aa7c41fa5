import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { API_BASE, type EndpointShape, servedAt } from "../api/endpoint.ts";
import { endpoints } from "../api/index.ts";
import { pcapOf, sampleRows } from "../pcap/formats/testing/samples.ts";
import { OF_A_QUERY } from "./testing/of-a-query.ts";
import { openTestServer, refused, type Sent, type TestServer } from "./testing/platform-server.ts";

/** Every endpoint over real HTTP, on one platform with a little telemetry. */
let server: TestServer;
let send: TestServer["send"];
let json: TestServer["json"];
let base: string;
let guid: string;

beforeAll(async () => {
  server = await openTestServer();
  ({ send, json } = server);
  base = server.url + API_BASE;
  const records = Array.from(
    { length: 50 },
    (_, n) =>
      `{"n":${n},"kind":"${n % 2 ? "odd" : "even"}","ip_src_addr":"10.0.0.${n}","timestamp":${1.7e12 + n * 60_000}}\n`,
  );
  await send("POST", "/ingest/web", { text: `${records.join("")}nonsense\n` });
  await server.platform.caughtUp();
  const { hits } = (await json("POST", "/search", { query: "n:7" })) as { hits: { guid: string }[] };
  guid = hits[0]?.guid ?? "";
}, 60_000);
afterAll(() => server[Symbol.asyncDispose](), 60_000);

const ONE_PACKET = new Uint8Array(await pcapOf(sampleRows(1)));

/** A request of each endpoint that is answered, in an order that makes sense. */
const CALLS: Readonly<Record<keyof typeof endpoints, (() => [path: string, sent?: Sent])[]>> = {
  getLiveness: [() => ["/health/live"]],
  getReadiness: [() => ["/health/ready"]],
  getStatus: [() => ["/status"]],
  listSensors: [() => ["/sensors"]],
  listFields: [() => ["/fields"]],
  ingestRecords: [
    () => ["/ingest/web?upload=mine", { text: '{"n":100}\n' }],
    () => ["/ingest/web", { text: gzipSync('{"n":101}\n'), headers: { "content-encoding": "gzip" } }],
    // curl --data-binary says this when it is told nothing.
    () => [
      "/ingest/web",
      { text: '{"n":102}', headers: { "content-type": "application/x-www-form-urlencoded" } },
    ],
  ],
  getUpload: [() => ["/uploads/mine"]],
  searchMessages: [
    () => ["/search", { body: {} }],
    () => [
      "/search",
      { body: { query: "kind:odd AND n:>10", sort: [{ field: "n", order: "asc" }], size: 3, fields: ["n"] } },
    ],
    () => ["/search", { body: { size: 0, sensors: ["error"] } }],
  ],
  startRebuild: [() => ["/index/rebuild", { body: {} }]],
  getRebuild: [() => ["/index/rebuild"]],
  stopRebuild: [() => ["/index/rebuild"]],
  facetMessages: [() => ["/facets", { body: { fields: ["kind", "unknown"] } }]],
  messageHistogram: [
    () => ["/histogram", { body: { from: 1.7e12, to: 1.7e12 + 3.6e6, split: "kind" } }],
    () => ["/histogram", { body: {} }],
    () => ["/histogram", { body: { query: "n:99999" } }],
  ],
  groupMessages: [
    () => ["/groups", { body: { fields: ["kind", "source.type"] } }],
    () => ["/groups", { body: { fields: ["rules.*.name"], order: "score" } }],
  ],
  getMessage: [() => [`/messages/${guid}`]],
  patchMessage: [
    () => [
      `/messages/${guid}`,
      { body: { fields: { alert_status: "OPEN", alert_assignee: null, alert_tags: ["a"], comment: "b" } } },
    ],
  ],
  messageHistory: [() => [`/messages/${guid}/history`]],
  listIntel: [() => ["/intel"]],
  findIndicators: [() => ["/indicators?value=192.0.2.99"]],
  loadIntel: [
    () => [
      "/intel/malicious_ip?column=ip",
      { text: "ip,source\n10.6.6.6,feed\n,empty\n", headers: { "content-type": "text/csv" } },
    ],
    () => [
      "/intel/malicious_ip?replace=true",
      { text: gzipSync("indicator\n10.6.6.7\n"), headers: { "content-encoding": "gzip" } },
    ],
  ],
  listIndicators: [() => ["/intel/malicious_ip/indicators?size=5"]],
  removeIndicator: [() => ["/intel/malicious_ip/indicators?value=10.6.6.7"]],
  checkStellar: [() => ["/stellar/check", { body: { expression: "TO_UPER(host)", expects: "boolean" } }]],
  listFunctions: [() => ["/stellar/functions"]],
  evaluateStellar: [
    () => ["/stellar/evaluate", { body: { expression: "TO_UPPER(host)", message: { host: "a" } } }],
    () => ["/stellar/evaluate", { body: { expression: "1 +" } }],
  ],
  checkDocument: [
    () => [
      "/config/check",
      { body: { kind: "sensor", name: "new", text: "sensor: new\nparser: { jsonMap: {} }\n" } },
    ],
    () => [
      "/config/check",
      { body: { kind: "sensor", name: "new", text: "sensor: new\nparser: { jsonMapp: {} }\n" } },
    ],
  ],
  listDocuments: [() => ["/config/documents"]],
  publishDocument: [
    () => [
      "/config/documents/sensor/new",
      { body: { text: "sensor: new\nparser: { jsonMap: {} }\n", base: 0 } },
    ],
  ],
  publishDocuments: [
    () => [
      "/config/documents",
      {
        body: {
          documents: [
            { kind: "sensor", name: "new", text: "sensor: new\nparser: { csv: { columns: { a: 0 } } }\n" },
          ],
          note: "x",
        },
      },
    ],
  ],
  getDocument: [() => ["/config/documents/sensor/new"], () => ["/config/documents/sensor/new?version=1"]],
  documentHistory: [() => ["/config/documents/sensor/new/history"]],
  documentDiff: [() => ["/config/documents/sensor/new/diff?from=1&to=2"]],
  rollbackDocument: [() => ["/config/documents/sensor/new/rollback", { body: { version: 1 } }]],
  withdrawDocument: [() => ["/config/documents/sensor/new"]],
  replayRejections: [() => ["/replay", { body: { sensor: "web" } }]],
  uploadCapture: [
    () => ["/captures?name=a.pcap&cutoff=100", { text: ONE_PACKET }],
    () => [
      "/captures?filter=tcp",
      { text: gzipSync(ONE_PACKET), headers: { "content-type": "application/gzip" } },
    ],
  ],
  listCaptures: [() => ["/captures"]],
  getCapture: [() => [`/captures/${server.platform.captures.list()[0]?.id}`]],
  stopCapture: [() => [`/captures/${server.platform.captures.list()[0]?.id}`]],
  captureUpdates: [],
  liveUpdates: [],
  startPacketQuery: [() => ["/packets/queries", { body: { filter: { search: "ip_version:4" } } }]],
  listPacketQueries: [() => ["/packets/queries"], () => ["/packets/queries?everyone=true"]],
  listPacketFields: [() => ["/packets/fields"]],
  listPacketAccess: [() => ["/packets/access"]],
  getPacketState: [() => ["/packets/state"]],
  preservePackets: [() => ["/packets/preserved", { body: { from: 1, to: 2, reason: "evidence" } }]],
  messagePackets: [() => [`/messages/${guid}/packets`]],
  pcapFixed: [() => ["/pcap/fixed", { body: { ipSrcPort: "80" } }]],
  pcapQuery: [() => ["/pcap/query", { body: {} }]],
  pcapJobs: [() => ["/pcap?state=RUNNING"]],
  ...OF_A_QUERY,
};

test.each(Object.entries(CALLS))("%s answers what it promises", async (name, calls) => {
  const endpoint: EndpointShape = endpoints[name as keyof typeof endpoints];
  for (const call of calls) {
    const [path, sent] = call();
    const response = endpoint.atRoot
      ? await fetch(server.url + path)
      : await send(endpoint.method, path, sent);
    const answer: unknown = await response.json();
    expect(response.status, JSON.stringify(answer)).toBe(200);
    endpoint.response.parse(answer);
  }
});

test("exactly the declared endpoints are served", () => {
  const declared = Object.values(endpoints).map(
    (endpoint: EndpointShape) => `${endpoint.method} ${servedAt(endpoint)}`,
  );
  const served = server.routes.filter((route) => /^(?!HEAD )\w+ (\/api\/v1|\/health)\//.test(route));
  expect(served.sort()).toEqual(declared.sort());
});

test("a search answers what was asked for", async () => {
  const first = (await json("POST", "/search", {
    query: "kind:odd AND n:<50",
    sort: [{ field: "n", order: "asc" }],
    size: 20,
    fields: ["n"],
  })) as { hits: { n: number }[]; total: number; cursor: string };
  expect(first.total).toBe(25);
  const second = (await json("POST", "/search", {
    query: "kind:odd AND n:<50",
    sort: [{ field: "n", order: "asc" }],
    size: 20,
    fields: ["n"],
    cursor: first.cursor,
  })) as typeof first;
  expect([...first.hits, ...second.hits].map(({ n }) => n)).toEqual(
    Array.from({ length: 25 }, (_, n) => 2 * n + 1),
  );
});

test("an answer says what the query probably does not mean", async () => {
  const hintsOf = async (query: string) =>
    ((await json("POST", "/search", { query, size: 0 })) as { hints: unknown[] }).hints;
  expect(await hintsOf("kind:odd AND n:7")).toEqual([]);
  expect(await hintsOf("kind:odd and n:7")).toEqual([
    {
      code: "lowercase-operator",
      text: "`and` is looked for as a word: operators are written in capitals, AND.",
      query: "kind:odd AND n:7",
    },
  ]);
  expect(await hintsOf("source.type:error")).toEqual([
    expect.objectContaining({ code: "rejected-apart", text: expect.stringContaining("--sensor error") }),
  ]);
  expect(await hintsOf("NOT source.type:error")).toEqual([]);
  expect(await hintsOf("kind:ODD")).toEqual([
    expect.objectContaining({ code: "other-case", query: "kind:odd" }),
  ]);
  expect(
    await refused(send("POST", "/search", { body: { query: "kind:odd AND NOT n:>seven" } })),
  ).toMatchObject({
    code: "QUERY_INVALID",
    line: 1,
    column: 21,
    length: 5,
  });
});

test("the parts of a histogram's buckets add up", async () => {
  const { buckets } = (await json("POST", "/histogram", {
    from: 1.7e12,
    to: 1.7e12 + 3.6e6,
    buckets: 10,
    split: "kind",
  })) as { buckets: { count: number; parts: { count: number }[] }[] };
  expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(50);
  for (const { count, parts } of buckets)
    expect(parts.reduce((sum, part) => sum + part.count, 0)).toBe(count);
});

const REFUSED: [string, number, string, string, Sent?][] = [
  ["CONFIG_NOT_FOUND", 404, "GET", "/config/documents/sensor/nobody"],
  ["SENSOR_UNKNOWN", 404, "POST", "/search", { body: { sensors: ["web", "nobody"] } }],
  ["SENSOR_UNKNOWN", 404, "POST", "/facets", { body: { sensors: ["nobody"], fields: ["n"] } }],
  ["SENSOR_UNKNOWN", 404, "POST", "/histogram", { body: { sensors: ["nobody"] } }],
  ["SENSOR_UNKNOWN", 404, "POST", "/groups", { body: { sensors: ["nobody"], fields: ["n"] } }],
  [
    "CONFIG_CONFLICT",
    409,
    "PUT",
    "/config/documents/sensor/web",
    { body: { text: "sensor: web\nparser: { jsonMap: {} }\n", base: 7 } },
  ],
  [
    "CONFIG_INVALID",
    422,
    "PUT",
    "/config/documents/sensor/web",
    { body: { text: "sensor: web\nparser: { nope: {} }\n" } },
  ],
  ["NOT_FOUND", 404, "GET", "/messages/nobody"],
  ["NOT_FOUND", 404, "PATCH", "/messages/nobody", { body: { fields: { alert_status: "OPEN" } } }],
  ["NOT_FOUND", 404, "GET", "/nothing"],
  ["NOT_FOUND", 404, "DELETE", "/search"],
  ["QUERY_INVALID", 400, "POST", "/search", { body: { query: "a:(b" } }],
  ["QUERY_INVALID", 400, "POST", "/search", { body: { query: "knd:odd" } }],
  ["QUERY_INVALID", 400, "GET", "/live?query=a%3A(b"],
  ["REQUEST_INVALID", 400, "POST", "/search", { body: { siez: 3 } }],
  ["REQUEST_INVALID", 400, "POST", "/search", { body: { cursor: "nonsense" } }],
  ["REQUEST_INVALID", 400, "POST", "/search", { text: "{", headers: { "content-type": "application/json" } }],
  ["REQUEST_INVALID", 400, "POST", "/search", { text: "a=b", headers: { "content-type": "text/plain" } }],
  ["REQUEST_INVALID", 400, "PATCH", "/messages/x", { body: { fields: { guid: "other" } } }],
  ["REQUEST_INVALID", 400, "GET", "/config/documents/nokind/x"],
  ["SENSOR_UNKNOWN", 404, "POST", "/ingest/nobody", { text: "x\n" }],
  ["REQUEST_INVALID", 400, "POST", "/intel/malicious_ip?column=nope", { text: "ip\n1.2.3.4\n" }],
  [
    "INPUT_UNREADABLE",
    400,
    "POST",
    "/ingest/web",
    { text: "no gzip", headers: { "content-encoding": "gzip" } },
  ],
  ["TOO_LARGE", 413, "POST", "/search", { body: { query: "x".repeat(9 << 20) } }],
];

test.each(REFUSED)("%s (%i): %s %s", async (code, status, method, path, sent) => {
  const answer = await refused(send(method, path, sent));
  expect(answer, answer.detail).toMatchObject({ code, status });
});

test("mistakes in a text have their place", async () => {
  expect(await refused(send("POST", "/search", { body: { query: "n:7 AND knd:odd" } }))).toMatchObject({
    line: 1,
    column: 9,
    suggestion: "kind",
  });
  const { diagnostics } = await refused(
    send("PUT", "/config/documents/sensor/web", {
      body: { text: "sensor: web\nparser: { jsonMap: {} }\nfoo: 1\nbar: 2\n" },
    }),
  );
  expect(diagnostics?.map(({ line, column, path }) => [line, column, path])).toEqual([
    [3, 1, "foo"],
    [4, 1, "bar"],
  ]);
});

test("a version that there is not is not taken for an empty one", async () => {
  const path = "/config/documents/sensor/web/diff?from=1&to=99";
  expect(await refused(send("GET", path))).toMatchObject({ code: "CONFIG_NOT_FOUND" });
});

test("metrics are in Prometheus' text format", async () => {
  const response = await fetch(`${server.url}/metrics`);
  expect(response.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  for (const line of (await response.text()).trimEnd().split("\n"))
    expect(line).toMatch(/^(# (HELP|TYPE) \w+ .*|\w+(\{(\w+="[^"]*",?)*\})? [\d.e+-]+|\w+(\{.*\})? NaN)$/);
});

test("live updates tell of what was indexed since, and end with the client", async () => {
  const stop = new AbortController();
  const response = await fetch(`${base}/live`, { signal: stop.signal });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const ticks: { indexed: number }[] = [];
  const decoder = new TextDecoder();
  let text = "";
  await expect(async () => {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const data = /^event: tick\ndata: (.*)$/m.exec(text.slice(0, end))?.[1];
        text = text.slice(end + 2);
        if (data === undefined) continue;
        ticks.push(endpoints.liveUpdates.response.parse(JSON.parse(data)));
        if (ticks.length === 1) await send("POST", "/ingest/web", { text: '{"n":200}\n{"n":201}\n' });
        if (ticks.at(-1)?.indexed === 2) stop.abort();
      }
    }
  }).rejects.toThrow(/abort/i);
  expect(ticks[0]).toMatchObject({ indexed: 0 });
});

test("a message counts for each of its rules, and is found by any of them", async () => {
  const family = "rules.*.name";
  await send("POST", "/ingest/web", {
    text: '{"rules.0.name":"scan","rules.1.name":"upload"}\n{"rules.0.name":"upload"}\n',
  });
  await server.platform.caughtUp();
  const { facets } = (await json("POST", "/facets", { fields: [family], size: 1 })) as {
    facets: { distinct: number; values: unknown[] }[];
  };
  expect(facets[0]).toMatchObject({ distinct: 2, values: [{ value: "upload", count: 2 }] });
  const total = async (query: string) =>
    ((await json("POST", "/search", { query, size: 0 })) as { total: number }).total;
  expect(await total(`${family}:upload`)).toBe(2);
  expect(await total(`_exists_:rules.0.name AND NOT ${family}:scan`)).toBe(1);
  expect(await total("rules.\\*.name:(scan OR nothing)")).toBe(1);
  expect(await refused(send("POST", "/search", { body: { query: "rulez.*.name:x" } }))).toMatchObject({
    code: "QUERY_INVALID",
  });
});

test("a file of an earlier build is missing, not the page", async () => {
  const get = async (path: string) => {
    const { status, headers } = await fetch(server.url + path);
    return [status, headers.get("content-type")?.split(";")[0]];
  };
  expect(await get("/config?doc=sensor/web")).toEqual([200, "text/html"]);
  expect(await get("/assets/main-1a2b.js")).toEqual([200, "application/javascript"]);
  expect(await get("/assets/main-0000.js")).toEqual([404, "application/problem+json"]);
});
