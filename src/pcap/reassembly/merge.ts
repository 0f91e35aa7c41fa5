/** Brings what two sides said into the order in which they said it. */
import type { Chunk, Conflict, GapReason } from "./conversation.ts";
import { otherSide, type Segment, type Side } from "./segment.ts";
import { bytesOf, type Hole, type Piece, type SideStream } from "./side-stream.ts";

/** A part of one side's stream, in places of that side. Pieces are stretches as they are: there is one for each segment. */
export type Stretch = Piece | NoBytes<"gap"> | NoBytes<"reset">;

/** A gap, or what a reset carried. `segment` told of it. */
type NoBytes<Kind extends "gap" | "reset"> = {
  readonly kind: Kind;
  start: number;
  readonly end: number;
  /** How far its sender had received the other side when it was said, at most. */
  acknowledged: number;
  /** When it was said, at the latest, in microseconds. */
  micros: number;
  readonly segment: Segment;
  readonly isNew: false;
  readonly reason: GapReason;
};

const NO_CONFLICTS: readonly Conflict[] = [];

/**
 * The whole stream of a side, from its first byte on, without a hole that is not a stretch.
 *
 * @param otherEnded whether the FIN of the other side was captured
 */
export function stretchesOf(side: SideStream, first: number, otherEnded: boolean): Stretch[] {
  const stretches: Stretch[] = [];
  const absent = side.absent.sort((one, other) => one.start - other.start);
  let at = first;
  side.pieces.forEach((piece) => {
    if (piece.end <= first) return;
    if (piece.start < first) piece.start = first;
    const reason = side.first === undefined && at < side.least ? "before" : "lost";
    if (piece.start > at) stretches.push(...gaps(at, piece.start, absent, reason, piece.segment));
    stretches.push(piece);
    at = piece.end;
  });
  const end = endOf(side, absent, otherEnded);
  const told = side.acknowledgedBy ?? stretches.at(-1)?.segment ?? side.resets[0]?.segment;
  if (end > at && told !== undefined) stretches.push(...gaps(at, end, absent, "lost", told));
  for (const { place, acknowledged, segment } of side.resets)
    stretches.push({
      kind: "reset",
      start: Math.max(at, end, place),
      end: Math.max(at, end, place),
      acknowledged,
      micros: segment.micros,
      segment,
      isNew: false,
      reason: "lost",
    });
  return stretches;
}

/**
 * The end of the stream: its FIN, or else what segments and acknowledgements tell of. Whether the last byte that was acknowledged is one or a
 * FIN that was not captured nobody can tell; where everything speaks for the FIN it is no gap.
 */
function endOf(side: SideStream, absent: readonly Hole[], otherEnded: boolean): number {
  if (side.fin !== undefined) return Math.max(side.fin, absent.at(-1)?.end ?? side.fin);
  const isFin = side.acknowledged - side.end === 1 || (otherEnded && side.lastStep === 1);
  return Math.max(side.end, isFin ? side.acknowledged - 1 : side.acknowledged);
}

/** What is between `start` and `end`, in parts by why it is missing. */
function gaps(
  start: number,
  end: number,
  absent: readonly Hole[],
  reason: GapReason,
  segment: Segment,
): Stretch[] {
  const parts: Stretch[] = [];
  const part = (to: number, why: GapReason) => {
    // Nothing says when it was said: as late as acknowledgements and what follows allow.
    const acknowledged = Number.POSITIVE_INFINITY;
    if (to > start)
      parts.push({
        kind: "gap",
        start,
        end: to,
        acknowledged,
        micros: segment.micros,
        segment,
        isNew: false,
        reason: why,
      });
    start = Math.max(start, to);
  };
  for (let at = firstBehind(absent, start); at < absent.length && absent[at]!.start < end; at++) {
    const hole = absent[at]!;
    part(Math.min(hole.start, end), reason);
    part(Math.min(hole.end, end), hole.reason);
  }
  part(end, reason);
  return parts;
}

