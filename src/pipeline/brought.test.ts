import { afterAll, beforeAll, expect, test } from "vitest";
import { LOCAL } from "../core/actor.ts";
import type { Message } from "../core/message.ts";
import type { Platform } from "../platform/platform.ts";
import { found, send, testPlatforms } from "../platform/testing/test-platform.ts";

/** What a record says of itself under names of ours is kept beside, and says nothing for the platform. */
const sensors = {
  web: "sensor: web\nparser: { jsonMap: {} }\nthreatIntel: { malicious_ip: [ip_dst_addr] }\n",
  open: "sensor: open\nparser: { jsonMap: {} }\ntrusted: [is_alert, original_string]\n",
  made: `
sensor: made
parser: { jsonMap: {} }
transforms:
  - STELLAR: { output: [is_alert, guid], config: { is_alert: "if n == 1 then 'true' else null", guid: "'the same'" } }
enrichments: { stellar: { guid: "5" } }
triage: { rules: [ { name: all, rule: "true", score: 10 } ] }
`,
  eve: "sensor: eve\nparser: { suricata: {} }\n",
  cef: "sensor: cef\nparser: { cef: {} }\n",
  wrapped:
    "sensor: wrapped\nraw: { strategy: ENVELOPE, messageField: data, metadataPrefix: '' }\nparser: { jsonMap: {} }\n",
};
const platforms = testPlatforms({ sensors });
let platform: Platform;
beforeAll(async () => {
  platform = await platforms.open();
}, 60_000);
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  platforms[Symbol.dispose]();
}, 60_000);

async function outcome(sensor: string, ...records: string[]): Promise<Message[]> {
  const known = new Set((await found(platform, "", sensor)).map(({ guid }) => guid));
  await send(platform, records, sensor);
  await platform.caughtUp();
  return (await found(platform, "", sensor)).filter(({ guid }) => !known.has(guid));
}

const FORGED = {
  guid: "mine",
  "source.type": "asa",
  is_alert: "true",
  alert_status: "DISMISS",
  comments: "nothing to see",
  replayed: true,
  original_string: "something else",
  "threat.triage.score": 100,
  "threat.triage.rules.0.name": "made up",
  "threatintels.threatIntel.ip_src_addr.malicious_ip": "alert",
  "enrichments.geo.ip_src_addr.country": "NL",
};

