import { join } from "node:path";
import { type GlobalDocument, readGlobal } from "../../config/global.ts";
import { openConfigStore } from "../../config/store.ts";
import type { Position } from "../../core/block.ts";
import type { Context } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import { ERROR_SENSOR } from "../../pipeline/errors.ts";
import { type AllowedFolders, allowPaths } from "../../storage/allowed-folders.ts";
import type { Index, IndexImport } from "../../storage/index/contract.ts";
import {
  claimFolder,
  claimPresentFolder,
  openImport,
  openIndexOf,
  openTablesOf,
  openTopicsOf,
} from "../../storage/storage.ts";
import type { TableEntry, Tables, TableValue } from "../../storage/table/contract.ts";
import type { Topics } from "../../storage/topic/contract.ts";
import { INDEX_GROUP } from "../index-group.ts";
import { storageSettings } from "../storage-settings.ts";
import { type Marker, readMarker, removeMarker, writeMarker } from "./marker.ts";
import { moveMessages } from "./move-messages.ts";
import { FIRST_ARRIVAL, moveTopic } from "./move-topic.ts";

type MigrateProgress = {
  readonly phase: "records" | "entries" | "messages";
  /** The topic, list or sensor that is moved. */
  readonly of: string;
  /** Since this start. */
  readonly done: number;
};

type MigrateOptions = {
  /** The data folder and those that the document may name secrets below. */
  readonly folders: AllowedFolders;
  /** The global document to be in force afterwards; its `storage` says where to. */
  readonly document: string;
  readonly context: Context;
  readonly onProgress?: ((progress: MigrateProgress) => void) | undefined;
};

/** What both sides hold at the end. */
type Migrated = {
  readonly topics: readonly { readonly topic: string; readonly records: number }[];
  readonly tables: readonly {
    readonly table: string;
    readonly type: string;
    readonly before: number;
    readonly after: number;
  }[];
  readonly sensors: readonly { readonly sensor: string; readonly before: number; readonly after: number }[];
  /** Messages that the new index refused: they are error records there. */
  readonly refused: readonly { readonly sensor: string; readonly count: number; readonly reason: string }[];
};

/** The tables that all machines share; the others are of one machine. */
const MOVED_TABLES = ["threatintel", "enrichment"] as const;
/** The longest that reading a page may take, milliseconds: nobody waits for it. */
const PATIENCE = 3_600_000;

/**
 * Moves topics and index of a data folder, on which no platform runs, to the cluster that a global document names, and puts that
 * document in force. The folder keeps what it has. Killed at any moment it goes on where it was when it is called again with the same
 * document: records by their offsets, messages by their guids.
 * @throws Fault STORAGE_LOCKED while a platform runs; REQUEST_INVALID for a folder of an earlier layout; CONFIG_INVALID; MIGRATION_CONFLICT when the other side has something else, or not
 * the same at the end; FILE_UNREADABLE and the like when the index lacks messages
 */
export async function migrate(options: MigrateOptions): Promise<Migrated> {
  const { folders, document, context, onProgress } = options;
  const { data } = folders;
  const allow = allowPaths(folders);
  const target = readGlobal(document, "global");
  await using _claim = await claimPresentFolder(data);
  await using config = openConfigStore(join(data, "config"));
  const present = config.get("global", "global")?.text ?? "";
  const begun = await readMarker(data);
  if (begun !== undefined && begun.document !== document)
    throw new Fault("MIGRATION_UNFINISHED", `moving ${data}: a move by another document was begun`);
  const before = readGlobal(present, "global");
  const marker = begun ?? { document, moves: movesOf(data, before, target), messages: {} };
  const { moves } = marker;
  const inFiles = {
    topics: "files",
    tables: "files",
    index: "files",
    alerts: "none",
    archive: "none",
  } as const;
  const from = storageSettings({ ...before, storage: inFiles }, data, allow);
  const to = storageSettings(target, data, allow);
  // The folder keeps what it has, as it is.
  const settings = { ...from.index, searchTime: PATIENCE, merges: false };

  await using stack = new AsyncDisposableStack();
  const source = stack.use(await openIndexOf(data, { index: settings, openSearch: undefined }, context));
  if (moves.index) await expectWhole(source, data);
  const oldTopics = stack.use(await openTopicsOf(data, undefined, context));
  const newTopics = moves.topics ? stack.use(await openTopicsOf(data, to.kafka, context)) : undefined;
  const { openSearch } = to;
  const newIndex =
    moves.index && openSearch !== undefined
      ? {
          index: stack.use(await openIndexOf(data, { index: settings, openSearch }, context)),
          taking: stack.use(await openImport(openSearch)),
        }
      : undefined;
  const oldTables = stack.use(await openTablesOf(data, undefined, context));
  const newTables = moves.tables ? stack.use(await openTablesOf(data, to.kafkaTables, context)) : undefined;
  const parts: Parts = { ...options, data, marker, oldTopics, source };
  if (begun === undefined) {
    await expectEmpty(newTopics, newTables, newIndex?.index);
    await writeMarker(data, marker);
  }
  const topics = newTopics === undefined ? [] : await moveTopics(newTopics, parts);
  const tables = newTables === undefined ? [] : await moveTables(oldTables, newTables, onProgress);
  const sensors = newIndex === undefined ? [] : await moveIndex(newIndex, parts);
  // A file may turn out to be damaged when it is read: both sides lack the same then.
  if (moves.index) await expectWhole(source, data);
  if (present !== document)
    await config.publish([{ kind: "global", name: "global", text: document }], {
      ...{ author: "metron", at: context.clock.now() },
      note: "Moved to the storage that it names.",
    });
  await removeMarker(data);
  const refused = [...(newIndex?.taking.refused ?? [])].map(([sensor, why]) => ({ sensor, ...why }));
  return { topics, tables, sensors, refused };
}

