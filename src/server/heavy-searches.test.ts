import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestServer, refused, type TestServer } from "./testing/platform-server.ts";

/** What searches cost others: nothing that stops intake, publishing or those who ask for little. */

const ROWS = 40_000;
let server: TestServer;

type Found = {
  hits: Record<string, unknown>[];
  total?: number;
  cursor?: string;
  partial?: { reasons: { code: string; text: string; advice: string }[] };
};

const search = async (body: object) => (await server.json("POST", "/search", body)) as Found;

const searches = async () => (await server.platform.index.stats()).searches;

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((done) => setTimeout(done, 20));
}

beforeAll(async () => {
  server = await openTestServer({
    global: "workers: 1\nsearch: { seconds: 2, concurrent: 4, waiting: 12 }\n",
  });
  const text = (n: number) => `${(n * 7919) % 1_000_003}-${"ab".repeat(20 + (n % 10))}`;
  const lines = Array.from({ length: ROWS }, (_, n) => `{"n":${n},"t":"${text(n)}"}\n`).join("");
  const sent = await server.send("POST", "/ingest/web", {
    text: `${lines}{"long":"${"a".repeat(20_000)}"}\n`,
  });
  expect(sent.status).toBe(200);
  await server.platform.caughtUp();
});

afterAll(() => server[Symbol.asyncDispose]());

/** Takes each processor many seconds: each word is looked for in each text. */
const HEAVY = Array.from({ length: 400 }, (_, n) => `t:*a?b?${n}*a?x*y`).join(" OR ");

test("intake, publishing and other searches go on while heavy ones run; those end with a limit told", async () => {
  const heavy = Array.from({ length: 8 }, () =>
    refused(server.send("POST", "/search", { body: { query: HEAVY, total: true } })),
  );
  const gone = new AbortController();
  const abandoned = Array.from({ length: 4 }, () =>
    fetch(`${server.url}/api/v1/facets`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: `NOT (${HEAVY})`, fields: ["t"] }),
      signal: gone.signal,
    }).then(
      () => "answered",
      () => "gone",
    ),
  );
  await until(async () => (await searches()).running > 3);
  gone.abort();
  expect(await Promise.all(abandoned)).toEqual(["gone", "gone", "gone", "gone"]);

  const sent = await server.send("POST", "/ingest/web", { text: '{"n":-1,"t":"meanwhile"}\n' });
  expect(sent.status).toBe(200);
  const document = "sensor: other\nparser: { jsonMap: {} }\n";
  const documents = [{ kind: "sensor", name: "other", text: document, base: 0 }];
  await server.json("PUT", "/config/documents", { documents });
  await until(async () => {
    const answer = await server.send("POST", "/search", { body: { query: "t:meanwhile" } });
    return ((await answer.json()) as Found).total === 1;
  });
  expect((await searches()).running).toBeGreaterThan(0);

  for (const problem of await Promise.all(heavy)) {
    expect([problem.code, problem.status]).toEqual(["SEARCH_LIMIT", 422]);
    expect(problem.detail).toBe("searching: it was ended after 2 s (`search.seconds`)");
    expect(problem.advice).toContain("`search`");
  }
  expect(await searches()).toMatchObject({ refused: 0, limited: 8, abandoned: 4, waiting: 0 });
}, 120_000);

test("more searches than may wait are told to come again, and the status says so", async () => {
  expect(((await server.json("GET", "/status")) as { health: string }).health).toBe("ok");
  const gone = new AbortController();
  const ask = () =>
    fetch(`${server.url}/api/v1/search`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: HEAVY }),
      signal: gone.signal,
    });
  const asked = Array.from({ length: 30 }, ask);
  // Four work and twelve wait.
  const answer = await Promise.any(
    asked.map(async (one) => {
      const answer = await one;
      return answer.status === 503 ? answer : Promise.reject(answer);
    }),
  );
  expect(answer.headers.get("retry-after")).toBe("1");
  expect(await answer.json()).toMatchObject({
    code: "SEARCH_BUSY",
    detail: "searching: 12 searches wait already",
  });
  const status = (await server.json("GET", "/status")) as { health: string; problems: { code: string }[] };
  expect(status).toMatchObject({ health: "degraded", problems: [{ code: "SEARCH_BUSY" }] });
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toMatch(/^metron_searches\{state="waiting"\} [1-9]/m);
  expect(metrics).toMatch(/^metron_searches_ended_total\{outcome="refused"\} [1-9]/m);
  gone.abort();
  await Promise.allSettled(asked);
  await until(async () => (await searches()).running === 0);
  expect((await search({ query: "n:1" })).total).toBe(1);
}, 120_000);

