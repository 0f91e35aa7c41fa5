import type { PacketStoreState } from "../contract.ts";
import type { ShelvedSegment } from "./shelf.ts";

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

/** What the segments of a store are together, but for what was dropped. */
export function stateOf(
  segments: readonly ShelvedSegment[],
  limit: number,
  now: number,
): Omit<PacketStoreState, "dropped"> {
  const sum = (of: (segment: ShelvedSegment) => number) =>
    segments.reduce((total, segment) => total + of(segment), 0);
  const full = segments.filter(({ packets }) => packets > 0);
  const perDay = rate(segments, now - DAY, now);
  return {
    segments: segments.length,
    bytes: sum(({ bytes, indexBytes }) => bytes + indexBytes),
    limit,
    indexBytes: sum(({ indexBytes }) => indexBytes),
    indexedBytes: sum(({ indexBytes, bytes }) => (indexBytes > 0 ? bytes : 0)),
    packets: sum(({ packets }) => packets),
    oldest: full.length === 0 ? undefined : Math.min(...full.map(({ minTime }) => minTime)),
    newest: full.length === 0 ? undefined : Math.max(...full.map(({ maxTime }) => maxTime)),
    bytesPerSecond: rate(segments, now - HOUR, now) * SECOND,
    days: perDay === 0 ? undefined : limit / perDay / DAY,
  };
}

/**
 * Bytes that were written per millisecond, from one time to another or since the first segment there is. Those of a segment count as
 * written evenly while it was.
 */
function rate(segments: readonly ShelvedSegment[], from: number, to: number): number {
  let written = 0;
  let first = to;
  for (const segment of segments) {
    const { begun, bytes, indexBytes } = segment;
    const ended = Math.max(segment.written, begun);
    first = Math.min(first, begun);
    if (ended < from) continue;
    const share = begun >= from ? 1 : (ended - from) / (ended - begun);
    written += (bytes + indexBytes) * share;
  }
  return written / Math.max(to - Math.max(from, first), SECOND);
}