/** Gives up a move that was begun: platforms run on the folder again. What was moved stays where it is. */
export async function giveUp(data: string): Promise<boolean> {
  await using _claim = await claimFolder(data);
  const isBegun = (await readMarker(data)) !== undefined;
  await removeMarker(data);
  return isBegun;
}

type Parts = MigrateOptions & {
  readonly data: string;
  readonly marker: Marker;
  readonly oldTopics: Topics;
  readonly source: Index;
};

/** What to do where messages of an archive would be left behind. */
const ARCHIVED = "Leave the index where it is, and move topics and tables alone.";

/** What a document asks to be moved. @throws Fault REQUEST_INVALID when that is nothing */
function movesOf(data: string, before: GlobalDocument, target: GlobalDocument): Marker["moves"] {
  const moves = {
    topics: before.storage.topics === "files" && target.storage.topics === "kafka",
    tables: before.storage.tables === "files" && target.storage.tables === "kafka",
    index: before.storage.index === "files" && target.storage.index === "opensearch",
  };
  if (moves.index && before.storage.archive !== "none")
    throw new Fault(
      "REQUEST_INVALID",
      `moving ${data}: its index has an archive, and messages that are there alone are not moved`,
      { advice: ARCHIVED },
    );
  if (moves.topics || moves.tables || moves.index) return moves;
  throw new Fault(
    "REQUEST_INVALID",
    `moving ${data}: the document names no other storage than is in force; write \`storage: { topics: kafka, … }\` or \`storage: { index: opensearch, … }\``,
  );
}

/** @throws Fault MESSAGES_LOST, REQUEST_INVALID where the index cannot give all its messages: nothing would say so afterwards */
async function expectWhole(source: Index, data: string): Promise<void> {
  const [problem] = source.problems();
  if (problem !== undefined)
    throw new Fault("MESSAGES_LOST", `moving the index of ${data}: ${problem.text}`, {
      advice: problem.advice,
    });
  // An archive that was switched off has them still.
  const { archive } = await source.stats();
  if (archive !== undefined && archive.only.messages > 0)
    throw new Fault(
      "REQUEST_INVALID",
      `moving ${data}: ${archive.only.messages} messages are in its archive alone, and are not moved`,
      { advice: ARCHIVED },
    );
}

/** @throws Fault MIGRATION_CONFLICT where the other side has something already, as it could not be told from what is moved */
async function expectEmpty(topics?: Topics, tables?: Tables, index?: Index): Promise<void> {
  for (const name of (await topics?.list()) ?? []) {
    await using topic = await topics?.topic(name);
    for (let partition = 0; partition < (topic?.partitions ?? 0); partition++) {
      const end = (await topic?.end(partition)) ?? 0;
      if (end > 0)
        throw new Fault("MIGRATION_CONFLICT", `moving to Kafka: topic ${name} has ${end} records already`);
    }
  }
  for (const name of tables === undefined ? [] : MOVED_TABLES) {
    const [type] = (await tables?.table(name))?.types() ?? [];
    if (type !== undefined)
      throw new Fault("MIGRATION_CONFLICT", `moving to Kafka: table ${name} has ${type.type} already`);
  }
  const stats = await index?.stats();
  if (stats !== undefined && stats.messages > 0)
    throw new Fault("MIGRATION_CONFLICT", `moving to OpenSearch: it has ${stats.messages} messages already`);
}

