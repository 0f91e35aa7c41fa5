import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { EndpointShape } from "../api/endpoint.ts";
import { endpoints } from "../api/index.ts";
import { problem } from "../api/problem.ts";
import { runs } from "../core/testing/runs.ts";
import { openTestServer, type TestServer } from "./testing/platform-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
  await server.send("POST", "/ingest/web", { text: '{"n":1,"kind":"odd","ip_src_addr":"10.0.0.1"}\n' });
  await server.platform.caughtUp();
}, 60_000);
afterAll(() => server[Symbol.asyncDispose](), 60_000);

/** Anything that a client may put into JSON, with words that mean something here more often than chance would. */
const anything = fc.jsonValue({ maxDepth: 3 });
const words = fc.constantFrom(
  ...[
    "query",
    "sort",
    "fields",
    "size",
    "cursor",
    "sensors",
    "from",
    "to",
    "total",
    "field",
    "order",
    "by",
    "split",
  ],
  ...[
    "expression",
    "message",
    "kind",
    "name",
    "text",
    "documents",
    "note",
    "base",
    "version",
    "__proto__",
    "guid",
  ],
);
const queries = fc.oneof(
  fc.string(),
  fc.constantFrom(
    "a:b",
    "n:[1 TO 5]",
    "NOT",
    "(",
    '"',
    "a:/x/",
    "ip_src_addr:10.0.0.0/8",
    "_exists_:n",
    "n:>x",
    "*:*",
    "\\",
    "a:{* TO 2}",
  ),
);
const values = fc.oneof(
  anything,
  queries,
  fc.integer(),
  fc.constantFrom("n", "kind", "sensor", "web", "timestamp", "desc"),
);
const bodies = fc.oneof(
  anything,
  fc.dictionary(
    fc.oneof(words, fc.string()),
    fc.oneof(values, fc.array(fc.oneof(values, fc.dictionary(words, values)))),
  ),
  fc.record({
    query: queries,
    size: fc.integer({ min: 0, max: 10 }),
    fields: fc.array(fc.constantFrom("n", "kind", "x", "")),
  }),
);

test("no request makes the server fail: what is wrong with it is the client's to know", {
  timeout: runs(120_000),
}, async () => {
  const paths = Object.values(endpoints)
    .filter((endpoint: EndpointShape) => !endpoint.events)
    .map(({ method, path }) => ({ method, path: path as string }));
  const segment = fc.oneof(
    fc.string(),
    fc.constantFrom("sensor", "web", "global", "..", "%00", "é", "x".repeat(300)),
  );
  const property = fc.asyncProperty(
    fc.constantFrom(...paths),
    fc.array(segment, { minLength: 2, maxLength: 2 }),
    fc.option(fc.webQueryParameters()),
    bodies,
    async ({ method, path }, names, query, body) => {
      let index = 0;
      const filled = path.replace(/:\w+/g, () => encodeURIComponent(names[index++ % 2] ?? ""));
      const url = `${filled}${query === null ? "" : `?${query}`}`;
      const response = await server.send(
        method,
        url,
        method === "GET" || method === "DELETE" ? {} : { body },
      );
      const text = await response.text();
      expect(response.status, `${method} ${url} ${JSON.stringify(body)}: ${text}`).toBeLessThan(500);
      if (response.status >= 400) problem.parse(JSON.parse(text));
    },
  );
  await fc.assert(property, { numRuns: runs(300) });
});

/** Names of parts and components, with whatever a client may write below them. */
const parts = fc.constantFrom(
  ...[
    "jsonMap",
    "csv",
    "grok",
    "bro",
    "cef",
    "syslog5424",
    "regularExpressions",
    "file",
    "syslog",
    "STELLAR",
    "REMOVE",
  ],
  ...[
    "RENAME",
    "SELECT",
    "REGEX_SELECT",
    "IP",
    "EMAIL",
    "DATE",
    "NOT_EMPTY",
    "geo",
    "host",
    "stellar",
    "asn",
  ],
  ...[
    "rules",
    "aggregator",
    "riskLevelRules",
    "config",
    "input",
    "output",
    "condition",
    "paths",
    "pattern",
    "columns",
  ],
);
const below = fc.dictionary(
  fc.oneof(parts, words),
  fc.oneof(values, fc.array(values), fc.dictionary(parts, fc.oneof(values, fc.dictionary(parts, values)))),
);
const listed = fc.oneof(below, fc.array(below), values);
const sensors = fc.record(
  {
    sensor: fc.constantFrom("web", "x"),
    parser: fc.oneof(below, fc.dictionary(parts, fc.oneof(below, anything), { maxKeys: 1 })),
    source: fc.oneof(below, anything),
    transforms: listed,
    validations: listed,
    filter: below,
    enrichments: listed,
    threatIntel: listed,
    triage: fc.oneof(
      below,
      fc.record({ rules: fc.array(fc.oneof(below, fc.record({ rule: queries, score: values }))) }),
    ),
    index: below,
    rawMessage: anything,
    timestamp: anything,
  },
  { requiredKeys: ["sensor", "parser"] },
);

test("no document makes a check fail: what is wrong with it has a place", {
  timeout: runs(120_000),
}, async () => {
  const property = fc.asyncProperty(fc.oneof(sensors, below), fc.boolean(), async (document, isSensor) => {
    const kind = isSensor ? "sensor" : "global";
    const body = { kind, name: isSensor ? "web" : "global", text: JSON.stringify(document) };
    const response = await server.send("POST", "/config/check", { body });
    expect(response.status, `${JSON.stringify(body)}: ${await response.clone().text()}`).toBeLessThan(500);
  });
  await fc.assert(property, { numRuns: runs(100) });
});
