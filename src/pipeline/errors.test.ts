import { expect, test } from "vitest";
import { readGlobal } from "../config/global.ts";
import { readSensor } from "../config/sensor.ts";
import { Batch, blockOf } from "../core/batch.ts";
import { makeContext, systemClock } from "../core/context.ts";
import { ErrorRecords } from "./errors.ts";
import { openStages } from "./stages.ts";
import { openTestServices } from "./testing.ts";

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
  const errors = new ErrorRecords(systemClock).collect(batch, "web", stages.metadata);
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
