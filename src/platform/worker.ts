/** Runs as a thread of its own: the pipelines of all sensors over the partitions that are this worker's. */
import { setImmediate as breathe } from "node:timers/promises";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { readGlobal } from "../config/global.ts";
import type { Batch } from "../core/batch.ts";
import { type Context, type Log, systemClock } from "../core/context.ts";
import { Fault, failureOf } from "../core/fault.ts";
import { OnlineModels } from "../models/online/learned.ts";
import { ERROR_SENSOR } from "../pipeline/errors.ts";
import { emptyCounts, type SensorCounts } from "../pipeline/metrics.ts";
import { runPipeline, type SensorStages } from "../pipeline/pipeline.ts";
import { PROFILER_SENSOR } from "../profiles/triage-message.ts";
import { allowPaths } from "../storage/allowed-folders.ts";
import type { IndexWriter } from "../storage/index/contract.ts";
import { joinIndex, joinTable, joinTopic } from "../storage/storage.ts";
import type { Entry, TopicReader } from "../storage/topic/contract.ts";
import { findStates } from "./models/found-states.ts";
import type { ModelRequest } from "./models/protocol.ts";
import { OpenSinks } from "./open-sinks.ts";
import type { ProfileRequest } from "./profiles/protocol.ts";
import { WorkerProfiles } from "./profiles/worker-profiles.ts";
import type { Drain, FromWorker, Snapshot, ToWorker, WorkerStart } from "./protocol.ts";
import { type Open, Sensors } from "./sensors.ts";
import { secretReader } from "./services/secrets.ts";
import { openServices } from "./services.ts";
import { TopicShare } from "./topic-share.ts";

const COUNTS_EVERY = 250;
/** How often what models learned is kept, milliseconds: as much as a kill may take from them. */
const KEEP_EVERY = 10_000;
/** A busy loop lets messages and timers in after this many milliseconds. */
const BREATH = 20;
const RETRY_AFTER = 1000;
/** What was rejected says nothing of entities, and what profiles send themselves would be profiled for ever. */
const UNPROFILED = new Set([ERROR_SENSOR, PROFILER_SENSOR]);

const port = parentPort as MessagePort;
const start = workerData as WorkerStart;
const tell = (message: FromWorker): void => port.postMessage(message);
const ended = new AbortController();

const log: Log = {
  debug: (sentence, fields = {}) => tell({ type: "log", level: "debug", sentence, fields }),
  info: (sentence, fields = {}) => tell({ type: "log", level: "info", sentence, fields }),
  warn: (sentence, fields = {}) => tell({ type: "log", level: "warn", sentence, fields }),
  error: (sentence, fields = {}) => tell({ type: "log", level: "error", sentence, fields }),
};
const context: Context = {
  log,
  clock: systemClock,
  timeZone: start.timeZone,
  signal: ended.signal,
  global: {},
};

/** One sensor in this worker: how its stages in force are opened, and what was counted of it. */
type Running = {
  /** Opens the stages; each partition has its own, as stages bind to the batch they work on. Replaced on publish. */
  open: Open;
  readonly counts: SensorCounts;
  /** Up to where each partition was read and committed here; what is committed may still wait to be stored. */
  readonly reached: Map<number, number>;
  readonly topic: TopicReader;
  readonly share: TopicShare;
  /** Partitions that cannot be read on now. */
  readonly failures: Set<number>;
};

const learned = await joinTable(start.models);
const { member } = start.membership;
const online = new OnlineModels(log, {
  find: (id) => findStates(learned, id, member),
  keep: (states) => ask({ do: "keep", by: member, states }),
});
const services = await openServices(start, context, online);
const readSecret = secretReader(allowPaths(start.folders));
const sensors = new Sensors(services, context);
// A writer that broke stays so. Its sensors have told why by the time the thread ends; the next one has a new writer.
const writer: IndexWriter = await joinIndex(
  start.index,
  () => setTimeout(() => process.exit(1), RETRY_AFTER),
  async (topic, partition, offset) => {
    const share = running.get(topic)?.share;
    // Whoever reads it once the sensor is in force again decides.
    if (share === undefined)
      throw new Fault("SENSOR_STOPPED", `sensor ${topic} does not run here: what was sealed of it waits`);
    return share.note(partition, offset);
  },
);
const running = new Map<string, Running>();
const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
let reads = start.begins;
if (reads) begin();

