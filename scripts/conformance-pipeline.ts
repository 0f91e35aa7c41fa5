/**
 * Runs recorded cases of the original's stages and of whole pipelines through the functions that the pipeline calls.
 * The kind "parser" has a runner of its own beside the parsers.
 */
import { importValidation, transformName } from "../src/config/metron/import.ts";
import { Batch } from "../src/core/batch.ts";
import { blockOf } from "../src/core/block.ts";
import { findNamed, type ParsedCheck } from "../src/core/component.ts";
import { type Context, makeContext } from "../src/core/context.ts";
import { Fault } from "../src/core/fault.ts";
import { emptyMessage, type FieldValue, type Message, messageToJson } from "../src/core/message.ts";
import { noDatabases } from "../src/enrichments/addresses/databases.ts";
import { openEnrichments, openThreatIntel } from "../src/enrichments/stages.ts";
import { openEnvelope, type RawConfig } from "../src/parsers/envelope.ts";
import { type ParserName, parsers } from "../src/parsers/index.ts";
import { METRON_CLASSES, METRON_OPTIONS } from "../src/parsers/metron-classes.ts";
import { type Parse, runParser } from "../src/parsers/parser.ts";
import { ErrorRecords } from "../src/pipeline/errors.ts";
import { assignGuids } from "../src/pipeline/guid.ts";
import { setOriginal, setSensor } from "../src/pipeline/identity.ts";
import { makeEnvironment } from "../src/stellar/run/environment.ts";
import { parseJson } from "../src/stellar/values/json-reader.ts";
import { fromMessage, StellarMap, toMessage } from "../src/stellar/values/value.ts";
import { openFilter } from "../src/transforms/filters.ts";
import { openTransforms } from "../src/transforms/index.ts";
import { openValidations } from "../src/transforms/validations/index.ts";
import { checkParsed } from "../src/transforms/validations/parsed.ts";
import { openTriage, triageConfig } from "../src/triage/triage.ts";
import type { Json, Line, Outcome } from "./cases-pipeline.ts";
import { DEVIATIONS } from "./deviations-pipeline.ts";

type Verdict =
  | { readonly verdict: "passed" }
  | { readonly verdict: "deviated"; readonly name: string; readonly reason: string }
  | { readonly verdict: "failed"; readonly expected: string; readonly found: string };

const KINDS = new Set(["transform", "validation", "triage", "enrich", "pipeline"]);

export function isPipelineCase(line: unknown): line is Line {
  if (typeof line !== "object" || line === null) return false;
  const { kind = "", parserClass = "" } = line as Partial<Line>;
  return KINDS.has(kind) && (kind !== "pipeline" || hasParser(parserClass));
}

/** Whether a class of the original's has a parser here; cases of others are skipped and counted. */
export function hasParser(parserClass: string): boolean {
  const name = METRON_CLASSES[parserClass];
  return name !== undefined && findNamed(parsers, name) !== undefined;
}

/** @param text the line as written: it tells 6.0 from 6. */
export function runPipelineCase(line: Line, text: string): Verdict {
  const outcome = observe(line, (toMessage(parseJson(text)) as Line).input);
  const difference = compare(line, outcome);
  if (difference === undefined) return { verdict: "passed" };
  for (const { name, reason, explains } of DEVIATIONS) {
    if (explains(line, outcome, difference.fields)) return { verdict: "deviated", name, reason };
  }
  return { verdict: "failed", expected: difference.expected, found: difference.found };
}

function observe(line: Line, typedInput: unknown): Outcome {
  const context = makeContext({
    clock: { now: () => line.now },
    timeZone: line.tz,
    global: line.global ?? {},
  });
  const batch = new Batch();
  try {
    const record =
      line.inputBase64 === undefined ? String(line.input ?? "") : Buffer.from(line.inputBase64, "base64");
    batch.load(blockOf([record], line.now), { topic: "case", partition: 0, offset: 0 });
    if (line.kind === "pipeline") runPipeline(line, batch, context);
    else {
      batch.addMessage(0, messageOf(typedInput));
      openStage(line, context)(batch);
    }
  } catch (error) {
    if (!(error instanceof Fault && error.code === "CONFIG_INVALID")) throw error;
    return { messages: [], rejected: [], errors: [], refused: error.message };
  }
  return outcomeOf(batch, line);
}

function messageOf(input: unknown): Message {
  return Object.assign(emptyMessage(), input as Record<string, FieldValue>);
}

function outcomeOf(batch: Batch, line: Line): Outcome {
  const rows = Array.from({ length: batch.rows }, (_, row) => row).filter((row) => batch.live[row] === 1);
  const records = new ErrorRecords({ now: () => line.now }).collect(batch, line.sensor ?? "case");
  return {
    messages: rows.map((row) => plain(batch.message(row))),
    rejected: batch.rejected.map(({ rejection: { type, reason } }) => ({ type, reason })),
    errors: Array.from({ length: records.rows }, (_, row) => plain(records.message(row))),
    refused: undefined,
  };
}

