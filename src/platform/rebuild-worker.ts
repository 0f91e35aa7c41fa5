/** Runs as a thread of its own: makes messages again of the records that topics still hold. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { arrivalOf } from "../core/arrival-of.ts";
import { Batch } from "../core/batch.ts";
import type { Position } from "../core/block.ts";
import { type Context, silentLog } from "../core/context.ts";
import { ErrorWriter } from "../pipeline/error-writer.ts";
import { ERROR_SENSOR } from "../pipeline/errors.ts";
import { emptyCounts } from "../pipeline/metrics.ts";
import { inParts } from "../pipeline/parts.ts";
import { roomyBatch, runStages, type SensorStages } from "../pipeline/pipeline.ts";
import { crashRejection, StageRunner } from "../pipeline/stage-runner.ts";
import { allowPaths } from "../storage/allowed-folders.ts";
import type { GuidRange, IndexHandle } from "../storage/index/contract.ts";
import { joinIndex, joinTopic } from "../storage/storage.ts";
import type { TopicHandle } from "../storage/topic/contract.ts";
import type { Snapshot, WorkerStart } from "./protocol.ts";
import { Sensors } from "./sensors.ts";
import { secretReader } from "./services/secrets.ts";
import { openServices, type PipelineServices } from "./services.ts";

/** Documents from a moment on, until those of the next. */
export type Epoch = { readonly since: number; readonly snapshot: Snapshot };

export type RebuildTopic = {
  readonly sensor: string;
  readonly handle: TopicHandle;
  /** Where each partition's indexed part ends: what follows is the pipeline's. */
  readonly limits: readonly number[];
  /** What was in force when, in order of time. */
  readonly epochs: readonly Epoch[];
};

export type RebuildStart = Pick<WorkerStart, "timeZone" | "tables" | "shares" | "folders"> & {
  readonly index: IndexHandle;
  readonly topics: readonly RebuildTopic[];
  /** Guids of messages wanted, by sensor. */
  readonly ranges: ReadonlyMap<string, readonly GuidRange[]>;
  /** Whether rejections of these records are kept too, should no error record be stored. */
  readonly keepsErrors: boolean;
};

export type FromRebuild =
  | { readonly type: "progress"; readonly records: number }
  | { readonly type: "warn"; readonly text: string }
  /** The sensors whose topics still hold every record that they ever held. */
  | { readonly type: "done"; readonly whole: ReadonlySet<string> }
  | { readonly type: "failed"; readonly error: string };

const PROGRESS_EVERY = 200;
const NOWHERE: Position = { topic: "", partition: 0, offset: 0 };

const port = parentPort as MessagePort;
const start = workerData as RebuildStart;
const tell = (message: FromRebuild): void => port.postMessage(message);

let now = 0;
const context: Context = {
  log: silentLog,
  // To what looks at the clock it is the time at which the record arrived.
  clock: { now: () => now },
  timeZone: start.timeZone,
  signal: new AbortController().signal,
  global: {},
};

try {
  tell({ type: "done", whole: await rebuild() });
} catch (error) {
  tell({ type: "failed", error: error instanceof Error ? error.message : String(error) });
}
port.close();

