/**
 * The door to everything durable: the only file outside the engines' own folders that names an engine. Everybody else
 * knows topics, tables and the index by their contracts.
 *
 * An engine is imported when it is opened: a thread of a pipeline needs neither DuckDB nor a client of Kafka, which are
 * half of what it would load, and one that looks for packets needs packets alone.
 */
import { join } from "node:path";
import type { Context } from "../core/context.ts";
import type { ArchiveOptions } from "./archive/contract.ts";
import type { BackupOptions } from "./backup/backup.ts";
import type { Contents } from "./backup/contents.ts";
import type { RestoreOptions } from "./backup/restore.ts";
import type { Exchange } from "./exchange/contract.ts";
import { checkWritable, makeFolder } from "./folder.ts";
import { lockFolder } from "./folder-lock.ts";
import type { Claim, Index, IndexHandle, IndexImport, IndexWriter } from "./index/contract.ts";
import { isOpenSearchHandle } from "./index/opensearch/handle.ts";
import type { OpenSearchOptions } from "./index/opensearch/open.ts";
import type { IndexPartsOptions } from "./index/parts/index-parts.ts";
import type { KafkaSettings, ReadSecret } from "./kafka/settings.ts";
import { checkLayout, expectLayout, noteLayout } from "./layout.ts";
import type { LogKeeper, SharedLog } from "./log/contract.ts";
import type { JoinedPackets, PacketHandle, PacketStore } from "./packets/contract.ts";
import type { TableHandle, TableReader, Tables } from "./table/contract.ts";
import type { ForeignTopic, TopicHandle, TopicReader, Topics } from "./topic/contract.ts";
import type { KafkaConnection } from "./topic/kafka/foreign-topic.ts";
import { isOfKafka } from "./topic/kafka/handle.ts";

export type Storage = AsyncDisposable & {
  readonly topics: Topics;
  readonly tables: Tables;
  /** Tables about this machine alone, such as how far its files were read: always in the data folder. */
  readonly hostTables: Tables;
  /** Deals out, among the processes that share tables, what each could read alone; undefined where none are shared. */
  readonly shares: Shares | undefined;
  readonly index: Index;
  readonly packets: PacketStore;
};

/** @param member name of the process, which no other has */
type Shares = (
  name: string,
  parts: number,
  member: string,
  signal: AbortSignal,
) => AsyncIterable<readonly number[]>;

/** How a Kafka is reached. */
export type KafkaAccess = { readonly settings: KafkaSettings; readonly readSecret: ReadSecret };

export type StorageOptions = {
  /** The data folder. */
  readonly folder: string;
  /** The Kafka that topics are kept in; undefined: they are kept in files of the data folder. */
  readonly kafka?: KafkaAccess | undefined;
  /** The Kafka that tables are kept in; undefined: they are kept in files of the data folder. */
  readonly kafkaTables?: KafkaAccess | undefined;
  readonly index: {
    /** Bytes that searches may use together, in memory and on disk. */
    readonly memory: number;
    readonly temporaryBytes: number;
    /** Searches that run at a time, and those that may wait. */
    readonly concurrent: number;
    readonly waiting: number;
    /** Milliseconds a search may work. */
    readonly searchTime: number;
    /** Messages, and milliseconds, after which what was written is sealed. */
    readonly sealRows: number;
    readonly sealAge: number;
    /** Whether small files are merged from time to time; true when absent. */
    readonly merges?: boolean;
  };
  /** The OpenSearch that keeps the index; undefined: it is kept in files of the data folder. */
  readonly openSearch?: OpenSearchOptions | undefined;
  /** The OpenSearch that alerts of an index in files are copied to; undefined: nowhere. */
  readonly alerts?: OpenSearchOptions | undefined;
  /** Where files of the index are copied to; undefined: nowhere. */
  readonly archive?: ArchiveOptions | undefined;
  readonly packets: {
    /** Bytes that packets and their indices may use, the oldest go first. */
    readonly bytes: number;
    /** Milliseconds after which they go anyway; undefined: never. */
    readonly age?: number | undefined;
    readonly compress: boolean;
    /** What they are encrypted with; undefined: they are not. */
    readonly secret?: string | undefined;
  };
};

const TOPICS = "topics";
const TABLES = "tables";
/** Copies of tables that are kept elsewhere, within the folder of tables. */
const COPIES = "kafka";
const INDEX = "index";
const PACKETS = "packets";

/**
 * Claims a data folder for this process, until disposed of. Nothing in the folder may be opened before.
 * @throws Fault STORAGE_LOCKED, STORAGE_NEWER, STORAGE_CORRUPT, FOLDER_UNWRITABLE
 */
export async function claimFolder(folder: string): Promise<AsyncDisposable> {
  await makeFolder(folder);
  await checkLayout(folder);
  for (const part of ["", TOPICS, TABLES, INDEX, PACKETS]) await checkWritable(join(folder, part));
  return lockFolder(folder);
}

