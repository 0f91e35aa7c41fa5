import type { Components } from "../config/components.ts";
import { expressionsIn } from "../config/expressions.ts";
import type { GlobalDocument } from "../config/global.ts";
import { type PlacedSensor, sensorSchema } from "../config/sensor.ts";
import { type Mistake, placedFaults, refuse } from "../config/yaml.ts";
import type { Batch } from "../core/batch.ts";
import { checkOptions, findNamed, openList, openNamed, type Path, required } from "../core/component.ts";
import type { Context } from "../core/context.ts";
import { openEvery } from "../core/every.ts";
import { Fault } from "../core/fault.ts";
import { openEnrichments, openThreatIntel } from "../enrichments/stages.ts";
import { openModels } from "../models/stage.ts";
import { openEnvelope, readsMetadata } from "../parsers/envelope.ts";
import { runParser } from "../parsers/parser.ts";
import { openTimestamps } from "../parsers/time/timestamp.ts";
import type { Layer } from "../stellar/run/environment.ts";
import { openFilter } from "../transforms/filters.ts";
import { openTransforms } from "../transforms/index.ts";
import type { TransformContext } from "../transforms/transform.ts";
import { openValidations } from "../transforms/validations/index.ts";
import { checkParsed } from "../transforms/validations/parsed.ts";
import type { OpenValidation } from "../transforms/validations/validation.ts";
import { openTriage } from "../triage/triage.ts";
import { Brought } from "./brought.ts";
import { setSensor } from "./identity.ts";
import type { SensorStages } from "./pipeline.ts";
import type { StageServices } from "./services.ts";

/**
 * Turns a sensor document into the stages of the loop: components by name, expressions compiled, tables found.
 * @param isInForce whether the document was checked before: what has gone since then and can be done without does not stop the sensor
 * @throws Fault CONFIG_INVALID with the place of every mistake in the document.
 */
