import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type ParseError, parse as parseJsonc, printParseErrorCode } from "jsonc-parser";
import { parseDocument, stringify } from "yaml";
import type { z } from "zod";
import { findNamed } from "../../core/component.ts";
import { Fault } from "../../core/fault.ts";
import { inWords } from "../../core/in-words.ts";
import { type ParserName, parsers } from "../../parsers/index.ts";
import { METRON_CLASSES, METRON_OPTIONS } from "../../parsers/metron-classes.ts";
import { globalSchema } from "../global.ts";
import { sensorSchema } from "../sensor.ts";
import { importProfiler, type MetronProfiler } from "./import-profiler.ts";
import { ORIGINAL_VALIDATIONS, withOriginals } from "./originals.ts";

type Json = Record<string, unknown>;

/** Metron's configuration as a ZooKeeper dump holds it: one JSON per sensor and kind, and the global one. */
export type MetronFolder = {
  readonly global: Json | undefined;
  readonly parsers: ReadonlyMap<string, Json>;
  readonly enrichments: ReadonlyMap<string, Json>;
  readonly indexing: ReadonlyMap<string, Json>;
  readonly profiler?: MetronProfiler | undefined;
};

export type Imported = {
  readonly documents: readonly {
    readonly kind: "sensor" | "global" | "profiles";
    readonly name: string;
    readonly text: string;
  }[];
  /** What has no counterpart here, and what it was: nothing is dropped in silence. */
  readonly notes: readonly string[];
};

/** Reads a folder with parsers/, enrichments/, indexing/, global.json and profiler.json; the JSON may hold comments, as Metron's may. */
export function readMetronFolder(folder: string): MetronFolder {
  if (!existsSync(folder)) throw new Fault("INPUT_UNREADABLE", `reading ${folder}: no such folder`);
  const kind = (name: string) =>
    new Map(
      globSync(join(folder, name, "*.json"))
        .sort()
        .map((file) => [basename(file, ".json"), readJson(file)]),
    );
  const global = join(folder, "global.json");
  return {
    global: existsSync(global) ? readJson(global) : undefined,
    parsers: kind("parsers"),
    enrichments: kind("enrichments"),
    indexing: kind("indexing"),
    profiler: readProfiler(folder),
  };
}

function readProfiler(folder: string): MetronProfiler | undefined {
  const [json, properties] = ["profiler.json", "profiler.properties"].map((name) => join(folder, name));
  if (json === undefined || !existsSync(json)) return undefined;
  return {
    json: readFileSync(json, "utf8"),
    properties:
      properties !== undefined && existsSync(properties) ? readFileSync(properties, "utf8") : undefined,
  };
}