function plain(message: unknown): Json {
  return JSON.parse(messageToJson(message)) as Json;
}

type Stage = (batch: Batch) => void;

function environmentOf(context: Context) {
  const globals = new StellarMap();
  for (const [name, value] of Object.entries(context.global)) globals.set(name, fromMessage(value));
  return makeEnvironment({
    services: { now: () => context.clock.now(), timeZone: context.timeZone, globals: () => globals },
  });
}

function openStage(line: Line, context: Context): Stage {
  const environment = environmentOf(context);
  switch (line.kind) {
    case "transform":
      return openTransforms([transformOf(line.transform)], {
        ...context,
        environment,
        variables: line.sensorConfigs ?? [],
      });
    case "validation":
      return openValidations([importValidation(line.validation)], { ...context, environment, variables: [] });
    case "triage":
      return openTriageOf(line.enrichmentConfig, environment);
    default:
      return openEnrichmentOf(line, context);
  }
}

function transformOf({ transformation, input, output, config }: Json): Json {
  return { [transformName(String(transformation))]: present({ input, output, config }) };
}

function present(options: Json): Json {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined && value !== null),
  );
}

type StageConfig = {
  readonly fieldMap?: Json;
  readonly fieldToTypeMap?: Record<string, string[]>;
  readonly config?: Json;
  readonly triageConfig?: Json;
};

function openTriageOf(config: Json, environment: ReturnType<typeof environmentOf>): Stage {
  const { triageConfig: triage, config: variables = {} } = (config.threatIntel ?? {}) as StageConfig;
  const context = { environment, variables: [(config.configuration ?? {}) as Json, variables] };
  if (triage === undefined) return openTriage(undefined, context);
  // The original ignores options it does not know; our documents refuse them.
  const { negativeValuesTrump } = (triage.aggregationConfig ?? {}) as Json;
  const checked = triageConfig.safeParse({
    ...present({ aggregator: triage.aggregator }),
    aggregation: present({ negativeValuesTrump }),
    points: false,
    rules: ((triage.riskLevelRules ?? []) as Json[]).map(present),
  });
  if (!checked.success) throw new Fault("CONFIG_INVALID", checked.error.message);
  return openTriage(checked.data, context);
}

function openEnrichmentOf(line: Line, base: Context): Stage {
  const config = line.enrichmentConfig;
  const environment = environmentOf(base);
  const enrichment = (config.enrichment ?? {}) as StageConfig;
  const intel = (config.threatIntel ?? {}) as StageConfig;
  const context = {
    ...base,
    databases: noDatabases(),
    table: () => undefined,
    knownHosts: typeof line.knownHosts === "string" ? JSON.parse(line.knownHosts) : (line.knownHosts ?? []),
    environment,
    variables: [enrichment.config ?? {}, (config.configuration ?? {}) as Json],
  };
  if (line.strategy !== "THREAT_INTEL") return openEnrichments(documentOf(enrichment), context);
  const match = openThreatIntel(documentOf(intel), context);
  const triage = openTriageOf(config, environment);
  return (batch) => {
    match(batch);
    triage(batch);
  };
}

function documentOf({ fieldMap = {} }: StageConfig): Json {
  const { stellar, ...fields } = fieldMap;
  if (stellar === undefined) return fields;
  const config = Array.isArray(stellar) ? stellar : ((stellar as Json).config ?? stellar);
  return { ...fields, stellar: config };
}

/** The order of the pipeline's stages up to validation. */
function runPipeline(line: Line, batch: Batch, base: Context): void {
  const { sensorConfig } = line;
  const options = (sensorConfig.parserConfig ?? {}) as Json;
  const environment = environmentOf(base);
  const context = { ...base, environment, variables: [options] };
  const parser = openParser(line, options, base);
  const parse = openEnvelope(
    present({
      strategy: sensorConfig.rawMessageStrategy,
      ...((sensorConfig.rawMessageStrategyConfig ?? {}) as Json),
      readMetadata: sensorConfig.readMetadata,
      mergeMetadata: sensorConfig.mergeMetadata,
    }) as RawConfig,
    (payloads) => runParser(parser, payloads),
    () => (line.metadata ?? {}) as Record<string, FieldValue>,
  );
  const transforms = openTransforms(
    ((sensorConfig.fieldTransformations ?? []) as Json[]).map(transformOf),
    context,
  );
  const filter = openFilter(filterOf(String(sensorConfig.filterClassName ?? ""), options), context);
  const validations = openValidations(
    ((line.global?.fieldValidations ?? []) as Json[]).map(importValidation),
    context,
  );
  parse(batch);
  setSensor(batch, line.sensor);
  transforms(batch);
  assignGuids(batch);
  setOriginal(batch);
  filter(batch);
  checkParsed(batch, parsedCheckOf(line.parserClass));
  validations(batch);
}

