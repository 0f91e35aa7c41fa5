import { availableParallelism } from "node:os";
import { join } from "node:path";
import { readGlobal } from "../config/global.ts";
import { kindOf } from "../config/kinds.ts";
import { plainCredentials } from "../config/secrets.ts";
import { type Change, openConfigStore, type Version } from "../config/store.ts";
import type { Actor } from "../core/actor.ts";
import type { Block } from "../core/block.ts";
import { type Context, makeContext } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import type { DatabaseHandles } from "../enrichments/addresses/databases.ts";
import { ERROR_SENSOR } from "../pipeline/errors.ts";
import { sensorsSeenBy } from "../query/scope.ts";
import { allowPaths } from "../storage/allowed-folders.ts";
import { checkWritable } from "../storage/folder.ts";
import { claimFolder, openStorage } from "../storage/storage.ts";
import { Activity } from "./activity.ts";
import { AddressDatabases, asksForAddresses, snapshotAsksForAddresses } from "./address-databases.ts";
import { askedQuery } from "./asked.ts";
import { Captures } from "./capture/captures.ts";
import { checkChanges } from "./check.ts";
import { SensorDocuments } from "./documents.ts";
import { Evaluator } from "./evaluator.ts";
import { knownFields } from "./field-notes.ts";
import { functionSources, globalAfter, openSources } from "./function-sources.ts";
import { checkFunctions, type FunctionSource, openFunctions } from "./functions.ts";
import { Intake, type StreamOptions } from "./intake.ts";
import { Intel } from "./intel.ts";
import { openInspection } from "./packets/inspection.ts";
import { Rebuild } from "./rebuild.ts";
import { rebuildTopics } from "./rebuild-topics.ts";
import { asRefusal, mistakesIn } from "./refusals.ts";
import { type ReplayRequest, replay } from "./replay.ts";
import { seed } from "./seed.ts";
import { mainServices } from "./services.ts";
import { snapshotOf } from "./snapshot.ts";
import { Sources } from "./sources.ts";
import { storageSettings } from "./storage-settings.ts";
import { Supervisor } from "./supervisor.ts";

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
  /** Milliseconds from one round of upkeep to the next: positions of topics, retention, sources that wait for a port. */
  readonly upkeepEvery?: number;
};

/** The consumer group under which the index reads; nothing it has not sealed is thrown away. */
const GROUP = "index";
const HOUR = 3_600_000;
const SECOND = 1000;
const UPKEEP_EVERY = 5_000;

export type Platform = Awaited<ReturnType<typeof openPlatform>>;

