import type { Fault } from "../../core/fault.ts";
import type { Secrets } from "../../pcap/formats/report.ts";
import type { Layers } from "../../pcap/layers.ts";
import type { CaptureInterface, Packets } from "../../pcap/packets.ts";

/**
 * Packets as they were captured, kept in full and found again by time, addresses, ports, protocol, VLAN and Community ID, inside of tunnels
 * too. Whoever captures appends and flushes; what was flushed survives the end of process and machine. Reading never keeps writing waiting.
 */

/** An interface of a capture, as it is stored: which capture it was, and what the capture said of it. */
export type StoredInterface = CaptureInterface & {
  /** What captured, such as a name of an interface's machine or of a file. */
  readonly capture: string;
};

/** Addresses from one to another, both included: four words each, most significant first; IPv4 in the last word. */
export type AddressRange = {
  readonly version: 4 | 6;
  readonly from: readonly number[];
  readonly to: readonly number[];
};

/**
 * What a packet must have to match, as far as the index can tell: one of its conversations (its own, or one inside of a tunnel) meets all of
 * this. It may say less than the filter does, never more: packets it lets through are looked at one by one.
 */
export type PacketNeed = {
  /** Each of these holds an end of the conversation, in either direction. */
  readonly addresses?: readonly AddressRange[];
  /** Each is the port of an end. */
  readonly ports?: readonly number[];
  /** The IP protocol's number. */
  readonly protocol?: number;
  readonly vlan?: number;
  /** The Community ID, with seed 0. */
  readonly communityId?: string;
  /** It has no addresses, or none that could be read, and its link says one of these EtherTypes; 0 where the link says none. */
  readonly etherTypes?: readonly number[];
};

export type PacketQuery = {
  /** Microseconds since 1970, both included. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Any of these; undefined: all packets are looked at. */
  readonly needs?: readonly PacketNeed[] | undefined;
};

/** Packets as they come out of the store. */
export type StoredPackets = Packets & { readonly seen: readonly StoredInterface[] };

/** How far a query is, and what it could not read. */
export type QueryProgress = {
  /** Bytes of the store it will look at or has ruled out, and how many of them are done. */
  readonly bytes: number;
  readonly done: number;
  /** What could not be read, in sentences: a damaged block, another key. */
  readonly problems: readonly string[];
};

/**
 * Writes packets of one capture to the store, in the thread that calls it. Disposed of, it lets go of its file: what was not made durable is
 * given up, and the next start makes the index. After `close` there is nothing left to let go of.
 */
export type PacketWriter = Disposable & {
  /**
   * Why the last writing failed, such as DISK_FULL with nothing left to drop. What was added is kept in memory, and `flush` tries again:
   * whoever can wait adds nothing until it worked, whoever cannot counts what is lost.
   */
  readonly problem: Fault | undefined;
  /** Adds packets with their layers; `flush` and `close` make them durable. */
  append(packets: Packets, layers: Layers): void;
  /** Adds secrets that decrypt what was captured. */
  addSecrets(secrets: Secrets): void;
  /** Makes durable what was added. Throws Fault DISK_FULL, FOLDER_UNWRITABLE. */
  flush(): void;
  /** Makes durable what was added, and its index. Throws as `flush` does. */
  close(): void;
};

/** What is stored now. */
export type PacketStoreState = {
  readonly segments: number;
  /** Bytes of segments and of their indices, and how many there may be. */
  readonly bytes: number;
  readonly limit: number;
  /** Bytes of the indices alone, and of the segments they are of. */
  readonly indexBytes: number;
  readonly indexedBytes: number;
  readonly packets: number;
  /** Microseconds since 1970; undefined while there are none. */
  readonly oldest: number | undefined;
  readonly newest: number | undefined;
  /** Bytes that were written a second, mean of the last hour. */
  readonly bytesPerSecond: number;
  /** How many days of packets fit into `limit`, at the rate of the last 24 hours, or of the packets that were stored in them where these took longer; undefined while nothing was written in them. */
  readonly days: number | undefined;
  /** What was dropped since the start, by age, by size and for want of room. */
  readonly dropped: { readonly segments: number; readonly packets: number; readonly bytes: number };
};

/** A time whose packets stay whatever their age and number. */
export type PreservedRange = {
  readonly id: string;
  /** Microseconds since 1970, both included. */
  readonly from: number;
  readonly to: number;
  readonly reason: string;
  readonly by: string;
  /** When it was made, epoch milliseconds. */
  readonly at: number;
};

/** Finds packets in the thread that calls it, and waits for the disk: whoever answers others gives it a thread of its own. */
export type PacketReader = {
  readonly progress: QueryProgress;
  /**
   * Packets that may match, oldest segment first: those of the time that one of the needs asks for, by the index where there is one, all
   * of the time in the segments that are being written. What comes is valid until the next is asked for.
   */
  find(query: PacketQuery): Generator<StoredPackets>;
  /** Secrets that decrypt packets of the time, as their captures had them, each once. */
  secrets(times: Pick<PacketQuery, "from" | "to">): readonly Secrets[];
};

/** What another thread joins a store by; it can be sent to it. */
export type PacketHandle = {
  readonly folder: string;
  readonly bytes: number;
  readonly segmentBytes: number;
  readonly segmentAge: number;
  readonly compress: boolean;
  readonly secret: string | undefined;
  readonly abandoned: ReadonlySet<string>;
  readonly shared: BigInt64Array;
};

/** What every thread can do with a store. */
export type JoinedPackets = {
  readonly folder: string;
  /** A writer for what one capture brings, such as an interface or a file. Several may write at once, in several threads. */
  writer(capture: string): PacketWriter;
  /** A reader for one query. */
  reader(): PacketReader;
};

/**
 * The store of a folder, for the thread that owns it. Other threads join it by its handle. Reading goes on while packets are written and
 * dropped: what is dropped meanwhile is not found.
 */
export type PacketStore = JoinedPackets & {
  share(): PacketHandle;
  /** Drops what is older or more than configured, the oldest first, but nothing that is preserved. */
  retain(): void;
  state(): PacketStoreState;
  preserved(): readonly PreservedRange[];
  /** Keeps the packets of a time, whatever their age and number. Throws Fault DISK_FULL, FOLDER_UNWRITABLE. */
  preserve(range: PreservedRange): void;
  /** Lets a preserved range go. Throws Fault NOT_FOUND. */
  release(id: string): void;
};
