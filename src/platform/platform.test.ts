import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LOCAL } from "../core/actor.ts";
import { blockOf } from "../core/block.ts";
import { parse } from "../query/parse.ts";
import { openPlatform, type Platform } from "./platform.ts";

const SENSOR = `
sensor: web
parser: { jsonMap: {} }
trusted: [is_alert]
transforms:
  - STELLAR: { output: [host_upper], config: { host_upper: "TO_UPPER(host)" } }
threatIntel:
  malicious_ip: [ip_src_addr]
triage:
  aggregator: SUM
  rules:
    - { name: bad, rule: "exists(threatintels.hbaseThreatIntel.ip_src_addr.malicious_ip)", score: 40, reason: "FORMAT('from %s', ip_src_addr)" }
    - { name: big, rule: "bytes > 1000", score: "bytes / 100" }
`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "metron-"));
  mkdirSync(join(folder, "defaults", "sensors"), { recursive: true });
  writeFileSync(join(folder, "defaults", "metron.yaml"), "workers: 1\nseal: { seconds: 1 }\n");
  writeFileSync(join(folder, "defaults", "sensors", "web.yaml"), SENSOR);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = () =>
  openPlatform({ data: join(folder, "data"), defaults: join(folder, "defaults"), sources: false });
const found = async (platform: Platform, query: string, sensors?: string[]) =>
  (await platform.index.search({ query: parse(query), sensors, sort: [{ field: "n", descending: false }] }))
    .messages;
const send = (platform: Platform, ...messages: object[]) =>
  platform.ingest(
    "web",
    blockOf(
      messages.map((message) => JSON.stringify(message)),
      Date.now(),
    ),
  );

test("telemetry becomes searchable, transformed, matched and scored", async () => {
  await using platform = await open();
  const input = Readable.from(["indicator\n10.6.6.6\n"]);
  await platform.intel.load({
    actor: LOCAL,
    type: "malicious_ip",
    column: "indicator",
    replace: false,
    input,
  });
  await send(
    platform,
    { n: 1, host: "a", ip_src_addr: "10.1.1.1", bytes: 5 },
    { n: 2, host: "b", ip_src_addr: "10.6.6.6", bytes: 2000 },
  );
  await platform.caughtUp();
  const [one, two] = await found(platform, "_exists_:n");
  expect(one).toMatchObject({
    n: 1,
    host_upper: "A",
    "source.type": "web",
    original_string: expect.stringContaining('"n":1'),
  });
  expect(one).not.toHaveProperty("is_alert");
  expect(two).toMatchObject({
    is_alert: "true",
    "threat.triage.score": 60,
    "threat.triage.rules.0.name": "bad",
    "threat.triage.rules.0.reason": "from 10.6.6.6",
    "threat.triage.rules.1.score": "bytes / 100",
  });
});

test("a record nobody can read is kept with its bytes and reason", async () => {
  await using platform = await open();
  await platform.ingest("web", blockOf(["{not json", new Uint8Array([0xff, 0xfe]), '{"n":1}'], Date.now()));
  await platform.caughtUp();
  const errors = await found(platform, "", ["error"]);
  expect(errors.map((error) => error.raw_message)).toContain("{not json");
  expect(errors).toHaveLength(2);
  for (const error of errors)
    expect(error).toMatchObject({
      "source.type": "error",
      error_type: "parser_error",
      failed_sensor_type: "web",
    });
  expect(errors.map((error) => error.raw_message_bytes)).toContain("//4=");
  expect(await found(platform, "n:1", ["web"])).toHaveLength(1);
});

test("a published rule is in force at the next batch, and a wrong document is refused as a whole", async () => {
  await using platform = await open();
  const at = Date.now();
  await send(platform, { n: 1, is_alert: "true", bytes: 5 });
  await platform.caughtUp();
  const changed = SENSOR.replace("bytes > 1000", "bytes > 1");
  await platform.publish([{ kind: "sensor", name: "web", text: changed }], { author: "test", at });
  await send(platform, { n: 2, is_alert: "true", bytes: 500 });
  await platform.caughtUp();
  const [one, two] = await found(platform, "_exists_:n");
  expect(one).not.toHaveProperty(["threat.triage.score"]);
  expect(two).toMatchObject({ "threat.triage.score": 5 });

  const wrong = SENSOR.replace("bytes > 1000", "bytes >");
  await expect(
    platform.publish([{ kind: "sensor", name: "web", text: wrong }], { author: "test", at }),
  ).rejects.toThrow(/^sensor\/web:13:34: triage.rules.1.rule: .*expected a value/);
  expect(platform.config.get("sensor", "web")?.version).toBe(2);
});

test("a platform opened again goes on where it stopped, and doubles nothing", async () => {
  {
    await using platform = await open();
    await send(platform, { n: 1 }, { n: 2 });
    await platform.caughtUp();
  }
  {
    await using platform = await open();
    await send(platform, { n: 3 });
    await platform.caughtUp();
    expect((await found(platform, "_exists_:n")).map((message) => message.n)).toEqual([1, 2, 3]);
  }
});