export function openStages(
  placed: PlacedSensor,
  global: GlobalDocument,
  services: StageServices,
  base: Context,
  { isInForce = false }: { readonly isInForce?: boolean } = {},
): SensorStages {
  const { sensor } = placed;
  const context: Context = { ...base, timeZone: global.timeZone, global: global.global };
  const environment = services.environment(global);
  const [parserName = "", parserOptions = {}] = Object.entries(sensor.parser)[0] ?? [];
  const { parser: free = {}, enrichment = {}, threatIntel = {}, all = {} } = sensor.variables ?? {};
  const variables: readonly Layer[] = [parserOptions, free];
  const stage = { ...context, environment, variables };
  const { components } = services;
  const everywhere = ofGlobal(() => openGlobalValidations(global, stage, components));
  const mistakes: Mistake[] = [];
  // What could not be opened is undefined: it is refused below, before anything runs.
  const at = <Opened>(path: readonly PropertyKey[], open: () => Opened): Opened => {
    try {
      return open();
    } catch (error) {
      mistakes.push(...mistakesOf(placed, components, path, error));
      return undefined as Opened;
    }
  };

  const definition = findNamed(components.parsers, parserName);
  const parse = at(["parser"], () => openNamed(components.parsers, parserName, parserOptions, context));
  const brought = new Brought(sensor.trusted);
  const takesKeys = definition?.takesKeys === true && !isTrue(parserOptions.overrideOriginalString);
  // Undefined where a source is refused; nothing runs then.
  const topics: readonly (string | undefined)[] | undefined = at(["source"], () =>
    openEvery(Object.entries(sensor.source ?? {}), ([name, options]) => {
      const source = required(components.sources, name);
      // Checked in any case: an optional call would leave its arguments out.
      const checked = checkOptions(source, options, [name]);
      return source.topic?.(checked);
    }),
  );
  const foreign = topics?.find((topic) => topic !== undefined);
  const parseRecords = at(["raw"], () =>
    openEnvelope(
      sensor.raw,
      (batch) => {
        runParser(parse, batch);
        if (takesKeys) brought.setOriginalAside(batch);
      },
      ({ position }) => ({ topic: foreign ?? position.topic }),
    ),
  );
  at(["partitionKey"], () => {
    if (sensor.partitionKey !== undefined && readsMetadata(sensor.raw))
      throw new Fault(
        "CONFIG_INVALID",
        "`partitionKey` and metadata exclude each other: metadata are read from keys that are JSON maps. Leave one of them out (`raw: { readMetadata: false }`)",
      );
  });
  const timestamps = at(["timestamp"], () => openTimestamps(sensor.timestamp, context));
  // Of the original's checks, what a document does not ask for is left to `timestamps`.
  const parsedCheck = sensor.timestamp.unreadable === "keep" ? (definition?.checks ?? "present") : "present";
  const transform = at(["transforms"], () => openTransforms(sensor.transforms, stage, components.transforms));
  const filter = at(["filter"], () => openFilter(sensor.filter, stage, components.filters));
  const validate = at(["validations"], () =>
    openValidations(sensor.validations, stage, components.validations, everywhere),
  );
  const enrichmentStage = {
    ...services.enrichmentContext,
    ...context,
    environment,
    knownHosts: global.hosts,
  };
  const enrich = at(["enrichments"], () =>
    openEnrichments(
      sensor.enrichments,
      { ...enrichmentStage, variables: [enrichment, all] },
      components.enrichments,
    ),
  );
  const score = at(["models"], () =>
    openModels(sensor.models, {
      ...{ sensor: sensor.sensor, log: context.log, clock: context.clock, environment },
      ...{ variables: [enrichment, all], modelFile: services.modelFile },
      ...{ online: services.online, tallies: services.tallies, isInForce },
    }),
  );
  const match = at(["threatIntel"], () =>
    openThreatIntel(sensor.threatIntel, { ...enrichmentStage, variables: [enrichment, all] }),
  );
  const triage = at(["triage"], () =>
    openTriage(sensor.triage, { environment, variables: [all, threatIntel] }),
  );

  at(["sinks"], () =>
    openEvery(Object.entries(sensor.sinks), ([name, options]) =>
      checkOptions(required(components.sinks, name), options, [name]),
    ),
  );
  if (mistakes.length > 0) refuse(placed.name, mistakes);

  const parseBatch = (batch: Batch) => {
    parseRecords(batch);
    brought.setAside(batch);
    setSensor(batch, sensor.sensor);
    timestamps.take(batch);
  };
  const validateBatch = (batch: Batch) => {
    timestamps.settle(batch);
    checkParsed(batch, parsedCheck);
    validate(batch);
  };
  return {
    parse: { name: "parse", run: parseBatch, failure: "parser_error" },
    transform: { name: "transform", run: transform, failure: "parser_error" },
    rest: [
      { name: "filter", run: filter, failure: "parser_error" },
      { name: "validate", run: validateBatch, failure: "parser_error" },
      { name: "enrich", run: enrich, failure: "enrichments_error" },
      // Before threat intelligence, whose expressions decide by the scores what is an alert.
      ...(sensor.models.length === 0
        ? []
        : [{ name: "models", run: score, failure: "enrichments_error" as const }]),
      { name: "threatIntel", run: match, failure: "threatintel_error" },
      { name: "triage", run: triage, failure: "threatintel_error" },
    ],
    indexed: sensor.index.enabled,
    sinks: Object.entries(sensor.sinks).map(([name, options]) => ({ name, options })),
  };
}

/**
 * Opens the validations of every sensor.
 * @throws Fault CONFIG_INVALID, the place of every mistake in `details.path`: one of the global document
 */
export function openGlobalValidations(
  { validations }: GlobalDocument,
  context: TransformContext,
  components: Components,
): readonly OpenValidation[] {
  return openList(components.validations, validations, context, ["validations"]);
}

/** Says of what cannot be opened that the global document is to blame, and not the sensor that needs it. */
function ofGlobal<Opened>(open: () => Opened): Opened {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(error.code, `global: validations: ${error.message}`, { cause: error });
  }
}

function isTrue(option: unknown): boolean {
  return option === true || option === "true";
}

/** The mistakes that kept a part of a document from being opened, at their places in the text. */
function mistakesOf(
  { sensor, document }: PlacedSensor,
  components: Components,
  path: Path,
  error: unknown,
): readonly Mistake[] {
  return placedFaults(error, document, ({ path: below = [], expression }) => {
    const part = [...path, ...below];
    if (expression === undefined) return part;
    // A component knows which expression is wrong, and not where it is written.
    const written = expressionsIn(sensorSchema, sensor, components).find(
      ({ path: at, text }) => text === expression && part.every((key, index) => at[index] === key),
    );
    return written?.path ?? part;
  });
}
