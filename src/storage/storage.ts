/**
 * The door to everything durable: the only file outside the engines' own folders that names an engine. Everybody else
 * knows topics, tables and the index by their contracts.
 */
import { join } from "node:path";
import type { Context } from "../core/context.ts";
import { checkWritable, makeFolder } from "./folder.ts";
import { lockFolder } from "./folder-lock.ts";
import type { Index, IndexHandle, IndexWriter } from "./index/contract.ts";
import { openDuckdbIndex } from "./index/duckdb/open.ts";
import { openRemoteWriter } from "./index/duckdb/remote.ts";
import { type OpenSearchOptions, openOpenSearchIndex } from "./index/opensearch/open.ts";
import { isOpenSearchHandle, joinBulkWriter } from "./index/opensearch/share.ts";
import { checkLayout, noteLayout } from "./layout.ts";
import type { JoinedPackets, PacketHandle, PacketStore } from "./packets/contract.ts";
import { joinPacketStore, openPacketStore } from "./packets/files/packet-store.ts";
import type { TableHandle, TableReader, Tables } from "./table/contract.ts";
import { openSharedTable, openTables } from "./table/lmdb.ts";
import { emptyTable, openStandingTable } from "./table/standing.ts";
import type { TopicHandle, TopicReader, Topics } from "./topic/contract.ts";
import { openSharedTopic, openTopics } from "./topic/segments/topics.ts";

export type Storage = AsyncDisposable & {
  readonly topics: Topics;
  readonly tables: Tables;
  readonly index: Index;
  readonly packets: PacketStore;
};

export type StorageOptions = {
  /** The data folder. */
  readonly folder: string;
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
  };
  /** The OpenSearch that keeps the index; undefined: it is kept in files of the data folder. */
  readonly openSearch?: OpenSearchOptions | undefined;
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
 * Opens what a claimed data folder holds, and brings one of an earlier layout to the present one.
 * @throws Fault STORAGE_LOCKED, FOLDER_UNWRITABLE, STORAGE_CORRUPT; INDEX_UNREACHABLE, INDEX_REFUSED where OpenSearch keeps
 * the index
 */
export async function openStorage(
  { folder, index, openSearch, packets }: StorageOptions,
  context: Context,
): Promise<Storage> {
  const stack = new AsyncDisposableStack();
  try {
    const opened = {
      topics: stack.use(await openTopics(join(folder, TOPICS), context)),
      tables: stack.use(await openTables(join(folder, TABLES), context)),
      index: stack.use(
        openSearch === undefined
          ? await openDuckdbIndex(join(folder, INDEX), index, context)
          : await openOpenSearchIndex({ ...limitsOf(index), ...openSearch }, context),
      ),
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

function limitsOf({ concurrent, waiting, searchTime }: StorageOptions["index"]) {
  return { concurrent, waiting, searchTime };
}

/** Opens a reader of a topic that another thread shares. Dispose of it when done. */
export function joinTopic(handle: TopicHandle, context: Context): TopicReader {
  return openSharedTopic(handle, context);
}

/** Opens a reader of a table that another thread shares. Dispose of it when done. */
export function joinTable(handle: TableHandle): TableReader {
  return openSharedTable(handle);
}

/**
 * Opens the writer of an index that another thread shares. Dispose of it when done.
 * @param onBroken told once when something written was not taken: this writer takes nothing any more, and another must be
 * opened, which goes on from what was committed.
 */
export function joinIndex(handle: IndexHandle, onBroken?: () => void): IndexWriter {
  // One that OpenSearch does not take from keeps what was written, and tries again.
  return isOpenSearchHandle(handle) ? joinBulkWriter(handle) : openRemoteWriter(handle, onBroken);
}

/** Joins the packets that another thread shares, to write and to read them. */
export function joinPackets(handle: PacketHandle, context: Context): JoinedPackets {
  return joinPacketStore(handle, context);
}

/**
 * Reads a table of a data folder that no platform runs on; an empty one without a folder, or where none was written.
 * @throws Fault STORAGE_CORRUPT
 */
export function readTable(folder: string | undefined, name: string): TableReader {
  return folder === undefined ? emptyTable(name) : openStandingTable(join(folder, TABLES), name);
}