/**
 * Opens everything that makes the platform of one data folder: topics, tables, index, configuration, sources and the
 * workers that run the loop. Disposing of it stops intake, lets the workers drain and closes all.
 * @throws Fault STORAGE_LOCKED, FOLDER_UNWRITABLE, STORAGE_CORRUPT, CONFIG_INVALID
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
    await checkWritable(join(data, "config"));
    const config = stack.use(openConfigStore(join(data, "config")));
    await seed(config, options.defaults, context.clock.now());
    const global = () => readGlobal(config.get("global", "global")?.text ?? "", "global");
    const settings = global();

    const { topics, tables, index, packets } = stack.use(
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
    const faults: Fault[] = [];
    let sourcesInForce: readonly FunctionSource[] = [];
    try {
      sourcesInForce = functionSources(config, [], allow);
      services.takeFunctions(await openFunctions(sourcesInForce));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      // Sensors that do not need them run; the others say what they miss, and their telemetry waits.
      sourcesInForce = [];
      faults.push(error);
      context.log.error("Functions of users are missing.", { error: error.message });
    }
    const snapshot = () => snapshotOf(config, sourcesInForce);
    const schema = () => knownFields(services.components);
    // Replaced by a publish, with what its check has read.
    let documents = new SensorDocuments();
    await intake.configure(snapshot(), documents, GROUP);
    await index.recoverPositions(await intake.committed(GROUP));

    const shares: { databases?: DatabaseHandles } = {};
    const expected = Array.from({ length: workers }, (_, worker) => workerName(worker));
    const supervisor = new Supervisor({
      workers,
      context,
      start: (worker) => ({
        timeZone: settings.timeZone,
        snapshot: snapshot(),
        topics: intake.handles(),
        membership: { group: GROUP, member: workerName(worker), expected },
        index: index.share(workerName(worker)),
        tables: { enrichment: enrichment.share(), threatIntel: threatIntel.share() },
        ...{ shares, folders },
      }),
    });
    const commit = () => intake.commit(GROUP, (topic, partition) => index.sealedPosition(topic, partition));
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
          global: config.get("global", "global")?.text ?? "",
          functions: sourcesInForce,
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
          global: config.get("global", "global")?.text ?? "",
          functions: sourcesInForce,
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
    const loaded = snapshotAsksForAddresses(snapshot())
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
        faults: faults.concat(databases.fault ?? [], enrichment.fault ?? [], threatIntel.fault ?? []),
      })),
    );
    /** Checks changes as a whole, with the functions and databases they name; answers what was read, the functions if these may change, and warnings. */
    const check = async (changes: readonly Change[], runs: boolean) => {
      const isGeneral = changes.some(({ kind }) => kindOf(kind).concernsSensors);
      // What a global document with mistakes names is not opened: the check below tells them, and those of the others.
      const isReadable = mistakesIn(() => globalAfter(config, changes)).length === 0;
      const open = (sources: readonly FunctionSource[]) =>
        (runs ? openFunctions : checkFunctions)(sources, sourcesInForce);
      const found =
        isGeneral && isReadable
          ? await openSources(config, changes, allow, open).catch(asRefusal)
          : undefined;
      const unopened = found instanceof Fault ? found : undefined;
      const functions = found instanceof Fault ? undefined : found;
      const trial = functions === undefined ? services : services.trial(functions.opened);
      const read = documents.draft();
      const rules = { documents: read, inForce: services, allow, mayServeOthers, unopened };
      const notRun = functions?.opened.notRun;
      const warnings = checkChanges(changes, config, trial, context, { ...rules, notRun });
      if (!runs) return { read, functions: undefined, warnings };
      const asks = changes.some(({ text }) => asksForAddresses(text ?? ""));
      if (asks || (isGeneral && snapshotAsksForAddresses(snapshot())))
        await databases.load(globalAfter(config, changes).databases);
      return { read, functions, warnings };
    };
    const apply = async (read: SensorDocuments) => {
      const published = snapshot();
      await intake.configure(published, read, GROUP);
      read.keep(new Set(published.sensors.map(({ name }) => name)));
      documents = read;
      await supervisor.configure(published, intake.handles());
      await sources?.configure(intake.documents());
    };
    const rebuild = stack.use(
      new Rebuild({
        ...{ index, context },
        settle: async (signal) => {
          await activity.caughtUp(signal);
          await supervisor.seal();
        },
        async topics(sensors, withCurrent) {
          const functions = (changes: readonly Change[]) => functionSources(config, changes, allow);
          const sources = { config, index, handles: intake.handles(), snapshot: snapshot(), functions };
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
    const positions = await tables.table("positions");
    const captures = stack.use(
      await Captures.open({
        packets: () => packets.share(),
        deliver: (sensor, block) => intake.deliver(sensor, block),
        table: await tables.table("captures"),
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

    // Publishes follow one another: each is checked against what the one before left.
    let replaying: Promise<unknown> = Promise.resolve();
    let publishing: Promise<unknown> = Promise.resolve();
    const upkeep = setInterval(() => {
      const retained = async () => packets.retain();
      Promise.all([commit(), index.retain(intake.retentionRules()), retained()]).catch((error: Error) =>
        context.log.warn("Upkeep is tried again.", { error: error.message }),
      );
      // A source whose port was taken is opened once it is free.
      if (sources !== undefined && sources.problems().size > 0)
        publishing = publishing
          .then(() => sources.configure(intake.documents()))
          .catch((error: Error) =>
            context.log.warn("Sources could not be looked at.", { error: error.message }),
          );
    }, options.upkeepEvery ?? UPKEEP_EVERY);
    stack.defer(() => clearInterval(upkeep));
    const open = stack.move();

    return {
      context,
      /** The data folder. */
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
        return text === undefined ? undefined : documents.parserOf(sensor, text);
      },
      /** Evaluates what somebody asks for in a thread that can be ended. */
      evaluator,

      /** Resolves when the workers read their topics and the geographic databases are loaded. */
      ready: async () => void (await Promise.all([supervisor.ready(), begun])),
      /** Checks and publishes documents: all or none. Resolves when they are in force. Throws Fault CONFIG_INVALID. */
      async publish(
        changes: readonly Change[],
        by: { author: string; at: number; note?: string },
      ): Promise<readonly Version[]> {
        const turn = publishing.then(async () => {
          const { read, functions, warnings } = await check(changes, true);
          const versions = await config.publish(changes, by);
          if (functions !== undefined) {
            sourcesInForce = functions.sources;
            services.takeFunctions(functions.opened);
            faults.length = 0;
          }
          await apply(read);
          context.log.info("Configuration was published.", {
            documents: versions.map(({ kind, name, version }) => `${kind}/${name}@${version}`),
            author: by.author,
          });
          for (const warning of warnings)
            context.log.info("An expression may not mean what it says.", warning);
          for (const found of plainCredentials(changes))
            context.log.warn("A document holds a credential in plain text.", found);
          return versions;
        });
        publishing = turn.catch(() => undefined);
        return turn;
      },
      /** Answers what is doubtful about documents, and runs and starts nothing for it. Throws Fault CONFIG_INVALID if they could not be published. */
      check: async (changes: readonly Change[]) => [
        ...(await check(changes, false)).warnings,
        ...plainCredentials(changes),
      ],
      /** Loads the databases of addresses if no document has asked for them yet. */
      loadAddresses: () => databases.load(global().databases),

      /** Makes a block of records durable; resolves to the offset of the first. */
      ingest: (sensor: string, block: Block) => intake.deliver(sensor, block),
      /** Makes the records of a stream durable and notes whose they are. Throws Fault SENSOR_UNKNOWN. */
      async ingestStream(
        sensor: string,
        input: AsyncIterable<Uint8Array>,
        { actor, ...how }: StreamOptions & { actor: Actor },
      ) {
        const accepted = await intake.stream(sensor, input, how, sensorsSeenBy(actor));
        context.log.info("Records were taken.", { sensor, ...accepted, by: actor.name });
        return accepted;
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
      status: () => activity.status(),
      metricsText: () => activity.metricsText(),
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

function workerName(worker: number): string {
  return `worker-${worker}`;
}
