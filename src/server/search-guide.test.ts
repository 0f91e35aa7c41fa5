import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestServer, refused, type TestServer } from "./testing/platform-server.ts";

/** Every example of the guide's page about searching, over a few messages that have what it speaks of. */
const GUIDE = readFileSync(new URL("../../docs/guide/search.md", import.meta.url), "utf8");

const DAY = 86_400_000;
const NOW = Date.now();
const MESSAGES = [
  {
    timestamp: NOW - 1000,
    protocol: "dns",
    query: "e4.akadns.net",
    rcode: 0,
    ip_src_addr: "10.0.0.5",
    ip_src_port: 5353,
  },
  {
    timestamp: NOW - 2000,
    protocol: "dns",
    query: "x.example",
    rcode: 3,
    ip_src_addr: "10.0.0.5",
    user: "Mary Major",
  },
  {
    timestamp: NOW - 3000,
    protocol: "tls",
    ip_src_addr: "10.0.0.5",
    ip_dst_addr: "2001:0DB8::7",
    ip_src_port: 2048,
  },
  {
    timestamp: NOW - 4000,
    answers: ["a.akadns.net", "203.0.113.9"],
    TTLs: [3600, 4000],
    note: "dns and more",
  },
  { timestamp: NOW - 5000, alarm: true },
  { timestamp: Date.UTC(2026, 10, 29, 10, 30), protocol: "a day the page speaks of" },
  // Yesterday, and in the middle of the month before.
  { timestamp: Math.floor(NOW / DAY) * DAY - DAY / 2 },
  { timestamp: Date.UTC(new Date(NOW).getUTCFullYear(), new Date(NOW).getUTCMonth() - 1, 15) },
  { timestamp: Date.UTC(2020, 0, 1), TTLs: [60], user: "x", rcode: 0, protocol: "x" },
  // At a Monday's very beginning nothing but this minute is of this week.
  { timestamp: NOW - 1 },
];

let server: TestServer;

beforeAll(async () => {
  server = await openTestServer();
  const text = [
    "sensor: web",
    "parser: { jsonMap: {} }",
    'threatIntel: { stellar: { is_alert: "if exists(alarm) then true else null" } }',
    "triage: { rules: [ { name: Known bad address, rule: exists(alarm), score: 70 } ] }",
  ].join("\n");
  await server.json("PUT", "/config/documents/sensor/web", { text });
  await server.send("POST", "/ingest/web", {
    text: MESSAGES.map((message) => `${JSON.stringify(message)}\n`).join(""),
  });
  await server.platform.caughtUp();
}, 60_000);
afterAll(() => server[Symbol.asyncDispose](), 60_000);

/** The columns of the lines of all blocks of a kind. */
function examples(kind: string): string[][] {
  const blocks = [...GUIDE.matchAll(/^```([\w-]+)\n(.*?)^```$/gms)].filter((block) => block[1] === kind);
  return blocks.flatMap(([, , text = ""]) => text.trimEnd().split("\n")).map((line) => line.split(/ {2,}/));
}

test("there are examples of each kind", () => {
  expect(["search", "search-traps", "search-refused"].map((kind) => examples(kind).length > 9)).toEqual([
    true,
    true,
    true,
  ]);
});

test.each(examples("search"))("finds: %s", async (query = "") => {
  const { total, hints } = (await server.json("POST", "/search", { query })) as {
    total: number;
    hints: unknown[];
  };
  expect({ found: total > 0, all: total === MESSAGES.length, hints }).toEqual({
    found: true,
    all: false,
    hints: [],
  });
});

test.each(examples("search-traps"))("says: %s", async (query = "", code = "") => {
  const { hints } = (await server.json("POST", "/search", { query })) as { hints: unknown[] };
  expect(hints).toContainEqual(expect.objectContaining({ code }));
});

test.each(examples("search-refused"))("refuses: %s", async (query = "") => {
  const problems = await problemsOf({ query });
  expect(problems[0]).toMatchObject({ code: "QUERY_INVALID" });
  for (const problem of problems) expect(problem).toEqual(problems[0]);
});

/** What each question about the same messages is refused with. */
function problemsOf(selection: object): Promise<object[]> {
  const questions = [
    ["/search", {}],
    ["/search", { total: false }],
    ["/facets", { fields: ["protocol"] }],
    ["/histogram", {}],
    ["/histogram", { split: "protocol" }],
    ["/groups", { fields: ["protocol"] }],
  ] as const;
  return Promise.all(
    questions.map(([path, body]) => refused(server.send("POST", path, { body: { ...selection, ...body } }))),
  );
}

test("an unknown field is refused in every question that finds nothing, within a time or of a sensor too", async () => {
  for (const part of [
    { query: "_exists_:nothing" },
    { query: "id.orig_h:1", from: NOW - 1500 },
    { query: "a:1", sensors: ["web"] },
  ])
    for (const problem of await problemsOf(part))
      expect(problem).toMatchObject({ code: "QUERY_INVALID", column: 1 });
  const body = { query: "protocol:tls OR nothing:1", fields: ["protocol"] };
  expect(await server.json("POST", "/facets", body)).toMatchObject({
    facets: [{ values: [{ value: "tls", count: 1 }] }],
  });
  expect(await server.json("POST", "/groups", { ...body, fields: ["user"] })).toMatchObject({ groups: [] });
});
