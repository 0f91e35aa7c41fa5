import type { MessagePort } from "node:worker_threads";
import type { Batch } from "../../core/batch.ts";
import type { Position } from "../../core/block.ts";
import type { Message } from "../../core/message.ts";
import type { Hint } from "../../query/hints.ts";
import type { Place } from "../../query/place.ts";
import type { Query } from "../../query/tree.ts";
import type { History, Patch } from "./changes.ts";
import type { Kept } from "./kept.ts";
import type { Places, Sort } from "./sort.ts";
import type { AlertCopyStats, ArchiveStats, FieldInfo, SearchLoad, SensorStats } from "./stats.ts";
import type { ReadStanding } from "./turns.ts";

export type { Change, History, Patch } from "./changes.ts";
export type { Sort, SortKind } from "./sort.ts";
export type { FieldInfo, FieldType } from "./stats.ts";
export type { Claim, ReadStanding } from "./turns.ts";

/**
 * The third of the three durable things: search over messages. Every implementation (DuckDB embedded, OpenSearch in a
 * cluster) keeps these promises:
 *
 * - A message is stored once, by its `guid`, however often it is written and wherever the process dies.
 * - What a writer has written is searchable at once (embedded: within milliseconds), also before it is sealed.
 * - A field appears by being written; a value of another type than the field's main one is kept and found.
 * - Writing and searching do not wait for each other.
 * - A search ends: it has a limit of time and memory (Fault SEARCH_LIMIT), few work at a time and further ones wait their
 *   turn, too many are refused (Fault SEARCH_BUSY), and one whose signal aborts is not run any further.
 */
export interface Index extends AsyncDisposable {
  /** Opens a writer. A name has one writer at a time: opening it again drops what the earlier one had not committed. */
  writer(name: string): Promise<IndexWriter>;
  /** Lets another thread open the writer of a name, with the same effect. */
  share(name: string): IndexHandle;

  /**
   * Up to where a topic's partition is in the index: searches find its messages. An engine in this process has what is committed,
   * and after a restart what was sealed; another has what it has stored. Undefined when nothing of the partition is there.
   */
  position(topic: string, partition: number): Promise<number | undefined>;
  /** Up to where a partition's messages are on disk: what the topic may forget. */
  sealedPosition(topic: string, partition: number): Promise<number | undefined>;

  /**
   * Takes over how far topics were read, as these remember it, where the index has lost that together with its
   * catalogue. To be called before writers are opened.
   */
  recoverPositions(known: readonly Position[]): Promise<void>;

  /**
   * Topics are read by several processes in turn, each with an index of its own: from now on what is sealed counts once all of them know it
   * (`Claim`), and a writer goes on where any of them stands. What was sealed before and is not known to all is decided by the standing. To be called before
   * writers are opened. Absent where all processes have one index.
   * @throws Fault KAFKA_UNREACHABLE, KAFKA_REFUSED
   */
  takeTurns?(standing: ReadStanding): Promise<void>;

  /** Messages that match, sorted, a page at a time. Newest first unless told otherwise. */
  search(request: SearchRequest): Promise<SearchResult>;
  count(request: Selection): Promise<number>;
  /** The most frequent values of each field among the messages that match. */
  facets(request: FacetRequest): Promise<readonly Facet[]>;
  /** Messages that match per span of time, optionally split by a field's values. */
  histogram(request: HistogramRequest): Promise<Histogram>;
  /** Messages that match, grouped by the first field, in it by the second, and so on, with the sum of a score. */
  groups(request: GroupRequest): Promise<readonly Group[]>;
  /** The messages with these guids, in that order; those unknown are left out. */
  get(guids: readonly string[], signal?: AbortSignal): Promise<readonly Message[]>;

  /**
   * Changes fields of a stored message and returns it as it is then; searches see the change at once. Durable when it
   * resolves, together with who changed it and when.
   * @param by the name of the actor.
   * @throws Fault NOT_FOUND when no such message is stored.
   */
  patch(guid: string, change: Patch, by: string): Promise<Message>;
  /** Who changed a message, when and what; without changes for one that nobody changed or that is not stored. */
  history(guid: string): Promise<History>;

