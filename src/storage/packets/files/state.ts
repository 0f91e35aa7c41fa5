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
  const day = writtenIn(segments, now - DAY, now);
  const hour = writtenIn(segments, now - HOUR, now);
  // A capture of hours may be stored within seconds: then the time counts that its packets took.
  const dayLength = Math.max(day.length, Math.min(day.packetLength, DAY));
  return {
    segments: segments.length,
    bytes: sum(({ bytes, indexBytes }) => bytes + indexBytes),
    limit,
    indexBytes: sum(({ indexBytes }) => indexBytes),
    indexedBytes: sum(({ indexBytes, bytes }) => (indexBytes > 0 ? bytes : 0)),
    packets: sum(({ packets }) => packets),
    oldest: full.length === 0 ? undefined : Math.min(...full.map(({ minTime }) => minTime)),
    newest: full.length === 0 ? undefined : Math.max(...full.map(({ maxTime }) => maxTime)),
    bytesPerSecond: (hour.bytes / hour.length) * SECOND,
    days: day.bytes === 0 ? undefined : ((limit / day.bytes) * dayLength) / DAY,
  };
}

/** What was written in a time: the bytes, and how many milliseconds it was, and its packets were, long. */
type Written = { readonly bytes: number; readonly length: number; readonly packetLength: number };

/**
 * What was written from one time to another or since the first segment there is. The bytes of a segment count as written evenly
 * while it was.
 */
function writtenIn(segments: readonly ShelvedSegment[], from: number, to: number): Written {
  let written = 0;
  let first = to;
  let oldest = Number.POSITIVE_INFINITY;
  let newest = 0;
  for (const segment of segments) {
    const { begun, bytes, indexBytes, packets, minTime, maxTime } = segment;
    const ended = Math.max(segment.written, begun);
    first = Math.min(first, begun);
    if (ended < from) continue;
    const share = begun >= from ? 1 : (ended - from) / (ended - begun);
    written += (bytes + indexBytes) * share;
    if (packets === 0) continue;
    oldest = Math.min(oldest, minTime);
    newest = Math.max(newest, maxTime);
  }
  const length = Math.max(to - Math.max(from, first), SECOND);
  return { bytes: written, length, packetLength: Math.max(0, newest - oldest) / 1000 };
}
