import { afterAll, beforeAll, expect, test } from "vitest";
import type { Message } from "../core/message.ts";
import type { Platform } from "../platform/platform.ts";
import { found, send, type TestPlatforms, testPlatforms } from "../platform/testing/test-platform.ts";

const AT = Date.UTC(2026, 10, 29, 10, 0, 1);
const PLAIN = "parser: { jsonMap: {} }";

/** Sensors by name: each test reads through one of its own. */
const SENSORS: Readonly<Record<string, string>> = {
  plain: PLAIN,
  field: `${PLAIN}\ntimestamp: { field: event.time }\n`,
  unfolded: "parser: { jsonMap: { mapStrategy: UNFOLD } }\ntimestamp: { field: event.time }\n",
  zone: `${PLAIN}\ntimestamp: { field: t, zone: Europe/Vienna }\n`,
  format: `${PLAIN}\ntimestamp: { field: t, format: "dd.MM.yyyy HH:mm:ss.SSS" }\n`,
  yearless: `${PLAIN}\ntimestamp: { field: t, format: "MMM dd HH:mm:ss" }\n`,
  arrival: `${PLAIN}\ntimestamp: { unreadable: arrival }\n`,
  keep: `${PLAIN}\ntimestamp: { unreadable: keep }\n`,
  late: `${PLAIN}\ntransforms: [ { STELLAR: { output: [timestamp], config: { timestamp: "READ_TIME(t)" } } } ]\n`,
  cells: "parser: { csv: { columns: 'timestamp,msg' } }\n",
  wall: "parser: { asa: {} }\n",
  pairs: "parser: { grok: { patterns: ['LINE %{WORD:word} %{GREEDYDATA:t}'], patternLabel: LINE } }\n",
};

let platforms: TestPlatforms;
let platform: Platform;

beforeAll(async () => {
  const documents = Object.entries(SENSORS).map(([name, text]) => [name, `sensor: ${name}\n${text}`]);
  platforms = testPlatforms({ sensors: Object.fromEntries(documents) });
  platform = await platforms.open();
});

afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  platforms[Symbol.dispose]();
});

/** Sends one record and returns what became of it: its message, or the reason why not. */
async function one(sensor: string, record: string): Promise<Message | string> {
  await send(platform, [record], sensor);
  await platform.caughtUp();
  const isNew = (message: Message): boolean => message.original_string === record;
  const message = (await found(platform, "", sensor)).find(isNew);
  if (message !== undefined) return message;
  const errors = await found(platform, `failed_sensor_type:${sensor}`, "error");
  const part = JSON.stringify(record.slice(0, 30)).slice(1, -1);
  const isOf = ({ raw_message: raw }: Message): boolean =>
    String(raw).includes(part) || String(raw).includes(record.slice(0, 30));
  return String(errors.find(isOf)?.message);
}

/** What is told of a sensor's messages without a time; the workers tell now and then. */
async function timeless(sensor: string): Promise<{ messages: number; since: number } | undefined> {
  return (await platform.sensorStates()).find(({ name }) => name === sensor)?.timeless;
}

test.each([
  ["plain", '{"timestamp":1795946401000}', AT],
  ["plain", '{"timestamp":1795946401}', AT],
  ["plain", '{"timestamp":1795946401.25}', AT + 250],
  ["plain", '{"timestamp":1795946401000250}', AT],
  ["plain", '{"timestamp":"1795946401000000250"}', AT],
  ["plain", '{"timestamp":"2026-11-29T10:00:01Z"}', AT],
  ["plain", '{"timestamp":"2026-11-29T12:00:01.123456+02:00"}', AT + 123],
  ["plain", '{"timestamp":"2026-11-29 10:00:01,5"}', AT + 500],
  ["plain", '{"timestamp":-2208988800000}', -2208988800000],
  ["field", '{"event.time":"2026-11-29T10:00:01Z","timestamp":5}', AT],
  ["unfolded", '{"event":{"time":1795946401}}', AT],
  ["zone", '{"t":"2026-11-29T11:00:01"}', AT],
  ["format", '{"t":"29.11.2026 10:00:01.25"}', AT + 250],
  ["format", '{"t":"29.11.2026 10:00:01"}', AT],
  ["late", '{"t":"2026-11-29T10:00:01Z"}', AT],
  ["cells", "1795946401,seconds", AT],
  ["cells", "1795946401000,milliseconds", AT],
  ["cells", "1795946401000000,microseconds", AT],
  ["cells", "2026-11-29T10:00:01Z,ISO", AT],
])("%s reads the time of %s", async (sensor, record, expected) => {
  expect(await one(sensor, record)).toMatchObject({ timestamp: expected });
});

