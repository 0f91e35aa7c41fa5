import { expect, test } from "vitest";
import { stringify } from "yaml";
import { Batch } from "../../core/batch.ts";
import { blockOf } from "../../core/block.ts";
import { makeContext } from "../../core/context.ts";
import { openStages } from "../../pipeline/stages.ts";
import { openTestServices } from "../../platform/testing/stages.ts";
import { readGlobal } from "../global.ts";
import { readSensor } from "../sensor.ts";
import { exportMetron } from "./export.ts";
import { importSensor } from "./import.ts";

const PARSER = {
  parserClassName: "org.apache.metron.parsers.csv.CSVParser",
  sensorTopic: "web",
  parserConfig: { columns: { host: 0 }, separator: ";", site: "Oslo", limits: { high: 7 } },
  fieldTransformations: [
    {
      transformation: "STELLAR",
      output: ["place", "high"],
      config: { place: "JOIN([site, host], ' ')", high: "MAP_GET('high', limits)" },
    },
  ],
};

test("keys that a parser does not know are kept where expressions see them, and go back to where they were", async () => {
  const notes: string[] = [];
  const imported = importSensor("web", PARSER, {}, {}, notes);
  expect(imported).toMatchObject({
    parser: { csv: { columns: { host: 0 }, separator: ";" } },
    variables: { parser: { site: "Oslo", limits: { high: 7 } } },
  });
  expect(notes).toEqual([
    "web: parserConfig.site is no option of the parser; it is kept in variables.parser",
    "web: parserConfig.limits is no option of the parser; it is kept in variables.parser",
  ]);

  await using services = await openTestServices();
  const placed = readSensor(stringify(imported), "web");
  const stages = openStages(placed, readGlobal("", "global"), services, makeContext());
  const batch = new Batch();
  batch.load(blockOf(["a"], 0), { topic: "web", partition: 0, offset: 0 });
  stages.parse(batch);
  stages.transform(batch);
  expect(batch.message(0)).toMatchObject({ host: "a", place: "Oslo a", high: 7 });

  expect(exportMetron(placed.sensor).parser).toMatchObject(PARSER);
});

test("types are found by the last part of a field's name, and options of the aggregator that mean nothing are said", () => {
  const enrichment = {
    enrichment: {
      fieldMap: { hbaseEnrichment: ["a.host", "b"] },
      fieldToTypeMap: { host: ["asset"], b: ["user"] },
    },
    threatIntel: {
      triageConfig: {
        riskLevelRules: [{ rule: "true", score: 5 }],
        aggregationConfig: { negativeValuesTrump: "FALSE", negativeValuesTrumpConf: false },
      },
    },
  };
  const notes: string[] = [];
  expect(
    importSensor("web", { ...PARSER, parserConfig: { columns: "a" } }, enrichment, {}, notes),
  ).toMatchObject({
    enrichments: { table: { asset: ["a.host"], user: ["b"] } },
    triage: { aggregation: { negativeValuesTrump: "false" } },
  });
  expect(notes).toEqual(["web: aggregationConfig.negativeValuesTrumpConf means nothing and was left out"]);
});

test.each([
  ["cef.CEFParser", "cef"],
  ["leef.LEEFParser", "leef"],
  ["paloalto.BasicPaloAltoFirewallParser", "paloAlto"],
  ["sourcefire.BasicSourcefireParser", "sourcefire"],
  ["fireeye.BasicFireEyeParser", "fireeye"],
])("a sensor of %s goes on reading as it did", (className, name) => {
  const parser = { parserClassName: `org.apache.metron.parsers.${className}` };
  expect(importSensor("x", parser, {}, {}, [])).toMatchObject({
    parser: { [name]: { reading: "original" } },
  });
});
