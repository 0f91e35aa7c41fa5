/** What one side of a TCP connection said: its segments put in their places, with what is missing and what was said twice. */
import type { Conflict, GapReason } from "./conversation.ts";
import { difference, laterWins, type OverlapPolicy } from "./overlap.ts";
import { type Segment, unwrap } from "./segment.ts";
import { type Placed, SortedPieces } from "./sorted-pieces.ts";

/**
 * Bytes that count, from one segment. Places are those of the side: they count from the first number that was seen of it, so that they are
 * small integers, which need no memory of their own. `acknowledged` is how far the sender had received the other side when it sent them, in
 * the places of the other side.
 */
export type Piece = Placed & {
  readonly kind: "bytes";
  readonly segment: Segment;
  /** All that the segment brought; `from` is the place of the first byte of its payload. */
  readonly from: number;
  readonly to: number;
  acknowledged: number;
  /** When it was said, at the latest, in microseconds. */
  micros: number;
  /** The segment brought the newest bytes of its side: `acknowledged` is not that of a retransmission. */
  readonly isNew: boolean;
};

/** A stretch of the stream that has no bytes, and why. */
export type Hole = Placed & { readonly reason: GapReason };

export type SideStream = {
  readonly pieces: SortedPieces<Piece>;
  /** Bytes that packets had and the capture has not. */
  readonly absent: Hole[];
  readonly resets: { readonly place: number; readonly acknowledged: number; readonly segment: Segment }[];
  /** The sequence number that has place 0, and a place near which the next number is; undefined before the first. */
  base: number | undefined;
  near: number | undefined;
  /** The place of the first byte, if the SYN was captured; of the FIN. */
  first: number | undefined;
  fin: number | undefined;
  /** The least place that a captured segment of this side speaks of. */
  least: number;
  /** The place behind the last byte that a captured segment says it had. */
  end: number;
  /** The least and the greatest place that the other side acknowledged, and the segment that did so. */
  leastAcknowledged: number;
  acknowledged: number;
  acknowledgedBy: Segment | undefined;
  /** By how much `acknowledged` grew the last time. */
  lastStep: number;
  /** Everything before this place has come without a hole: a receiver has handed it on. */
  settled: number | undefined;
  /** The window that this side last offered. */
  window: number;
  packets: number;
  repeated: number;
};

export function emptySide(): SideStream {
  return {
    pieces: new SortedPieces<Piece>(),
    absent: [],
    resets: [],
    base: undefined,
    near: undefined,
    first: undefined,
    fin: undefined,
    least: Number.POSITIVE_INFINITY,
    end: Number.NEGATIVE_INFINITY,
    leastAcknowledged: Number.POSITIVE_INFINITY,
    acknowledged: Number.NEGATIVE_INFINITY,
    acknowledgedBy: undefined,
    lastStep: 0,
    settled: undefined,
    window: -1,
    packets: 0,
    repeated: 0,
  };
}

/** The place of a sequence number of a side; the first one of it has place 0. */
export function placeOf(side: SideStream, number: number): number {
  side.base ??= number;
  return side.near === undefined ? number - side.base : unwrap(number - side.base, side.near);
}

/** The bytes of a piece, as a view. */
export function bytesOf(piece: Piece, start = piece.start, end = piece.end): Uint8Array {
  // Most segments count from their first byte to their last, and a view costs more than all that is decided here.
  if (start === piece.from && end === piece.to) return piece.segment.payload;
  return piece.segment.payload.subarray(start - piece.from, end - piece.from);
}

/**
 * Puts the payload of a segment in its place. Where bytes are there already, the policy decides which copy counts.
 *
 * @param from the place of the first byte of the payload
 * @param conflict receives each stretch of which two different copies came; places instead of positions
 * @returns how many of its bytes were there before
 */
export function place(
  side: SideStream,
  segment: Segment,
  from: number,
  acknowledged: number,
  policy: OverlapPolicy,
  conflict: (conflict: Conflict) => void,
): number {
  const to = from + segment.payload.length;
  if (segment.wire > segment.payload.length)
    side.absent.push({ start: to, end: from + segment.wire, reason: segment.short ?? "cut" });
  if (to === from) return 0;
  const others = side.pieces.overlapping(from, to);
  let covered = 0;
  /** Up to here the new bytes have found their place. */
  let at = from;
  for (const other of others) {
    const start = Math.max(from, other.start);
    const end = Math.min(to, other.end);
    covered += end - start;
    // Who repeats bytes says them with an acknowledgement at least as great as the first time.
    if (from <= other.start && to >= other.end)
      other.acknowledged = Math.min(other.acknowledged, acknowledged);
    const isSettled =
      policy !== "first" && policy !== "last" && side.settled !== undefined && end <= side.settled;
    const wins = !isSettled && laterWins(policy, other, { from, to });
    const differing = difference(
      segment.payload,
      start - from,
      other.segment.payload,
      start - other.from,
      end - start,
    );
    if (differing !== undefined) {
      const [begin, finish] = [start + differing.from, start + differing.to];
      const mine = segment.payload.subarray(begin - from, finish - from);
      const theirs = bytesOf(other, begin, finish);
      const told: Conflict = {
        side: segment.side,
        position: begin,
        kept: wins ? mine : theirs,
        other: wins ? theirs : mine,
        winner: wins ? "later" : "earlier",
        because: isSettled ? "settled" : policy,
        keptPacket: wins ? segment.packet : other.segment.packet,
        otherPacket: wins ? other.segment.packet : segment.packet,
      };
      conflict(told);
    }
    if (!wins) {
      if (start > at) side.pieces.insert(pieceOf(side, segment, from, to, at, start, acknowledged));
      at = end;
    } else {
      yieldTo(side, other, start, end);
    }
  }
  if (at < to) side.pieces.insert(pieceOf(side, segment, from, to, at, to, acknowledged));
  settle(side, from);
  side.repeated += covered;
  return covered;
}

/** The part from `start` to `end` of a segment whose payload has the places `from` to `to`. */
function pieceOf(
  side: SideStream,
  segment: Segment,
  from: number,
  to: number,
  start: number,
  end: number,
  acknowledged: number,
): Piece {
  const isNew = from >= side.end;
  return { kind: "bytes", start, end, segment, from, to, acknowledged, micros: segment.micros, isNew };
}

/** Takes `start` to `end` away from a piece. */
function yieldTo(side: SideStream, other: Piece, start: number, end: number): void {
  const rest = other.end > end ? { ...other, start: end } : undefined;
  if (other.start < start) other.end = start;
  else side.pieces.remove(other);
  if (rest !== undefined) side.pieces.insert(rest);
}

/** Moves the end of what has come without a hole. */
function settle(side: SideStream, from: number): void {
  side.settled ??= side.first ?? from;
  for (;;) {
    const next = side.pieces.at(side.settled);
    if (next === undefined) return;
    side.settled = next.end;
  }
}
