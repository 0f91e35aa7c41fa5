import { mkdirSync } from "node:fs";
import type { Context, Log } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import { errorCode, writeFault } from "../../folder.ts";
import type { JoinedPackets, PacketHandle, PacketStore, PreservedRange } from "../contract.ts";
import { listSegments } from "./names.ts";
import { PacketReader } from "./packet-reader.ts";
import { openPacketWriter } from "./packet-writer.ts";
import { readPreserved, writePreserved } from "./preserved.ts";
import { recoverSegment } from "./recover.ts";
import { withRoom } from "./room.ts";
import { openSegmentIndex } from "./segment-index.ts";
import { openShelf, SHARED, SHARED_BYTES } from "./shelf.ts";
import { stateOf } from "./state.ts";
import { mendSummaries } from "./summaries.ts";

export type PacketStoreOptions = {
  readonly folder: string;
  /** Bytes of segments and indices, beyond which the oldest go. */
  readonly bytes: number;
  /** Milliseconds since a segment was begun, after which it goes; undefined: it stays as long as there is room. */
  readonly age?: number | undefined;
  readonly segmentBytes?: number | undefined;
  readonly segmentAge?: number | undefined;
  readonly compress?: boolean | undefined;
  /** The secret that packets are encrypted with; undefined: they are not. */
  readonly secret?: string | undefined;
};

const SEGMENT_BYTES = 128 << 20;
const SEGMENT_AGE = 3_600_000;
/** Of a small store a segment is no more than this part, so that what is dropped is little of it. */
const MOST_OF_ALL = 16;

/**
 * Opens the packets of a folder, which belongs to this process, and seals what an earlier one left open.
 * @throws Fault FOLDER_UNWRITABLE, STORAGE_CORRUPT
 */
export function openPacketStore(options: PacketStoreOptions, { log, clock }: Context): PacketStore {
  const { folder, bytes, secret, compress = false, segmentAge = SEGMENT_AGE } = options;
  const { segmentBytes = Math.min(SEGMENT_BYTES, Math.ceil(bytes / MOST_OF_ALL)) } = options;
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw writeFault(`making folder ${folder}`, error);
  }
  const shared = new BigInt64Array(new SharedArrayBuffer(SHARED_BYTES));
  const abandoned = sealOpen(folder, secret, log);
  mendSummaries(folder);
  shared[SHARED.sequence] = BigInt(listSegments(folder).at(-1)?.sequence ?? 0);
  // What cannot be read is told now, not when the disk is full.
  readPreserved(folder);
  const handle: PacketHandle = {
    ...{ folder, bytes, segmentBytes, segmentAge, compress, secret, abandoned, shared },
  };
  const shelf = openShelf({ folder, abandoned, shared, log });
  const save = (ranges: readonly PreservedRange[]) =>
    withRoom(`writing to ${folder}`, shelf, () => writePreserved(folder, ranges));
  const dropped = (index: number) => Number(Atomics.load(shared, index));

  return {
    ...joinPacketStore(handle, { log, clock }),
    share: () => handle,
    retain() {
      const { age } = options;
      const now = clock.now();
      let left = shelf.list().reduce((sum, segment) => sum + segment.bytes + segment.indexBytes, 0);
      for (const segment of shelf.droppable()) {
        const isOld = age !== undefined && now - segment.begun > age;
        if (!isOld && left <= bytes) continue;
        left -= segment.bytes + segment.indexBytes;
        shelf.drop(segment, isOld ? "they are older than configured" : "there are more than configured");
      }
    },
    state: () => ({
      ...stateOf(shelf.list(), bytes, clock.now()),
      dropped: {
        segments: dropped(SHARED.droppedSegments),
        packets: dropped(SHARED.droppedPackets),
        bytes: dropped(SHARED.droppedBytes),
      },
    }),
    preserved: () => readPreserved(folder),
    preserve(range) {
      save([...readPreserved(folder).filter(({ id }) => id !== range.id), range]);
    },
    release(id) {
      const ranges = readPreserved(folder);
      if (!ranges.some((range) => range.id === id))
        throw new Fault("NOT_FOUND", `releasing packets: no preserved range has the id ${id}`);
      save(ranges.filter((range) => range.id !== id));
    },
  };
}

/** Joins a store in another thread than the one that owns it. */
export function joinPacketStore(
  handle: PacketHandle,
  { log, clock }: Pick<Context, "log" | "clock">,
): JoinedPackets {
  const { folder, segmentBytes, segmentAge, compress, secret, abandoned, shared } = handle;
  const shelf = openShelf({ folder, abandoned, shared, log });
  return {
    folder,
    writer: (capture) =>
      openPacketWriter({
        ...{ folder, capture, segmentBytes, segmentAge, compress, secret, shelf },
        now: () => clock.now(),
        nextSequence: () => Number(Atomics.add(shared, SHARED.sequence, 1n)) + 1,
      }),
    reader: () => new PacketReader(folder, secret),
  };
}

/** Seals what an earlier process left open, or another version sealed; answers what could not be. */
function sealOpen(folder: string, secret: string | undefined, log: Log): Set<string> {
  const abandoned = new Set<string>();
  for (const { name, isSealed } of listSegments(folder)) {
    using index = isSealed ? openSegmentIndex(folder, name) : undefined;
    if (index !== undefined) continue;
    try {
      const found = recoverSegment(folder, { name, isSealed }, secret);
      if (typeof found !== "string") {
        log.info("Packets of an earlier run were indexed.", { segment: name, ...found });
        continue;
      }
      log.warn("Packets are left out.", { segment: name, reason: found });
    } catch (error) {
      // They are read without an index until there is room for one.
      log.warn("Packets of an earlier run could not be indexed.", {
        segment: name,
        reason: errorCode(error),
      });
    }
    abandoned.add(name);
  }
  return abandoned;
}