/** The first hole that may end behind `place`: holes are no longer than a packet. */
function firstBehind(holes: readonly Hole[], place: number): number {
  const LONGEST = 65_536;
  let low = 0;
  let high = holes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holes[middle]!.start + LONGEST > place) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Merges the stretches of both sides. What a side says after it has acknowledged bytes of the other comes behind these bytes; where no
 * acknowledgement decides, the times do.
 *
 * @param firsts the place of the first byte of each side
 * @param conflicts of each side by position
 */
export function mergeSides(
  stretches: readonly [Stretch[], Stretch[]],
  firsts: readonly [number, number],
  conflicts: readonly [readonly Conflict[], readonly Conflict[]],
): Chunk[] {
  for (const side of stretches) lowerToLater(side);
  const chunks: Chunk[] = [];
  const next: [number, number] = [0, 0];
  const nextConflict: [number, number] = [0, 0];
  for (;;) {
    const one = stretches[0][next[0]];
    const other = stretches[1][next[1]];
    if (one === undefined && other === undefined) return chunks;
    const side = other === undefined || (one !== undefined && comesFirst(one, other)) ? 0 : 1;
    const stretch = stretches[side][next[side]]!;
    const following = stretches[otherSide(side)][next[otherSide(side)]];
    // What the other side acknowledged of it comes first, the rest is compared again.
    const cut = following?.acknowledged ?? stretch.end;
    const end = cut > stretch.start && cut < stretch.end && following?.kind !== "gap" ? cut : stretch.end;
    chunks.push(chunkOf(stretch, end, side, firsts[side], conflicts[side], nextConflict));
    if (end < stretch.end) stretch.start = end;
    else next[side]++;
  }
}

/** Tells whether the stretch of side 0 was said before that of side 1. */
function comesFirst(one: Stretch, other: Stretch): boolean {
  const oneKnew = one.acknowledged > other.start;
  const otherKnew = other.acknowledged > one.start;
  if (oneKnew && otherKnew && one.isNew !== other.isNew) return other.isNew;
  if (oneKnew !== otherKnew) return otherKnew;
  return one.micros <= other.micros;
}

/**
 * Sides acknowledge ever more and time goes on, so a stretch was said before everything behind it in its stream: what is greater comes from
 * a retransmission or from packets that were captured late.
 */
function lowerToLater(stretches: Stretch[]): void {
  let acknowledged = Number.POSITIVE_INFINITY;
  let micros = Number.POSITIVE_INFINITY;
  for (let at = stretches.length - 1; at >= 0; at--) {
    const stretch = stretches[at]!;
    if (stretch.kind === "reset") continue;
    acknowledged = stretch.acknowledged = Math.min(stretch.acknowledged, acknowledged);
    micros = stretch.micros = Math.min(stretch.micros, micros);
  }
}

function chunkOf(
  stretch: Stretch,
  end: number,
  side: Side,
  first: number,
  conflicts: readonly Conflict[],
  nextConflict: [number, number],
): Chunk {
  const { micros, nanos, packet } = stretch.segment;
  const position = stretch.start - first;
  if (stretch.kind === "gap") {
    const length = end - stretch.start;
    return { kind: "gap", side, position, micros, nanos, packet, length, reason: stretch.reason };
  }
  if (stretch.kind === "reset")
    return { kind: "reset", side, position, micros, nanos, packet, bytes: stretch.segment.payload };
  const from = nextConflict[side];
  while ((conflicts[nextConflict[side]]?.position ?? Number.POSITIVE_INFINITY) < end - first)
    nextConflict[side]++;
  return {
    kind: "bytes",
    side,
    position,
    micros,
    nanos,
    packet,
    bytes: bytesOf(stretch, stretch.start, end),
    conflicts: from === nextConflict[side] ? NO_CONFLICTS : conflicts.slice(from, nextConflict[side]),
  };
}