/** What the thread that owns topics and tables was asked for, by number. */
const asked = new Map<number, PromiseWithResolvers<void>>();
let lastAsked = 0;
const profiles = new WorkerProfiles({
  ...{ context, readSecret, membership: start.membership, begun },
  table: services.tables.profiler,
  environment: (global) => services.environment(global),
  ask,
  problem: (partition, failure) => tell({ type: "profile problem", partition, failure }),
});

await configure(start.snapshot, start);
let configuring: Promise<void> = Promise.resolve();
tell({ type: "ready", revision: start.snapshot.revision });
const counting = setInterval(tellCounts, COUNTS_EVERY);
const keeping = setInterval(() => void online.save(), KEEP_EVERY);

port.on("message", (message: ToWorker) => {
  switch (message.type) {
    case "configure":
      configuring = configuring
        .then(() => configure(message.snapshot, message))
        .then(() => tell({ type: "configured", revision: message.snapshot.revision }));
      return;
    case "answer": {
      const { id, failure } = message;
      if (failure === undefined) asked.get(id)?.resolve();
      else asked.get(id)?.reject(new Fault(failure.code, failure.message));
      asked.delete(id);
      return;
    }
    case "share":
      services.attach(message.shares);
      return;
    case "begin":
      reads = true;
      begin();
      return;
    case "seal":
      void writer.seal().then(
        () => tell({ type: "sealed", id: message.id }),
        (error: unknown) => tell({ type: "sealed", id: message.id, failure: String(error) }),
      );
      return;
    case "drain":
      void drain(message.how);
  }
});

/** Takes documents over: changed sensors get new stages at their next batch, others keep theirs, new ones start, removed ones stop. */
async function configure(
  snapshot: Snapshot,
  { topics, routes }: Pick<WorkerStart, "topics" | "routes">,
): Promise<void> {
  try {
    await sensors.takeFunctions(snapshot);
  } catch (error) {
    // They were checked when they were published; a module may still fail in a second thread.
    log.error("Functions of users were not taken into use.", { error: (error as Error).message });
  }
  try {
    await profiles.configure(snapshot.profiles, readGlobal(snapshot.global.text, "global"), routes);
  } catch (error) {
    // It was checked when it was published, perhaps by another version.
    log.error("Profiles were not taken into use.", { error: (error as Error).message });
  }
  const inForce = sensors.take(snapshot);
  for (const [sensor, open] of inForce) {
    const present = running.get(sensor);
    const handle = topics[sensor];
    if (present !== undefined) present.open = open;
    else if (handle !== undefined)
      running.set(sensor, launch(sensor, open, await joinTopic(handle, readSecret, context)));
  }
  for (const [sensor, gone] of running) {
    if (inForce.has(sensor)) continue;
    await gone.share.end();
    // Who reads on goes on from what is sealed.
    await writer.seal().catch(() => undefined);
    running.delete(sensor);
    await gone.share.leave();
    await gone.topic[Symbol.asyncDispose]();
    tell({ type: "problem", sensor });
  }
}

function launch(sensor: string, open: Open, topic: TopicReader): Running {
  const [counts, failures, reached] = [emptyCounts(), new Set<number>(), new Map<number, number>()];
  const share = new TopicShare({
    topic,
    membership: start.membership,
    read: (partition, signal) => keepRunning(sensor, entry, partition, signal),
    async letGo(partitions) {
      // Who reads on goes on from what is committed, which is to outlive this worker. If it does not, it is read again.
      await writer.seal().catch(() => undefined);
      for (const partition of partitions) {
        delete counts.offsets[partition];
        reached.delete(partition);
        if (failures.delete(partition)) tell({ type: "problem", sensor, partition });
      }
    },
    onReplaced() {
      const { member } = start.membership;
      const message = `another process has the name of this one, reads as ${member} and has taken its place; nothing is read here any more`;
      tell({ type: "problem", sensor, failure: { code: "PROCESS_REPLACED", message } });
    },
  });
  const entry: Running = { open, counts, reached, topic, share, failures };
  return entry;
}