/** Each list is replaced as a whole, so that one which was half moved begins anew. */
async function moveTables(
  from: Tables,
  to: Tables,
  onProgress: MigrateOptions["onProgress"],
): Promise<Migrated["tables"]> {
  const moved: { table: string; type: string; before: number; after: number }[] = [];
  for (const table of MOVED_TABLES) {
    const [source, target] = [await from.table(table), await to.table(table)];
    for (const { type, entries } of source.types()) {
      onProgress?.({ phase: "entries", of: `${table}/${type}`, done: entries });
      await target.load(type, pairs(source.range(type)), { replace: true });
      const after = target.types().find((each) => each.type === type)?.entries ?? 0;
      if (after !== entries)
        throw new Fault(
          "MIGRATION_CONFLICT",
          `moving table ${table}: ${type} has ${entries} entries, and ${after} in Kafka`,
        );
      moved.push({ table, type, before: entries, after });
    }
  }
  return moved;
}

function* pairs(entries: Iterable<TableEntry>): Generator<readonly [string, TableValue]> {
  for (const { key, value } of entries) yield [key, value];
}

async function moveTopics(newTopics: Topics, parts: Parts): Promise<Migrated["topics"]> {
  const { data, oldTopics, source, context, onProgress } = parts;
  const moved: { topic: string; records: number }[] = [];
  for (const name of await topicNames(oldTopics)) {
    const reached = (partition: number) => source.sealedPosition(name, partition);
    await using from = await oldTopics.topic(name, { reached });
    // Of what is moved nothing is too old: only what stands in place of records that are gone.
    const retention = { age: context.clock.now() - FIRST_ARRIVAL };
    await using to = await newTopics.topic(name, { partitions: from.partitions, retention });
    if (to.partitions < from.partitions)
      throw new Fault(
        "MIGRATION_CONFLICT",
        `moving topic ${name} of ${data}: it has ${from.partitions} partitions, and ${to.partitions} in Kafka`,
      );
    let done = 0;
    const partitions = await moveTopic({ from, to, group: INDEX_GROUP }, (count) => {
      done += count;
      onProgress?.({ phase: "records", of: name, done });
    });
    moved.push({ topic: name, records: partitions.reduce((sum, { start, end }) => sum + end - start, 0) });
  }
  return moved;
}

async function moveIndex(
  { index, taking }: { readonly index: Index; readonly taking: IndexImport },
  { data, marker, oldTopics, source, onProgress }: Parts,
): Promise<Migrated["sensors"]> {
  const { sensors } = await source.stats();
  for (const { sensor } of sensors) {
    const reached = marker.messages[sensor];
    if (reached === "done") continue;
    let done = 0;
    await moveMessages(
      { from: source, to: taking, sensor, cursor: reached?.cursor },
      async (count, cursor) => {
        done += count;
        marker.messages[sensor] = cursor === undefined ? "done" : { cursor };
        await writeMarker(data, marker);
        onProgress?.({ phase: "messages", of: sensor, done });
      },
    );
  }
  await taking.finish(await positionsOf(oldTopics, source));
  const counted: Migrated["sensors"][number][] = [];
  for (const sensor of new Set([
    ...sensors.map((each) => each.sensor),
    ...taking.refused.keys(),
    ERROR_SENSOR,
  ])) {
    const [before, after] = await Promise.all(
      [source, index].map((each) => each.count({ sensors: [sensor] })),
    );
    counted.push({ sensor, before: before ?? 0, after: after ?? 0 });
  }
  const [before, after] = [await source.count({}), await index.count({})];
  // A message that was refused became an error record, so that the sums are the same.
  if (before !== after)
    throw new Fault(
      "MIGRATION_CONFLICT",
      `moving the index of ${data}: it has ${before} messages, and ${after} are in OpenSearch`,
    );
  return counted.filter((each) => each.before > 0 || each.after > 0);
}

/** Up to where each partition is in the index. */
async function positionsOf(topics: Topics, index: Index): Promise<Position[]> {
  const positions: Position[] = [];
  for (const name of await topicNames(topics)) {
    await using topic = await topics.topic(name, {
      reached: (partition) => index.sealedPosition(name, partition),
    });
    for (let partition = 0; partition < topic.partitions; partition++) {
      const offset = await index.sealedPosition(name, partition);
      if (offset !== undefined) positions.push({ topic: name, partition, offset });
    }
  }
  return positions;
}

/** Folders that could not be a topic's, such as `lost+found`, are none. */
async function topicNames(topics: Topics): Promise<readonly string[]> {
  return (await topics.list()).filter((name) => /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,199}$/.test(name));
}
