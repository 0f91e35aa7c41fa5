/**
 * Hands on the streams of a flow while its packets come, for what must keep up with a line: in order, without a copy where packets come in
 * order, and in bounded memory. What an investigator wants to know of overlaps and order between the sides, `rebuild.ts` tells later.
 */
import { copyBytes } from "../packets.ts";
import { difference } from "./overlap.ts";
import { type Side, TCP } from "./segment.ts";
import { type Placed, SortedPieces } from "./sorted-pieces.ts";

/** Why bytes are missing: they passed unseen, the capture cut them off, or memory did not suffice to wait for what is before them. */
export type FlowGap = "lost" | "cut" | "limit";

/** Who reads the streams of a flow. Bytes are only valid during the call. */
export type FlowReader = {
  data(side: Side, bytes: Uint8Array, start: number, end: number): void;
  gap(side: Side, length: number, reason: FlowGap): void;
  /** No more comes of this side: it said so, was reset, or `close` was called. */
  end(side: Side, how: "fin" | "reset" | "closed"): void;
};

/** The memory for what waits, shared by all flows of a thread. */
export type FlowMemory = { used: number; readonly limit: number; readonly limitPerSide: number };

export function flowMemory(limit = 256 * 2 ** 20, limitPerSide = 2 ** 20): FlowMemory {
  return { used: 0, limit, limitPerSide };
}

/** Bytes that a segment which waits takes beside its payload. */
const OVERHEAD = 200;

/**
 * How much waits behind bytes that the other side has acknowledged until they count as lost. Packets may change places between the wire and
 * the capture, but not over a distance like this.
 */
const PATIENCE = 64 * 1024;

/** The largest window there is (RFC 7323, 2.3). */
const LARGEST_WINDOW = 2 ** 30;

type Waiting = Placed & { bytes: Uint8Array };

type SideState = {
  /** The sequence number that comes next, once one is known, and how many bytes were before it. */
  next: number;
  isOpen: boolean;
  /** Whether a segment of its own has come; before, `next` is what the other side acknowledged. */
  spoke: boolean;
  isDone: boolean;
  position: number;
  waiting: SortedPieces<Waiting> | undefined;
  held: number;
  /** The position of the FIN, and how far the other side has acknowledged. */
  fin: number;
  acknowledged: number;
  conflicts: number;
  /** Bytes that came when they had been handed on, or were given up for lost. */
  late: number;
  /** The number of its SYN, by which a later one is known as a new connection. */
  syn: number;
};

/** The two streams of one TCP connection. */
export class Flow {
  readonly #reader: FlowReader;
  readonly #memory: FlowMemory;
  readonly #sides: readonly [SideState, SideState] = [emptyState(), emptyState()];

  constructor(reader: FlowReader, memory: FlowMemory) {
    this.#reader = reader;
    this.#memory = memory;
  }

  /** Whether a SYN with this number begins another connection, so that this flow is to be closed and a new one opened. */
  isOther(side: Side, sequence: number): boolean {
    const { syn, spoke } = this.#sides[side];
    return syn >= 0 ? syn !== sequence : spoke;
  }

  /** How many stretches came twice with different bytes while they waited; the first copy counts. */
  conflicts(side: Side): number {
    return this.#sides[side].conflicts;
  }

  /** Bytes of a side that were left out because they came again, or came when they had been given up. */
  late(side: Side): number {
    return this.#sides[side].late;
  }

  /** Bytes of a side so far, gaps included. */
  position(side: Side): number {
    return this.#sides[side].position;
  }

  /**
   * Takes in a segment.
   *
   * @param bytes where its payload is, from `start` to `end`; kept only where it must wait, as a copy
   * @param wire bytes of payload on the wire
   */
  push(
    side: Side,
    sequence: number,
    acknowledgement: number,
    flags: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    wire: number,
  ): void {
    const mine = this.#sides[side];
    if (flags & TCP.ack && !(flags & TCP.reset)) this.#acknowledge(side, acknowledgement);
    if (flags & TCP.syn) {
      if (mine.syn < 0) mine.syn = sequence;
      sequence = (sequence + 1) >>> 0;
    }
    if (mine.isDone) return;
    if (!mine.isOpen) {
      // A pure acknowledgement says where its side is, so that what is lost behind it is told.
      mine.isOpen = true;
      mine.next = sequence;
    }
    if (flags & TCP.reset) {
      this.#finish(side, "reset");
      return;
    }
    if (!mine.spoke) {
      mine.spoke = true;
      const from = (sequence - mine.next) | 0;
      // Its own first segment says better where it is than an acknowledgement that is of another connection, or forged.
      if (flags & TCP.syn || from < 0 || from > LARGEST_WINDOW) {
        mine.next = sequence;
        mine.acknowledged = 0;
      }
    }
    const ahead = (sequence - mine.next) | 0;
    if (ahead === 0 && mine.waiting === undefined) {
      if (end > start) this.#reader.data(side, bytes, start, end);
      if (wire > end - start) this.#reader.gap(side, wire - (end - start), "cut");
      this.#advance(mine, wire);
    } else if (wire > 0) this.#late(side, mine, mine.position + ahead, bytes, start, end, wire);
    if (flags & TCP.fin && mine.fin < 0) mine.fin = mine.position + ((sequence + wire - mine.next) | 0);
    if (mine.fin >= 0 && mine.position >= mine.fin) this.#finish(side, "fin");
  }