function readJson(file: string): Json {
  const errors: ParseError[] = [];
  const text = readFileSync(file, "utf8");
  const value: unknown = parseJsonc(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first !== undefined) {
    const before = text.slice(0, first.offset).split("\n");
    throw new Fault(
      "CONFIG_INVALID",
      `${file}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}: not JSON: ${spelled(printParseErrorCode(first.error))}`,
    );
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Fault("CONFIG_INVALID", `${file}:1:1: expected a JSON object`);
  return value as Json;
}

/** `CloseBraceExpected` as `close brace expected`. */
function spelled(code: string): string {
  return code.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
}

/** Turns Metron's configuration into sensor documents and a global document. Throws Fault CONFIG_INVALID. */
export function importMetron(folder: MetronFolder): Imported {
  const notes: string[] = [];
  const documents: Imported["documents"][number][] = [];
  if (folder.global !== undefined) {
    documents.push({ kind: "global", name: "global", text: stringify(importGlobal(folder.global, notes)) });
  }
  for (const [name, parser] of folder.parsers) {
    const className = String(parser.parserClassName ?? "");
    if (parserNameOf(className) === undefined) {
      notes.push(`${name}: left out, since there is no parser for class \`${className}\``);
      continue;
    }
    const document = importSensor(
      name,
      parser,
      folder.enrichments.get(name) ?? {},
      folder.indexing.get(name) ?? {},
      notes,
    );
    documents.push({ kind: "sensor", name, text: stringify(document, { lineWidth: 120 }) });
  }
  for (const name of [...folder.enrichments.keys(), ...folder.indexing.keys()]) {
    if (!folder.parsers.has(name) && name !== "error")
      notes.push(`${name}: has no parser; its enrichment and indexing were left out`);
  }
  if (folder.profiler !== undefined)
    documents.push({ kind: "profiles", name: "profiles", text: importProfiler(folder.profiler, notes) });
  return { documents, notes: [...new Set(notes)] };
}

/** Keys of a parser's configuration that belonged to Kafka, Storm or writers. */
const PLUMBING = /^(kafka\.|shew\.|batchSize$|batchTimeout$|enabled$|index$|filter\.query$|bro\.filter\.)/;
const STORM =
  /Parallelism$|NumTasks$|^num(Workers|Ackers)$|^(spout|storm)Config$|^securityProtocol$|Topic$|^errorWriterClassName$|^cacheConfig$/;

/** One sensor out of Metron's three documents; checked against the schema of sensor documents. */
export function importSensor(
  name: string,
  parser: Json,
  enrichment: Json,
  indexing: Json,
  notes: string[],
): Json {
  const className = String(parser.parserClassName ?? "");
  const parserName = parserNameOf(className);
  if (parserName === undefined)
    throw new Fault("CONFIG_INVALID", `importing sensor ${name}: no parser for class \`${className}\``);
  const parserConfig = (parser.parserConfig ?? {}) as Json;
  const [plumbing, rest] = split(parserConfig, (key) => PLUMBING.test(key));
  const [free, options] = split(rest, isFree(parserName, rest));
  for (const key of Object.keys(free))
    notes.push(`${name}: parserConfig.${key} is no option of the parser; it is kept in variables.parser`);
  for (const key of Object.keys(parser))
    if (STORM.test(key) && !(key === "sensorTopic" && parser[key] === name))
      notes.push(`${name}: ${key} has no counterpart and was left out`);
  for (const key of Object.keys(plumbing))
    if (!/filter/.test(key)) notes.push(`${name}: parserConfig.${key} has no counterpart and was left out`);
  const document = clean({
    sensor: name,
    raw: rawStrategy(parser),
    parser: { [parserName]: { ...METRON_OPTIONS[parserName], ...options } },
    // The original takes both from any sender.
    trusted: ["is_alert", "original_string"],
    // The original takes what stands there for the time.
    timestamp: { unreadable: "keep" },
    transforms: ((parser.fieldTransformations ?? []) as Json[]).map(importTransform),
    filter: importFilter(name, parser, plumbing, notes),
    ...importEnrichment(name, enrichment, free, notes),
    index: importIndexing(indexing),
  });
  return checked(`sensor ${name}`, sensorSchema, document);
}

/** A document as it is written, once its schema accepts it. */
function checked(name: string, schema: z.ZodType, document: Json): Json {
  const result = schema.safeParse(document, { error: inWords });
  if (result.success) return document;
  const [issue] = result.error.issues;
  throw new Fault(
    "CONFIG_INVALID",
    `importing ${name}: ${issue?.path.map(String).join(".")}: ${issue?.message}`,
  );
}

/** The parser here for a class of Metron's; ours that it had not go by their own names. */
function parserNameOf(className: string): ParserName | undefined {
  return findNamed(parsers, METRON_CLASSES[className] ?? className)?.name as ParserName | undefined;
}

function rawStrategy(parser: Json): Json | undefined {
  const config = (parser.rawMessageStrategyConfig ?? {}) as Json;
  const raw = clean({
    strategy: parser.rawMessageStrategy,
    messageField: config.messageField,
    metadataPrefix: config.metadataPrefix,
    readMetadata: parser.readMetadata,
    mergeMetadata: parser.mergeMetadata,
  });
  return Object.keys(raw).length === 0 ? undefined : raw;
}

function importTransform(item: Json): Json {
  const known = transformName(String(item.transformation ?? ""));
  return { [known]: clean({ input: item.input, output: item.output, config: item.config }) };
}

/** The name here of a field transformation, from its name or class. */
export function transformName(name: string): string {
  return spacedName(name.replace(/^.*\./, ""), /Transformation$/);
}

/** The name here of a validation, from its name or class. */
function validationName(name: string): string {
  const known = spacedName(name.replace(/^.*\./, ""), /Validation$/);
  return known === "REGEX" ? "REGEX_MATCH" : known;
}

/** A validation of Metron's global document, with the options that make it do what the original does. */
export function importValidation(item: Json): Json {
  const name = validationName(String(item.validation));
  const config = withOriginals(ORIGINAL_VALIDATIONS, name, item.config as Json | undefined);
  return { [name]: clean({ input: item.input, config }) };
}

/** `NotEmptyValidation` as `NOT_EMPTY`; a name that is one already stays. */
function spacedName(name: string, ending: RegExp): string {
  return name
    .replace(ending, "")
    .replace(/([a-z])(?=[A-Z])|([A-Z])(?=[A-Z][a-z])/g, "$&_")
    .toUpperCase();
}

function importFilter(sensor: string, parser: Json, plumbing: Json, notes: string[]): Json | undefined {
  const name = String(parser.filterClassName ?? "")
    .replace(/^.*\./, "")
    .replace(/(Message)?Filter$/, "")
    .toUpperCase();
  if (name === "STELLAR") return { STELLAR: { query: plumbing["filter.query"] } };
  if (name === "BRO")
    return {
      BRO: {
        field: plumbing["bro.filter.source.key"],
        known: [plumbing["bro.filter.source.known.protocols"] ?? []].flat(),
      },
    };
  if (parser.filterClassName !== undefined && name !== "DEFAULT")
    notes.push(
      `${sensor}: there is no filter \`${String(parser.filterClassName)}\`; messages are not filtered`,
    );
  return undefined;
}

type Stage = {
  fieldMap?: Json;
  fieldToTypeMap?: Record<string, string[]>;
  config?: Json;
  triageConfig?: Json;
};

function importEnrichment(sensor: string, json: Json, free: Json, notes: string[]): Json {
  const enrichment = (json.enrichment ?? {}) as Stage;
  const intel = (json.threatIntel ?? {}) as Stage;
  const fieldMap = enrichment.fieldMap ?? {};
  const enrichments: Json = {};
  for (const [adapter, value] of Object.entries(fieldMap)) {
    if (adapter === "stellar") enrichments.stellar = ((value as Json).config ?? value) as Json;
    else if (adapter === "hbaseEnrichment")
      enrichments.table = byType(value as string[], enrichment.fieldToTypeMap ?? {});
    else enrichments[adapter] = value;
  }
  const threatIntel: Json = {};
  for (const [adapter, value] of Object.entries(intel.fieldMap ?? {})) {
    if (adapter === "stellar") threatIntel.stellar = ((value as Json).config ?? value) as Json;
    else Object.assign(threatIntel, byType(value as string[], intel.fieldToTypeMap ?? {}));
  }
  const variables = clean({
    parser: free,
    enrichment: enrichment.config,
    threatIntel: intel.config,
    all: json.configuration,
  });
  return {
    enrichments,
    threatIntel,
    ...(Object.keys(variables).length === 0 ? {} : { variables }),
    triage: importTriage(sensor, intel.triageConfig, notes),
  };
}

/** `field -> types` of Metron, which looks fields up by their last part, as `type -> fields`. */
function byType(fields: readonly string[], types: Record<string, string[]>): Json {
  const byType: Record<string, string[]> = {};
  for (const field of fields)
    for (const type of types[field] ?? types[field.slice(field.lastIndexOf(".") + 1)] ?? [])
      byType[type] = [...(byType[type] ?? []), field];
  return byType;
}

function importTriage(sensor: string, triage: Json | undefined, notes: string[]): Json | undefined {
  if (triage === undefined) return undefined;
  const rules = (triage.riskLevelRules ?? []) as Json[];
  const { negativeValuesTrump, ...unknown } = (triage.aggregationConfig ?? {}) as Json;
  for (const key of Object.keys(unknown))
    notes.push(`${sensor}: aggregationConfig.${key} means nothing and was left out`);
  return clean({
    aggregator: triage.aggregator,
    // The original says the text alone.
    points: rules.length === 0 ? undefined : false,
    aggregation: clean({
      negativeValuesTrump:
        typeof negativeValuesTrump === "string" ? negativeValuesTrump.toLowerCase() : negativeValuesTrump,
    }),
    rules: rules.map(clean),
  });
}

function importIndexing(indexing: Json): Json | undefined {
  const search = (indexing.elasticsearch ?? indexing.solr) as Json | undefined;
  return search?.enabled === false ? { enabled: false } : undefined;
}

/** Free keys of Metron's global document that have a place of their own here. */
export function importGlobal(json: Json, notes: string[]): Json {
  const { fieldValidations, ...free } = json;
  const validations = ((fieldValidations ?? []) as Json[]).map(importValidation);
  for (const key of Object.keys(free))
    if (/^(es|solr|hbase|update\.hbase|bootstrap)\b/.test(key))
      notes.push(`global: ${key} is kept as a free value and does nothing`);
  return checked("global", globalSchema, clean({ validations, global: free }));
}

/** The global document in force with what an imported one says; everything else of it stays, comments too. */
export function mergeGlobal(current: string, imported: string): string {
  const document = parseDocument(current);
  for (const [key, value] of Object.entries((parseDocument(imported).toJS() ?? {}) as Json))
    document.set(key, document.createNode(value));
  return document.toString({ lineWidth: 120 });
}

/** What a sensor's document says and Metron's JSON has no word for. */
const OURS = [
  ["source"],
  ["partitions"],
  ["validations"],
  ["timestamp"],
  ["index", "retentionDays"],
  ["index", "retentionBytes"],
];

/** An imported sensor with what only the document in force can say: its sources above all, or its intake would end. */
export function mergeSensor(current: string, imported: string): string {
  const [ours, document] = [parseDocument(current), parseDocument(imported)];
  // What an import says of the time is only that nothing is known of it.
  if (ours.hasIn(["timestamp"])) document.deleteIn(["timestamp"]);
  for (const path of OURS) {
    if (!ours.hasIn(path) || document.hasIn(path)) continue;
    const value = path.reduce<unknown>((map, key) => (map as Json)[key], ours.toJS());
    document.setIn(path, document.createNode(value));
  }
  return document.toString({ lineWidth: 120 });
}

/** Tells the keys of a parser's configuration that it does not know itself: expressions may still ask for them. */
function isFree(parserName: string, options: Json): (key: string) => boolean {
  const config = findNamed(parsers, parserName)?.config;
  const checked = config?.safeParse(options);
  const unknown = new Set(
    (checked?.error?.issues ?? []).flatMap((issue) =>
      issue.code === "unrecognized_keys" && issue.path.length === 0 ? issue.keys : [],
    ),
  );
  return (key) => unknown.has(key);
}

function split(map: Json, isLeft: (key: string) => boolean): [Json, Json] {
  const entries = Object.entries(map);
  return [
    Object.fromEntries(entries.filter(([key]) => isLeft(key))),
    Object.fromEntries(entries.filter(([key]) => !isLeft(key))),
  ];
}

/** Without keys that hold nothing: null, undefined, empty lists and maps. */
function clean(map: Json): Json {
  return Object.fromEntries(
    Object.entries(map).filter(
      ([, value]) =>
        value !== undefined &&
        value !== null &&
        !(typeof value === "object" && Object.keys(value).length === 0),
    ),
  );
}