function parsedCheckOf(parserClass: string): ParsedCheck {
  if (/Grok\w*Parser$/.test(parserClass)) return "positive timestamp";
  return parserClass.endsWith("BasicIseParser") ? "none" : "present";
}

function openParser(line: Line, options: Json, context: Context): Parse {
  const name = METRON_CLASSES[line.parserClass];
  const definition = name === undefined ? undefined : findNamed(parsers, name);
  if (definition === undefined) throw new Error(`no parser for ${line.parserClass}`);
  const { shape } = definition.config as unknown as { shape: object };
  const known = Object.fromEntries(
    Object.entries(options).filter(([key, value]) => key in shape && value !== null),
  );
  const patterns = line.grokPatterns === undefined ? {} : { patterns: line.grokPatterns };
  if (line.grokPatterns !== undefined) delete known.grokPath;
  const checked = definition.config.safeParse({
    ...METRON_OPTIONS[definition.name as ParserName],
    ...known,
    ...patterns,
  });
  if (!checked.success) throw new Fault("CONFIG_INVALID", checked.error.message);
  return definition.open(checked.data, context);
}

function filterOf(className: string, options: Json): Json | undefined {
  const name = className
    .replace(/^.*\./, "")
    .replace(/(Message)?Filter$/, "")
    .toUpperCase();
  if (name === "") return undefined;
  if (name === "STELLAR") return { STELLAR: { query: options["filter.query"] } };
  if (name !== "BRO") return { [name]: {} };
  const known = options["bro.filter.source.known.protocols"];
  return { BRO: { field: options["bro.filter.source.key"], known } };
}

type Difference = { readonly expected: string; readonly found: string; readonly fields: readonly string[] };

function compare(line: Line, outcome: Outcome): Difference | undefined {
  const found = JSON.stringify(outcome);
  const differs = (expected: string, fields: readonly string[] = []): Difference => ({
    expected,
    found,
    fields,
  });
  if (line.error === true && line.errorScope === "config") {
    return outcome.refused === undefined ? differs("a refused configuration") : undefined;
  }
  if (outcome.refused !== undefined) return differs("a configuration that is accepted");
  const hasErrors = outcome.rejected.length > 0;
  if (line.kind === "validation" && line.expectValid !== undefined) {
    const isInvalid = outcome.rejected.some(({ type }) => type === "parser_invalid");
    return isInvalid === !line.expectValid ? undefined : differs(line.expectValid ? "valid" : "invalid");
  }
  if ((line.error === true) !== hasErrors) return differs(line.error === true ? "an error" : "no error");
  if (line.expectTaskErrors !== undefined && line.expectTaskErrors !== outcome.rejected.length) {
    return differs(`${line.expectTaskErrors} errors of tasks`);
  }
  for (const [index, error] of (line.expectErrors ?? []).entries()) {
    const fields = differingFields(line, error, outcome.errors[index] ?? {}, false);
    if (fields.length > 0) return differs(`error ${JSON.stringify(error)}`, fields);
  }
  if (line.expectErrors !== undefined && line.expectErrors.length !== outcome.errors.length) {
    return differs(`${line.expectErrors.length} errors`);
  }
  const expected = line.expectMessages ?? (line.expect === undefined ? [] : [line.expect]);
  if (expected.length !== outcome.messages.length) return differs(JSON.stringify(expected));
  const fields = expected.flatMap((message, index) =>
    differingFields(line, message, outcome.messages[index] as Json, line.exact === true),
  );
  return fields.length === 0
    ? undefined
    : differs(`${JSON.stringify(expected)}; differs in ${fields}`, fields);
}

/** Times of the original's own stages; each carries the clock of the machine. */
const TIMING = /\.(begin|end)\.ts$/;

function differingFields(line: Line, expected: Json, found: Json, exact: boolean): string[] {
  const names = new Set([...Object.keys(expected), ...(exact ? Object.keys(found) : [])]);
  const differing = [...names].filter((name) => {
    if (TIMING.test(name)) return false;
    return (
      !isSame(expected[name], found[name]) || Object.hasOwn(expected, name) !== Object.hasOwn(found, name)
    );
  });
  const absent = (line.expectAbsent ?? []).filter((name) => !(name in expected) && name in found);
  return [...new Set([...differing, ...(exact ? absent : [])])];
}

function isSame(expected: unknown, found: unknown): boolean {
  if (expected === "<uuid>") return typeof found === "string" && found.length === 36;
  if (expected === "<ms>") return typeof found === "number" || typeof found === "string";
  return canonical(expected) === canonical(found);
}

function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "absent";
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const entries = Object.entries(value).map(([key, entry]) => `${JSON.stringify(key)}:${canonical(entry)}`);
  return `{${entries.sort().join()}}`;
}
