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

/** Packets found in one part of the store, oldest part first; within it in the order in which they were captured. */
export type FoundPackets = {
  readonly packets: Packets;
  /** What the packets' `interfaces` count. */
  readonly interfaces: readonly StoredInterface[];
};

/** How far a query is, and what it could not read. */
export type QueryProgress = {
  /** Bytes of the store it will look at or has ruled out, and how many of them are done. */
  readonly bytes: number;
  readonly done: number;
  /** What could not be read, in sentences: a damaged block, another key. */
  readonly problems: readonly string[];
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
