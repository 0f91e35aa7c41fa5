import { availableParallelism } from "node:os";
import { join } from "node:path";
import { readGlobal } from "../config/global.ts";
import type { Change } from "../config/store.ts";
import type { Actor } from "../core/actor.ts";
import type { Block } from "../core/block.ts";
import { type Context, makeContext } from "../core/context.ts";
import type { DatabaseHandles } from "../enrichments/addresses/databases.ts";
import { ERROR_SENSOR } from "../pipeline/errors.ts";
import { sensorsSeenBy } from "../query/scope.ts";
import { allowPaths } from "../storage/allowed-folders.ts";
import { checkWritable } from "../storage/folder.ts";
import { claimFolder, openStorage } from "../storage/storage.ts";
import { Activity } from "./activity.ts";
import { AddressDatabases, snapshotAsksForAddresses } from "./address-databases.ts";
import { askedQuery } from "./asked.ts";
import { Captures } from "./capture/captures.ts";
import { openConfiguration } from "./configuration.ts";
import { diskOf } from "./disk.ts";
import { Evaluator } from "./evaluator.ts";
import { knownFields } from "./field-notes.ts";
import { INDEX_GROUP } from "./index-group.ts";
import { Intake, type StreamOptions } from "./intake.ts";
import { Intel } from "./intel.ts";
import { Members, workerName } from "./members.ts";
import { refuseUnfinished } from "./migrate/marker.ts";
import { openInspection } from "./packets/inspection.ts";
import { Publishing } from "./publishing.ts";
import { readinessOf } from "./readiness.ts";
import { Rebuild } from "./rebuild.ts";
import { rebuildTopics } from "./rebuild-topics.ts";
import { type ReplayRequest, replay } from "./replay.ts";
import { mainServices } from "./services.ts";
import { Sources } from "./sources.ts";
import { storageSettings } from "./storage-settings.ts";
import { Supervisor } from "./supervisor.ts";
import type { TrialLimits } from "./trial.ts";
import { type Upload, Uploads } from "./uploads.ts";

export type PlatformOptions = {
  /** The data folder; it belongs to one platform at a time. */
  readonly data: string;
  /** The folder whose documents are published when the data folder is new: metron.yaml and sensors/*.yaml. */
  readonly defaults: string;
  /** Whether the sources of the sensor documents are opened. */
  readonly sources: boolean;
  readonly workers?: number;
  readonly context?: Context;
  /** Folders whose modules, files and secrets documents may name, besides those below the data folder. */
  readonly functionsFrom?: readonly string[];
  readonly filesFrom?: readonly string[];
  readonly secretsFrom?: readonly string[];
  /** Whether documents may make the server listen where others than this machine reach it. */
  readonly mayServeOthers?: boolean;
  /** Bounds of one expression that is asked for over the network. */
  readonly expressions?: { readonly milliseconds?: number; readonly megabytes?: number };
  /** Bounds of what modules and packages may take: when they are tried before they run here, and when workers take them over. */
  readonly trials?: TrialLimits;
  /** Milliseconds from one round of upkeep to the next: positions of topics, retention, sources that wait for a port. */
  readonly upkeepEvery?: number;
};

const HOUR = 3_600_000;
const SECOND = 1000;
const UPKEEP_EVERY = 5_000;
/** Milliseconds in which what was published is to be in force in all processes. */
const MEMBER_PATIENCE = 2_000;

export type Platform = Awaited<ReturnType<typeof openPlatform>>;

/**
 * Opens everything that makes the platform of one data folder: topics, tables, index, configuration, sources and the
 * workers that run the loop. Disposing of it stops intake, lets the workers drain and closes all.
 * @throws Fault STORAGE_LOCKED, FOLDER_UNWRITABLE, STORAGE_CORRUPT, MIGRATION_UNFINISHED, CONFIG_INVALID
 */