test("names of ours are set aside, and nothing is lost", async () => {
  const record = JSON.stringify({ ...FORGED, n: 1 });
  const [message, ...others] = await outcome("web", record);
  expect(others).toEqual([]);
  expect(message).toMatchObject({ n: 1, original_string: record, "source.type": "web" });
  expect(message?.guid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  for (const [field, value] of Object.entries(FORGED))
    expect(message).toMatchObject({ [`sent.${field}`]: value });
  const left = Object.keys(message ?? {}).filter((name) => !name.startsWith("sent."));
  expect(left.sort()).toEqual(["guid", "n", "original_string", "source.type", "timestamp"]);
});

test.each([{ guid: 5 }, { guid: null }, { guid: "" }, { guid: ["a"] }, { guid: true, n: 1.5 }])(
  "a record with %j does not stop its sensor",
  async (record) => {
    const messages = await outcome("web", JSON.stringify(record), '{"after":1}');
    expect(messages).toHaveLength(2);
    const [odd] = messages.filter(({ after }) => after === undefined);
    expect(odd).toMatchObject(record.guid === null ? {} : { "sent.guid": record.guid });
  },
);

test("`is_alert` of a record does not hide that it is one", async () => {
  await platform.tables.threatIntel.load("malicious_ip", [["192.0.2.66", {}]]);
  const [message] = await outcome("web", '{"ip_dst_addr":"192.0.2.66","is_alert":"false"}');
  expect(message).toMatchObject({ is_alert: "true", "sent.is_alert": "false" });
});

test("what was set aside before is set aside again, one step further", async () => {
  const [message] = await outcome("web", '{"guid":"a","sent.guid":"b","sent.sent.guid":"c","sent.bytes":7}');
  expect(message).toMatchObject({
    "sent.guid": "a",
    "sent.sent.guid": "b",
    "sent.sent.sent.guid": "c",
    "sent.bytes": 7,
  });
});

test("two records that bring one guid are two messages", async () => {
  const messages = await outcome("web", '{"guid":"twin"}', '{"guid":"twin"}');
  expect(new Set(messages.map(({ guid }) => guid)).size).toBe(2);
});

test("a sensor may trust its records with `is_alert` and `original_string`", async () => {
  const [message] = await outcome("open", JSON.stringify(FORGED));
  expect(message).toMatchObject({ is_alert: "true", original_string: "something else", "sent.guid": "mine" });
});

test("transformations of the sensor may say what is an alert; a guid is no one else's", async () => {
  const messages = await outcome("made", '{"n":1}', '{"n":2}');
  const [one, two] = [1, 2].map((n) => messages.find((message) => message.n === n));
  expect(one).toMatchObject({ is_alert: "true", "threat.triage.score": 10 });
  expect(two).not.toHaveProperty("is_alert");
  expect(one?.guid).toMatch(/^[0-9a-f-]{36}$/);
  expect(two?.guid).not.toBe(one?.guid);
});

test("what a parser states of itself stays, what its record claims does not", async () => {
  const eve = (more: object) =>
    JSON.stringify({ timestamp: "2026-01-01T00:00:00.000000+0000", event_type: "alert", ...more });
  const messages = await outcome("eve", eve({ n: 1 }), eve({ n: 2, event_type: "dns", is_alert: "true" }));
  expect(messages.find(({ n }) => n === 1)).toMatchObject({ is_alert: "true" });
  const claimed = messages.find(({ n }) => n === 2);
  expect(claimed).not.toHaveProperty("is_alert");
  expect(claimed).toMatchObject({ "sent.is_alert": "true" });
});

test("extensions of CEF are no names of ours", async () => {
  const record = "CEF:0|V|P|1|100|Name|5|src=192.0.2.1 guid=mine is_alert=true original_string=other";
  const [message] = await outcome("cef", record);
  expect(message).toMatchObject({ original_string: record, "sent.guid": "mine", "sent.is_alert": "true" });
  expect(message).not.toHaveProperty("is_alert");
});

test("an envelope speaks for the platform no more than its payload", async () => {
  const [message] = await outcome(
    "wrapped",
    JSON.stringify({ ...FORGED, data: '{"n":1}', original_string: undefined }),
  );
  expect(message).toMatchObject({
    n: 1,
    "source.type": "wrapped",
    "sent.guid": "mine",
    "sent.is_alert": "true",
  });
  expect(message).not.toHaveProperty("is_alert");
});

test("metadata of a rejected record do not change what is said of the rejection", async () => {
  const forged = { replayed: true, raw_message_bytes: "YQ==", failed_sensor_type: "web", guid: 5, n: 1 };
  await send(platform, [JSON.stringify({ data: "nonsense", ...forged })], "wrapped");
  await platform.caughtUp();
  const errors = await found(platform, "failed_sensor_type:wrapped", "error");
  expect(errors).toMatchObject([
    {
      raw_message: "nonsense",
      n: 1,
      "sent.guid": 5,
      "sent.replayed": true,
      "sent.failed_sensor_type": "web",
    },
  ]);
  expect(errors[0]).not.toHaveProperty("replayed");
  expect(errors[0]).not.toHaveProperty("raw_message_bytes");
});

test("nobody sends to the error index, and no sensor takes its name", async () => {
  await expect(send(platform, ['{"failed_sensor_type":"web"}'], "error")).rejects.toMatchObject({
    code: "SENSOR_UNKNOWN",
    message: expect.stringContaining("`error` holds the records that were rejected"),
  });
  const change = { kind: "sensor" as const, name: "error", text: "sensor: error\nparser: { jsonMap: {} }\n" };
  await expect(platform.publish([change], { author: "test", at: 1, note: "" })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("`error`"),
  });
});

test("a rejected record that looks like a message of ours is replayed as it came", async () => {
  const looks = '{"source.type":"cef","guid":"g","original_string":"CEF:0|V|P|1|100|Forged|5|"}';
  await send(platform, [looks], "cef");
  await platform.caughtUp();
  await platform.replay({ sensor: "cef", query: "" }, LOCAL);
  await platform.caughtUp();
  expect(await found(platform, "name:Forged", "cef")).toEqual([]);
  const errors = await found(platform, "failed_sensor_type:cef", "error");
  expect(errors.map(({ raw_message: raw }) => raw)).toEqual([looks, looks]);
});
