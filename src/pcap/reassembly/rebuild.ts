import type { Conflict, Conversation, Endpoint, Mark, MarkKind, SideTotals } from "./conversation.ts";
import { MARK_LIMIT } from "./conversation.ts";
import { mergeSides, type Stretch, stretchesOf } from "./merge.ts";
import type { OverlapPolicy } from "./overlap.ts";
import { otherSide, type Segment, TCP } from "./segment.ts";
import { emptySide, place, placeOf, type SideStream } from "./side-stream.ts";

/** The largest window there is (RFC 7323, 2.3): no honest segment or acknowledgement is further ahead. */
const LARGEST_WINDOW = 2 ** 30;

/**
 * Puts a TCP connection together.
 *
 * @param segments of one connection in the order in which they were captured (`splitConnections`); side 0 is the client
 * @param policy which copy counts where two differ
 */
export function rebuildConversation(
  segments: readonly Segment[],
  endpoints: readonly [Endpoint, Endpoint],
  policy: OverlapPolicy = "first",
): Conversation {
  const sides: [SideStream, SideStream] = [emptySide(), emptySide()];
  const marks: Mark[] = [];
  const conflicts: [Conflict[], Conflict[]] = [[], []];
  const counts: Partial<Record<MarkKind | "conflict", number>> = {};
  const count = (kind: MarkKind | "conflict"): boolean => {
    counts[kind] = (counts[kind] ?? 0) + 1;
    return counts[kind] <= MARK_LIMIT;
  };
  const mark = (kind: MarkKind, segment: Segment, position: number, length: number) => {
    if (!count(kind) || marks.length >= MARK_LIMIT) return;
    const { side, micros, nanos, packet } = segment;
    marks.push({ kind, side, position, length, micros, nanos, packet });
  };
  const conflict = (told: Conflict) => {
    if (count("conflict")) conflicts[told.side].push(told);
  };
  for (const segment of segments) follow(sides, segment, policy, mark, conflict);

  const firsts = sides.map(firstOf) as [number, number];
  // Before the stretches, which take from the pieces what is outside.
  for (const side of [0, 1] as const) tellOutside(sides[side], firsts[side], mark);
  const stretches = ([0, 1] as const).map((side) =>
    stretchesOf(sides[side], firsts[side], sides[otherSide(side)].fin !== undefined),
  ) as [Stretch[], Stretch[]];
  // Before they are merged, which cuts stretches in parts.
  const counted = [totals(sides[0], stretches[0]), totals(sides[1], stretches[1])] as const;
  const relative = (told: Conflict): Conflict => ({ ...told, position: told.position - firsts[told.side] });
  return {
    endpoints,
    policy,
    chunks: mergeSides(stretches, firsts, [
      conflicts[0].map(relative).sort(byPosition),
      conflicts[1].map(relative).sort(byPosition),
    ]),
    marks: marks.map((told) => ({ ...told, position: told.position - firsts[told.side] })),
    counts,
    totals: counted,
  };
}

const byPosition = (one: Conflict, other: Conflict) => one.position - other.position;

/** Takes in one segment: where it is, what it acknowledges, and what is to be said about it. */
function follow(
  sides: readonly [SideStream, SideStream],
  segment: Segment,
  policy: OverlapPolicy,
  mark: (kind: MarkKind, segment: Segment, position: number, length: number) => void,
  conflict: (told: Conflict) => void,
): void {
  const mine = sides[segment.side];
  const theirs = sides[otherSide(segment.side)];
  const { flags, wire } = segment;
  const at = placeOf(mine, segment.sequence);
  const isSyn = (flags & TCP.syn) !== 0;
  const from = isSyn ? at + 1 : at;
  const to = from + wire;
  mine.packets++;
  if (flags & TCP.reset) {
    mark("reset", segment, from, segment.payload.length);
    if (segment.payload.length > 0) mine.resets.push({ place: from, acknowledged: -Infinity, segment });
    return;
  }
  if (!Number.isFinite(mine.end)) forgetStray(mine, at);
  const acknowledged = flags & TCP.ack ? acknowledge(theirs, segment) : Number.NEGATIVE_INFINITY;
  if (isSyn) {
    mark(mine.first === undefined ? "syn" : "retransmission", segment, at, 0);
    mine.first ??= from;
  } else if (mine.first !== undefined && to < mine.first - 1) {
    mark("outside", segment, from, wire);
    return;
  }
  if (Number.isFinite(mine.end) && from - (mine.near ?? from) > LARGEST_WINDOW) {
    mark("outside", segment, from, wire);
    return;
  }
  if (!isSyn) watchWindow(mine, segment, from, mark);
  const before = mine.end;
  if (isKeepAlive(mine, segment, from)) {
    mark("keep-alive", segment, from, wire);
    return;
  }
  if (wire > 0) {
    if (wire === 1 && theirs.window === 0 && from >= before) mark("window-probe", segment, from, 1);
    const covered = place(mine, segment, from, acknowledged, policy, conflict);
    if (from < before)
      mark(covered > 0 || to > before ? "retransmission" : "out-of-order", segment, from, wire);
  }
  mine.least = Math.min(mine.least, from);
  mine.end = Math.max(mine.end, to);
  mine.near = Number.isFinite(before) ? Math.max(mine.near ?? to, to) : Math.max(to, mine.acknowledged);
  if (flags & TCP.fin) {
    mark(mine.fin === undefined ? "fin" : "retransmission", segment, to, 0);
    mine.fin ??= to;
  }
}

