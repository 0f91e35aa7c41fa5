import type { Block, Position } from "../../core/block.ts";
import type { Fault } from "../../core/fault.ts";

/**
 * A topic is a named, ordered, durable log of records in partitions: what a source delivers into and a pipeline
 * reads from. Records travel in blocks; offsets count records within a partition, from 0, and are never reused. Of the time at
 * which a block arrived whole milliseconds are kept.
 */

/** A block as read, with the offset of its first record. */
export type Entry = { readonly block: Block; readonly position: Position };

/** What may be thrown away, and when. Records that a holding group has not committed stay whatever this says. */
export type Retention = {
  /** Records older than this, in milliseconds since they arrived, may go. */
  readonly age?: number | undefined;
  /** Bytes of a partition beyond which its oldest records may go. */
  readonly bytes?: number | undefined;
};

export type TopicSettings = {
  /** Partitions, 1 to 256; a topic that has more keeps them, one that has fewer grows. Default 1. */
  readonly partitions?: number | undefined;
  readonly retention?: Retention | undefined;
  /**
   * Offsets that partitions are known to have reached, from whoever has read them. Should the files of a topic be gone,
   * its offsets go on from there, as a reader waits for what follows what it has read.
   */
  readonly reached?: ((partition: number) => Promise<number | undefined>) | undefined;
};

export type ReadOptions = {
  /** Ends the reading, without an error, when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Whether to wait for what is yet to come (default), or to end where the topic ended when reading began. */
  readonly follow?: boolean | undefined;
  /** Told when everything that there was has been yielded and taken, and the reading waits for more. */
  readonly onWaiting?: (() => void) | undefined;
  /** Told how many records were deleted before they were read here, where others may delete some. */
  readonly onDeleted?: ((records: number) => void) | undefined;
};

/** Who reads, and with whom it shares the reading. */
export type Membership = {
  /** Each partition has one reader per group at a time. */
  readonly group: string;
  /** Unique within the group. Who joins by a name again takes the place of the one before, which must have ended. */
  readonly member: string;
  /**
   * Names of all members that the group is to have, this one among them. A topic may keep their shares for them, rather
   * than give all to the first that joins and take it away again.
   */
  readonly expected?: readonly string[] | undefined;
  /** Where what the member reads becomes durable, if that is not where the others' does; several members may share it. */
  readonly keeper?: string | undefined;
  /** Leaves the group when it aborts: what the member still has goes to others, so let go of it before. */
  readonly signal?: AbortSignal | undefined;
};

/** The partitions to be read by a member, at once and as often as they change. */
export type Assignment = AsyncIterable<readonly number[]> & {
  /**
   * Notes for all members that a partition is durable up to `offset` at the member's keeper (see `standing`). Resolves to false when the partition is not
   * the member's any more: then nothing was noted, and nothing will be. Absent where one process has all members.
   * @throws Fault KAFKA_UNREACHABLE, KAFKA_REFUSED, while it is in doubt whether it was noted
   */
  note?(partition: number, offset: number): Promise<boolean>;
};

/** How far those who read a partition in turn, each with a place of its own for what it reads, have made it durable. */
export type Standing = {
  /** Whoever reads on begins here. */
  readonly offset: number;
  /** Up to where one of them had come when it noted something last; 0 when it never did. */
  readonly own: number;
  /** The same of the others, of whichever is furthest. */
  readonly others: number;
};

/** A partition, or the one to which all records of a key belong. A key may move when the topic grows. */
export type Destination = number | { readonly key: string | Uint8Array };

/** What a partition holds. */
export type PartitionSize = {
  readonly partition: number;
  /** Offset of the oldest record kept. */
  readonly start: number;
  /** Offset the next record will get. */
  readonly end: number;
  /** Bytes on disk in use. */
  readonly bytes: number;
};

