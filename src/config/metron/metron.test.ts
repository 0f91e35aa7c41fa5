import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { makeContext } from "../../core/context.ts";
import { openStages } from "../../pipeline/stages.ts";
import type { PipelineServices } from "../../platform/services.ts";
import { openTestServices } from "../../platform/testing/stages.ts";
import { readGlobal } from "../global.ts";
import { readSensor } from "../sensor.ts";
import { exportGlobal, exportMetron, leftOut } from "./export.ts";
import { importGlobal, importMetron, importSensor, mergeGlobal } from "./import.ts";

type Json = Record<string, unknown>;

let services: PipelineServices;
beforeAll(async () => {
  services = await openTestServices();
});
afterAll(() => services[Symbol.asyncDispose]());

/** Imports a sensor, opens its stages, exports it and imports that again. */
function roundTrip(name: string, parser: Json, enrichment: Json = {}, indexing: Json = {}) {
  const notes: string[] = [];
  const imported = importSensor(name, parser, enrichment, indexing, notes);
  const placed = readSensor(JSON.stringify(imported), name);
  openStages(placed, readGlobal("", "global"), services, makeContext());
  const exported = exportMetron(placed.sensor);
  const again = importSensor(name, exported.parser, exported.enrichment, exported.indexing, []);
  const before = placed.sensor;
  expect(readSensor(JSON.stringify(again), name).sensor).toEqual(before);
  return { imported, exported, notes };
}

const JSON_PARSER = "org.apache.metron.parsers.json.JSONMapParser";

test("a sensor's three documents become one, and three again", () => {
  const { imported, exported, notes } = roundTrip(
    "proxy",
    {
      parserClassName: JSON_PARSER,
      sensorTopic: "squid_in",
      filterClassName: "STELLAR",
      rawMessageStrategy: "ENVELOPE",
      rawMessageStrategyConfig: { messageField: "data", metadataPrefix: "" },
      readMetadata: true,
      mergeMetadata: false,
      spoutParallelism: 4,
      parserConfig: {
        mapStrategy: "UNFOLD",
        "filter.query": "exists(a)",
        "kafka.topicField": "x",
        batchSize: 5,
      },
      fieldTransformations: [
        { transformation: "STELLAR", output: ["b"], config: { b: "TO_UPPER(a)" } },
        {
          transformation: "org.apache.metron.common.field.transformation.IPProtocolTransformation",
          input: "protocol",
          output: ["protocol"],
        },
        { transformation: "REMOVE", input: ["c"], config: { condition: "exists(c)" } },
      ],
    },
    {
      enrichment: {
        fieldMap: {
          geo: ["ip"],
          hbaseEnrichment: ["user", "host"],
          stellar: { config: { x: "1 + 1", group: { y: "2" } } },
        },
        fieldToTypeMap: { user: ["person", "account"], host: ["asset"] },
        config: { limit: 3 },
      },
      threatIntel: {
        fieldMap: { hbaseThreatIntel: ["ip"], stellar: { config: ["z := a"] } },
        fieldToTypeMap: { ip: ["malicious_ip"] },
        config: {},
        triageConfig: {
          riskLevelRules: [
            { name: "n", comment: "", rule: "x > limit", score: "x * 2", reason: "FORMAT('%s', x)" },
          ],
          aggregator: "POSITIVE_MEAN",
          aggregationConfig: { negativeValuesTrump: false },
        },
      },
      configuration: { everywhere: true },
    },
    { elasticsearch: { index: "proxy", batchSize: 5, enabled: false } },
  );
  expect(imported).toMatchObject({
    sensor: "proxy",
    raw: {
      strategy: "ENVELOPE",
      messageField: "data",
      metadataPrefix: "",
      readMetadata: true,
      mergeMetadata: false,
    },
    parser: { jsonMap: { mapStrategy: "UNFOLD" } },
    filter: { STELLAR: { query: "exists(a)" } },
    enrichments: { geo: ["ip"], table: { person: ["user"], account: ["user"], asset: ["host"] } },
    threatIntel: { malicious_ip: ["ip"], stellar: ["z := a"] },
    variables: { enrichment: { limit: 3 }, all: { everywhere: true } },
    index: { enabled: false },
  });
  expect(exported.parser).toMatchObject({
    parserClassName: JSON_PARSER,
    parserConfig: { "filter.query": "exists(a)" },
  });
  expect(notes).toEqual([
    "proxy: sensorTopic has no counterpart and was left out",
    "proxy: spoutParallelism has no counterpart and was left out",
    "proxy: parserConfig.kafka.topicField has no counterpart and was left out",
    "proxy: parserConfig.batchSize has no counterpart and was left out",
  ]);
});

