import { afterAll, beforeAll, expect, test } from "vitest";
import type { Message } from "../core/message.ts";
import type { Platform } from "../platform/platform.ts";
import { found, send, testPlatforms } from "../platform/testing/test-platform.ts";
import { parse } from "../query/parse.ts";

/** Records as no sender should send them, through the whole platform: each is kept, as a message or with its reason. */
const platforms = testPlatforms();
let platform: Platform;
beforeAll(async () => {
  platform = await platforms.open();
}, 60_000);
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  platforms[Symbol.dispose]();
}, 60_000);

/** What became of records: messages and error records that were not there before. */
async function outcome(
  ...records: (string | Uint8Array)[]
): Promise<{ messages: Message[]; errors: Message[] }> {
  const known = new Set(
    [...(await found(platform)), ...(await found(platform, "", "error"))].map(({ guid }) => guid),
  );
  await send(platform, records);
  await platform.caughtUp();
  const fresh = ({ guid }: Message) => !known.has(guid);
  return {
    messages: (await found(platform)).filter(fresh),
    errors: (await found(platform, "", "error")).filter(fresh),
  };
}

test("no bytes at all", async () => {
  const { messages, errors } = await outcome("", '{"a":1}');
  expect(messages).toHaveLength(1);
  expect(errors).toMatchObject([{ raw_message: "", failed_sensor_type: "web", error_type: "parser_error" }]);
});

test("no bytes at all, as syslog", async () => {
  const syslog = "sensor: log\nparser: { syslog3164: {} }\n";
  const change = { author: "test", at: Date.now(), note: "" };
  await platform.publish([{ kind: "sensor", name: "log", text: syslog }], change);
  await send(platform, ["", " \r\n", "<34>Oct 11 22:14:15 host su: hello\n\n"], "log");
  await platform.caughtUp();
  expect(await found(platform, "", "log")).toHaveLength(1);
  const errors = await found(platform, "failed_sensor_type:log", "error");
  expect(errors.map(({ message, raw_message }) => [message, raw_message])).toEqual([
    ["not syslog of RFC 3164: the record is blank", expect.stringMatching(/^\s?$/)],
    ["not syslog of RFC 3164: the record is blank", expect.stringMatching(/^\s?$/)],
  ]);
});

test("20 MB", async () => {
  const text = "x".repeat(20 << 20);
  const { messages, errors } = await outcome(JSON.stringify({ a: 2, text }));
  expect(errors).toEqual([]);
  expect(messages).toHaveLength(1);
  expect(String(messages[0]?.text).length).toBe(text.length);
  const broken = await outcome(text);
  expect(broken.messages).toEqual([]);
  expect(String(broken.errors[0]?.raw_message).length).toBe(text.length);
});

test("bytes that are no UTF-8", async () => {
  const inside = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xfe, 0xc3]), Buffer.from('"}')]);
  const { messages, errors } = await outcome(inside, new Uint8Array([0xc3, 0x28]));
  expect(messages).toMatchObject([{ a: "\ufffd\ufffd\ufffd" }]);
  expect(errors).toMatchObject([{ raw_message_bytes: Buffer.from([0xc3, 0x28]).toString("base64") }]);
});

test("nulls, in JSON and as bytes", async () => {
  const { messages, errors } = await outcome('{"a":null,"b":1}', '{"a":"x\\u0000y"}', "\0\0\0");
  expect(messages.find((message) => message.b === 1)).not.toHaveProperty("a", expect.anything());
  expect(messages.find((message) => message.b === undefined)).toMatchObject({ a: "x\0y" });
  expect(errors).toMatchObject([{ raw_message: "\0\0\0" }]);
});

test("deep nesting", async () => {
  const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
  const lists = (levels: number) => `{"b":${"[".repeat(levels)}${"]".repeat(levels)}}`;
  const { messages, errors } = await outcome(deep(20), deep(100_000), lists(100_000));
  expect(messages.length + errors.length).toBe(3);
  expect((await outcome('{"after":1}')).messages).toHaveLength(1);
});

test("a key that is there twice", async () => {
  const { messages } = await outcome('{"a":1,"b":2,"a":3}');
  expect(messages).toMatchObject([{ a: 3, b: 2 }]);
});

test("keys that mean something to JavaScript", async () => {
  const { messages, errors } = await outcome(
    '{"__proto__":{"polluted":true},"constructor":"c","toString":"t","hasOwnProperty":"h","a":1}',
    '{"__proto__":"text"}',
  );
  expect(errors).toEqual([]);
  expect(messages).toHaveLength(2);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  const odd = messages.find(({ a }) => a === 1);
  expect(odd).toMatchObject({ constructor: "c", toString: "t", hasOwnProperty: "h" });
});

test("keys that are empty, long, or no names", async () => {
  const long = "k".repeat(500);
  const { messages, errors } = await outcome(`{"":1,"${long}":2,"a b\\"c;--":3,"日本語":4,"a":5}`);
  expect(errors).toEqual([]);
  expect(messages).toMatchObject([{ "": 1, [long]: 2, 'a b"c;--': 3, 日本語: 4, a: 5 }]);
});

test("thousands of different keys", async () => {
  const wide = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`wide_${n}`, n]));
  const { messages, errors } = await outcome(JSON.stringify(wide));
  expect(errors).toEqual([]);
  expect(messages).toMatchObject([wide]);
});

test("numbers beyond what a double holds", async () => {
  const { messages } = await outcome(
    '{"a":9223372036854775807,"b":1e400,"c":-0,"d":123456789012345678901234567890}',
  );
  expect(messages).toHaveLength(1);
  expect(String(messages[0]?.a)).toBe("9223372036854775807");
});

test("a key of a length that no name has", async () => {
  const { errors } = await outcome(`{"${"k".repeat(5000)}":1}`);
  expect(errors).toMatchObject([{ message: expect.stringContaining("a key of too many bytes") }]);
});

test("a hundred thousand records in a row that nobody can read are all kept, and what follows is read", async () => {
  const rejected = async () =>
    (await platform.sensorStates()).find(({ name }) => name === "web")?.rejected ?? 0;
  const before = await rejected();
  const block = Array.from({ length: 10_000 }, () => "nonsense that no parser reads");
  for (let n = 0; n < 10; n++) await send(platform, block);
  await send(platform, ['{"after":2}']);
  await platform.caughtUp();
  await expect.poll(rejected, { timeout: 20_000 }).toBeGreaterThanOrEqual(before + 100_000);
  expect(await found(platform, "after:2")).toHaveLength(1);
  const query = parse('raw_message:"nonsense that no parser reads"');
  expect(await platform.index.count({ query, sensors: ["error"] })).toBe(100_000);
}, 60_000);
