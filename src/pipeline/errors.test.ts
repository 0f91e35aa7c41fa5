import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { readGlobal } from "../config/global.ts";
import { readSensor } from "../config/sensor.ts";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import { makeContext, systemClock } from "../core/context.ts";
import { Rejection } from "../core/rejection.ts";
import { openTestServices } from "../platform/testing/stages.ts";
import { ErrorRecords } from "./errors.ts";
import { openStages } from "./stages.ts";
import { through } from "./testing/through.ts";

const ENVELOPE = `
sensor: web
raw: { strategy: ENVELOPE, messageField: data, metadataPrefix: meta }
parser: { jsonMap: {} }
validations: [ { NOT_EMPTY: { input: host } } ]
`;

async function errorsOf(document: string, ...records: readonly string[]) {
  await using services = await openTestServices();
  const stages = openStages(readSensor(document, "web"), readGlobal("", "global"), services, makeContext());
  const batch = new Batch();
  batch.load(blockOf(records, 0), { topic: "t1", partition: 0, offset: 5 });
  through(stages, batch);
  const errors = new ErrorRecords(systemClock).collect(batch, "web");
  return Array.from({ length: errors.rows }, (_, row) => errors.message(row));
}

test("error records hold the metadata of what failed, and only its", async () => {
  const errors = await errorsOf(
    ENVELOPE,
    '{"data":"nonsense","customer":"a","message":"of the envelope"}',
    '{"data":"{\\"host\\":\\"\\"}","customer":"b"}',
    "no envelope",
  );
  const byOffset = new Map(errors.map((error) => [error.failed_offset, error]));
  expect(byOffset.get(5)).toMatchObject({
    "meta.customer": "a",
    "meta.topic": "t1",
    error_type: "parser_error",
  });
  expect(byOffset.get(5)?.message).toContain("not a JSON map");
  expect(byOffset.get(6)).toMatchObject({ "meta.customer": "b", error_type: "parser_invalid" });
  expect(byOffset.get(7)).toMatchObject({ "meta.topic": "t1", raw_message: "no envelope" });
  expect(byOffset.get(7)).not.toHaveProperty(["meta.customer"]);
});

test("metadata without prefix do not hide what the record says of the error", async () => {
  const [error] = await errorsOf(
    ENVELOPE.replace("meta }", "'' }"),
    '{"data":"nonsense","error_type":"none","a":1}',
  );
  expect(error).toMatchObject({ error_type: "parser_error", a: 1, topic: "t1" });
});

test("without a raw strategy there are none", async () => {
  const [error] = await errorsOf(ENVELOPE.replace(/^raw.*\n/m, ""), "nonsense");
  expect(Object.keys(error ?? {}).filter((name) => name.startsWith("meta"))).toEqual([]);
});

test.each([
  ['{"host":"","n":5.0}', "n-5.0"],
  ['{"host":"","n":[1,2.0,"a/b"]}', "n-[1, 2.0, a/b]"],
  ['{"host":"","n":{"k":true}}', "n-{k=true}"],
  ['{"host":"x","n":null,"m":12345678901}', "n-null"],
])("the hash of %s is over the failed fields as Java prints them", async (record, hashed) => {
  const document =
    "sensor: web\nparser: { jsonMap: { mapStrategy: ALLOW } }\nvalidations: [ { STELLAR: { input: n, config: { condition: 'false' } } } ]\n";
  const [error] = await errorsOf(document, record);
  expect(error?.error_hash).toBe(createHash("sha256").update(hashed).digest("hex"));
});

test("a message that failed is kept as the original's library writes JSON", async () => {
  const document = "sensor: web\nparser: { jsonMap: {} }\nvalidations: [ { NOT_EMPTY: { input: host } } ]\n";
  const [error] = await errorsOf(document, '{"guid":"g","timestamp":1,"url":"http://x/","n":5.0}');
  expect(error?.raw_message).toContain('"url":"http:\\/\\/x\\/"');
  expect(error?.raw_message).toContain('"n":5.0');
});

const sha256 = (text: string | Uint8Array) => createHash("sha256").update(text).digest("hex");

/** Four records, each rejected in another way. */
function rejected(): Batch {
  const batch = new Batch();
  const records = ["first", "second", Uint8Array.of(0x61, 0xff), Uint8Array.of(0x62, 0xfe)];
  batch.load(blockOf(records, 7), { topic: "t1", partition: 2, offset: 5_000_000_000 });
  batch.rejectRecord(0, new Rejection("parser_error", "no", { raw: "a part" }));
  batch.reject(
    batch.addMessage(1, { a: 1, b: "x", timestamp: 3 }),
    new Rejection("parser_invalid", "not valid", { fields: ["b", "gone"] }),
  );
  batch.rejectRecord(2, new Rejection("parser_error", "no"));
  batch.reject(batch.addMessage(3, { a: 2 }), new Rejection("threatintel_error", "why"));
  return batch;
}

const PLACE = {
  "source.type": "error",
  failed_sensor_type: "web",
  failed_topic: "t1",
  failed_partition: 2,
  hostname: expect.any(String),
  timestamp: 99,
  guid: expect.any(String),
};

test("an error record says what failed, where it can be read again, and is hashed over what failed", () => {
  const errors = new ErrorRecords({ now: () => 99 }).collect(rejected(), "web");
  expect([0, 1, 2, 3].map((row) => ({ ...errors.message(row) }))).toStrictEqual([
    {
      ...PLACE,
      failed_offset: 5_000_000_000,
      error_type: "parser_error",
      message: "no",
      raw_message: "a part",
      error_hash: sha256("a part"),
    },
    {
      ...PLACE,
      failed_offset: 5_000_000_001,
      error_type: "parser_invalid",
      message: "not valid",
      raw_message: '{"a":1,"b":"x","timestamp":3}',
      raw_message_form: "message",
      error_fields: "b,gone",
      error_hash: sha256("b-x|gone-null"),
    },
    {
      ...PLACE,
      failed_offset: 5_000_000_002,
      error_type: "parser_error",
      message: "no",
      raw_message: "a\ufffd",
      raw_message_bytes: "Yf8=",
      error_hash: sha256(Uint8Array.of(0x61, 0xff)),
    },
    {
      ...PLACE,
      failed_offset: 5_000_000_003,
      error_type: "threatintel_error",
      message: "why",
      raw_message: '{"a":2}',
      raw_message_form: "message",
      raw_message_bytes: "Yv4=",
      error_hash: sha256('{"a":2}'),
    },
  ]);
});

test("a part of the rejections has the guids it has among all of them, and plain ones hold bytes and reason", () => {
  const batch = rejected();
  const maker = new ErrorRecords({ now: () => 99 });
  const all = maker.collect(batch, "web");
  const guids = [0, 1, 2, 3].map((row) => all.message(row).guid);
  expect(new Set(guids).size).toBe(4);
  const some = maker.collect(batch, "web", { from: 1, to: 3, isPlain: true });
  expect([...some.live.subarray(0, 4)]).toEqual([0, 1, 1, 0]);
  expect([1, 2].map((row) => some.message(row).guid)).toEqual(guids.slice(1, 3));
  expect({ ...some.message(1) }).toStrictEqual({
    ...PLACE,
    failed_offset: 5_000_000_001,
    error_type: "parser_invalid",
    message: "not valid",
    raw_message: "second",
    error_hash: sha256("second"),
  });
});