/**
 * The same for who opens parts of a folder alone, and so does not bring one of an earlier layout to the present one.
 * @throws Fault as `claimFolder`; REQUEST_INVALID for a folder of an earlier layout
 */
export async function claimPresentFolder(folder: string): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  stack.use(await claimFolder(folder));
  await expectLayout(folder);
  return stack.move();
}

/**
 * Opens what a claimed data folder holds, and brings one of an earlier layout to the present one.
 * @throws Fault STORAGE_LOCKED, FOLDER_UNWRITABLE, STORAGE_CORRUPT; KAFKA_UNREACHABLE, KAFKA_REFUSED, CONFIG_INVALID where
 * topics or tables are kept in Kafka; INDEX_UNREACHABLE, INDEX_REFUSED where OpenSearch keeps the index
 */
export async function openStorage(
  { folder, kafka, kafkaTables, index, openSearch, alerts, archive, packets }: StorageOptions,
  context: Context,
): Promise<Storage> {
  const stack = new AsyncDisposableStack();
  try {
    const { openPacketStore } = await import("./packets/files/packet-store.ts");
    const hostTables = stack.use(await openTablesOf(folder, undefined, context));
    const opened = {
      topics: stack.use(await openTopicsOf(folder, kafka, context)),
      hostTables,
      tables:
        kafkaTables === undefined ? hostTables : stack.use(await openTablesOf(folder, kafkaTables, context)),
      shares: await sharesOf(stack, kafkaTables, context),
      index: stack.use(await openIndexOf(folder, { index, openSearch, alerts, archive }, context)),
      packets: openPacketStore({ folder: join(folder, PACKETS), ...packets }, context),
    };
    await noteLayout(folder);
    const open = stack.move();
    return { ...opened, [Symbol.asyncDispose]: () => open.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** How what any process could read is dealt out; undefined where there is one process alone. */
async function sharesOf(
  stack: AsyncDisposableStack,
  kafka: KafkaAccess | undefined,
  context: Context,
): Promise<Shares | undefined> {
  if (kafka === undefined) return undefined;
  const { KafkaShares } = await import("./topic/kafka/shares.ts");
  const shares = stack.use(new KafkaShares(kafka.settings, kafka.readSecret, context));
  return (name, parts, member, signal) => shares.of(name, parts, member, signal);
}

/**
 * Opens topics alone, in the part of the data folder that is theirs; `kafka` undefined: in its files.
 * @throws Fault as `openStorage`
 */
export async function openTopicsOf(
  folder: string,
  kafka: StorageOptions["kafka"],
  context: Context,
): Promise<Topics> {
  if (kafka === undefined) {
    const { openTopics } = await import("./topic/segments/topics.ts");
    return openTopics(join(folder, TOPICS), context);
  }
  const { openKafkaTopics } = await import("./topic/kafka/topics.ts");
  return openKafkaTopics(join(folder, TOPICS), kafka.settings, kafka.readSecret, context);
}

/**
 * Opens a log that all processes of an installation share, made if there is none; resolves when the copy has all that it held.
 * @throws Fault KAFKA_UNREACHABLE, KAFKA_REFUSED, CONFIG_INVALID
 */
export async function openSharedLog(
  name: string,
  { settings, readSecret }: KafkaAccess,
  keeper: LogKeeper,
  context: Context,
): Promise<SharedLog> {
  const { openKafkaLog } = await import("./log/kafka.ts");
  return openKafkaLog(name, settings, readSecret, keeper, context);
}

/**
 * Opens the questions and answers of a process among those of its installation, under a name that no other has.
 * @throws Fault KAFKA_UNREACHABLE, KAFKA_REFUSED, CONFIG_INVALID
 */
export async function openExchange(
  name: string,
  { settings, readSecret }: KafkaAccess,
  context: Context,
): Promise<Exchange> {
  const { openKafkaExchange } = await import("./exchange/kafka.ts");
  return openKafkaExchange(name, settings, readSecret, context);
}

/**
 * Opens tables alone; `kafka` undefined: in files of the folder, else with the copy that this machine keeps of those in Kafka.
 * @throws Fault as `openStorage`
 */
export async function openTablesOf(
  folder: string,
  kafka: KafkaAccess | undefined,
  context: Context,
): Promise<Tables> {
  if (kafka === undefined) {
    const { openTables } = await import("./table/lmdb.ts");
    return openTables(join(folder, TABLES), context);
  }
  const { openKafkaTables } = await import("./table/kafka/tables.ts");
  return openKafkaTables(join(folder, TABLES, COPIES), kafka.settings, kafka.readSecret, context);
}

/** Opens an index alone; `openSearch` undefined: in files of the folder. @throws Fault as `openStorage` */
export async function openIndexOf(
  folder: string,
  { index, openSearch, alerts, archive }: Pick<StorageOptions, "index" | "openSearch" | "alerts" | "archive">,
  context: Context,
): Promise<Index> {
  const files = { ...index, archive, layout: await checkLayout(folder) };
  if (openSearch === undefined && alerts !== undefined) {
    const { openAlertCopiesIndex } = await import("./index/alerts/open.ts");
    const { concurrent, waiting, searchTime } = index;
    const copies = { concurrent, waiting, searchTime, ...alerts };
    return openAlertCopiesIndex(join(folder, INDEX), files, copies, context);
  }
  if (openSearch === undefined) {
    const { openDuckdbIndex } = await import("./index/duckdb/open.ts");
    return openDuckdbIndex(join(folder, INDEX), files, context);
  }
  const { concurrent, waiting, searchTime } = index;
  const { openOpenSearchIndex } = await import("./index/opensearch/open.ts");
  return openOpenSearchIndex({ concurrent, waiting, searchTime, ...openSearch }, context);
}

/**
 * Joins the processes of an installation that have an index each, until disposed of: `index` is all of theirs as one.
 * @throws Fault KAFKA_UNREACHABLE, KAFKA_REFUSED
 */
export async function openIndexParts(
  options: IndexPartsOptions,
): Promise<AsyncDisposable & { readonly index: Index }> {
  const { IndexParts } = await import("./index/parts/index-parts.ts");
  return IndexParts.open(options);
}

/** Makes a backup of a data folder, on which a platform may run (see `makeBackup`). */
export async function backUp(options: BackupOptions): Promise<Contents> {
  const { makeBackup } = await import("./backup/backup.ts");
  return makeBackup(options);
}

/** Restores a backup into a data folder on which no platform runs (see `restoreBackup`). */
export async function restore(options: RestoreOptions): Promise<Contents> {
  const { restoreBackup } = await import("./backup/restore.ts");
  return restoreBackup(options);
}

/** Lets an index in OpenSearch, which is open, take over messages of another one. Dispose of it when done. */
export async function openImport(options: OpenSearchOptions): Promise<IndexImport> {
  const { importInto } = await import("./index/opensearch/import.ts");
  const { nodes, authorization, authority, prefix = "metron" } = options;
  return importInto({ nodes, authorization, authority }, prefix);
}

/** Opens a reader of a topic that another thread shares. Dispose of it when done. */
export async function joinTopic(
  handle: TopicHandle,
  readSecret: ReadSecret,
  context: Context,
): Promise<TopicReader> {
  if (!isOfKafka(handle)) {
    const { openSharedTopic } = await import("./topic/segments/topics.ts");
    return openSharedTopic(handle, context);
  }
  const { openSharedKafkaTopic } = await import("./topic/kafka/topics.ts");
  return openSharedKafkaTopic(handle, readSecret, context);
}

/** Opens a reader of a table that another thread shares. Dispose of it when done. */
export async function joinTable(handle: TableHandle): Promise<TableReader> {
  const { openSharedTable } = await import("./table/lmdb.ts");
  return openSharedTable(handle);
}

/**
 * Opens a topic that somebody else owns, on a cluster that need not be the one of the platform. Dispose of it when done.
 * @throws Fault NOT_FOUND, KAFKA_UNREACHABLE, KAFKA_REFUSED, CONFIG_INVALID
 */
export async function openForeignTopic(
  topic: string,
  connection: KafkaConnection,
  readSecret: ReadSecret,
  context: Context,
): Promise<ForeignTopic> {
  const { openForeignKafkaTopic } = await import("./topic/kafka/foreign-topic.ts");
  return openForeignKafkaTopic(topic, connection, readSecret, context);
}

/**
 * Opens the writer of an index that another thread shares. Dispose of it when done.
 * @param onBroken told once when something written was not taken: this writer takes nothing any more, and another must be
 * opened, which goes on from what was committed.
 * @param claim notes how far partitions are sealed, where several processes with an index each read topics in turn.
 */
export async function joinIndex(
  handle: IndexHandle,
  onBroken?: () => void,
  claim?: Claim,
): Promise<IndexWriter> {
  if (isOpenSearchHandle(handle)) {
    // One that OpenSearch does not take from keeps what was written, and tries again.
    const { joinBulkWriter } = await import("./index/opensearch/share.ts");
    return joinBulkWriter(handle);
  }
  const { openRemoteWriter } = await import("./index/duckdb/remote.ts");
  return openRemoteWriter(handle, onBroken, claim);
}

/** Joins the packets that another thread shares, to write and to read them. */
export async function joinPackets(handle: PacketHandle, context: Context): Promise<JoinedPackets> {
  const { joinPacketStore } = await import("./packets/files/packet-store.ts");
  return joinPacketStore(handle, context);
}

/**
 * Reads a table of a data folder that no platform runs on; an empty one without a folder, or where none was written.
 * @param kept where the platform keeps its tables: of those in Kafka the copy is read that it left
 * @throws Fault STORAGE_CORRUPT
 */
export async function readTable(
  folder: string | undefined,
  name: string,
  kept: "files" | "kafka" = "files",
): Promise<TableReader> {
  const { emptyTable, openStandingTable } = await import("./table/standing.ts");
  if (folder === undefined) return emptyTable(name);
  return openStandingTable(kept === "kafka" ? join(folder, TABLES, COPIES) : join(folder, TABLES), name);
}
