/** A platform whose messages are in files, and its alerts in OpenSearch as well. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { parse } from "../query/parse.ts";
import { removeIndices, testOpenSearch } from "../storage/index/opensearch/testing/node.ts";
import { guardServer } from "../storage/index/testing/guarded-proxy.ts";
import { backUp, restore } from "../storage/storage.ts";
import type { Platform } from "./platform.ts";
import { send, testPlatforms } from "./testing/test-platform.ts";

const node = (await testOpenSearch()) ?? "";
const own = `alerted-${randomUUID().slice(0, 8)}`;
const SENSORS = { web: "sensor: web\nparser: { jsonMap: {} }\ntrusted: [is_alert]\n" };
const RECORDS = [1, 2, 3].map((n) => JSON.stringify({ n, ...(n === 2 ? {} : { is_alert: true }) }));

function globalOf(storage: object): string {
  return `workers: 1\nstorage: ${JSON.stringify(storage)}\n`;
}

function copiedTo(url: string, prefix: string): string {
  return globalOf({ alerts: "opensearch", opensearch: { nodes: [url], prefix, replicas: 0 } });
}

async function alertsOf({ index }: Platform): Promise<unknown[]> {
  const sort = [{ field: "n", descending: false }];
  return (await index.search({ query: parse("is_alert:true"), sort })).messages.map(({ n }) => n);
}

async function whole(platform: Platform): Promise<void> {
  await expect
    .poll(async () => (await platform.index.stats()).alertCopies)
    .toMatchObject({ isWhole: true, waiting: 0 });
}

describe.skipIf(node === "")("alerts in OpenSearch, messages in files", () => {
  const prefixes: string[] = [];
  afterEach(async () => {
    for (const prefix of prefixes.splice(0)) await removeIndices(node, prefix);
  });
  const newPrefix = () => {
    const prefix = `${own}-${prefixes.length}-${randomUUID().slice(0, 4)}`;
    prefixes.push(prefix);
    return prefix;
  };

  test("workers copy what they store, OpenSearch answers for alerts, and its absence is told and harms nothing", async () => {
    await using proxy = await guardServer(node, { isPlain: true });
    using platforms = testPlatforms({ global: copiedTo(proxy.url, newPrefix()), sensors: SENSORS });
    await using platform = await platforms.open();
    await whole(platform);
    await send(platform, RECORDS);
    await platform.caughtUp();
    expect(await alertsOf(platform)).toEqual([1, 3]);
    expect(await platform.index.count({})).toBe(3);
    expect(await platform.metricsText()).toMatch(/metron_alert_searches_total\{by="copies"\} 1\n/);
    proxy.isCut = true;
    await send(platform, RECORDS);
    await platform.caughtUp();
    expect(await alertsOf(platform)).toEqual([1, 1, 3, 3]);
    expect(await platform.status()).toMatchObject({
      health: "degraded",
      problems: [
        {
          code: "ALERTS_UNCOPIED",
          detail: expect.stringMatching(
            /^since 20.* alerts cannot be copied to OpenSearch, and 2 wait: OpenSearch at .* cannot be reached: /,
          ),
        },
      ],
    });
    expect(await platform.metricsText()).toMatch(/metron_alert_copies_waiting 2\n/);
    proxy.isCut = false;
    await whole(platform);
    expect(await alertsOf(platform)).toEqual([1, 1, 3, 3]);
    expect((await platform.status()).problems).toEqual([]);
    expect(await platform.metricsText()).toMatch(/metron_alert_searches_total\{by="copies"\} 2\n/);
  });

  test("a platform starts while no node answers, and one that is refused does not", async () => {
    const prefix = newPrefix();
    using platforms = testPlatforms({ global: copiedTo("http://127.0.0.1:1", prefix), sensors: SENSORS });
    await using platform = await platforms.open();
    await send(platform, RECORDS);
    await platform.caughtUp();
    expect(await alertsOf(platform)).toEqual([1, 3]);
    await using proxy = await guardServer(node, { isPlain: true, authorization: "Basic nobody" });
    using others = testPlatforms({ global: copiedTo(proxy.url, prefix), sensors: SENSORS });
    await expect(others.open()).rejects.toMatchObject({
      code: "INDEX_REFUSED",
      message: expect.stringContaining("does not accept the password"),
    });
  });

  test("of a folder that was restored all alerts are copied again", async () => {
    using platforms = testPlatforms({ global: copiedTo(node, newPrefix()), sensors: SENSORS });
    using others = testPlatforms();
    const to = join(platforms.folder, "backup");
    {
      await using platform = await platforms.open();
      await whole(platform);
      await send(platform, RECORDS.slice(0, 1));
      await platform.caughtUp();
      await platform.index.seal();
      await backUp({ data: platforms.data, to, version: "0", at: 0, copies: true });
      // Stored after the backup: its copy must not outlive what it was made of.
      await send(platform, RECORDS.slice(2));
      await platform.caughtUp();
      expect(await alertsOf(platform)).toEqual([1, 3]);
    }
    await restore({ from: to, data: others.data });
    await using platform = await others.open();
    await whole(platform);
    expect(await alertsOf(platform)).toEqual([1]);
    expect((await platform.index.stats()).alertCopies?.answers).toEqual({ copies: 1, files: 0 });
  });
});

test.each([
  [
    { alerts: "opensearch" },
    "`alerts: opensearch` needs `opensearch: { nodes: [https://HOST:PORT] }` beside it",
  ],
  [
    { alerts: "opensearch", index: "opensearch", opensearch: { nodes: ["http://search:9200"] } },
    "alerts are copied from `index: files`; with `index: opensearch` they are there already",
  ],
])("a document with %j is refused at its place", async (storage, message) => {
  using platforms = testPlatforms({ global: globalOf(storage) });
  await expect(platforms.open()).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining(message),
  });
});
