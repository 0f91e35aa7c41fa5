/** A platform whose index is in OpenSearch, through the calls that the page makes: alone, and with its topics in Kafka. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testPlatforms } from "../platform/testing/test-platform.ts";
import { removeIndices, testOpenSearch } from "../storage/index/opensearch/testing/node.ts";
import { guardServer } from "../storage/index/testing/guarded-proxy.ts";
import { testKafka } from "../storage/topic/kafka/testing/brokers.ts";
import { openTestServer, type TestServer } from "./testing/platform-server.ts";

const node = await testOpenSearch();
const kafka = await testKafka();
const own = `server-${randomUUID().slice(0, 8)}`;
const TIME = Date.UTC(2026, 10, 21, 12);

const topicsInKafka = {
  topics: "kafka",
  kafka: { brokers: kafka?.brokers, prefix: `${own}.`, name: own },
};
const storages = [
  { name: "topics in files", isLeftOut: node === undefined, topics: {} },
  { name: "topics in Kafka", isLeftOut: node === undefined || kafka === undefined, topics: topicsInKafka },
];

for (const [place, { name, isLeftOut, topics }] of storages.entries())
  describe.skipIf(isLeftOut)(name, () => {
    const prefix = `${own}-${place}`;
    let server: TestServer;
    let guid: string;
    beforeAll(async () => {
      server = await openTestServer({ global: globalOf({ ...inOpenSearch(node, prefix), ...topics }) });
      const records = Array.from({ length: 50 }, (_, n) =>
        JSON.stringify({
          ...{ n, kind: n % 2 === 0 ? "even" : "odd", ip_src_addr: `10.0.0.${n}` },
          timestamp: TIME + n * 60_000,
        }),
      );
      await server.send("POST", "/ingest/web", { text: `${records.join("\n")}\nnonsense\n` });
      await server.platform.caughtUp();
    }, 120_000);
    afterAll(async () => {
      await server[Symbol.asyncDispose]();
      await removeIndices(node ?? "", prefix);
    }, 60_000);

    test("records are found as messages, page after page, and rejected ones among the errors", async () => {
      const body = { query: "kind:odd", sort: [{ field: "n", order: "asc" }], size: 20 };
      const first = await search(server, body);
      const second = await search(server, { ...body, cursor: first.cursor });
      expect(first.total).toBe(25);
      expect([...first.hits, ...second.hits].map(({ n }) => n)).toEqual(
        Array.from({ length: 25 }, (_, half) => 2 * half + 1),
      );
      expect(second.cursor).toBeUndefined();
      guid = String(first.hits[3]?.guid);
      expect((await search(server, { query: "ip_src_addr:10.0.0.0/29" })).total).toBe(8);
      const { hits } = await search(server, { sensors: ["error"] });
      expect(hits).toMatchObject([{ failed_sensor_type: "web", raw_message: "nonsense" }]);
    });

    test("they are counted by value, by time and in groups", async () => {
      expect(await server.json("POST", "/facets", { fields: ["kind"] })).toMatchObject({
        facets: [
          {
            distinct: 2,
            missing: 0,
            values: [
              { value: "even", count: 25 },
              { value: "odd", count: 25 },
            ],
          },
        ],
      });
      const span = { from: TIME, to: TIME + 3_600_000 };
      const { buckets } = (await server.json("POST", "/histogram", span)) as { buckets: { count: number }[] };
      expect(buckets.length).toBeGreaterThan(1);
      expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(50);
      expect(await server.json("POST", "/groups", { fields: ["kind"] })).toMatchObject({
        groups: [
          { value: "even", count: 25 },
          { value: "odd", count: 25 },
        ],
      });
    });

    test("a change by an analyst is found at once, with who made it", async () => {
      const fields = { alert_status: "OPEN" };
      expect(await server.json("PATCH", `/messages/${guid}`, { fields })).toMatchObject({
        message: { n: 7, ...fields },
      });
      const found = await search(server, { query: "alert_status:OPEN" });
      expect(found.hits.map(({ n }) => n)).toEqual([7]);
      expect(await server.json("GET", `/messages/${guid}/history`)).toMatchObject({
        changes: [
          {
            fields: expect.arrayContaining([
              expect.objectContaining({ name: "alert_status", value: "OPEN" }),
            ]),
          },
        ],
      });
    });

    test("the status has what is stored, and no problem", async () => {
      const status = await server.json("GET", "/status");
      expect(status).toMatchObject({ problems: [] });
      expect(await server.json("GET", "/fields")).toMatchObject({
        fields: expect.arrayContaining([expect.objectContaining({ name: "kind" })]),
      });
    });
  });

test.skipIf(node === undefined)(
  "status and metrics answer while OpenSearch is silent",
  async () => {
    await using proxy = await guardServer(node ?? "", { isPlain: true });
    const prefix = `${own}-silent`;
    await using server = await openTestServer({ global: globalOf(inOpenSearch(proxy.url, prefix)) });
    proxy.isSilent = () => true;
    await server.send("POST", "/ingest/web", { text: `${JSON.stringify({ n: 1, timestamp: TIME })}\n` });
    // Nothing was ever told of the partition: its lag is not known.
    const unknown = await server.platform.metricsText();
    expect(unknown).toContain('metron_problems{code="INDEX_UNREACHABLE"}');
    expect(unknown).not.toContain('metron_partition_lag_records{sensor="web"');
    proxy.restart();
    await expect.poll(() => server.platform.caughtUp().then(() => "done", String)).toBe("done");
    await expect.poll(() => server.json("GET", "/status")).toMatchObject({ problems: [], stored: 1 });
    proxy.isSilent = () => true;
    await server.send("POST", "/ingest/web", { text: `${JSON.stringify({ n: 2, timestamp: TIME })}\n` });
    // As last known, before it is known that it is silent.
    expect(await server.json("GET", "/status")).toMatchObject({ stored: 1, asOf: expect.any(Number) });
    const silent = { code: "INDEX_UNREACHABLE", detail: expect.stringContaining("no answer within 5 s") };
    await expect
      .poll(() => server.json("GET", "/status"), { timeout: 30_000 })
      .toMatchObject({
        health: "degraded",
        ...{ stored: 1, asOf: expect.any(Number) },
        problems: expect.arrayContaining([expect.objectContaining(silent)]),
      });
    // It went through the loop, but is not stored: it does not count, and whoever waits for it waits on.
    await expect.poll(() => server.platform.counts().get("web")).toMatchObject({ records: 2, messages: 1 });
    expect(await server.json("GET", "/sensors")).toMatchObject({
      asOf: expect.any(Number),
      sensors: [{ name: "web", stored: 1, indexed: 1, lag: 1 }],
    });
    const metrics = await server.platform.metricsText();
    expect(metrics).toContain('metron_lag_records{sensor="web"} 1');
    expect(metrics).toMatch(/^metron_index_as_of_timestamp_seconds \d/m);
    proxy.restart();
    await server.platform.caughtUp();
    expect((await search(server, { query: "n:2" })).total).toBe(1);
    await removeIndices(node ?? "", prefix);
  },
  60_000,
);

test("a platform does not start while no node answers, and says so", async () => {
  const storage = inOpenSearch("http://127.0.0.1:1", own);
  using platforms = testPlatforms({ global: globalOf(storage) });
  await expect(platforms.open()).rejects.toMatchObject({
    code: "INDEX_UNREACHABLE",
    message: expect.stringMatching(/^OpenSearch at http:\/\/127.0.0.1:1 cannot be reached: connect ECONN/),
  });
});

test("a document that asks for OpenSearch and names no node is refused at its place", async () => {
  using platforms = testPlatforms({ global: globalOf({ index: "opensearch" }) });
  await expect(platforms.open()).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining(
      "`index: opensearch` needs `opensearch: { nodes: [https://HOST:PORT] }` beside it",
    ),
  });
});

test.each(["secret", "authority"])(
  "a %s of OpenSearch that nobody can read is refused at its place",
  async (name) => {
    using platforms = testPlatforms();
    await using platform = await platforms.open();
    const { opensearch, index } = inOpenSearch("https://search:9200", own);
    const text = globalOf({ index, opensearch: { ...opensearch, [name]: { env: "METRON_SECRET_GONE" } } });
    await expect(platform.check([{ kind: "global", name: "global", text }])).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(`storage.opensearch.${name}`),
    });
  },
);

type Found = { total: number; cursor?: string; hits: Record<string, unknown>[] };

async function search(server: TestServer, body: object): Promise<Found> {
  return (await server.json("POST", "/search", body)) as Found;
}

function inOpenSearch(url: string | undefined, prefix: string) {
  return { index: "opensearch", opensearch: { nodes: [url], prefix, replicas: 0 } };
}

function globalOf(storage: object): string {
  return `workers: 1\nstorage: ${JSON.stringify(storage)}\n`;
}
