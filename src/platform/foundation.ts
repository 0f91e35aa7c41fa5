import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type GlobalDocument, readGlobal } from "../config/global.ts";
import type { ConfigStore } from "../config/store.ts";
import { type Context, makeContext } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import type { DatabaseHandles } from "../enrichments/addresses/databases.ts";
import { PROFILER_TABLE } from "../profiles/measurements.ts";
import { unshared } from "../sources/source.ts";
import { type AllowedFolders, type AllowPath, allowPaths } from "../storage/allowed-folders.ts";
import type { Exchange } from "../storage/exchange/contract.ts";
import { checkWritable } from "../storage/folder.ts";
import type { ReadStanding } from "../storage/index/contract.ts";
import { claimFolder, openExchange, openIndexParts, openStorage, type Storage } from "../storage/storage.ts";
import type { Table } from "../storage/table/contract.ts";
import { AddressDatabases, snapshotAsksForAddresses } from "./address-databases.ts";
import { openConfiguration } from "./configuration.ts";
import { INDEX_GROUP } from "./index-group.ts";
import { Intake } from "./intake.ts";
import { Members, memberName, workerName } from "./members.ts";
import { refuseUnfinished } from "./migrate/marker.ts";
import { ModelStore } from "./models/model-store.ts";
import { MODELS_TABLE } from "./models/protocol.ts";
import { ProfileStore } from "./profiles/profile-store.ts";
import { PROFILE_TOPIC } from "./profiles/protocol.ts";
import type { WorkerStart } from "./protocol.ts";
import { Publishing } from "./publishing.ts";
import { checkShared, defaultPartitions, isIndexing, isSourceOf, type Role, takesTurns } from "./role.ts";
import { mainServices, type PipelineServices } from "./services.ts";
import { positionsIn, sharedPositions } from "./shared-positions.ts";
import { Sources, type TakeFor } from "./sources.ts";
import { storageSettings } from "./storage-settings.ts";
import { Supervisor } from "./supervisor.ts";
import type { TrialLimits } from "./trial.ts";

export type FoundationOptions = {
  /** The data folder; it belongs to one process at a time. */
  readonly data: string;
  /** The folder whose documents are published when the data folder is new: metron.yaml and sensors/*.yaml. */
  readonly defaults: string;
  /** Worker threads, where the process has any; the document says it, else one per core. */
  readonly workers?: number;
  readonly context?: Context;
  /** Is told once the data folder belongs to this process. */
  readonly onClaimed?: () => void;
  /** Folders whose modules, files and secrets documents may name, besides those below the data folder. */
  readonly functionsFrom?: readonly string[];
  readonly filesFrom?: readonly string[];
  readonly secretsFrom?: readonly string[];
  /** Whether documents may make the server listen where others than this machine reach it. */
  readonly mayServeOthers?: boolean;
  /** Bounds of what modules and packages may take: when they are tried before they run here, and when workers take them over. */
  readonly trials?: TrialLimits;
};

/** What every process of Metron stands on, whatever its role. */
export type Foundation = {
  readonly role: Role;
  readonly context: Context;
  readonly data: string;
  readonly folders: AllowedFolders;
  readonly allow: AllowPath;
  readonly config: ConfigStore;
  /** The global document as it was at the start. */
  readonly settings: GlobalDocument;
  /** The global document in force, with what this machine says of storage. */
  readonly global: () => GlobalDocument;
  readonly storage: Storage;
  readonly tables: Readonly<Record<"enrichment" | "threatIntel" | "profiler" | "models", Table>>;
  readonly services: PipelineServices;
  readonly intake: Intake;
  readonly publishing: Publishing;
  readonly databases: AddressDatabases;
  /** The worker threads, none in a server. */
  readonly supervisor: Supervisor;
  /** What a thread that evaluates expressions or makes messages starts with. */
  readonly threads: () => Pick<WorkerStart, "timeZone" | "tables" | "shares" | "folders">;
  /** Tells the topics how far they are indexed, so that retention may take that. */
  readonly commit: () => Promise<void>;
  /** Resolves when the workers read their topics and the geographic databases are loaded. */
  readonly ready: () => Promise<void>;
  /** Opens the sources that are this process's, which follow the documents from then on. */
  readonly openSources: (takeCapture: TakeFor) => Promise<Sources>;
  /** Is told of databases that are loaded or replaced. */
  readonly onDatabases: (listener: (handles: DatabaseHandles) => void) => void;
  /** The processes of the installation; undefined where there is this one alone. */
  readonly members: Members | undefined;
  /** Questions to them, and answers; undefined where there is this one alone. */
  readonly exchange: Exchange | undefined;
  /** What is wrong with what it stands on, in this process alone, but for documents of others that are not in force. */
  readonly ownFaults: () => readonly Fault[];
  /** The same with those documents, and with what is wrong with the other processes. */
  readonly faults: () => readonly Fault[];
};