/** Runs one partition until it is told to stop. What fails is tried again from the last committed position. */
async function keepRunning(
  sensor: string,
  entry: Running,
  partition: number,
  signal: AbortSignal,
): Promise<void> {
  const { topic, counts, reached } = entry;
  await begun;
  await using sinks = new OpenSinks(() => services.components.sinks, context, readSecret);
  let told = "";
  let opened: Open | undefined;
  let bound: Batch | undefined;
  let current: SensorStages | undefined;

  const profile = UNPROFILED.has(sensor) ? undefined : profiles.stage();
  const stages = (batch: Batch) => {
    if (current === undefined || entry.open !== opened || batch !== bound) {
      current = entry.open();
      opened = entry.open;
      bound = batch;
    }
    return current;
  };
  // What kept the partition from being read is over when a block is kept or none is left, not when it is tried again.
  const recovered = () => {
    if (told === "") return;
    told = "";
    log.warn("A pipeline runs again.", { sensor, partition });
    entry.failures.delete(partition);
    tell({ type: "problem", sensor, partition });
  };
  while (!signal.aborted) {
    try {
      const from =
        reached.get(partition) ??
        (await writer.position(topic.name, partition)) ??
        (await topic.start(partition));
      reached.set(partition, from);
      counts.offsets[partition] ??= from;
      const source = breathing(topic.read(partition, from, { signal, onWaiting: recovered }));
      await runPipeline({
        sensor,
        source,
        stages,
        index: writer,
        counts,
        clock: context.clock,
        log,
        profile,
        passOn: (named, batch) => sinks.write(sensor, named, batch),
        onCommit({ position, block }) {
          reached.set(partition, position.offset + block.ends.length);
          recovered();
        },
      });
    } catch (error) {
      const failure = failureOf(error, "SENSOR_STOPPED");
      if (failure.message !== told)
        log.error("A pipeline stopped and is started again.", { sensor, partition, error: failure.message });
      told = failure.message;
      entry.failures.add(partition);
      tell({ type: "problem", sensor, partition, failure });
      // The stages themselves may have failed, so they are opened again.
      current = undefined;
      await new Promise((done) => setTimeout(done, RETRY_AFTER));
    }
  }
}

/** Passes entries on, and lets timers and messages of this thread in between when the topic never runs dry. */
async function* breathing(source: AsyncIterable<Entry>): AsyncIterable<Entry> {
  let last = performance.now();
  for await (const entry of source) {
    yield entry;
    if (performance.now() - last < BREATH) continue;
    await breathe();
    last = performance.now();
  }
}

/** Seals what was read, once that is to where the topics end now or as far as it is, and ends the thread. */
async function drain(how: Drain): Promise<void> {
  const readsOn = reads && how === "read to the end";
  for (const entry of running.values()) {
    const { topic, reached, share } = entry;
    if (readsOn) await share.assigned;
    for (const partition of readsOn ? share.partitions : []) {
      const end = await topic.end(partition);
      // What cannot go on stays in its topic and is read at the next start.
      while ((reached.get(partition) ?? 0) < end && !entry.failures.has(partition))
        await new Promise((done) => setTimeout(done, 10));
    }
    const ended = share.end();
    begin();
    await ended;
  }
  // When nothing is routed here any more.
  await profiles.end();
  clearInterval(counting);
  clearInterval(keeping);
  await writer[Symbol.asyncDispose]();
  await online.save();
  tellCounts();
  ended.abort();
  // All at once: to tell the others takes as long as a broker does.
  await Promise.all([...[...running.values()].map(({ share }) => share.leave()), profiles.leave()]);
  for (const { topic } of running.values()) await topic[Symbol.asyncDispose]();
  await services[Symbol.asyncDispose]();
  await learned[Symbol.asyncDispose]();
  tell({ type: "drained" });
  port.close();
}

/** Has the thread that owns topics and tables do something. */
function ask(request: ProfileRequest | ModelRequest): Promise<void> {
  const id = ++lastAsked;
  const answer = Promise.withResolvers<void>();
  asked.set(id, answer);
  tell({ type: "ask", id, request });
  return answer.promise;
}

function tellCounts(): void {
  const sensors: Record<string, SensorCounts> = {};
  for (const [sensor, { counts }] of running) sensors[sensor] = counts;
  tell({ type: "counts", sensors, profiles: profiles.counts(), models: services.tallies.all() });
}
