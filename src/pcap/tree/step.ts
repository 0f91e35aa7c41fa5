import { LINK } from "../decode/link-types.ts";
import type { Cursor } from "./cursor.ts";

/** A protocol: its name in Wireshark, what people call it, and how its header is read. What comes behind it is returned. */
export type Step = {
  readonly name: string;
  readonly label: string;
  readonly read: (cursor: Cursor, around: Around) => Next | undefined;
};

/** What comes next, by its number in one of three registries, or as it is. */
export type Goal =
  | Step
  | { readonly etherType: number }
  | { readonly protocol: number }
  | { readonly linkType: number };

export const IPV4: Goal = { etherType: 0x0800 };
export const IPV6: Goal = { etherType: 0x86dd };
export const MPLS: Goal = { etherType: 0x8847 };
export const GRE: Goal = { protocol: 47 };
export const ETHERNET: Goal = { linkType: LINK.ethernet };
export const RAW_IP: Goal = { linkType: LINK.raw };
export const LLC: Goal = { linkType: LINK.llc };
export const PPP: Goal = { etherType: 0x880b };

/** What comes next, and the bytes that it has. */
export type Next = { readonly goal: Goal; readonly at: number; readonly end: number; readonly wire: number };

/** What layers tell those within them. */
export type Around = {
  /** The network layer around, for the checksums that cover its addresses. */
  network?: Network | undefined;
  /** Whether this is what an ICMP message quotes of another packet, so cut and with checksums of another time. */
  isQuoted: boolean;
  /** Whether the payload was of TCP, where some protocols say their length first. */
  isTcp: boolean;
};

export type Network = {
  readonly version: 4 | 6;
  /** Source and destination, as they are in the header. */
  readonly addresses: Uint8Array;
  readonly isFragment: boolean;
};

/** Goes on behind what was read, if anything is there. */
export function next(goal: Goal | undefined, { at, end, wire }: Cursor): Next | undefined {
  return goal === undefined || at >= end ? undefined : { goal, at, end, wire };
}

/** Takes what a header says of where its content ends; what comes behind is padding. */
export function limit(cursor: Cursor, end: number): void {
  cursor.wire = end;
  cursor.end = Math.min(cursor.end, end);
}
