import { otherSide, type Segment, type Side, TCP } from "./segment.ts";

/**
 * How far in front of the first byte that was captured a SYN may be, to be of the same connection: packets change places by a window, and
 * the chance that another connection begins that near is 1 in 4,000.
 */
const NEAR = 2 ** 20;

/** How much nearer to an earlier connection a segment must be, to be one of its late packets. */
const FAR = 2 ** 26;

/** What tells connections with the same addresses and ports apart. Numbers are sequence numbers, of which only differences count. */
type Connection = {
  readonly segments: Segment[];
  /** Of each side: the number of its SYN, the least and the next one after what was seen. */
  readonly syn: [number | undefined, number | undefined];
  readonly least: [number | undefined, number | undefined];
  readonly next: [number | undefined, number | undefined];
};

/**
 * Parts the segments between two endpoints into connections: a SYN with another number begins a new one (ports are used again), and what
 * belongs to the connection before is left with it, however late it comes.
 *
 * @param segments in the order in which they were captured
 */
export function splitConnections(segments: readonly Segment[]): readonly (readonly Segment[])[] {
  const connections: Connection[] = [];
  for (const segment of segments) {
    const newest = connections.at(-1);
    const before = connections.at(-2);
    const synOnce = (segment.flags & (TCP.syn | TCP.reset)) === TCP.syn;
    let chosen = newest;
    if (synOnce) {
      if (newest === undefined || !mayOpen(newest, segment))
        chosen = before?.syn[segment.side] === segment.sequence ? before : open(connections);
    } else if (newest !== undefined && before !== undefined) {
      if (distance(newest, segment) > FAR && distance(before, segment) < FAR) chosen = before;
    }
    take(chosen ?? open(connections), segment);
  }
  return connections.map((connection) => connection.segments);
}

function open(connections: Connection[]): Connection {
  const connection: Connection = {
    segments: [],
    syn: [undefined, undefined],
    least: [undefined, undefined],
    next: [undefined, undefined],
  };
  connections.push(connection);
  return connection;
}

/** Tells whether a SYN is of this connection: one that was seen already, the answer to one, or one that was captured late. */
function mayOpen(connection: Connection, { side, sequence, flags, acknowledgement }: Segment): boolean {
  const other = otherSide(side);
  if (connection.syn[side] !== undefined) return connection.syn[side] === sequence;
  const least = connection.least[side];
  if (least !== undefined && (least - sequence) >>> 0 > NEAR) return false;
  if ((flags & TCP.ack) === 0) return least !== undefined || connection.syn[other] !== undefined;
  const theirs = connection.syn[other] ?? connection.least[other];
  return theirs === undefined || Math.abs((acknowledgement - theirs) | 0) <= NEAR;
}

function take(connection: Connection, segment: Segment): void {
  const { side, sequence, flags, wire, acknowledgement } = segment;
  connection.segments.push(segment);
  if (flags & TCP.reset) return;
  if (flags & TCP.syn) connection.syn[side] ??= sequence;
  see(connection, side, sequence);
  see(connection, side, sequence + wire);
  if (flags & TCP.ack) see(connection, otherSide(side), acknowledgement);
}

/** Notes a sequence number, as a signed one: those need no memory of their own, and there are three for each segment. */
function see(connection: Connection, side: Side, sequence: number): void {
  const { least, next } = connection;
  const number = sequence | 0;
  if (least[side] === undefined || ((number - least[side]) | 0) < 0) least[side] = number;
  if (next[side] === undefined || ((number - next[side]) | 0) > 0) next[side] = number;
}

/** How far a segment is from what its side said last. */
function distance(connection: Connection, segment: Segment): number {
  const next = connection.next[segment.side];
  return next === undefined ? 0 : Math.abs((segment.sequence - next) | 0);
}
