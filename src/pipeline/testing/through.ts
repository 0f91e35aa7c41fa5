import type { Batch } from "../../core/batch.ts";
import { silentLog } from "../../core/context.ts";
import { emptyCounts } from "../metrics.ts";
import { runStages, type SensorStages } from "../pipeline.ts";
import { StageRunner } from "../stage-runner.ts";

/** Takes a loaded batch through the stages of a sensor, as the loop does. */
export function through(stages: SensorStages, batch: Batch): void {
  runStages(new StageRunner(emptyCounts(), silentLog), stages, batch, 0);
}