test("a field whose pattern has no year is of the nearest one", async () => {
  const yesterday = new Date(Date.now() - 86_400_000);
  const text = yesterday.toUTCString().replace(/^\w+, (\d+) (\w+) \d+ ([\d:]+) GMT$/, "$2 $1 $3");
  const seconds = Math.floor(yesterday.getTime() / 1000);
  expect(await one("yearless", `{"t":"${text}"}`)).toMatchObject({ timestamp: seconds * 1000 });
});

test.each([
  ["plain", '{"timestamp":"banana"}', "timestamp: `banana` is no time; expected ISO 8601"],
  ["plain", '{"timestamp":true}', "timestamp: `true` is no time"],
  ["plain", '{"timestamp":"2026-13-45T10:00:00Z"}', "`2026-13-45T10:00:00Z` is no time"],
  ["plain", '{"timestamp":1e300}', "is no time"],
  ["plain", `{"timestamp":"${"b".repeat(500)}"}`, `\`${"b".repeat(80)}...\` is no time`],
  ["field", '{"event.time":"soon"}', "event.time: `soon` is no time"],
  [
    "format",
    '{"t":"2026-11-29"}',
    "t: `2026-11-29` is no time; expected the form of `dd.MM.yyyy HH:mm:ss.SSS`",
  ],
  ["format", '{"t":"31.02.2026 10:00:01"}', "t: `31.02.2026 10:00:01` is no time"],
  ["format", '{"t":"29.11.2026 25:00:01"}', "t: `29.11.2026 25:00:01` is no time"],
  ["yearless", '{"t":"Feb 30 10:00:01"}', "t: `Feb 30 10:00:01` is no time"],
  ["cells", "banana,text", "timestamp: `banana` is no time"],
])("%s refuses %s and says why", async (sensor, record, reason) => {
  expect(await one(sensor, record)).toContain(reason);
});

test("asked to, a time that cannot be read gives way to the arrival, and is kept beside", async () => {
  const before = Date.now();
  const message = (await one("arrival", '{"timestamp":"banana"}')) as Message;
  expect(message.timestamp_unreadable).toBe("banana");
  expect(message.timestamp).toBeGreaterThanOrEqual(before);
});

test("asked to, what stands there is taken for the time, as in the original", async () => {
  expect(await one("keep", '{"timestamp":"banana"}')).toMatchObject({ timestamp: "banana" });
});

test("messages without a time of their own get their arrival, are counted and told of", async () => {
  const before = Date.now();
  const records = ['{"a":1}', '{"timestamp":1795946401,"a":2}', '{"a":3}'];
  for (const record of records) await one("plain", record);
  await expect.poll(async () => (await timeless("plain"))?.messages).toBe(2);
  expect((await timeless("plain"))?.since).toBeGreaterThanOrEqual(before);
  // A time that a transformation sets is the message's own.
  expect(await timeless("late")).toBeUndefined();
});

test.each([
  ["wall", "<166>%ASA-6-302010: 17 in use, 93 most used"],
  ["pairs", "hello world"],
  ["arrival", '{"timestamp":"kiwi"}'],
  ["field", '{"other":1}'],
])("%s counts %s", async (sensor, record) => {
  const before = (await timeless(sensor))?.messages ?? 0;
  expect(await one(sensor, record)).toMatchObject({ "source.type": sensor });
  await expect.poll(async () => (await timeless(sensor))?.messages).toBe(before + 1);
});
