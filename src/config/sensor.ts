import { z } from "zod";
import { threatIntelConfig } from "../enrichments/stages.ts";
import { modelsConfig } from "../models/stage.ts";
import { rawConfig } from "../parsers/envelope.ts";
import { timestampConfig } from "../parsers/time/timestamp.ts";
import { triageConfig } from "../triage/triage.ts";
import { named, namedFreely, oneNamed } from "./named.ts";
import { checkDocument, type Document, judgeDocument, type Mistake, mistakeIn, readYaml } from "./yaml.ts";

/**
 * One document per sensor, in the order of the loop: where its telemetry comes from, how it is parsed, transformed,
 * enriched, scored by models, matched with threat intelligence, scored and kept. What a named component accepts is the component's own
 * schema; `openStages` checks that when a document is published.
 */

const variablesOf = (stage: string) =>
  z.record(z.string(), z.unknown()).default({}).describe(`Values for expressions of ${stage}.`);

export const sensorSchema = z.strictObject({
  sensor: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/,
      "expected a name of letters, digits, `_`, `-` or `.`, at most 64",
    )
    .describe("Name of the sensor: becomes `source.type` of its messages and the name of its topic."),
  partitions: z
    .number()
    .int()
    .min(1)
    .max(64)
    .optional()
    .describe("Partitions of the topic; one per worker when left out."),
  partitionKey: z
    .union([
      z.strictObject({
        fixed: z.string().min(1).max(200).describe("All records go to the partition of this text."),
      }),
      z.strictObject({
        field: z.string().min(1).describe("Records that are JSON go by this field of theirs."),
      }),
    ])
    .optional()
    .describe(
      "What decides to which partition a record goes, so that records of one key stay in order; blocks go to the partitions in turn when left out.",
    ),
  source: named("sources")
    .optional()
    .describe(
      "Sources that feed the sensor, by name, with their options. Records come over HTTP and from the command line alone when left out.",
    ),
  raw: rawConfig
    .optional()
    .describe("How a record is unwrapped before it is parsed; it is taken as it is when left out."),
  parser: oneNamed("parsers").describe("The parser, by name, with its options."),
  trusted: z
    .array(z.enum(["is_alert", "original_string"]))
    .default([])
    .describe(
      "Fields of ours that records of the sensor may set themselves; left out, these are kept as `sent.is_alert` and so on.",
    ),
  timestamp: timestampConfig
    .prefault({})
    .describe(
      "Where the time of the messages is, whatever the parser, and what becomes of a value that is not a time.",
    ),
  transforms: z.array(oneNamed("transforms")).default([]).describe("Field transformations, in order."),
  filter: oneNamed("filters")
    .optional()
    .describe("Keeps only messages that pass; others leave no trace. All are kept when left out."),
  validations: z
    .array(oneNamed("validations"))
    .default([])
    .describe("Validations of this sensor; a message that fails becomes an error record."),
  enrichments: namedFreely("enrichments")
    .default({})
    .describe(
      "Enrichment by name: the fields it looks at (for `table`: by type; for `stellar`: the expressions).",
    ),
  models: modelsConfig.default([]),
  threatIntel: threatIntelConfig
    .prefault({})
    .describe("Indicator type: the fields matched with it; `stellar`: expressions that run in this stage."),
  variables: z
    .strictObject({
      parser: variablesOf("field transformations, filter and validations"),
      enrichment: variablesOf("enrichments and threat intelligence"),
      threatIntel: variablesOf("triage"),
      all: variablesOf("enrichments, threat intelligence and triage"),
    })
    .optional()
    .describe(
      "Free values that expressions of the sensor may use; there are none when left out. In place of a credential write where it is: `secret: { file: PATH }` or `secret: { env: METRON_SECRET_NAME }`.",
    ),
  triage: triageConfig.optional().describe("Scoring of alerts; they have no score when left out."),
  sinks: named("sinks")
    .default({})
    .describe("Sinks that the messages are passed on to besides, by name, with their options."),
  index: z
    .strictObject({
      enabled: z.boolean().default(true).describe("Whether messages are kept in the search index."),
      retentionDays: z
        .number()
        .positive()
        .optional()
        .describe("Days a message is kept; for ever when left out."),
      retentionBytes: z
        .number()
        .positive()
        .optional()
        .describe("Bytes kept at the most, oldest dropped first; no bound when left out."),
    })
    .prefault({})
    .describe("The search index."),
});

export type SensorDocument = z.output<typeof sensorSchema>;

/** A sensor document as written, with the places of its parts for messages about mistakes found later. */
export type PlacedSensor = {
  readonly sensor: SensorDocument;
  readonly document: Document;
  readonly name: string;
};

/**
 * Reads a sensor document.
 * @param name what to call it in messages: a file name or `sensor/NAME`.
 * @throws Fault CONFIG_INVALID naming line, column and what was expected.
 */
export function readSensor(text: string, name: string): PlacedSensor {
  const document = readYaml(text, name);
  return { sensor: checkDocument(sensorSchema, document, name), document, name };
}

/** What stands for parts of a document that must be there, while the rest of it is looked at. */
const STAND_INS = { sensor: "sensor", parser: { jsonMap: {} } };

/**
 * Reads a sensor document to find all that is wrong with it: answers its mistakes, and the document without the parts
 * that hold them, so that the others can be looked at too. It is undefined when nothing can be made of the rest.
 * @throws Fault CONFIG_INVALID for a text that is no YAML.
 */
export function judgeSensor(
  text: string,
  name: string,
): { readonly placed: PlacedSensor | undefined; readonly mistakes: readonly Mistake[] } {
  const document = readYaml(text, name);
  const { data, mistakes } = judgeDocument(sensorSchema, document, STAND_INS);
  return { placed: data === undefined ? undefined : { sensor: data, document, name }, mistakes };
}

/** A mistake at a path of a sensor document. */
export function mistakeAt(
  { document }: PlacedSensor,
  path: readonly PropertyKey[],
  message: string,
): Mistake {
  return mistakeIn(document, path, message);
}
