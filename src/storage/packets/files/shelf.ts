import { statSync } from "node:fs";
import type { Log } from "../../../core/context.ts";
import type { PreservedRange } from "../contract.ts";
import { type HeaderWalk, WALK_START, walkHeaders } from "./header-walk.ts";
import { INDEX_HEADER_BYTES } from "./index-file.ts";
import { listSegments, removeSegment, type SegmentName, segmentPath } from "./names.ts";
import { readPreserved } from "./preserved.ts";
import { openSegmentIndex } from "./segment-index.ts";
import { summaryBytes, sweepSummaries } from "./summaries.ts";

/** Numbers that all threads of a store share, as 64-bit integers. */
export const SHARED = { sequence: 0, droppedSegments: 1, droppedPackets: 2, droppedBytes: 3 } as const;
export const SHARED_BYTES = 4 * 8;

/** What is known of a segment. */
export type ShelvedSegment = SegmentName & {
  /** Bytes of its packets, and of its index. */
  readonly bytes: number;
  readonly indexBytes: number;
  readonly packets: number;
  /** Microseconds since 1970; infinite while there are no packets. */
  readonly minTime: number;
  readonly maxTime: number;
  /** When it was last written to, epoch milliseconds. */
  readonly written: number;
};

export type ShelfOptions = {
  readonly folder: string;
  /** Segments that an earlier process left unsealed and that could not be sealed: nobody writes to them. */
  readonly abandoned: ReadonlySet<string>;
  readonly shared: BigInt64Array;
  readonly log: Log;
};

/** The segments of a folder, as each thread sees them that drops some or tells of them. */
export type Shelf = {
  list(): readonly ShelvedSegment[];
  /** Segments that nobody writes to and that hold nothing preserved, the oldest first. */
  droppable(): readonly ShelvedSegment[];
  /** Drops a segment, logs and counts it; of two threads that drop it at once, one does. */
  drop(segment: ShelvedSegment, reason: string): void;
};

export function openShelf({ folder, abandoned, shared, log }: ShelfOptions): Shelf {
  /** Sealed segments never change, so they are looked at once. */
  const sealed = new Map<string, ShelvedSegment>();
  const walks = new Map<string, HeaderWalk>();

  const lookAt = (segment: SegmentName): ShelvedSegment => {
    const known = sealed.get(segment.name);
    if (known !== undefined && segment.isSealed) return known;
    const path = segmentPath(folder, segment.name);
    const { size = 0, mtimeMs = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {};
    using index = segment.isSealed ? openSegmentIndex(folder, segment.name) : undefined;
    if (index === undefined) {
      const walk = walkHeaders(path, walks.get(segment.name) ?? WALK_START);
      walks.set(segment.name, walk);
      const { packets, minTime, maxTime } = walk;
      return { ...segment, ...{ bytes: size, indexBytes: 0, packets, minTime, maxTime, written: mtimeMs } };
    }
    const { packets, minTime, maxTime, firstBytes, secondBytes } = index.header;
    const indexBytes = INDEX_HEADER_BYTES + firstBytes + secondBytes + summaryBytes(firstBytes);
    const looked = {
      ...segment,
      ...{ bytes: size, indexBytes, packets, minTime, maxTime, written: mtimeMs },
    };
    sealed.set(segment.name, looked);
    walks.delete(segment.name);
    return looked;
  };

  const list = (): ShelvedSegment[] => {
    const found = listSegments(folder);
    // Another thread may have dropped what this one knows.
    const names = new Set(found.map(({ name }) => name));
    for (const known of [sealed, walks])
      for (const name of known.keys()) if (!names.has(name)) known.delete(name);
    return found.map(lookAt);
  };

  return {
    list,
    droppable() {
      const preserved = readPreserved(folder);
      return list().filter(
        (segment) => (segment.isSealed || abandoned.has(segment.name)) && !isPreserved(segment, preserved),
      );
    },
    drop({ name, packets, bytes, indexBytes }, reason) {
      if (!removeSegment(folder, name)) return;
      Atomics.add(shared, SHARED.droppedSegments, 1n);
      Atomics.add(shared, SHARED.droppedPackets, BigInt(packets));
      Atomics.add(shared, SHARED.droppedBytes, BigInt(bytes + indexBytes));
      log.info("The oldest packets were dropped.", { segment: name, packets, bytes, reason });
      sweepSummaries(folder);
    },
  };
}

function isPreserved({ minTime, maxTime }: ShelvedSegment, preserved: readonly PreservedRange[]): boolean {
  return preserved.some(({ from, to }) => minTime <= to && maxTime >= from);
}
