import { request } from "node:http";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EndpointShape, isStreamBody, servedAt } from "../api/endpoint.ts";
import { endpoints } from "../api/index.ts";
import { openTestServer, refused, type TestServer } from "./testing/platform-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer({ limits: { idle: 2000, body: 2000 } });
}, 60_000);
afterAll(() => server[Symbol.asyncDispose](), 60_000);

type Sent = { method: string; path: string; headers?: Record<string, string>; body?: string | Buffer };

/** fetch would not send what a hostile client sends. Status 0 means that the server closed the connection. */
function send({ method, path, headers = {}, body }: Sent): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const call = request(
      server.url,
      { method, path, headers: { ...length, ...headers }, agent: false },
      (answer) => {
        const parts: Buffer[] = [];
        const done = () =>
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString("latin1") });
        answer
          .on("data", (part: Buffer) => parts.push(part))
          .once("end", done)
          .once("error", done);
      },
    );
    call.once("error", () => resolve({ status: 0, text: "" }));
    call.end(body);
  });
}

const JSON_TYPE = { "content-type": "application/json" };
const deep = (depth: number, key: string) => `{"${key}":${"[".repeat(depth)}${"]".repeat(depth)}}`;
const ALIASES = `a: &a [x, x, x, x, x, x, x, x, x]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]
d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]
e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]
`;

const SEGMENTS = ["%", "%zz", "%00", "%2e%2e%2f", "%ff%fe", "..", "a".repeat(5000), "__proto__", "%0d%0aX:1"];
const QUERIES = [
  "",
  "?%",
  "?%zz=1",
  "?a=1&a=2",
  "?__proto__=1",
  `?x=${"y".repeat(9000)}`,
  "?version=1e99&from=-1&to=NaN",
];
const BODIES: readonly Pick<Sent, "headers" | "body">[] = [
  {},
  { headers: JSON_TYPE },
  { headers: JSON_TYPE, body: "{" },
  { headers: JSON_TYPE, body: "null" },
  { headers: JSON_TYPE, body: "[]" },
  { headers: JSON_TYPE, body: '"text"' },
  { headers: JSON_TYPE, body: '{"__proto__":{"a":1}}' },
  { headers: JSON_TYPE, body: '{"constructor":{"prototype":{"a":1}}}' },
  { headers: JSON_TYPE, body: `${"[".repeat(100_000)}` },
  ...["query", "message", "fields", "documents", "text", "value", "changes"].map((key) => ({
    headers: JSON_TYPE,
    body: deep(6000, key),
  })),
  { headers: JSON_TYPE, body: '{"query":"\\ud800","text":"\\u0000"}' },
  { headers: { "content-type": "application/json; charset=utf-16" }, body: "{}" },
  { headers: { "content-type": "x/y; a=\u00ff" }, body: "{}" },
  { headers: { "content-type": "text/xml" }, body: "<a/>" },
  { headers: { "content-type": "multipart/form-data" }, body: "--" },
  { headers: { "content-encoding": "gzip" }, body: "this is not gzip" },
  { headers: { "content-encoding": "gzip" }, body: gzipSync("x".repeat(1000)).subarray(0, 20) },
  { headers: { "content-encoding": "br", ...JSON_TYPE }, body: "{}" },
  { headers: { accept: "application/xml", "x-long": "y".repeat(20_000) } },
  { headers: { cookie: "\u00ff", range: "bytes=9-1", "if-none-match": "*" } },
];

const cases = Object.entries(endpoints as Record<string, EndpointShape>);

/** Fills the parameters of a path. */
function pathOf(endpoint: EndpointShape, segment: string): string {
  return servedAt(endpoint).replace(/:\w+/g, segment);
}

test.each(cases)("%s refuses what is wrong with a request, and never fails", async (_name, endpoint) => {
  const { method, events, query: options } = endpoint;
  const asked: Sent[] = [
    ...SEGMENTS.map((segment) => ({ method, path: pathOf(endpoint, segment) })),
    // A stream of events without options takes any.
    ...(events ? QUERIES.slice(options === undefined ? QUERIES.length : 1) : QUERIES).map((query) => ({
      method,
      path: pathOf(endpoint, "web") + query,
    })),
    // A stream of events that is asked for rightly does not end.
    ...(events ? [] : BODIES).flatMap((body) =>
      ["web", "global"].map((segment) => ({ method, path: pathOf(endpoint, segment), ...body })),
    ),
    ...["OPTIONS", "TRACE", "PROPFIND", "HEAD"].map((odd) => ({
      method: odd,
      path: pathOf(endpoint, "web"),
    })),
  ];
  const answers = await Promise.all(
    asked
      .filter(({ path }) => !(events && /(live|updates)$|\?a=1/.test(path)))
      .map(async (sent) => ({ sent, ...(await send(sent)) })),
  );
  const failed = answers.filter(({ status }) => status >= 500);
  expect(
    failed.map(({ sent, status, text }) => [
      sent.method,
      sent.path.slice(0, 80),
      sent.body?.slice(0, 40),
      status,
      text,
    ]),
  ).toEqual([]);
});

test.each([
  ["aliases of aliases", ALIASES],
  ["an alias of itself", "a: &a [*a]\n"],
  ["deep nesting", "[".repeat(20_000)],
  ["deep nesting by indentation", Array.from({ length: 700 }, (_, n) => `${" ".repeat(n)}a:`).join("\n")],
])("a document of %s is refused with its place", async (_what, text) => {
  const answer = server.send("POST", "/config/check", { body: { kind: "global", name: "global", text } });
  expect((await answer).status).toBe(200);
  const { diagnostics } = (await (await answer).json()) as { diagnostics: { severity: string }[] };
  expect(diagnostics[0]?.severity).toBe("error");
  const put = server.send("PUT", "/config/documents/global/global", { body: { text } });
  expect((await refused(put)).code).toBe("CONFIG_INVALID");
});

test.each(
  cases.filter(([, { body }]) => isStreamBody(body)).map(([name, endpoint]) => [name, endpoint] as const),
)("%s says of broken gzip that it is broken", async (_name, endpoint) => {
  for (const body of ["this is not gzip", gzipSync("indicator\n10.0.0.1\n").subarray(0, 20)]) {
    const headers = { "content-encoding": "gzip", "content-type": "text/csv" };
    const { status, text } = await send({ method: "POST", path: pathOf(endpoint, "web"), headers, body });
    // What is no gzip may be a capture, and is read as one.
    const expected =
      endpoint.path === "/captures"
        ? { status: 415, code: "CAPTURE_UNREADABLE" }
        : { status: 400, code: "INPUT_UNREADABLE" };
    expect(JSON.parse(text)).toMatchObject(expected);
    expect(status).toBe(expected.status);
  }
});
