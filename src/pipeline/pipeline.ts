import { Batch } from "../core/batch.ts";
import type { Clock, Log } from "../core/context.ts";
import type { FieldValue } from "../core/message.ts";
import type { IndexWriter } from "../storage/index/contract.ts";
import type { Entry } from "../storage/topic/contract.ts";
import { ERROR_SENSOR, ErrorRecords } from "./errors.ts";
import { countAlerts, type SensorCounts } from "./metrics.ts";
import { type Stage, StageRunner } from "./stage-runner.ts";

/** What happens to the telemetry of one sensor, in the order of the loop. */
export type SensorStages = {
  readonly parse: Stage;
  readonly transform: Stage;
  readonly validate: Stage;
  readonly enrich: Stage;
  readonly threatIntel: Stage;
  readonly triage: Stage;
  /** What came with a record of the batch that was parsed last: metadata of its raw strategy. */
  readonly metadata: (record: number) => readonly (readonly [string, FieldValue])[];
  /** Whether messages are kept in the search index; error records always are. */
  readonly indexed: boolean;
};

export type Pipeline = {
  readonly sensor: string;
  /** The durable records of one partition; waiting for the next block is the back-pressure. */
  readonly source: AsyncIterable<Entry>;
  /** The stages in force: asked for before every batch, so a published document takes effect at the next one. */
  readonly stages: () => SensorStages;
  readonly index: IndexWriter;
  readonly counts: SensorCounts;
  readonly clock: Clock;
  readonly log: Log;
};

/** The life of a record. Returns when the source ends; throws only when storage fails, never for bad telemetry. */
export async function runPipeline({
  sensor,
  source,
  stages,
  index,
  counts,
  clock,
  log,
}: Pipeline): Promise<void> {
  const batch = new Batch();
  const errors = new ErrorRecords(clock);
  const run = new StageRunner(counts, log);

  for await (const { block, position } of source) {
    const stage = stages();
    batch.load(block, position);
    run.parse(stage.parse, batch);
    run.pass("transform", stage.transform, batch);
    run.pass("validate", stage.validate, batch);
    run.pass("enrich", stage.enrich, batch);
    run.pass("threatIntel", stage.threatIntel, batch);
    run.pass("triage", stage.triage, batch);

    const started = performance.now();
    if (stage.indexed) await index.write(sensor, batch);
    if (batch.rejected.length > 0)
      await index.write(ERROR_SENSOR, errors.collect(batch, sensor, stage.metadata));
    // The position becomes durable together with the messages: a batch is done when all of it is kept, and only then.
    await index.commit(position, batch.records);
    run.indexed(batch, performance.now() - started, clock.now() - batch.arrival, countAlerts(batch));
  }
}