const HOUR = 3_600_000;
const SECOND = 1000;
/** How often expired measurements and old states of models are removed. */
const SWEEP_EVERY = 900_000;

/**
 * Opens what every process stands on: data folder, documents, topics, tables, index, and the worker threads that are its. All is closed with
 * the stack, in reverse order: workers drain, topics learn how far they were read, storage closes.
 * @throws Fault STORAGE_LOCKED, FOLDER_UNWRITABLE, STORAGE_CORRUPT, MIGRATION_UNFINISHED, CONFIG_INVALID; ROLE_REFUSED where a
 * role needs what is not shared; and what Kafka and OpenSearch answer
 */
export async function openFoundation(
  stack: AsyncDisposableStack,
  role: Role,
  options: FoundationOptions,
): Promise<Foundation> {
  const { data, mayServeOthers = false, functionsFrom, filesFrom, secretsFrom } = options;
  const folders = { data, functionsFrom, filesFrom, secretsFrom };
  const allow = allowPaths(folders);
  const base = options.context ?? makeContext();
  const ended = new AbortController();
  // Ends last, when everything else is closed.
  stack.defer(() => ended.abort());
  const context: Context = { ...base, signal: AbortSignal.any([base.signal, ended.signal]) };
  stack.use(await claimFolder(data));
  options.onClaimed?.();
  await refuseUnfinished(data);
  await checkWritable(join(data, "config"));
  const configuration = stack.use(
    await openConfiguration({ data, defaults: options.defaults, allow }, context),
  );
  const { config } = configuration;
  checkShared(role, configuration.storage);
  // Where everything is kept is said on this machine, whatever is published.
  const withStorage = (document: GlobalDocument) => ({ ...document, storage: configuration.storage });
  const global = () => withStorage(readGlobal(config.get("global", "global")?.text ?? "", "global"));
  const settings = withStorage(configuration.global);

  const opened = stack.use(await openStorage(storageSettings(settings, data, allow), context));
  const { topics } = opened;
  const enrichment = await opened.tables.table("enrichment");
  const threatIntel = await opened.tables.table("threatintel");
  const isShared = configuration.storage.tables === "kafka";
  // It takes leave after the workers have drained: until then it reads.
  const members = isShared ? stack.use(await Members.open(data, opened.tables, context)) : undefined;
  const { access } = configuration;
  const exchange = access && stack.use(await openExchange(memberName(data), access, context));
  const profiler = await opened.tables.table(PROFILER_TABLE);
  const models = await opened.tables.table(MODELS_TABLE);
  const name = memberName(data);
  // Where it is kept in files, each process has the messages of the partitions that it reads.
  const parts =
    exchange === undefined || !takesTurns(settings.storage)
      ? undefined
      : stack.use(
          await openIndexParts({
            ...{
              exchange,
              context,
              index: opened.index,
              tables: opened.tables,
              isIndexing: isIndexing(role),
            },
            within: settings.search.seconds * SECOND,
          }),
        );
  const together = parts?.index ?? opened.index;
  // Who answers nobody tells of its own messages alone.
  const index = role === "server" || role === "all" ? together : opened.index;
  const storage: Storage = { ...opened, index };
  const services = mainServices({ enrichment, threatIntel, profiler }, context, { folders });

  const threadsWanted = options.workers ?? settings.workers ?? availableParallelism();
  const workers = isIndexing(role) ? threadsWanted : 0;
  const intake = stack.use(
    new Intake(topics, context, {
      partitions: defaultPartitions(settings, threadsWanted),
      retention: { age: settings.topics.retentionHours * HOUR, bytes: settings.topics.retentionBytes },
      reached: (topic, partition) => opened.index.sealedPosition(topic, partition),
      parsers: () => services.components.parsers,
      others: [PROFILE_TOPIC],
    }),
  );
  const profiles = stack.use(
    new ProfileStore(profiler, {
      ...{ topics, context, intake },
      partitions: defaultPartitions(settings, threadsWanted),
      retention: { age: settings.topics.retentionHours * HOUR, bytes: settings.topics.retentionBytes },
    }),
  );
  const modelStore = stack.use(new ModelStore(models, context));
  let sources: Sources | undefined;
  const databaseListeners: ((handles: DatabaseHandles) => void)[] = [];
  const publishing = await Publishing.open({
    ...{ config, context, services, allow, folders, mayServeOthers, trials: options.trials },
    loadDatabases: (named) => databases.load(named),
    onInForce: () => members?.say(),
    async takeOver(published, read) {
      await intake.configure(published, read, INDEX_GROUP);
      await profiles.configure(published.profiles);
      await supervisor.configure(published, intake.handles(), profiles.handle());
      await sources?.configure(intake.documents());
    },
  });
  await intake.configure(publishing.snapshot(), publishing.documents, INDEX_GROUP);
  await profiles.configure(publishing.snapshot().profiles);
  if (isIndexing(role)) {
    const sweeping = setInterval(() => {
      void profiles.sweep();
      void modelStore.sweep();
    }, SWEEP_EVERY);
    stack.defer(() => clearInterval(sweeping));
  }
  await index.recoverPositions(await intake.committed(INDEX_GROUP));
  const standing: ReadStanding = (topic, partition) => intake.standing(INDEX_GROUP, topic, partition, name);
  if (parts !== undefined) await together.takeTurns?.(standing);

  const shares: { databases?: DatabaseHandles } = {};
  const threads = () => ({
    timeZone: settings.timeZone,
    tables: {
      enrichment: enrichment.share(),
      threatIntel: threatIntel.share(),
      profiler: profiler.share(),
    },
    ...{ shares, folders },
  });
  const memberOf = (worker: number) => workerName(worker, isShared ? data : undefined);
  const expected = Array.from({ length: workers }, (_, worker) => memberOf(worker));
  const supervisor = new Supervisor({
    ...{ workers, context, patience: options.trials?.milliseconds },
    serve: (request) => (request.do === "keep" ? modelStore.serve(request) : profiles.serve(request)),
    start: (worker) => ({
      ...threads(),
      snapshot: publishing.snapshot(),
      topics: intake.handles(),
      routes: profiles.handle(),
      models: models.share(),
      membership: { group: INDEX_GROUP, member: memberOf(worker), expected, keeper: name },
      index: index.share(workerName(worker)),
    }),
  });
  const commit = () =>
    intake.commit(INDEX_GROUP, (topic, partition) => together.sealedPosition(topic, partition));
  // A server or a capture host has indexed nothing: what it knows may be older than what workers have told since.
  if (isIndexing(role))
    stack.defer(() =>
      commit().catch((error: Error) =>
        context.log.warn("It could not be kept how far topics were read.", { error: error.message }),
      ),
    );
  // What a worker of several leaves unread the others read; of one alone it would wait for the next start.
  const { seconds } = settings.stop;
  stack.defer(() => supervisor.drain(seconds * SECOND, role === "worker" ? "hand over" : "read to the end"));
  const databases = new AddressDatabases((handles) => {
    shares.databases = { ...shares.databases, ...handles };
    services.attach({ databases: handles });
    supervisor.share({ databases: handles });
    for (const listener of databaseListeners) listener(handles);
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

  const ownFaults = () =>
    [
      ...publishing.missing,
      databases.fault,
      configuration.fault(),
      enrichment.fault,
      threatIntel.fault,
      profiler.fault,
      models.fault,
      exchange?.fault,
      ...profileFaults(supervisor, profiles),
    ].filter((fault) => fault !== undefined);

  return {
    ...{ role, context, data, folders, allow, config, settings, global, storage },
    tables: { enrichment, threatIntel, profiler, models },
    ...{ services, intake, publishing, databases, supervisor, members, exchange, threads, commit },
    ready: async () => void (await Promise.all([supervisor.ready(), begun])),
    async openSources(takeCapture) {
      const host = await storage.hostTables.table("positions");
      const positions = positionsIn(host);
      const member = memberOf(0);
      const dealt = storage.shares;
      sources = stack.use(
        new Sources({
          ...{ intake, context, allow, takeCapture, positions },
          catalogue: () => services.components.sources,
          isOpenedHere: (definition) => isSourceOf(role, definition),
          shared:
            dealt === undefined
              ? unshared(positions)
              : {
                  positions: sharedPositions(await storage.tables.table("positions"), host, member),
                  share: (name, parts, signal) => dealt(name, parts, member, signal),
                },
        }),
      );
      await sources.configure(intake.documents());
      return sources;
    },
    onDatabases: (listener) => void databaseListeners.push(listener),
    ownFaults,
    faults: () => [
      ...ownFaults(),
      ...(publishing.failure ? [publishing.failure] : []),
      ...(members?.faults() ?? []),
    ],
  };
}

/** Why profiles are not counted, or not routed. */
function profileFaults(supervisor: Supervisor, profiles: ProfileStore): readonly Fault[] {
  const problem = supervisor.profileProblem();
  const { fault } = profiles;
  return [
    ...(problem === undefined ? [] : [new Fault(problem.code, problem.message)]),
    ...(fault === undefined ? [] : [fault]),
  ];
}