test("the filter of bro takes one protocol or a list of them", () => {
  const parser = (known: unknown) => ({
    parserClassName: "org.apache.metron.parsers.bro.BasicBroParser",
    filterClassName: "BRO",
    parserConfig: { "bro.filter.source.key": "protocol", "bro.filter.source.known.protocols": known },
  });
  for (const known of ["http", ["http", "dns"]]) {
    const { imported } = roundTrip("bro", parser(known));
    expect(imported.filter).toEqual({ BRO: { field: "protocol", known: [known].flat() } });
  }
});

test("the global document keeps its free values and validations, and what stands here besides", () => {
  const json = {
    "es.ip": "node1",
    own: { a: [1] },
    fieldValidations: [{ validation: "IP", input: ["ip"], config: { type: "IPV4" } }],
  };
  const imported = importGlobal(json, []);
  const text = mergeGlobal("# ours\nworkers: 3\nglobal: { old: 1 }\n", JSON.stringify(imported));
  expect(text).toContain("# ours\nworkers: 3\n");
  expect(exportGlobal(readGlobal(text, "global"))).toEqual(json);
});

test.each([
  ["org.apache.metron.common.field.validation.primitive.NotEmptyValidation", "NOT_EMPTY"],
  ["org.apache.metron.common.field.validation.primitive.RegexValidation", "REGEX_MATCH"],
  ["REGEX_MATCH", "REGEX_MATCH"],
])("a validation may be named by its class: %s", (validation, name) => {
  const imported = importGlobal(
    { fieldValidations: [{ validation, input: "a", config: { pattern: "x" } }] },
    [],
  );
  expect(imported).toEqual({ validations: [{ [name]: { input: "a", config: { pattern: "x" } } }] });
});

test("an imported validation of addresses is content with one of several, as the original's is", () => {
  const validation = "org.apache.metron.common.field.validation.network.IPValidation";
  expect(importGlobal({ fieldValidations: [{ validation, input: ["a", "b"] }] }, [])).toEqual({
    validations: [{ IP: { input: ["a", "b"], config: { require: "any" } } }],
  });
});

test("what has no counterpart is said, not dropped", () => {
  const folder = {
    global: { "es.ip": "node1" },
    parsers: new Map<string, Json>([
      ["odd", { parserClassName: "com.example.Odd" }],
      ["web", { parserClassName: JSON_PARSER, filterClassName: "com.example.Filter" }],
    ]),
    enrichments: new Map<string, Json>([["alone", {}]]),
    indexing: new Map<string, Json>(),
  };
  const { documents, notes } = importMetron(folder);
  expect(documents.map(({ name }) => name)).toEqual(["global", "web"]);
  expect(notes).toEqual([
    "global: es.ip is kept as a free value and does nothing",
    "odd: left out, since there is no parser for class `com.example.Odd`",
    "web: there is no filter `com.example.Filter`; messages are not filtered",
    "alone: has no parser; its enrichment and indexing were left out",
  ]);
  const { sensor } = readSensor(
    "sensor: a\nsource: { file: { path: /x } }\npartitions: 2\nparser: { asa: {} }\n",
    "a",
  );
  expect(leftOut(sensor)).toEqual([
    "a: source has no counterpart in Metron and was left out",
    "a: partitions has no counterpart in Metron and was left out",
  ]);
});

const DEFAULTS = new URL("../../../../shared/data/metron/", import.meta.url).pathname;
const read = (name: string): Json => {
  const path = join(DEFAULTS, name);
  return existsSync(path) ? (parse(readFileSync(path, "utf8")) as Json) : {};
};

test.skipIf(!existsSync(DEFAULTS))("every default sensor of Metron is imported, opens and comes back", () => {
  const files = globSync("config-parser-*.json", { cwd: DEFAULTS }).sort();
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) {
    const name = basename(file, ".json").replace("config-parser-", "");
    const { exported } = roundTrip(
      name,
      read(file),
      read(`config-enrichment-${name}.json`),
      read(`config-indexing-${name}.json`),
    );
    expect(exported.parser.parserClassName, name).toBe(read(file).parserClassName);
  }
  for (const file of globSync("config-global-*.json", { cwd: DEFAULTS })) {
    const json = read(file);
    const document = readGlobal(JSON.stringify(importGlobal(json, [])), file);
    expect(exportGlobal(document), file).toEqual(json);
  }
});