async function rebuild(): Promise<Set<string>> {
  const services = await openServices(start, context);
  const writer = await joinIndex(start.index);
  const whole = new Set(start.topics.map(({ sensor }) => sensor));
  let batch = new Batch();
  let records = 0;
  let told = performance.now();
  for (const topic of start.topics) {
    const run = new StageRunner(emptyCounts(), silentLog);
    const stagesAt = stagesOf(topic, services);
    const own = start.ranges.get(topic.sensor) ?? [];
    const rejected = start.ranges.get(ERROR_SENSOR) ?? [];
    const isWanted = windowOf([...own, ...rejected]);
    const wantedErrors = start.keepsErrors ? undefined : rejected;
    const errors = new ErrorWriter(
      { write: (sensor, refused) => write(sensor, refused, wantedErrors) },
      topic.sensor,
      context.clock,
    );
    await using reader = await joinTopic(topic.handle, secretReader(allowPaths(start.folders)), context);
    for (const [partition, limit] of topic.limits.entries()) {
      const from = await reader.start(partition);
      if (from > 0) whole.delete(topic.sensor);
      if (from >= limit) continue;
      for await (const { block, position } of reader.read(partition, from, { follow: false })) {
        if (position.offset >= limit) break;
        records += block.ends.length;
        if (performance.now() - told > PROGRESS_EVERY) {
          tell({ type: "progress", records });
          told = performance.now();
          await new Promise(setImmediate);
        }
        if (!isWanted(block.arrival)) continue;
        now = block.arrival;
        batch = roomyBatch(batch);
        await inParts(
          { block, position },
          async ({ block, position, repeated }) => {
            const stage = await stagesAt(block.arrival, batch);
            batch.load(block, position);
            runStages(run, stage, batch, repeated);
            if (stage.indexed) await write(topic.sensor, batch, own);
            if (batch.rejected.length > 0) await errors.write(batch);
          },
          async ({ block, position, repeated }, error) => {
            batch.load(block, position);
            batch.rejectRecord(repeated, crashRejection(error));
            await errors.write(batch);
          },
          (_error, { records }) => {
            batch = new Batch(records);
          },
        );
      }
    }
  }
  await writer[Symbol.asyncDispose]();
  await services[Symbol.asyncDispose]();
  return whole;

  /** Writes what is wanted and not there. */
  async function write(sensor: string, made: Batch, ranges: readonly GuidRange[] | undefined): Promise<void> {
    const guids = made.column("guid");
    for (let row = 0; row < made.rows && ranges !== undefined; row++) {
      if (made.live[row] === 0) continue;
      const guid = guids.text(row) ?? "";
      if (!ranges.some(([least, greatest]) => guid >= least && guid <= greatest)) made.live[row] = 0;
    }
    if (made.liveCount() === 0) return;
    const { position } = made;
    // A batch of nowhere is checked message by message.
    made.position = NOWHERE;
    await writer.write(sensor, made);
    await writer.commit(NOWHERE, 0);
    made.position = position;
  }
}

/** The stages in force at a time; those that cannot be opened any more are today's, which is told once. */
function stagesOf(
  { sensor, epochs }: RebuildTopic,
  services: PipelineServices,
): (at: number, batch: Batch) => Promise<SensorStages> {
  // Stages bind to the columns of a batch: another batch gets stages of its own.
  let opened: { epoch: Epoch; batch: Batch; stages: SensorStages } | undefined;
  const sensors = new Sensors(services, context);
  const open = async ({ snapshot }: Epoch): Promise<SensorStages> => {
    await sensors.takeFunctions(snapshot);
    const open = sensors.take(snapshot).get(sensor);
    if (open === undefined) throw new Error(`there is no document of ${sensor}`);
    return open();
  };
  const last = epochs.at(-1) as Epoch;
  return async (at, batch) => {
    const epoch = epochs.findLast(({ since }) => since <= at) ?? (epochs[0] as Epoch);
    if (opened?.epoch === epoch && opened.batch === batch) return opened.stages;
    try {
      opened = { epoch, batch, stages: await open(epoch) };
    } catch (error) {
      if (epoch === last) throw error;
      const date = new Date(at).toISOString();
      const reason = error instanceof Error ? error.message : String(error);
      tell({
        type: "warn",
        text: `the documents of ${sensor} in force at ${date} cannot be opened any more (${reason}); its present ones were used`,
      });
      opened = { epoch, batch, stages: await open(last) };
    }
    return opened.stages;
  };
}

/** Whether a block that arrived then can have messages in these ranges. */
function windowOf(ranges: readonly GuidRange[]): (arrival: number) => boolean {
  const spans = ranges.map(([least, greatest]) => ({
    from: arrivalOf(least) ?? Number.NEGATIVE_INFINITY,
    to: arrivalOf(greatest) ?? Number.POSITIVE_INFINITY,
  }));
  return (arrival) => spans.some(({ from, to }) => arrival >= from && arrival <= to);
}