  /**
   * What answers about a selection lack, everything when it is absent: as known now, so ask after the answer came. With the signal of
   * the request also what this one answer lacked because it did not come from an archive in time. A request without a signal, whose
   * answer has no place for that, is refused then (ARCHIVE_UNREAD).
   */
  problems(selection?: Pick<Selection, "sensors" | "from" | "to" | "signal">): readonly IndexProblem[];

  /** Every field seen, with its type, sorted by name. */
  fields(sensors?: readonly string[]): Promise<readonly FieldInfo[]>;
  stats(): Promise<IndexStats>;

  /** Moves everything written so far to durable storage. */
  seal(): Promise<void>;
  /** Removes what is too old or too much. */
  retain(rules: readonly RetentionRule[]): Promise<RetentionResult>;
  /** Merges small files and removes what is no longer needed. Runs by itself; may be called at any time. */
  compact(): Promise<void>;
  /**
   * Begins to make a part of the index again; until it is disposed of nothing of that part is merged or removed.
   * @throws Fault REQUEST_INVALID while another one is under way.
   */
  restore(scope: RestorationScope): Restoration;
}

/**
 * What another thread joins an index by, to write (`joinIndex` in storage.ts). Structured-cloneable when what `transfer`
 * lists goes into the transfer list; the rest of it is the implementation's own. It is for one thread.
 */
export type IndexHandle = { readonly transfer: MessagePort[] };

/**
 * Where a worker puts its messages. `write` and `commit` answer undefined when done at once and a promise when the
 * caller must wait (back-pressure, a slow look-up): await it before touching the batch or writing again.
 *
 * A partition of a topic belongs to one writer at a time: seal before handing it over.
 */
export interface IndexWriter extends AsyncDisposable {
  /**
   * Where the reader of a topic's partition must go on: behind the last commit, or what was sealed before this process. Where processes take turns, behind
   * what any of them has sealed; what this one had not is dropped, as another may have read it meanwhile.
   */
  position(topic: string, partition: number): Promise<number | undefined>;
  /**
   * Writes all live rows of a batch under a sensor's name. Rows without a text `guid` are refused as a bug.
   * The time of a row is its numeric `timestamp` (epoch milliseconds), else the batch's arrival.
   * A batch below the sealed position of its partition, or of no topic (""), is checked by guid and not doubled.
   */
  write(sensor: string, batch: Batch): Promise<void> | undefined;
  /**
   * States that all messages of `records` records from `position` on are written (of every sensor, rejections too).
   * The position becomes durable together with them, at the next seal. Call it once a batch, after its last `write`.
   * @param onKept told once all of them can be found: at once where the engine is in this process, else when the engine has said that
   * it stored them. Never told of what was not stored when the writer ended.
   */
  commit(position: Position, records: number, onKept?: (kept: Kept) => void): Promise<void> | undefined;
  /** Resolves when everything committed so far is on disk and the positions with it. */
  seal(): Promise<void>;
}

/** Which messages: those that match the query, in [from, to) epoch milliseconds, of these sensors (all when undefined). */
export type Selection = {
  readonly query?: Query | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly sensors?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
};

export type SearchRequest = Selection & {
  /** Time descending when absent. Ties are broken by guid. Messages without the field come last. */
  readonly sort?: readonly Sort[] | undefined;
  /** Messages a page, 0 to 10,000; 100 when absent. */
  readonly size?: number | undefined;
  /** From the previous page; the rest of the request must be the same. */
  readonly cursor?: string | undefined;
  /** Fields to return (`guid` always is); all when absent. */
  readonly fields?: readonly string[] | undefined;
  /** Whether to count all matches; true when absent. */
  readonly total?: boolean | undefined;
  /** The query as a person wrote it: asks for hints, which a program has no use for. */
  readonly text?: string | undefined;
  /** Whether a field is declared: it may come with any message, and is never unknown. */
  readonly declares?: ((field: string) => boolean) | undefined;
  /** Whether to say by what each message is sorted: for who puts answers of several embedded indexes together. */
  readonly places?: boolean | undefined;
};

