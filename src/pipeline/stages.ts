import { z } from "zod";
import type { GlobalDocument } from "../config/global.ts";
import { mistakeAt, type PlacedSensor } from "../config/sensor.ts";
import { type Mistake, refuse } from "../config/yaml.ts";
import type { Context } from "../core/context.ts";
import { everyFault, openEvery, throwEvery } from "../core/every.ts";
import { Fault } from "../core/fault.ts";
import { openEnrichments, openThreatIntel } from "../enrichments/stages.ts";
import { openEnvelope } from "../parsers/envelope.ts";
import { parsers } from "../parsers/index.ts";
import { type Parse, runParser } from "../parsers/parser.ts";
import { openTimestamps } from "../parsers/time/timestamp.ts";
import { findSource } from "../sources/index.ts";
import type { Layer } from "../stellar/run/environment.ts";
import { openFilter } from "../transforms/filters.ts";
import { openTransforms } from "../transforms/index.ts";
import { openValidations } from "../transforms/validations/index.ts";
import { checkParsed, type ParsedCheck } from "../transforms/validations/parsed.ts";
import { openTriage } from "../triage/triage.ts";
import { Brought } from "./brought.ts";
import { Guids } from "./guid.ts";
import { setOriginal, setSensor } from "./identity.ts";
import type { SensorStages } from "./pipeline.ts";
import type { StageServices } from "./services.ts";

/** What the original's parsers check of their own messages, where it is not the usual. */
const PARSED_CHECKS: Readonly<Record<string, ParsedCheck>> = {
  grok: "positive timestamp",
  websphere: "positive timestamp",
  ise: "none",
};

/** Parsers that make fields of whatever keys a record has, so that one may be called `original_string`. */
const TAKE_KEYS = new Set(["jsonMap", "bro", "suricata", "ise", "keyValue"]);

/**
 * Turns a sensor document into the stages of the loop: components by name, expressions compiled, tables found.
 * @throws Fault CONFIG_INVALID with the place of every mistake in the document.
 */
export function openStages(
  placed: PlacedSensor,
  global: GlobalDocument,
  services: StageServices,
  base: Context,
): SensorStages {
  const { sensor } = placed;
  const context: Context = { ...base, timeZone: global.timeZone, global: global.global };
  const environment = services.environment(global);
  const [parserName = "", parserOptions = {}] = Object.entries(sensor.parser)[0] ?? [];
  const { parser: free = {}, enrichment = {}, threatIntel = {}, all = {} } = sensor.variables ?? {};
  const variables: readonly Layer[] = [parserOptions, free];
  const stage = { ...context, environment, variables };
  const mistakes: Mistake[] = [];
  // What could not be opened is undefined: it is refused below, before anything runs.
  const at = <Opened>(path: readonly PropertyKey[], open: () => Opened): Opened => {
    try {
      return open();
    } catch (error) {
      mistakes.push(...mistakesOf(placed, path, error));
      return undefined as Opened;
    }
  };

  const parse = at(["parser"], () => openParser(parserName, parserOptions, context));
  const brought = new Brought(sensor.trusted);
  const takesKeys = TAKE_KEYS.has(parserName) && !isTrue(parserOptions.overrideOriginalString);
  const parseRecords = at(["raw"], () =>
    openEnvelope(sensor.raw, (batch) => {
      runParser(parse, batch);
      if (takesKeys) brought.setOriginalAside(batch);
    }),
  );
  const timestamps = at(["timestamp"], () => openTimestamps(sensor.timestamp, context));
  // Of the original's checks, what a document does not ask for is left to `timestamps`.
  const parsedCheck =
    sensor.timestamp.unreadable === "keep" ? (PARSED_CHECKS[parserName] ?? "present") : "present";
  const transform = at(["transforms"], () => openTransforms(sensor.transforms, stage));
  const filter = at(["filter"], () => openFilter(sensor.filter, stage));
  const validate = at(["validations"], () =>
    openValidations([...global.validations, ...sensor.validations], stage),
  );
  const enrichmentStage = {
    ...services.enrichmentContext,
    ...context,
    environment,
    knownHosts: global.hosts,
  };
  const enrich = at(["enrichments"], () =>
    openEnrichments(sensor.enrichments, { ...enrichmentStage, variables: [enrichment, all] }),
  );
  const match = at(["threatIntel"], () =>
    openThreatIntel(sensor.threatIntel, { ...enrichmentStage, variables: [enrichment, all] }),
  );
  const triage = at(["triage"], () =>
    openTriage(sensor.triage, { environment, variables: [all, threatIntel] }),
  );

  at(["source"], () =>
    openEvery(Object.entries(sensor.source ?? {}), ([name, options]) =>
      checkOptions(findSource(name), options, name),
    ),
  );
  if (mistakes.length > 0) refuse(placed.name, mistakes);

  const guids = new Guids();

  return {
    parse: (batch) => {
      parseRecords(batch);
      brought.setAside(batch);
      setSensor(batch, sensor.sensor);
      timestamps.take(batch);
    },
    transform: (batch) => {
      transform(batch);
      guids.assign(batch);
      setOriginal(batch);
      filter(batch);
    },
    validate: (batch) => {
      timestamps.settle(batch);
      checkParsed(batch, parsedCheck);
      validate(batch);
    },
    enrich,
    threatIntel: match,
    triage: (batch) => {
      triage(batch);
      guids.keep(batch);
    },
    indexed: sensor.index.enabled,
  };
}

function isTrue(option: unknown): boolean {
  return option === true || option === "true";
}

function openParser(name: string, options: unknown, context: Context): Parse {
  const definition = parsers.find((candidate) => candidate.name === name);
  if (definition === undefined) {
    const known = parsers.map((candidate) => candidate.name).join(", ");
    throw new Fault("CONFIG_INVALID", `there is no parser \`${name}\`; known are ${known}`, {
      details: { path: [name] },
    });
  }
  // The list keeps each definition's own types; name and options are matched to one another here.
  const { open } = definition as { open: (config: unknown, context: Context) => Parse };
  return open(checkOptions(definition, options, name), context);
}

/** The options of a component, checked by its own schema. */
function checkOptions({ config }: { config: z.ZodType }, options: unknown, name: string): unknown {
  const checked = config.safeParse(options);
  if (checked.success) return checked.data;
  return throwEvery(
    checked.error.issues.map(
      ({ path, message }) => new Fault("CONFIG_INVALID", message, { details: { path: [name, ...path] } }),
    ),
  );
}

/** The mistakes that kept a part of a document from being opened, at their places in the text. */
function mistakesOf(placed: PlacedSensor, path: readonly PropertyKey[], error: unknown): Mistake[] {
  if (error instanceof z.ZodError) {
    return error.issues.map((issue) => mistakeAt(placed, [...path, ...issue.path], issue.message));
  }
  if (!(error instanceof Fault)) throw error;
  return everyFault(error).map(({ details, message }) => {
    const { path: below = [], expression } = (details ?? {}) as { path?: PropertyKey[]; expression?: string };
    const from = [...path, ...below];
    const written = pathTo(expression, valueAt(placed.document.data, from), from) ?? from;
    return mistakeAt(placed, written, message);
  });
}

/** The path of the text that equals an expression, below `from`: a component knows what is wrong, not where it stands. */
function pathTo(
  expression: string | undefined,
  value: unknown,
  from: readonly PropertyKey[],
): readonly PropertyKey[] | undefined {
  if (expression === undefined) return undefined;
  if (value === expression) return from;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = pathTo(expression, inner, [...from, Array.isArray(value) ? Number(key) : key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce(
    (value, key) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    data,
  );
}
