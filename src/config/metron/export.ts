import type { z } from "zod";
import { findNamed } from "../../core/component.ts";
import { type ParserName, parsers } from "../../parsers/index.ts";
import { METRON_CLASSES, METRON_OPTIONS } from "../../parsers/metron-classes.ts";
import type { GlobalDocument } from "../global.ts";
import type { SensorDocument } from "../sensor.ts";
import { ORIGINAL_VALIDATIONS, withoutOriginals } from "./originals.ts";

type Json = Record<string, unknown>;

/** Metron's three documents of a sensor: what `importSensor` would read back. */
export type MetronSensor = { readonly parser: Json; readonly enrichment: Json; readonly indexing: Json };

/** A sensor document as Metron's JSON, for those who run both. */
export function exportMetron(sensor: SensorDocument): MetronSensor {
  const [parserName = "", parserConfig = {}] = Object.entries(sensor.parser)[0] ?? [];
  const className = Object.entries(METRON_CLASSES).find(([, name]) => name === parserName)?.[0] ?? parserName;
  const { filterClassName, filterConfig } = exportFilter(sensor.filter);
  const { strategy, messageField, metadataPrefix, ...metadata } = sensor.raw ?? {};
  return {
    parser: {
      parserClassName: className,
      sensorTopic: sensor.sensor,
      ...(filterClassName === undefined ? {} : { filterClassName }),
      ...(strategy === undefined
        ? {}
        : {
            rawMessageStrategy: strategy,
            rawMessageStrategyConfig: { messageField, metadataPrefix },
            ...metadata,
          }),
      parserConfig: {
        ...exportParser(parserName, parserConfig),
        ...sensor.variables?.parser,
        ...filterConfig,
      },
      fieldTransformations: sensor.transforms.flatMap((item) =>
        Object.entries(item).map(([transformation, options]) => ({ transformation, ...options })),
      ),
    },
    enrichment: exportEnrichment(sensor),
    indexing: { elasticsearch: { index: sensor.sensor, batchSize: 1, enabled: sensor.index.enabled } },
  };
}

/** Options that only ours has are left out where they say what an import says by itself, and written where not. */
function exportParser(name: string, options: Json): Json {
  const originals = METRON_OPTIONS[name as ParserName] ?? {};
  const { shape } = (findNamed(parsers, name)?.config ?? { shape: {} }) as {
    shape: Readonly<Record<string, z.ZodType>>;
  };
  const defaults = Object.keys(originals).map((option) => [option, shape[option]?.parse(undefined)]);
  return withoutOriginals({ [name]: originals }, name, { ...Object.fromEntries(defaults), ...options });
}

/** What a sensor document says and Metron's documents cannot: in words, since it is left out. */
export function leftOut(sensor: SensorDocument): string[] {
  const { source, partitions, validations, models, index, timestamp } = sensor;
  const lost = [
    source === undefined ? undefined : "source",
    partitions === undefined ? undefined : "partitions",
    validations.length === 0 ? undefined : "validations",
    models.length === 0 ? undefined : "models",
    timestamp.field === undefined && timestamp.format === undefined ? undefined : "timestamp",
    index.retentionDays === undefined ? undefined : "index.retentionDays",
    index.retentionBytes === undefined ? undefined : "index.retentionBytes",
  ];
  return lost.flatMap((part) =>
    part === undefined ? [] : [`${sensor.sensor}: ${part} has no counterpart in Metron and was left out`],
  );
}

/** The global document as Metron's: its free values, and the validations. */
export function exportGlobal({ global, validations }: GlobalDocument): Json {
  return {
    ...global,
    ...(validations.length === 0
      ? {}
      : {
          fieldValidations: validations.flatMap((item) =>
            Object.entries(item).map(([validation, options]) => exportValidation(validation, options)),
          ),
        }),
  };
}

function exportValidation(validation: string, { config, ...options }: Json): Json {
  if (config === undefined) return { validation, ...options };
  const rest = withoutOriginals(ORIGINAL_VALIDATIONS, validation, config as Json);
  return { validation, ...options, ...(Object.keys(rest).length === 0 ? {} : { config: rest }) };
}

function exportFilter(filter: SensorDocument["filter"]): { filterClassName?: string; filterConfig: Json } {
  const [name, options = {}] = Object.entries(filter ?? {})[0] ?? [];
  if (name === undefined) return { filterConfig: {} };
  return {
    filterClassName: name,
    filterConfig:
      name === "STELLAR"
        ? { "filter.query": options.query }
        : { "bro.filter.source.key": options.field, "bro.filter.source.known.protocols": options.known },
  };
}

function exportEnrichment(sensor: SensorDocument): Json {
  const fieldMap: Json = {};
  const types: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(sensor.enrichments)) {
    if (name === "stellar") fieldMap.stellar = { config: value };
    else if (name === "table") fieldMap.hbaseEnrichment = byField(value as Record<string, string[]>, types);
    else fieldMap[name] = value;
  }
  const intelMap: Json = {};
  const intelTypes: Record<string, string[]> = {};
  const { stellar, ...lists } = sensor.threatIntel;
  if (stellar !== undefined) intelMap.stellar = { config: stellar };
  if (Object.keys(lists).length > 0)
    intelMap.hbaseThreatIntel = byField(lists as Record<string, string[]>, intelTypes);
  const { triage, variables } = sensor;
  return {
    enrichment: { fieldMap, fieldToTypeMap: types, config: variables?.enrichment ?? {} },
    threatIntel: {
      fieldMap: intelMap,
      fieldToTypeMap: intelTypes,
      config: variables?.threatIntel ?? {},
      ...(triage === undefined
        ? {}
        : {
            triageConfig: {
              riskLevelRules: triage.rules,
              aggregator: triage.aggregator,
              aggregationConfig: triage.aggregation ?? {},
            },
          }),
    },
    configuration: variables?.all ?? {},
  };
}

/** `type -> fields` as Metron's `field -> types`; answers the fields. */
function byField(byType: Record<string, string[]>, types: Record<string, string[]>): string[] {
  for (const [type, fields] of Object.entries(byType))
    for (const field of fields) types[field] = [...(types[field] ?? []), type];
  return Object.keys(types);
}