/** The reading half of a topic, which also exists in other threads and processes. */
export type TopicReader = AsyncDisposable & {
  readonly name: string;
  readonly partitions: number;

  /**
   * Yields the durable records of a partition in order, the first block beginning exactly at `from` (or at the oldest
   * record kept, when that is later). A block is lent: it is overwritten when the next one is asked for, so copy what
   * must live longer. Where others write to the topic too, offsets may belong to no record; an empty block says how far the
   * reading is when such offsets are the last. Throws STORAGE_CORRUPT at a damaged place, unless told to skip damage when opened,
   * and TOPIC_LOST when the topic has less than was read of it.
   */
  read(partition: number, from: number, options?: ReadOptions): AsyncIterable<Entry>;
  /**
   * Joins a group, and yields the partitions to be read here: at once, and again whenever they change. To ask for the next
   * value is to say that what is not in the last one has been let go; nobody else reads it before. So first end its
   * reading and make durable what was read. A share that was lost is told as one without partitions, also when it was given again meanwhile.
   */
  assigned(membership: Membership): Assignment;
  /** What the members of a group noted of a partition, and what a keeper of theirs did; undefined when they noted nothing. Absent where one process has all members. */
  standing?(group: string, partition: number, keeper: string): Promise<Standing | undefined>;
  /** Offset of the oldest record kept. */
  start(partition: number): Promise<number>;
  /** Offset the next durable record will get: everything before it can be read. */
  end(partition: number): Promise<number>;
  /**
   * Offset of the first block that arrived at or after a time (epoch milliseconds), or the end if there is none.
   * Blocks are taken to have arrived in order.
   */
  offsetAt(partition: number, time: number): Promise<number>;

  /** Notes that a group has dealt with everything before `offset`; durable when resolved. It may go back, to replay. */
  commit(group: string, partition: number, offset: number): Promise<void>;
  /** Where a group stands, `undefined` if it never committed. */
  committed(group: string, partition: number): Promise<number | undefined>;
  /** Registers a group as holding: from now on nothing that it has not committed is thrown away. */
  hold(group: string): Promise<void>;
  /** Undoes `hold`. */
  release(group: string): Promise<void>;
};

/**
 * What another thread joins a topic by (`joinTopic` in storage.ts). Structured-cloneable; the rest of it is the
 * implementation's own.
 */
export type TopicHandle = { readonly name: string; readonly partitions: number };

export type Topic = TopicReader & {
  /**
   * Appends the records of a block and answers the offset of the first. Resolved means durable: the records survive
   * kill -9 and power loss. Many appends may be in flight, they share a flush; blocks of one partition keep the order
   * of the calls. The block must not change until then. While the disk is full or unwritable, or no broker answers, the append
   * waits and is tried again (see `fault`); it rejects when the topic is closed before it could be written, and with TOO_LARGE when
   * a broker takes no block of that size.
   */
  append(to: Destination, block: Block): Promise<number>;
  /** What currently keeps appends waiting, if anything does. */
  readonly fault: Fault | undefined;
  sizes(): Promise<readonly PartitionSize[]>;
  /** Applies the retention now; the store also does it from time to time. */
  retain(): Promise<void>;
  share(): TopicHandle;
};

/** All topics of a data folder or a cluster. Disposing of it flushes what was appended and closes everything. */
export type Topics = AsyncDisposable & {
  /**
   * The topic of that name, made if there is none. Names are 1 to 200 of the characters a-z, A-Z, 0-9, `.`, `_` and
   * `-`, and begin with none of the last three; anything else is the fault REQUEST_INVALID.
   */
  topic(name: string, settings?: TopicSettings): Promise<Topic>;
  /** Names of the topics there are, sorted. */
  list(): Promise<readonly string[]>;
};

/**
 * A topic that somebody else owns. It is read and appended to; it is never made, its records are never deleted, and its
 * settings are never touched.
 */
export type ForeignTopic = AsyncDisposable &
  Pick<TopicReader, "partitions" | "read" | "start" | "end"> &
  Pick<Topic, "append" | "fault"> & {
    /** What tells it from another topic of its name. */
    readonly id: string;
    /** Looks whether others have made it grow; `partitions` then says so. */
    look(): Promise<void>;
  };
