import { afterAll, beforeAll, expect, test } from "vitest";
import type { Platform } from "../platform/platform.ts";
import { found, send, testPlatforms } from "../platform/testing/test-platform.ts";
import { parse } from "../query/parse.ts";

/** Sensors with more fields than columns are made for. */
const RULES = `
threatIntel: { malicious_ip: [ip_dst_addr] }
triage: { rules: [ { name: all, rule: "true", score: 10 } ] }
`;
const sensors = {
  wide: `sensor: wide\nparser: { jsonMap: {} }\n${RULES}`,
  hostile: `sensor: hostile\nparser: { jsonMap: {} }\n${RULES}`,
};
const platforms = testPlatforms({ sensors });
let platform: Platform;
beforeAll(async () => {
  platform = await platforms.open();
  await platform.tables.threatIntel.load("malicious_ip", [["192.0.2.66", {}]]);
}, 60_000);
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  platforms[Symbol.dispose]();
}, 60_000);

const wide = (name: string, count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`${name}_${n}`, n]));
const count = (query: string, sensor: string) =>
  platform.index.count({ query: parse(query), sensors: [sensor] });

test("a first record of 600 fields breaks no search that follows", async () => {
  await send(platform, [JSON.stringify({ ...wide("first", 600), ip_dst_addr: "192.0.2.66" })], "wide");
  await platform.caughtUp();
  await send(platform, ['{"n":1,"ip_dst_addr":"192.0.2.1"}', '{"n":2,"ip_dst_addr":"192.0.2.66"}'], "wide");
  await platform.caughtUp();
  for (const stored of ["hot", "sealed"]) {
    if (stored === "sealed") await platform.seal();
    expect(await found(platform, "", "wide"), stored).toHaveLength(3);
    expect(await count("first_599:599 AND source.type:wide", "wide")).toBe(1);
    const [alert] = await found(platform, "is_alert:true AND n:2 AND threat.triage.score:>5", "wide");
    expect(alert).toMatchObject({ "source.type": "wide", ip_dst_addr: "192.0.2.66" });
    const { messages } = await platform.index.search({
      sensors: ["wide"],
      query: parse(`guid:${JSON.stringify(alert?.guid)}`),
      sort: [{ field: "threat.triage.score", descending: true }],
    });
    expect(messages).toHaveLength(1);
    const facets = await platform.index.facets({ sensors: ["wide"], fields: ["ip_dst_addr", "is_alert"] });
    expect(facets.map(({ missing }) => missing)).toEqual([0, 1]);
  }
  const state = (await platform.sensorStates()).find(({ name }) => name === "wide");
  expect(state?.note).toMatch(/^2\d\d fields beyond the limit are kept together/);
  expect(await platform.metricsText()).toMatch(/^metron_fields_together\{sensor="wide"\} 2\d\d$/m);
});

test("tens of thousands of names are bounded, told of, and each is found", async () => {
  for (let batch = 0; batch < 10; batch++) {
    const records = Array.from({ length: 40 }, (_, n) =>
      JSON.stringify({ n, ...wide(`h${batch}_${n}`, 100) }),
    );
    await send(platform, records, "hostile");
  }
  await send(platform, ['{"late":"field","ip_dst_addr":"192.0.2.66"}'], "hostile");
  await platform.caughtUp();
  expect(await found(platform, "", "hostile", ["guid"])).toHaveLength(401);
  expect(await count("h9_39_99:99", "hostile")).toBe(1);
  expect(await count("late:field AND is_alert:true", "hostile")).toBe(1);
  const { unknownFields } = await platform.index.search({
    query: parse("h9_39_98:98"),
    sensors: ["hostile"],
  });
  expect(unknownFields).toEqual([]);
  expect((await platform.index.fields(["hostile"])).length).toBeLessThan(6500);
  const note = async () => (await platform.sensorStates()).find(({ name }) => name === "hostile")?.note;
  await expect.poll(note, { timeout: 10_000 }).toMatch(/^\d+ or more fields beyond the limit/);
  // Another sensor's fields are known all the same.
  await send(platform, ['{"quite_new":1}'], "wide");
  await platform.caughtUp();
  expect((await platform.index.fields(["wide"])).map(({ name }) => name)).toContain("quite_new");
  expect(await count("quite_new:1", "wide")).toBe(1);
});