export type SearchResult = {
  /** All matches; undefined when not asked for, or when a limit came before they were counted (see `problems`). */
  readonly total: number | undefined;
  readonly messages: readonly Message[];
  /** By what messages are sorted, when asked for. */
  readonly places?: Places | undefined;
  /** For the next page; undefined on the last one. */
  readonly cursor: string | undefined;
  /** Fields the query names that no message has and nobody declares: they match nothing. */
  readonly unknownFields: readonly UnknownField[];
  /** What the query probably does not mean; empty unless its text was given. */
  readonly hints: readonly Hint[];
  /** What is missing in the answer; empty when it is whole. */
  readonly problems: readonly IndexProblem[];
};

/** Something that answers lack: which messages, why, and what to do about it. */
export type IndexProblem = {
  /** What kind of problem it is: a fault's code. */
  readonly code: string;
  readonly text: string;
  readonly advice: string;
  readonly sensor?: string;
  readonly file?: string;
  /** The process all of whose messages are missing. */
  readonly process?: string;
  /** Since when nothing can be stored, epoch milliseconds; absent where it is about what is stored. */
  readonly since?: number;
  /** How many messages, as far as is known. */
  readonly messages?: number;
  /** Times of the first and the last of them, epoch milliseconds. */
  readonly from?: number;
  readonly to?: number;
};

export type UnknownField = {
  readonly field: string;
  readonly place: Place | undefined;
  /** The nearest known names, best first. */
  readonly suggestions: readonly string[];
};

export type FacetRequest = Selection & {
  /**
   * A name with `*` for a number, such as `threat.triage.rules.*.name`, means these fields together: a message counts
   * for each of its values once.
   */
  readonly fields: readonly string[];
  /** Values a field; 10 when absent. */
  readonly size?: number | undefined;
  /** Values of each field that are counted in place of the most frequent ones: for who puts answers of several embedded indexes together. */
  readonly values?: readonly (readonly FacetValue[])[] | undefined;
};

export type FacetValue = string | number | boolean;

export type Facet = {
  readonly field: string;
  /** Most frequent first, ties by value. */
  readonly values: readonly { readonly value: FacetValue; readonly count: number }[];
  /** How many different values there are, the listed ones among them. */
  readonly distinct: number;
  /** Messages with a value that is not listed. */
  readonly other: number;
  /** Messages without a value. */
  readonly missing: number;
};

export type HistogramRequest = Selection & {
  /** Milliseconds a bucket; when absent a round span that gives about `buckets` or fewer. */
  readonly interval?: number | undefined;
  /** 60 when absent. They reach from `from`, or the first message, to `to`, or the last one, or now if `from` is given. */
  readonly buckets?: number | undefined;
  readonly split?: string | undefined;
  /** Values of the split that get a series of their own; 5 when absent. The rest is not listed. */
  readonly splitSize?: number | undefined;
  /** The values that get a series, in place of the most frequent ones: for who puts answers of several embedded indexes together. */
  readonly series?: readonly FacetValue[] | undefined;
};

export type Histogram = {
  readonly interval: number;
  /** In order of time; every bucket between the first and the last, empty ones too. `time` is where it begins. */
  readonly buckets: readonly {
    readonly time: number;
    readonly count: number;
    /** One count for each of `series`. */
    readonly split: readonly number[];
  }[];
  /** The values of the split, most frequent first. */
  readonly series: readonly string[];
};

export type GroupRequest = Selection & {
  /** Fields, the outermost first; a name with `*` for a number means what it does in facets. */
  readonly by: readonly string[];
  /** The field whose sum and maximum each group gets; `threat.triage.score` when absent. */
  readonly score?: string | undefined;
  /** What comes first on each level: the largest groups, as when absent, or those with the highest score. */
  readonly order?: "total" | "score" | undefined;
  /** Groups a level; 50 when absent. */
  readonly size?: number | undefined;
};

export type Group = {
  readonly value: string;
  readonly total: number;
  /** The sum of the scores. */
  readonly score: number;
  /** The highest score; undefined when no message of the group has one. */
  readonly highest: number | undefined;
  /** By the next field; empty on the last level. */
  readonly groups: readonly Group[];
};