test.each([
  ["ORs of wildcards", Array.from({ length: 1023 }, (_, n) => `t:${n}*`).join(" OR ")],
  ["ORs of ranges", Array.from({ length: 1000 }, (_, n) => `n:[${n * 3} TO ${n * 3 + 1}]`).join(" OR ")],
  ["wildcards over a long text", "long:*a*a*b"],
  ["the same anywhere", "*a*a*b*c"],
  ["deep parentheses", `${"(".repeat(99)}n:1${")".repeat(99)}`],
  ["parentheses too deep", `${"(".repeat(5000)}n:1${")".repeat(5000)}`],
  ["many NOT", `${"NOT ".repeat(98)}n:1`],
  ["a very long word", `t:${"ab".repeat(30_000)}`],
  ["a very long word with wildcards", `t:*${"ab?".repeat(900)}*`],
  ["too many wildcards", `t:${"*a".repeat(5000)}`],
])("%s: an answer, a limit or the place of the mistake, never a crash", async (_, query) => {
  const asked = [
    ["/search", { query, size: 5 }],
    ["/facets", { query, fields: ["t", "n"] }],
    ["/histogram", { query, buckets: 1000, split: "t", splitSize: 20 }],
    ["/groups", { query, fields: ["t", "n"] }],
  ] as const;
  await Promise.all(
    asked.map(async ([path, body]) => {
      const { status } = await server.send("POST", path, { body });
      expect([200, 400, 422], `${path} ${query.slice(0, 40)}`).toContain(status);
    }),
  );
});

test("a search that is not to count does not, and standing fields come whatever fields are wanted", async () => {
  const counted = await search({ query: "n:[0 TO 9]", size: 2 });
  expect(counted.total).toBe(10);
  const uncounted = await search({ query: "n:[0 TO 9]", size: 2, total: false, fields: ["n"] });
  expect("total" in uncounted).toBe(false);
  expect(Object.keys(uncounted.hits[0] ?? {}).sort()).toEqual(["guid", "n", "source.type", "timestamp"]);
});

test("a cursor that was tampered with is a mistake of the request, never a crash", async () => {
  const sort = [{ field: "n", order: "asc" }];
  const { cursor = "" } = await search({ query: "", size: 3, sort });
  const values = JSON.parse(Buffer.from(cursor, "base64url").toString()) as unknown[];
  const made = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const cursors = [
    ...["", "x", "%00", "a".repeat(100_000), cursor.slice(1), cursor.slice(0, -2), made(null), made({})],
    ...[made([]), made(values.slice(1)), made([...values, 1]), made([[1], "g"]), made([{}, "g"])],
    ...[
      made(["text", "g"]),
      made([true, "g"]),
      Buffer.from(`[1e400,"g"]`).toString("base64url"),
      made([-1.5, "g"]),
      made([1, 7]),
    ],
    ...[made([1, null]), made([null, null]), made(["' OR 1=1 --", "'"]), made(["\0", "\ud800"])],
  ];
  for (const sorts of [sort, [{ field: "timestamp", order: "desc" }], [{ field: "t", order: "desc" }], []])
    for (const one of cursors) {
      const { status } = await server.send("POST", "/search", {
        body: { query: "", size: 3, sort: sorts, cursor: one },
      });
      expect([200, 400], `${one.slice(0, 40)} ${JSON.stringify(sorts)}`).toContain(status);
    }
});
