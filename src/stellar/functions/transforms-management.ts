/** Stellar transformations in the documents of enrichments and parsers. */
import { StellarError } from "../language/error.ts";
import { defineFunction, type Namespace } from "../language/function.ts";
import { StellarMap, toText, type Value } from "../values/value.ts";
import { listUnder, mapAt, mapUnder, readDocument, writeDocument } from "./document.ts";
import { drawTable } from "./text-table.ts";

const CONFIG = { name: "config", type: "string", about: "The sensor's configuration as JSON." } as const;
const TYPE = {
  name: "type",
  type: "string",
  about: "ENRICHMENT or THREAT_INTEL.",
} as const;
const ADDED = {
  name: "transformations",
  type: "map",
  about: "What to add, a map from field to expression.",
} as const;
const REMOVED = {
  name: "fields",
  type: "collection",
  about: "The fields whose transformations to remove.",
} as const;
const GROUP = {
  name: "group",
  type: "string",
  about: "The group the transformations are in; the default one unless given.",
  optional: true,
} as const;

const enrichmentTransformAdd = defineFunction({
  name: "ENRICHMENT_STELLAR_TRANSFORM_ADD",
  summary: "Adds Stellar transformations to an enrichment configuration and gives the new JSON.",
  params: [CONFIG, TYPE, ADDED, GROUP],
  returns: "string",
  examples: [
    [
      "MAP_GET('a', MAP_GET('config', MAP_GET('stellar', MAP_GET('fieldMap', MAP_GET('enrichment', TO_JSON_MAP(ENRICHMENT_STELLAR_TRANSFORM_ADD('{ }', 'ENRICHMENT', {'a' : 'b + 1'})))))))",
      "b + 1",
    ],
  ],
  call: (config, type, added, group) => {
    const document = readDocument(config);
    const section = mapUnder(document, sectionOf(type));
    const expressions = mapUnder(mapUnder(mapUnder(section, "fieldMap"), "stellar"), "config");
    const target = group ? mapUnder(expressions, group) : expressions;
    for (const [field, expression] of added ?? [])
      if (expression !== null) target.set(toText(field), expression);
    return writeDocument(document);
  },
});

const enrichmentTransformRemove = defineFunction({
  name: "ENRICHMENT_STELLAR_TRANSFORM_REMOVE",
  summary: "Removes Stellar transformations from an enrichment configuration and gives the new JSON.",
  params: [CONFIG, TYPE, REMOVED, GROUP],
  returns: "string",
  examples: [
    [
      `ENRICHMENT_STELLAR_TRANSFORM_REMOVE('{"enrichment" : {"fieldMap" : {"stellar" : {"config" : {"a" : "1"}}}}}', 'ENRICHMENT', ['a'])`,
      '{\n  "enrichment" : {\n    "fieldMap" : { }\n  }\n}',
    ],
  ],
  call: (config, type, fields, group) => {
    const document = readDocument(config);
    const fieldMap = mapAt(document, sectionOf(type), "fieldMap");
    const expressions = fieldMap && mapAt(fieldMap, "stellar", "config");
    if (fieldMap === undefined || expressions === undefined) return writeDocument(document);
    const target = group ? mapAt(expressions, group) : expressions;
    for (const field of fields ?? []) target?.delete(field);
    if (group && target?.size === 0) expressions.delete(group);
    if (expressions.size === 0) fieldMap.delete("stellar");
    return writeDocument(document);
  },
});

const enrichmentTransformPrint = defineFunction({
  name: "ENRICHMENT_STELLAR_TRANSFORM_PRINT",
  summary: "Draws the Stellar transformations of an enrichment configuration as a table.",
  params: [CONFIG, TYPE],
  returns: "string",
  examples: [
    ["ENRICHMENT_STELLAR_TRANSFORM_PRINT('', 'ENRICHMENT')", emptyTable("Group", "Field", "Transformation")],
  ],
  call: (config, type) => {
    const headers = ["Group", "Field", "Transformation"];
    const section = sectionOf(type);
    if (config === null || config.trim() === "") return drawTable({ headers, rows: [] });
    const fieldMap = mapAt(readDocument(config), section, "fieldMap", "stellar");
    return drawTable({ headers, rows: transformationRows(fieldMap?.get("config") ?? null) });
  },
});