  /** Hands on what waits, with gaps, and ends both streams: both sides ended, or the flow was quiet for too long. */
  close(): void {
    for (const side of [0, 1] as const) if (!this.#sides[side].isDone) this.#finish(side, "closed");
  }

  #advance(mine: SideState, length: number): void {
    mine.position += length;
    mine.next = (mine.next + length) >>> 0;
  }

  #acknowledge(side: Side, acknowledgement: number): void {
    const theirs = this.#sides[side === 0 ? 1 : 0];
    if (!theirs.isOpen) {
      theirs.isOpen = true;
      theirs.next = acknowledgement;
    }
    const place = theirs.position + ((acknowledgement - theirs.next) | 0);
    if (place <= theirs.acknowledged) return;
    theirs.acknowledged = place;
    if (theirs.waiting !== undefined && theirs.held > PATIENCE)
      this.#giveUp(side === 0 ? 1 : 0, theirs, place, "lost");
  }

  /** Takes in a segment that is not the next one, or that comes while others wait. */
  #late(
    side: Side,
    mine: SideState,
    at: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    wire: number,
  ): void {
    let from = at;
    if (from < mine.position) {
      mine.late += Math.min(wire, mine.position - from);
      start += mine.position - from;
      from = mine.position;
    }
    // Nothing new is in it: a retransmission or a keep-alive.
    if (at + wire <= mine.position) return;
    if (start < end) this.#wait(mine, from, bytes, start, end);
    this.#handOn(side, mine);
    if (mine.waiting === undefined) return;
    if (mine.held > PATIENCE && mine.acknowledged > mine.position)
      this.#giveUp(side, mine, mine.acknowledged, "lost");
    if (mine.held > this.#memory.limitPerSide || this.#memory.used > this.#memory.limit)
      this.#giveUp(side, mine, mine.position + 1, "limit");
  }

  /** Keeps what nobody has brought yet of a segment. */
  #wait(mine: SideState, from: number, bytes: Uint8Array, start: number, end: number): void {
    mine.waiting ??= new SortedPieces<Waiting>();
    const to = from + end - start;
    let at = from;
    const keep = (until: number) => {
      if (until <= at) return;
      const copy = copyBytes(bytes, start + at - from, start + until - from);
      mine.waiting?.insert({ start: at, end: until, bytes: copy });
      mine.held += copy.length + OVERHEAD;
      this.#memory.used += copy.length + OVERHEAD;
    };
    for (const other of mine.waiting.overlapping(from, to)) {
      keep(other.start);
      const begin = Math.max(from, other.start);
      const finish = Math.min(to, other.end);
      if (difference(bytes, start + begin - from, other.bytes, begin - other.start, finish - begin))
        mine.conflicts++;
      at = Math.max(at, other.end);
    }
    keep(to);
  }

  /** Hands on what waits and is next. */
  #handOn(side: Side, mine: SideState): void {
    const { waiting } = mine;
    if (waiting === undefined) return;
    for (
      let first = waiting.first();
      first !== undefined && first.start <= mine.position;
      first = waiting.first()
    ) {
      const start = mine.position - first.start;
      this.#release(mine, first);
      this.#reader.data(side, first.bytes, start, first.bytes.length);
      this.#advance(mine, first.bytes.length - start);
    }
    if (waiting.first() === undefined) mine.waiting = undefined;
  }

  /** Tells gaps for what does not come, up to `until` at least, and hands on what is behind them. */
  #giveUp(side: Side, mine: SideState, until: number, reason: FlowGap): void {
    while (mine.waiting !== undefined && mine.position < until) {
      const first = mine.waiting.first();
      if (first === undefined) break;
      this.#gap(side, mine, first.start, reason);
      this.#handOn(side, mine);
    }
  }

  #gap(side: Side, mine: SideState, to: number, reason: FlowGap): void {
    if (to <= mine.position) return;
    this.#reader.gap(side, to - mine.position, reason);
    this.#advance(mine, to - mine.position);
  }

  #release(mine: SideState, waiting: Waiting): void {
    mine.waiting?.remove(waiting);
    mine.held -= waiting.bytes.length + OVERHEAD;
    this.#memory.used -= waiting.bytes.length + OVERHEAD;
  }

  #finish(side: Side, how: "fin" | "reset" | "closed"): void {
    const mine = this.#sides[side];
    this.#giveUp(side, mine, Number.POSITIVE_INFINITY, "lost");
    // One more than was captured is most likely the FIN.
    const end = mine.fin >= 0 ? mine.fin : mine.acknowledged - 1;
    if (end > mine.position) this.#gap(side, mine, mine.fin >= 0 ? end : mine.acknowledged, "lost");
    mine.isDone = true;
    this.#reader.end(side, mine.fin >= 0 && how === "closed" ? "fin" : how);
  }
}

function emptyState(): SideState {
  return {
    next: 0,
    isOpen: false,
    spoke: false,
    isDone: false,
    position: 0,
    waiting: undefined,
    held: 0,
    fin: -1,
    acknowledged: 0,
    conflicts: 0,
    late: 0,
    syn: -1,
  };
}
