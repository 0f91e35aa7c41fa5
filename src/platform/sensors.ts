import { type GlobalDocument, readGlobal } from "../config/global.ts";
import { type PlacedSensor, readSensor } from "../config/sensor.ts";
import { refuse } from "../config/yaml.ts";
import type { Context } from "../core/context.ts";
import type { SensorStages } from "../pipeline/pipeline.ts";
import { openStages } from "../pipeline/stages.ts";
import { checkExpressions } from "./check-expressions.ts";
import type { Snapshot } from "./protocol.ts";
import type { PipelineServices } from "./services.ts";

/** How the checker says that a function does not exist. */
const NO_FUNCTION = ": there is no function ";

/** The sensors of a snapshot, each with how its stages are opened. */
export function readSensors(
  snapshot: Snapshot,
  services: PipelineServices,
  context: Context,
): { name: string; open: () => SensorStages }[] {
  const global = readGlobal(snapshot.global, "global");
  return snapshot.sensors.map(({ name, text }) => {
    const placed = readSensor(text, `sensor/${name}`);
    const open = () => {
      refuseMissing(placed, services, global);
      return openStages(placed, global, services, context);
    };
    return { name, open };
  });
}

/**
 * A function that was there when the document was published may be gone, its file or package removed. That is no
 * record's fault: telemetry waits for it. Other mistakes are met record by record, as in the original.
 */
function refuseMissing(placed: PlacedSensor, services: PipelineServices, global: GlobalDocument): void {
  const { errors } = checkExpressions(placed, services.environment(global), services.components);
  const missing = errors.filter(({ message }) => message.includes(NO_FUNCTION));
  if (missing.length > 0) refuse(placed.name, missing);
}