export type IndexStats = {
  readonly messages: number;
  /** Of these, not yet on disk. */
  readonly hot: number;
  /** Bytes on disk. */
  readonly bytes: number;
  readonly segments: number;
  readonly sensors: readonly SensorStats[];
  readonly searches: SearchLoad;
  /** What cannot be searched, and counts nowhere here. */
  readonly problems: readonly IndexProblem[];
  /** Files that were written and do not hold what was put in them, with why. Their messages are kept in another way. */
  readonly setAside: readonly string[];
  /** Why what is in memory cannot be written to disk at the moment; it is tried again and again. */
  readonly unsealed: string | undefined;
  /** When what is stored was counted, epoch milliseconds, where that is not now, as the engine does not answer; null: never yet. */
  readonly asOf?: number | null;
  /** Absent where nothing is archived and nothing was. */
  readonly archive?: ArchiveStats | undefined;
  /** Absent where alerts are copied nowhere. */
  readonly alertCopies?: AlertCopyStats | undefined;
};

/** Keeps at most this age (milliseconds) and size (bytes on disk) of a sensor; "*" is every sensor without a rule. */
export type RetentionRule = {
  readonly sensor: string;
  readonly age?: number | undefined;
  readonly bytes?: number | undefined;
};

export type RetentionResult = {
  readonly segments: number;
  readonly messages: number;
  readonly bytes: number;
};

/** What of the index is to be made again. */
export type RestorationScope = {
  readonly sensor?: string | undefined;
  /** Times of messages, epoch milliseconds, `to` not included. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Whether also what can be read is made again. */
  readonly everything: boolean;
  /** Whether the notices of what was lost before, of all or of the sensor, are taken away. */
  readonly forgetLost?: boolean;
};

/**
 * A part of the index that is made again. Nothing of it is visible before `commit`, which replaces the old by the new all
 * at once; disposed of without, it leaves everything as it was. Call its steps in the order in which they stand here.
 */
export interface Restoration extends AsyncDisposable {
  /** Files that the index does not know and that may hold messages. */
  readonly files: number;
  /** Takes these files in, each message once. @param onFile called after each of them. */
  takeFiles(onFile: () => void): Promise<void>;
  /** Whether messages of any sensor may be missing that nothing tells of. */
  readonly lostCatalogue: boolean;
  /** The guids of messages that must be made again of records, by sensor. */
  missing(): Promise<Map<string, GuidRange[]>>;
  /** Lets another thread write messages made again; those that are stored or written already are left out. */
  share(): IndexHandle;
  /**
   * Keeps what is to be replaced and can be made again of no record.
   * @param isCovered whether a topic holds the record of a message with this guid.
   */
  keepRest(isCovered: (sensor: string, guid: string) => boolean): Promise<void>;
  /** Puts the new in the place of the old. */
  commit(): Promise<Restored>;
}

/** A message with everything that is kept of it. */
export type WholeMessage = {
  /** With what was changed of it. */
  readonly message: Message;
  /** By which it is ordered, and when its record arrived, epoch milliseconds. */
  readonly time: number;
  readonly arrival: number;
  /** Undefined when nobody changed it. */
  readonly history: History | undefined;
};

/** How an index takes over what another one holds. */
export interface IndexImport extends AsyncDisposable {
  /** Stores messages, each once by its guid; one that is stored already stays as it is. Durable when it resolves. */
  put(sensor: string, messages: readonly WholeMessage[]): Promise<void>;
  /** Notes how far topics were read for these messages, all of which are stored, and makes them searchable. */
  finish(positions: readonly Position[]): Promise<void>;
  /** Messages that the index refused, by sensor: they became error records. */
  readonly refused: ReadonlyMap<string, { readonly count: number; readonly reason: string }>;
}

/** Guids, from the least to the greatest. */
export type GuidRange = readonly [least: string, greatest: string];

export type Restored = {
  /** Files taken in as they are, and the messages in them. */
  readonly files: number;
  readonly adopted: number;
  /** Messages made again of records, or copied from files message by message. */
  readonly written: number;
  /** Of these, how many were read of files that are damaged elsewhere. */
  readonly salvaged: number;
  /** Messages found nowhere, by range of time. */
  readonly lost: Loss[];
  /** Damaged files of which nobody knows how many messages they held. */
  readonly unknown: string[];
};

/** Messages that a restoration found nowhere any more. */
export type Loss = {
  readonly sensor: string;
  readonly from: number;
  readonly to: number;
  readonly messages: number;
  /** When the restoration ended. */
  readonly at: number;
};
