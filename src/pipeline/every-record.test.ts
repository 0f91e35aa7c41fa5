import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Message } from "../core/message.ts";
import { runs } from "../core/testing/runs.ts";
import type { Platform } from "../platform/platform.ts";
import { found, send, testPlatforms } from "../platform/testing/test-platform.ts";

/** Anything that may be sent, through every stage of a real platform: each record is stored once, as a message or as rejected. */
const FULL = `
parser: { jsonMap: { mapStrategy: ALLOW } }
transforms:
  - STELLAR:
      output: [upper, joined]
      config: { upper: "TO_UPPER(text)", joined: "JOIN([text, guid], ',')" }
  - RENAME: { config: { "": empty, old: text } }
validations:
  - NOT_EMPTY: { input: n }
enrichments:
  host: [ip_src_addr, text, guid]
  table: { assets: [ip_src_addr, n, guid] }
  stellar: { doubled: "n + n", none: "if n == 1 then null else text" }
threatIntel: { malicious_ip: [ip_src_addr, text, guid] }
triage:
  rules:
    - { name: large, rule: "n > 5", score: 10, reason: "FORMAT('%s', text)" }
    - { name: text, rule: "EXISTS(text)", score: "n" }
`;
const sensors = {
  plain: "sensor: plain\nparser: { jsonMap: {} }\n",
  full: `sensor: full${FULL}`,
  unfolded: `sensor: unfolded${FULL.replace("ALLOW", "UNFOLD")}`,
  wrapped: `sensor: wrapped\nraw: { strategy: ENVELOPE, messageField: data, metadataPrefix: "" }\n${FULL}`,
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

const names = fc.constantFrom(
  ...["guid", "timestamp", "source.type", "original_string", "is_alert", "alert_status", "replayed"],
  ...["threat.triage.score", "threat.triage.rules.0.score", "threatintels.x", "enrichments.x", "metaalerts"],
  ...["n", "text", "old", "data", "ip_src_addr", "message", "error_type", "raw_message", "failed_offset"],
  ...["", "_rest", "_time", "_row", "sensor", "day", "__proto__", "constructor", "a.b", "A.B", "sent.guid"],
  ...["\0", "é", "\ud800", 'a"b', "~1/", "more_fields", "upper", "adapter.x.begin.ts"],
);
const values = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>("", " ", null, true, 0, -0, 5, 1.5, 1e308, [], {}, ["a"], [null], { "": "" }),
  fc.constantFrom<unknown>("192.0.2.66", "banana", "\0", "\ud800x", 9007199254740992, -1, 1e20, 8.64e15 + 1),
);
const some = fc.dictionary(names, values, { maxKeys: 8 });
/** Half of them pass the validation and the expressions. */
const map = fc.oneof(
  some,
  fc.tuple(some, fc.double(), fc.string()).map(([rest, n, text]) => ({ ...rest, n, text })),
);
const records = fc.oneof(
  { weight: 6, arbitrary: map.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: map.map((data) => JSON.stringify({ ...data, data: JSON.stringify(data) })) },
  { weight: 2, arbitrary: values.map((value) => JSON.stringify(value)) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: "binary", maxLength: 30 }).map((text) => text.replace(/[\r\n]/g, "")),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...['{"n":1e999}', '{"n":-9223372036854775809}', '{"n":9223372036854775807}', '{"timestamp":1e400}'],
      ...[
        '{"n":1,"n":"x"}',
        '{"guid":1,"guid":"x"}',
        '{"text":"\\ud800"}',
        '{"timestamp":-1}',
        "{}",
        "[]",
        "",
      ],
      `{"text":${"[".repeat(3000)}${"]".repeat(3000)}}`,
      `{"n":${'{"a":'.repeat(3000)}1${"}".repeat(3000)}}`,
    ),
  },
);

/** Error records of records. Others tell of an expression of an enrichment that failed: the message goes on without it. */
const ofRecords = ({ message }: Message) => !String(message).startsWith("expression ");

/** What a stored message or error record was made of. */
function sourceOf(message: Message): string {
  if (message["source.type"] !== "error") return String(message.original_string);
  if (message.raw_message_form !== "message") return String(message.raw_message);
  return String((JSON.parse(String(message.raw_message)) as Message).original_string);
}

test.each(["plain", "full", "unfolded"])("every record of %s is kept once", async (sensor) => {
  const sent = fc.sample(records, { numRuns: runs(600), seed: 7 });
  for (let at = 0; at < sent.length; at += 250) await send(platform, sent.slice(at, at + 250), sensor);
  await platform.caughtUp();
  const messages = await found(platform, "", sensor);
  const all = await found(platform, `failed_sensor_type:${sensor}`, "error");
  const errors = all.filter(ofRecords);
  const kept = [...messages, ...errors];
  expect(new Set(kept.map(({ guid }) => guid)).size).toBe(sent.length);
  expect(kept.map(sourceOf).sort()).toEqual(sent.map((text) => Buffer.from(text).toString()).sort());
  expect(
    messages.every((message) => message["source.type"] === sensor && typeof message.guid === "string"),
  ).toBe(true);
  expect((await platform.status()).problems).toEqual([]);
  const state = async () => (await platform.sensorStates()).find(({ name }) => name === sensor);
  await expect
    .poll(state, { timeout: 10_000 })
    .toMatchObject({ indexed: messages.length, rejected: all.length, lag: 0 });
});

test("every envelope is kept once", async () => {
  const sent = fc.sample(records, { numRuns: runs(300), seed: 11 });
  await send(platform, sent, "wrapped");
  await platform.caughtUp();
  const kept = [
    ...(await found(platform, "", "wrapped")),
    ...(await found(platform, "failed_sensor_type:wrapped", "error")).filter(ofRecords),
  ];
  expect(new Set(kept.map(({ guid }) => guid)).size).toBe(sent.length);
  expect((await platform.status()).problems).toEqual([]);
});
