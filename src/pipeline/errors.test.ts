import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { readGlobal } from "../config/global.ts";
import { readSensor } from "../config/sensor.ts";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import { makeContext, systemClock } from "../core/context.ts";
import { openTestServices } from "../platform/testing/stages.ts";
import { ErrorRecords } from "./errors.ts";
import { openStages } from "./stages.ts";

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
  for (const stage of [stages.parse, stages.transform, stages.validate]) stage(batch);
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
