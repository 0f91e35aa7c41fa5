/**
 * A conversation as an investigator reads it: what both sides said, in true order and with times, and nothing that was not captured. Bytes
 * that are missing are gaps, bytes that came twice and differed are conflicts with both copies, and what TCP did beside it are marks.
 */
import type { OverlapPolicy } from "./overlap.ts";
import type { Seen, Side } from "./segment.ts";

/** Where one side is: its address as text (RFC 5952) and its port. */
export type Endpoint = { readonly address: string; readonly port: number };

/**
 * Why bytes are missing: they passed unseen (`lost`), before the capture began (`before`), were cut off by its snap length (`cut`), or were
 * more than could be kept in memory (`limit`).
 */
export type GapReason = "lost" | "before" | "cut" | "limit";

/** Bytes of which two copies came that differ. */
export type Conflict = {
  readonly side: Side;
  /** Where the first byte that differs is in the stream of its side. */
  readonly position: number;
  /** What the stream has, and what it would have had under another policy; of the same length. */
  readonly kept: Uint8Array;
  readonly other: Uint8Array;
  /** Which of the two was captured first. */
  readonly winner: "earlier" | "later";
  /** What decided: the policy, or that the receiver had the first copy already, which no system takes back. */
  readonly because: OverlapPolicy | "settled";
  readonly keptPacket: number;
  readonly otherPacket: number;
};

/** A part of a conversation. Positions count the bytes of a side from 0, its first; they are exact far beyond 4 GB. */
export type Chunk =
  | (Seen & {
      readonly kind: "bytes";
      readonly side: Side;
      readonly position: number;
      readonly bytes: Uint8Array;
      readonly conflicts: readonly Conflict[];
    })
  /** Bytes that are missing; the time is that of what told of them. */
  | (Seen & {
      readonly kind: "gap";
      readonly side: Side;
      readonly position: number;
      readonly length: number;
      readonly reason: GapReason;
    })
  /** What a reset carried. It is a word of the stack to the other (RFC 9293, 3.5.2) and no part of the stream. */
  | (Seen & {
      readonly kind: "reset";
      readonly side: Side;
      readonly position: number;
      readonly bytes: Uint8Array;
    });

/** What TCP did beside carrying bytes. */
export type MarkKind =
  | "syn"
  | "fin"
  | "reset"
  | "retransmission"
  | "out-of-order"
  | "keep-alive"
  | "zero-window"
  | "window-open"
  | "window-probe"
  /** Bytes in front of the first of the stream, or too far from all others: of another connection, or forged. They are left out. */
  | "outside";

/** A mark; `position` and `length` say which bytes of the stream it is about. */
export type Mark = Seen & {
  readonly kind: MarkKind;
  readonly side: Side;
  readonly position: number;
  readonly length: number;
};

/** What one side said, in numbers. */
export type SideTotals = {
  readonly packets: number;
  /** Bytes of the stream that are there, and that are missing. */
  readonly bytes: number;
  readonly missing: number;
  /** Bytes that were captured more than once. */
  readonly repeated: number;
  /** Whether the beginning (SYN) and the end (FIN) of the stream were captured. */
  readonly begins: boolean;
  readonly ends: boolean;
};

export type Conversation = {
  readonly endpoints: readonly [Endpoint, Endpoint];
  readonly policy: OverlapPolicy;
  readonly chunks: readonly Chunk[];
  /** In the order in which they were captured; the first `MARK_LIMIT` of them. `counts` has all. */
  readonly marks: readonly Mark[];
  readonly counts: Readonly<Partial<Record<MarkKind | "conflict", number>>>;
  readonly totals: readonly [SideTotals, SideTotals];
};

/** How many marks, and how many conflicts, a conversation keeps. */
export const MARK_LIMIT = 10_000;