const parserTransformAdd = defineFunction({
  name: "PARSER_STELLAR_TRANSFORM_ADD",
  summary: "Adds Stellar transformations to a parser configuration and gives the new JSON.",
  params: [CONFIG, ADDED],
  returns: "string",
  examples: [
    [
      "PARSER_STELLAR_TRANSFORM_ADD('{ }', {'a' : 'b'})",
      '{\n  "fieldTransformations" : [ {\n    "transformation" : "STELLAR",\n    "output" : [ "a" ],\n    "config" : {\n      "a" : "b"\n    }\n  } ]\n}',
    ],
    ["PARSER_STELLAR_TRANSFORM_ADD(null, {'a' : 'b'})", null],
  ],
  call: (config, added) => {
    if (config === null) return null;
    const document = readDocument(config);
    const transformations = listUnder(document, "fieldTransformations");
    let stellar = transformations.find(isStellar);
    if (stellar === undefined) {
      stellar = new StellarMap([["transformation", "STELLAR"]]);
      transformations.push(stellar);
    }
    const output = listUnder(stellar, "output");
    const expressions = mapUnder(stellar, "config");
    for (const [field, expression] of added ?? []) {
      if (expression === null) continue;
      expressions.set(toText(field), expression);
      if (!output.includes(toText(field))) output.push(toText(field));
    }
    return writeDocument(document);
  },
});

const parserTransformRemove = defineFunction({
  name: "PARSER_STELLAR_TRANSFORM_REMOVE",
  summary: "Removes Stellar transformations from a parser configuration and gives the new JSON.",
  params: [CONFIG, REMOVED],
  returns: "string",
  examples: [
    [
      "PARSER_STELLAR_TRANSFORM_REMOVE(PARSER_STELLAR_TRANSFORM_ADD('{ }', {'a' : 'b'}), ['a'])",
      '{\n  "fieldTransformations" : [ ]\n}',
    ],
  ],
  call: (config, fields) => {
    if (config === null) return null;
    const document = readDocument(config);
    const transformations = listUnder(document, "fieldTransformations");
    const stellar = transformations.find(isStellar);
    if (stellar === undefined) return writeDocument(document);
    const expressions = mapUnder(stellar, "config");
    const removed = Array.from(fields ?? [], toText);
    for (const field of removed) expressions.delete(field);
    stellar.set(
      "output",
      listUnder(stellar, "output").filter((field) => !removed.includes(toText(field))),
    );
    if (expressions.size === 0) transformations.splice(transformations.indexOf(stellar), 1);
    return writeDocument(document);
  },
});

const parserTransformPrint = defineFunction({
  name: "PARSER_STELLAR_TRANSFORM_PRINT",
  summary: "Draws the Stellar transformations of a parser configuration as a table.",
  params: [CONFIG],
  returns: "string",
  examples: [["PARSER_STELLAR_TRANSFORM_PRINT(null)", null]],
  call: (config) => {
    if (config === null) return null;
    const stellar = listUnder(readDocument(config), "fieldTransformations").find(isStellar);
    const rows = Array.from(
      stellar === undefined ? [] : mapUnder(stellar, "config"),
      ([field, expression]) => [toText(field), toText(expression)],
    );
    return drawTable({ headers: ["Field", "Transformation"], rows });
  },
});

export const transformsManagement: Namespace = {
  name: "transformsManagement",
  summary: "Edit the Stellar transformations in configurations.",
  functions: [
    enrichmentTransformAdd,
    enrichmentTransformPrint,
    enrichmentTransformRemove,
    parserTransformAdd,
    parserTransformPrint,
    parserTransformRemove,
  ],
};

function sectionOf(type: string | null): string {
  switch (type) {
    case "ENRICHMENT":
      return "enrichment";
    case "THREAT_INTEL":
    case "THREATINTEL":
      return "threatIntel";
    default:
      throw new StellarError(`\`${type}\` is neither ENRICHMENT nor THREAT_INTEL`);
  }
}

/** The configuration is a map of expressions and of groups of them, or a list of assignments in their order. */
function transformationRows(config: Value): string[][] {
  if (Array.isArray(config)) return config.map((line) => ["(default)", ...assignment(toText(line))]);
  if (!(config instanceof StellarMap)) return [];
  return Array.from(config, ([key, value]): string[][] => {
    if (!(value instanceof StellarMap)) return [["(default)", toText(key), toText(value)]];
    return Array.from(value, ([field, expression]) => [toText(key), toText(field), toText(expression)]);
  }).flat();
}

function assignment(line: string): [string, string] {
  const at = line.indexOf(":=");
  return at < 0 ? [line.trim(), ""] : [line.slice(0, at).trim(), line.slice(at + 2).trim()];
}

function isStellar(value: Value): value is StellarMap {
  return value instanceof StellarMap && value.get("transformation") === "STELLAR";
}

function emptyTable(...headers: string[]): string {
  return drawTable({ headers, rows: [] });
}
