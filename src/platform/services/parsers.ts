import { stringify } from "yaml";
import type { GlobalDocument } from "../../config/global.ts";
import { importSensor } from "../../config/metron/import.ts";
import { readSensor } from "../../config/sensor.ts";
import { Batch } from "../../core/batch.ts";
import { blockOf } from "../../core/block.ts";
import type { Context } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import { ErrorRecords } from "../../pipeline/errors.ts";
import type { SensorStages } from "../../pipeline/pipeline.ts";
import { openStages } from "../../pipeline/stages.ts";
import type { ParserAccess } from "../../stellar/functions/parser-management.ts";
import { StellarError } from "../../stellar/language/error.ts";
import { fromMessage, StellarMap, toMessage } from "../../stellar/values/value.ts";
import type { PipelineServices } from "../services.ts";

type Json = Record<string, unknown>;

/**
 * What PARSER_INIT asks: a sensor's parser with its transformations, filter and validations, exactly as telemetry
 * would pass them. What they make of a text is neither kept nor enriched.
 */
export function parserAccess(
  services: () => PipelineServices,
  global: () => GlobalDocument,
  context: Context,
): ParserAccess {
  return {
    open(sensor, config, globals) {
      const document = global();
      const more = globals === undefined ? {} : (toMessage(globals) as Json);
      const settings = { ...document, global: { ...document.global, ...more } };
      const stages = refusing(() => {
        const imported = importSensor(sensor, toMessage(config) as Json, {}, {}, []);
        return openStages(readSensor(stringify(imported), sensor), settings, services(), context);
      });
      return (text) => run(stages, sensor, text, context);
    },
  };
}

function run(stages: SensorStages, sensor: string, text: string, { clock }: Context) {
  const batch = new Batch();
  batch.load(blockOf([text], clock.now()), { topic: sensor, partition: 0, offset: 0 });
  stages.parse(batch);
  stages.transform(batch);
  stages.validate(batch);
  const rows = Array.from({ length: batch.rows }, (_, row) => row).filter((row) => batch.live[row] === 1);
  const failed = new ErrorRecords(clock).collect(batch, sensor);
  return {
    messages: rows.map((row) => mapOf(batch, row)),
    errors: Array.from({ length: failed.rows }, (_, row) => mapOf(failed, row)),
  };
}

function mapOf(batch: Batch, row: number): StellarMap {
  const value = fromMessage(batch.message(row));
  return value instanceof StellarMap ? value : new StellarMap();
}

/** A configuration that is refused is a mistake in the expression that gave it. */
export function refusing<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof Fault) throw new StellarError(error.message);
    throw error;
  }
}