export async function openPlatform(options: PlatformOptions) {
  const { data, mayServeOthers = false } = options;
  const { functionsFrom, filesFrom, secretsFrom } = options;
  const folders = { data, functionsFrom, filesFrom, secretsFrom };
  const allow = allowPaths(folders);
  const stack = new AsyncDisposableStack();
  const ended = new AbortController();
  const base = options.context ?? makeContext();
  const context: Context = { ...base, signal: AbortSignal.any([base.signal, ended.signal]) };
  try {
    stack.use(await claimFolder(data));
    await refuseUnfinished(data);
    await checkWritable(join(data, "config"));
    const configuration = stack.use(
      await openConfiguration({ data, defaults: options.defaults, allow }, context),
    );
    const { config, storage } = configuration;
    // Where everything is kept is said on this machine, whatever is published.
    const global = () => ({ ...readGlobal(config.get("global", "global")?.text ?? "", "global"), storage });
    const settings = { ...configuration.global, storage };

    const { topics, tables, hostTables, index, packets } = stack.use(
      await openStorage(storageSettings(settings, data, allow), context),
    );
    const enrichment = await tables.table("enrichment");
    const threatIntel = await tables.table("threatintel");
    const services = mainServices({ enrichment, threatIntel }, context, { folders });
    const intel = new Intel(threatIntel, context.log);

    const workers = options.workers ?? settings.workers ?? availableParallelism();
    const retention = { age: settings.topics.retentionHours * HOUR, bytes: settings.topics.retentionBytes };
    const intake = stack.use(
      new Intake(topics, context, {
        ...{ partitions: workers, retention },
        reached: (topic, partition) => index.sealedPosition(topic, partition),
        parsers: () => services.components.parsers,
      }),
    );
    const publishing = await Publishing.open({
      ...{ config, context, services, allow, folders, mayServeOthers, trials: options.trials },
      loadDatabases: (named) => databases.load(named),
      onInForce: () => members?.say(),
      async takeOver(published, read) {
        await intake.configure(published, read, INDEX_GROUP);
        await supervisor.configure(published, intake.handles());
        await sources?.configure(intake.documents());
      },
    });
    const schema = () => knownFields(services.components);
    await intake.configure(publishing.snapshot(), publishing.documents, INDEX_GROUP);
    await index.recoverPositions(await intake.committed(INDEX_GROUP));

    const shares: { databases?: DatabaseHandles } = {};
    const memberOf = (worker: number) => workerName(worker, storage.tables === "kafka" ? data : undefined);
    const expected = Array.from({ length: workers }, (_, worker) => memberOf(worker));
    const supervisor = new Supervisor({
      ...{ workers, context, patience: options.trials?.milliseconds },
      start: (worker) => ({
        timeZone: settings.timeZone,
        snapshot: publishing.snapshot(),
        topics: intake.handles(),
        membership: { group: INDEX_GROUP, member: memberOf(worker), expected },
        index: index.share(workerName(worker)),
        tables: { enrichment: enrichment.share(), threatIntel: threatIntel.share() },
        ...{ shares, folders },
      }),
    });
    const commit = () =>
      intake.commit(INDEX_GROUP, (topic, partition) => index.sealedPosition(topic, partition));
    // Disposed of in reverse order: sources stop, workers drain, topics learn how far they were read, storage closes.
    stack.defer(() =>
      commit().catch((error: Error) =>
        context.log.warn("It could not be kept how far topics were read.", { error: error.message }),
      ),
    );
    stack.defer(() => supervisor.drain(settings.stop.seconds * SECOND));
    const evaluator = stack.use(
      new Evaluator({
        ...options.expressions,
        context,
        start: () => ({
          timeZone: settings.timeZone,
          tables: { enrichment: enrichment.share(), threatIntel: threatIntel.share() },
          ...{ shares, folders },
        }),
        inForce: () => ({
          global: publishing.globalText,
          functions: publishing.functions,
        }),
      }),
    );
    const inspection = stack.use(
      openInspection({
        ...{ data, context, intel, store: packets },
        limits: settings.packets.queries,
        environment: () => services.evaluation(global()),
        expressions: () => ({
          timeZone: settings.timeZone,
          tables: { enrichment: enrichment.share(), threatIntel: threatIntel.share() },
          ...{ shares, folders },
          global: publishing.globalText,
          functions: publishing.functions,
        }),
      }),
    );
    const databases = new AddressDatabases((handles) => {
      shares.databases = { ...shares.databases, ...handles };
      services.attach({ databases: handles });
      supervisor.share({ databases: handles });
      evaluator.share({ databases: handles });
    }, allow);
    // A message that is read before what it is enriched from is loaded would go without.
    const loaded = snapshotAsksForAddresses(publishing.snapshot())
      ? databases
          .load(settings.databases)
          .catch((error: Error) =>
            context.log.error("Geographic databases are missing.", { error: error.message }),
          )
      : Promise.resolve();
    const begun = loaded.then(() => supervisor.begin());

    const activity = stack.use(
      new Activity(supervisor, intake, { index, packets }, context, () => ({
        sources: sources?.problems() ?? new Map(),
        counts: sources?.counts() ?? new Map(),
        losses: sources?.losses() ?? [],
        faults: publishing.faults.concat(
          databases.fault ?? [],
          configuration.fault() ?? [],
          enrichment.fault ?? [],
          threatIntel.fault ?? [],
          members?.faults() ?? [],
        ),
      })),
    );
    const rebuild = stack.use(
      new Rebuild({
        ...{ index, context },
        settle: async (signal) => {
          await activity.caughtUp(signal);
          await supervisor.seal();
        },
        async topics(sensors, withCurrent) {
          const functions = (changes: readonly Change[]) => publishing.sources(changes);
          const sources = {
            config,
            index,
            handles: intake.handles(),
            snapshot: publishing.snapshot(),
            functions,
          };
          const found = await rebuildTopics(sensors, withCurrent, sources);
          const epochs = found.flatMap((topic) => topic.epochs);
          if (epochs.some((epoch) => snapshotAsksForAddresses(epoch.snapshot)))
            await databases.load(global().databases);
          return found;
        },
        start: () => ({
          timeZone: settings.timeZone,
          tables: { enrichment: enrichment.share(), threatIntel: threatIntel.share() },
          ...{ shares, folders },
        }),
      }),
    );
    const positions = await hostTables.table("positions");
    const captures = stack.use(
      await Captures.open({
        packets: () => packets.share(),
        deliver: (sensor, block) => intake.deliver(sensor, block),
        table: await hostTables.table("captures"),
        context,
      }),
    );
    const sources = options.sources
      ? stack.use(
          new Sources(
            ...([intake, positions, context, allow, () => services.components.sources] as const),
            (sensor, request) => captures.take(sensor, request),
          ),
        )
      : undefined;
    await sources?.configure(intake.documents());

    const members =
      storage.tables === "kafka"
        ? stack.use(await Members.open(data, { tables, context, publishing, supervisor, intake }))
        : undefined;
    publishing.followOthers();

    let replaying: Promise<unknown> = Promise.resolve();
    const upkeep = setInterval(() => {
      if (publishing.failure !== undefined) publishing.catchUp();
      const retained = async () => packets.retain();
      Promise.all([commit(), index.retain(intake.retentionRules()), retained()]).catch((error: Error) =>
        context.log.warn("Upkeep is tried again.", { error: error.message }),
      );
      // A source whose port was taken is opened once it is free.
      if (sources !== undefined && sources.problems().size > 0)
        publishing
          .between(() => sources.configure(intake.documents()))
          .catch((error: Error) =>
            context.log.warn("Sources could not be looked at.", { error: error.message }),
          );
    }, options.upkeepEvery ?? UPKEEP_EVERY);
    stack.defer(() => clearInterval(upkeep));
    const uploads = new Uploads();
    const readiness = () =>
      readinessOf({
        isReading: supervisor.isReading,
        faults: [...publishing.faults, ...intake.faults()],
        index: index.problems(),
      });
    const open = stack.move();

    return {
      context,
      data,
      config,
      index,
      packets,
      captures,
      intel,
      services,
      settings,
      tables: { enrichment, threatIntel },
      /** What people do with stored packets. */
      inspection,
      /** The parser that a sensor's records are read by; undefined when there is no such sensor. */
      parserOf(sensor: string): string | undefined {
        const text = config.get("sensor", sensor)?.text ?? undefined;
        return text === undefined ? undefined : publishing.documents.parserOf(sensor, text);
      },
      /** Evaluates what somebody asks for in a thread that can be ended. */
      evaluator,

      /** Resolves when the workers read their topics and the geographic databases are loaded. */
      ready: async () => void (await Promise.all([supervisor.ready(), begun])),
      /** Checks and publishes documents: all or none. Resolves when they are in force here. Throws Fault CONFIG_INVALID. */
      publish: (changes: readonly Change[], by: { author: string; at: number; note?: string }) =>
        publishing.publish(changes, by),
      /** Waits some seconds for what was published to be in force in all other processes; returns where it is not. */
      notInForce: async () => (await members?.withoutRevision(publishing.revision, MEMBER_PATIENCE)) ?? [],
      /** Answers what is doubtful about documents, and takes nothing into use. Throws Fault CONFIG_INVALID if they could not be published. */
      check: (changes: readonly Change[]) => publishing.check(changes),
      /** Loads the databases of addresses if no document has asked for them yet. */
      loadAddresses: () => databases.load(global().databases),

      /** Makes a block of records durable; resolves to the offset of the first. */
      ingest: (sensor: string, block: Block) => intake.deliver(sensor, block),
      /** Makes the records of a stream durable and notes whose they are. Throws Fault SENSOR_UNKNOWN. */
      async ingestStream(
        sensor: string,
        input: AsyncIterable<Uint8Array>,
        { actor, upload, ...how }: StreamOptions & { actor: Actor; upload?: string | undefined },
      ) {
        const take = (onProgress?: StreamOptions["onProgress"]) =>
          intake.stream(sensor, input, { ...how, onProgress }, sensorsSeenBy(actor));
        const accepted = await (upload === undefined ? take() : uploads.follow(upload, sensor, take));
        context.log.info("Records were taken.", { sensor, ...accepted, by: actor.name });
        return accepted;
      },
      /** How far a stream that its sender gave a name was taken; undefined if none of this name is remembered, or not for this actor. */
      upload(name: string, actor: Actor): Upload | undefined {
        const found = uploads.get(name);
        return found !== undefined && sensorsSeenBy(actor)(found.sensor) ? found : undefined;
      },
      /** Sends rejected records through their sensors again. */
      replay(request: ReplayRequest, actor: Actor): ReturnType<typeof replay> {
        // One after the other: two at once would send the same records twice.
        const asked = (query: string) => askedQuery(query, actor, { index, schema: schema(), ...context });
        const turn = replaying.then(() => replay(request, actor, { index, intake, asked, ...context }));
        replaying = turn.catch(() => undefined);
        return turn;
      },
      /** Makes lost or damaged parts of the index again. */
      rebuild,
      /** Addresses the sources listen on. */
      addresses: () => sources?.addresses() ?? [],

      storedSensors: () => activity.storedSensors(),
      /** What an actor's search that names no sensors is about: all that it may see and that are configured or stored, but the error index. */
      async searchedSensors(actor: Actor): Promise<string[]> {
        const configured = intake.sensors().map(({ name }) => name);
        const missing = index.problems().flatMap(({ sensor }) => sensor ?? []);
        const all = new Set([...configured, ...(await activity.storedSensors()), ...missing]);
        all.delete(ERROR_SENSOR);
        return [...all].filter(sensorsSeenBy(actor));
      },
      /** The query that an actor asks with a text. Throws Fault QUERY_INVALID. */
      asked: (text: string, actor: Actor) => askedQuery(text, actor, { index, schema: schema(), ...context }),
      /** What is declared of fields. */
      schema,
      activity: (isSeen: (sensor: string) => boolean) => activity.now(isSeen),
      sensorStates: () => activity.sensorStates(),
      status: async () => ({ ...(await activity.status()), ...(members && { processes: members.states() }) }),
      /** Whether it does what it was started for, and why not. */
      readiness,
      metricsText: async () => activity.metricsText({ ready: readiness().ready, disk: await diskOf(data) }),
      /** Ends a worker as a crash would; it is started again. */
      endWorker: (worker: number) => supervisor.end(worker),
      /** What the workers counted since the start, by sensor. */
      counts: () => supervisor.counts(),
      /** Tells how far the bundled scenario is, for the status. */
      scenario: activity.scenario,

      /** Resolves when everything accepted so far is searchable. */
      caughtUp: () => activity.caughtUp(),
      /** Resolves when everything searchable is on disk. */
      seal: () => supervisor.seal(),

      async [Symbol.asyncDispose]() {
        await open.disposeAsync();
        ended.abort();
      },
    };
  } catch (error) {
    ended.abort();
    await stack.disposeAsync();
    throw error;
  }
}
