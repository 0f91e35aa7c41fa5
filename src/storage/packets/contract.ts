import type { Fault } from "../../core/fault.ts";
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

/** Finds packets in the thread that calls it, and waits for the disk: whoever answers others gives it a thread of its own. */
export type PacketReader = {
  readonly progress: QueryProgress;
  /** Packets that may match, oldest segment first. What comes is valid until the next is asked for. */
  find(query: PacketQuery): Generator<StoredPackets>;
};

/** Writes packets of one capture to the store, in the thread that calls it. */
export type PacketWriter = {
  /**
   * Why the last writing failed, such as DISK_FULL with nothing left to drop. What was added is kept in memory, and `flush` tries again:
   * whoever can wait adds nothing until it worked, whoever cannot counts what is lost.
   */
  readonly problem: Fault | undefined;
  /** Adds packets with their layers; `flush` and `close` make them durable. */
  append(packets: Packets, layers: Layers): void;
  /** Adds secrets that decrypt what was captured, as the capture file has them. */
  addSecrets(bytes: Uint8Array): void;
  /** Makes durable what was added. Throws Fault DISK_FULL, FOLDER_UNWRITABLE. */
  flush(): void;
  /** Makes durable what was added, and its index. Throws as `flush` does. */
  close(): void;
};

/** What is stored now. */
export type PacketStoreState = {
  readonly segments: number;
  /** Bytes of segments and of their indices. */
  readonly bytes: number;
  readonly indexBytes: number;
  readonly packets: number;
  /** Microseconds since 1970; undefined while there are none. */
  readonly oldest: number | undefined;
  readonly newest: number | undefined;
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

/**
 * The store of a folder, for the thread that owns it. Searches read the folder in threads of their own, while it is written: what is dropped
 * meanwhile is not found.
 */
export type PacketStore = {
  readonly folder: string;
  /** A writer for what one capture brings, such as an interface or a file. Several may write at once. */
  writer(capture: string): PacketWriter;
  /** Drops what is older or more than configured, the oldest first, but nothing that is preserved. */
  retain(): void;
  state(): PacketStoreState;
  preserved(): readonly PreservedRange[];
  /** Keeps the packets of a time, whatever their age and number. */
  preserve(range: PreservedRange): void;
  /** Lets a preserved range go. Throws Fault NOT_FOUND. */
  release(id: string): void;
};