/** A side's own first segment says better where it is than an acknowledgement far from it, which is of another connection or forged. */
function forgetStray(mine: SideStream, at: number): void {
  if (mine.near === undefined || Math.abs(at - mine.near) <= LARGEST_WINDOW) return;
  mine.leastAcknowledged = Number.POSITIVE_INFINITY;
  mine.acknowledged = Number.NEGATIVE_INFINITY;
  mine.acknowledgedBy = undefined;
}

/** Notes what a segment acknowledges and returns it as a place of the other side. */
function acknowledge(theirs: SideStream, segment: Segment): number {
  const place = placeOf(theirs, segment.acknowledgement);
  if (theirs.near === undefined) theirs.near = place;
  else if (place - theirs.near > LARGEST_WINDOW) return Number.NEGATIVE_INFINITY;
  theirs.leastAcknowledged = Math.min(theirs.leastAcknowledged, place);
  if (place > theirs.acknowledged) {
    theirs.lastStep = place - theirs.acknowledged;
    theirs.acknowledged = place;
    theirs.acknowledgedBy = segment;
    theirs.near = Math.max(theirs.near, place);
  }
  return place;
}

/**
 * Tells whether a segment only asks whether the other side is still there: nothing or one byte of any content, right before the next one
 * (RFC 9293, 3.8.4). A byte that differs from what was said there is one only when the other side has acknowledged what was said;
 * otherwise it is a second copy.
 */
function isKeepAlive(mine: SideStream, segment: Segment, from: number): boolean {
  if (segment.wire > 1 || segment.flags & (TCP.syn | TCP.fin) || from !== mine.end - 1) return false;
  if (segment.wire === 0) return true;
  const [there] = mine.pieces.overlapping(from, from + 1);
  if (there === undefined) return from === (mine.first ?? from) - 1;
  return mine.acknowledged >= mine.end || there.segment.payload[from - there.from] === segment.payload[0];
}

function watchWindow(
  mine: SideStream,
  segment: Segment,
  from: number,
  mark: (kind: MarkKind, segment: Segment, position: number, length: number) => void,
): void {
  if (segment.flags & TCP.fin) return;
  if (segment.window === 0 && mine.window !== 0) mark("zero-window", segment, from, 0);
  if (segment.window > 0 && mine.window === 0) mark("window-open", segment, from, 0);
  mine.window = segment.window;
}

/** The place of the first byte of a side: behind its SYN, or else the least that anybody spoke of. */
function firstOf(side: SideStream): number {
  if (side.first !== undefined) return side.first;
  const { least, leastAcknowledged } = side;
  if (!Number.isFinite(least) && Number.isFinite(leastAcknowledged)) return leastAcknowledged;
  // Of a side of which only resets are there nobody knows where it began: positions are then its sequence numbers.
  if (!Number.isFinite(least)) return side.near ?? -(side.base ?? 0);
  return least - leastAcknowledged > LARGEST_WINDOW ? least : Math.min(least, leastAcknowledged);
}

/** Tells of bytes in front of the first, which came before the SYN did. */
function tellOutside(
  side: SideStream,
  first: number,
  mark: (kind: MarkKind, segment: Segment, position: number, length: number) => void,
): void {
  if ((side.pieces.first()?.start ?? first) >= first) return;
  for (const piece of side.pieces) {
    if (piece.start >= first) return;
    mark("outside", piece.segment, piece.start, Math.min(piece.end, first) - piece.start);
  }
}

function totals(side: SideStream, stretches: readonly Stretch[]): SideTotals {
  let bytes = 0;
  let missing = 0;
  for (const { kind, start, end } of stretches) {
    if (kind === "bytes") bytes += end - start;
    if (kind === "gap") missing += end - start;
  }
  return {
    packets: side.packets,
    bytes,
    missing,
    repeated: side.repeated,
    begins: side.first !== undefined,
    ends: side.fin !== undefined,
  };
}
