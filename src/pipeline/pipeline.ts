import { Batch } from "../core/batch.ts";
import type { Clock, Log } from "../core/context.ts";
import type { IndexWriter } from "../storage/index/contract.ts";
import type { Entry } from "../storage/topic/contract.ts";
import { ErrorWriter } from "./error-writer.ts";
import { giveGuids, keepGuids } from "./guid.ts";
import { setOriginal } from "./identity.ts";
import type { SensorCounts } from "./metrics.ts";
import { inParts } from "./parts.ts";
import { crashRejection, type Stage, StageRunner } from "./stage-runner.ts";

/** What happens to the telemetry of one sensor. */
export type SensorStages = {
  /** Makes messages of records. */
  readonly parse: Stage;
  /** Gives the messages the fields of the sensor. */
  readonly transform: Stage;
  /** What messages go through once they have a guid, in order. */
  readonly rest: readonly Stage[];
  /** Whether messages are kept in the search index; error records always are. */
  readonly indexed: boolean;
  /** What they are passed on to besides. */
  readonly sinks: readonly SinkSettings[];
};

/** What profiles see of the messages. */
export type ProfileStage = {
  /** Whether there are any profiles. */
  readonly isOn: () => boolean;
  /** Says of each message which entities it counts for. */
  readonly stage: Stage;
  /** Makes durable what the stage said of the last batch. Rejects when it cannot. */
  readonly deliver: () => Promise<void>;
};

/** A sink as a document writes it. */
export type SinkSettings = { readonly name: string; readonly options: unknown };

export type Pipeline = {
  readonly sensor: string;
  /** The durable records of one partition; waiting for the next block is the back-pressure. */
  readonly source: AsyncIterable<Entry>;
  /**
   * The stages in force, for a batch: asked for before every one, so a published document takes effect at the next.
   * They bind to the columns of a batch, so another batch needs stages of its own.
   */
  readonly stages: (batch: Batch) => SensorStages;
  readonly index: IndexWriter;
  readonly counts: SensorCounts;
  readonly clock: Clock;
  readonly log: Log;
  /** Passes a batch on to sinks; resolves when they have it. Rejects with the fault that keeps one from taking it. */
  readonly passOn: (sinks: readonly SinkSettings[], batch: Batch) => Promise<void>;
  /** Profiles of the messages; undefined where they are not profiled. */
  readonly profile?: ProfileStage | undefined;
  /** Told of every block that is kept. */
  readonly onCommit?: (entry: Entry) => void;
};

/** Fields met over time beyond which a batch is replaced, so that telemetry with ever new names does not fill the memory. */
const REMEMBERED_FIELDS = 4096;

/** The life of a record. Returns when the source ends; throws only when storage fails, never for bad telemetry. */
export async function runPipeline({
  sensor,
  source,
  stages,
  index,
  counts,
  clock,
  log,
  passOn,
  profile,
  onCommit,
}: Pipeline): Promise<void> {
  let batch = new Batch();
  const errors = new ErrorWriter(index, sensor, clock);
  const run = new StageRunner(counts, log);

  for await (const entry of source) {
    batch = roomyBatch(batch);
    run.begin(entry);
    await inParts(
      entry,
      async ({ block, position, repeated }) => {
        const stage = stages(batch);
        batch.load(block, position);
        runStages(run, stage, batch, repeated);
        const isProfiled = profile?.isOn() === true;
        if (isProfiled) run.pass(profile.stage, batch);
        await run.write(batch, async () => {
          // Before the position is: what was routed and is read again is known by it.
          if (isProfiled) await profile.deliver();
          // First, as what sinks do not take becomes a rejection, and is written below.
          if (stage.sinks.length > 0) await passOn(stage.sinks, batch);
          if (stage.indexed) await index.write(sensor, batch);
          if (batch.rejected.length > 0) await errors.write(batch);
        });
      },
      async ({ block, position, repeated }, error) => {
        batch.load(block, position);
        batch.rejectRecord(repeated, crashRejection(error));
        await errors.write(batch);
        run.gaveUp(block.arrival);
      },
      (error, { records, isWhole }) => {
        if (isWhole) run.note(error, entry);
        // What the stages have left in it is in no known state.
        batch = new Batch(records);
      },
    );
    // The position becomes durable together with the messages: a block is done when all of it is kept, and only then.
    await index.commit(entry.position, entry.block.ends.length, run.counting(entry, { sensor, clock }));
    run.committed(entry);
    onCommit?.(entry);
  }
}

/** Makes messages of the records of a batch, or rejections; `repeated` of them are header lines that an earlier batch has dealt with. */
export function runStages(run: StageRunner, stages: SensorStages, batch: Batch, repeated: number): void {
  run.parse(stages.parse, batch, repeated);
  run.pass(stages.transform, batch);
  const guids = giveGuids(batch);
  setOriginal(batch);
  for (const stage of stages.rest) run.pass(stage, batch);
  keepGuids(batch, guids);
}

/** A batch with room for the fields of another block: this one, or a new one when it remembers too many names. */
export function roomyBatch(batch: Batch): Batch {
  return batch.names > REMEMBERED_FIELDS || batch.isCrowded ? new Batch() : batch;
}
