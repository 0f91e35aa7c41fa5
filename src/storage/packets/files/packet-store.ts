import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import type { PacketStore, PreservedRange } from "../contract.ts";
import { INDEX_HEADER_BYTES } from "./index-file.ts";
import { listSegments, removeSegment, segmentPath, writeWhole } from "./names.ts";
import { openPacketWriter } from "./packet-writer.ts";
import { recoverSegment } from "./recover.ts";
import { openSegmentIndex } from "./segment-index.ts";

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
  readonly secret?: string | Uint8Array | undefined;
  readonly now?: () => number;
};

const PRESERVED = "preserved.json";
const SEGMENT_BYTES = 128 << 20;
const SEGMENT_AGE = 3_600_000;

/** What is known of a sealed segment; it never changes. */
type Known = {
  readonly bytes: number;
  readonly indexBytes: number;
  readonly packets: number;
  readonly minTime: number;
  readonly maxTime: number;
};

/**
 * Opens the packets of a folder, which belongs to this process, and seals what an earlier one left open.
 * @throws Fault FOLDER_UNWRITABLE, DISK_FULL, STORAGE_CORRUPT
 */
export function openPacketStore(options: PacketStoreOptions, { log }: Context): PacketStore {
  const { folder, secret, now = Date.now } = options;
  const { compress = false, segmentBytes = SEGMENT_BYTES, segmentAge = SEGMENT_AGE } = options;
  mkdirSync(folder, { recursive: true });
  for (const { name, isSealed } of listSegments(folder)) {
    if (isSealed) continue;
    const found = recoverSegment(folder, name, secret);
    if (typeof found === "string") log.warn("Packets are left out.", { reason: found });
    else log.info("Packets of an earlier run were sealed.", { segment: name, ...found });
  }
  let preserved = readPreserved(folder);
  const known = new Map<string, Known>();
  let sequence = listSegments(folder).at(-1)?.sequence ?? 0;

  const lookAt = (name: string): Known | undefined => {
    const found = known.get(name);
    if (found !== undefined) return found;
    using index = openSegmentIndex(folder, name);
    if (index === undefined) return undefined;
    const { packets, minTime, maxTime, firstBytes, secondBytes } = index.header;
    const indexBytes = INDEX_HEADER_BYTES + firstBytes + secondBytes;
    const looked = { bytes: sizeOf(segmentPath(folder, name)), indexBytes, packets, minTime, maxTime };
    known.set(name, looked);
    return looked;
  };

  /** Drops a sealed segment. */
  const drop = (name: string, reason: string): void => {
    const { packets = 0, bytes = 0 } = known.get(name) ?? {};
    removeSegment(folder, name);
    known.delete(name);
    log.info("The oldest packets were dropped.", { segment: name, packets, bytes, reason });
  };

  /** Sealed segments that may go, the oldest first. */
  const droppable = () =>
    listSegments(folder).filter(({ name, isSealed }) => {
      const times = isSealed ? lookAt(name) : undefined;
      return (
        isSealed &&
        (times === undefined ||
          !preserved.some(({ from, to }) => times.minTime <= to && times.maxTime >= from))
      );
    });

  const state = () => {
    let [segments, bytes, indexBytes, packets] = [0, 0, 0, 0];
    let oldest: number | undefined;
    let newest: number | undefined;
    for (const { name, isSealed } of listSegments(folder)) {
      const looked = isSealed ? lookAt(name) : undefined;
      segments++;
      bytes += looked === undefined ? sizeOf(segmentPath(folder, name)) : looked.bytes + looked.indexBytes;
      indexBytes += looked?.indexBytes ?? 0;
      packets += looked?.packets ?? 0;
      if (looked === undefined) continue;
      oldest = Math.min(oldest ?? looked.minTime, looked.minTime);
      newest = Math.max(newest ?? looked.maxTime, looked.maxTime);
    }
    return { segments, bytes, indexBytes, packets, oldest, newest };
  };

  const savePreserved = (ranges: readonly PreservedRange[]) => {
    writeWhole(folder, join(folder, PRESERVED), Buffer.from(JSON.stringify(ranges, null, 2)));
    preserved = ranges;
  };

  return {
    folder,
    writer: (capture) =>
      openPacketWriter({
        ...{ folder, capture, segmentBytes, segmentAge, compress, secret, now },
        nextSequence: () => ++sequence,
        makeRoom() {
          const [oldest] = droppable();
          if (oldest !== undefined) drop(oldest.name, "the disk is full");
          return oldest !== undefined;
        },
      }),
    retain() {
      const candidates = droppable();
      const { age } = options;
      if (age !== undefined)
        for (const { name, begun } of candidates)
          if (now() - begun > age) drop(name, "they are older than configured");
      let { bytes } = state();
      for (const { name } of candidates) {
        if (bytes <= options.bytes) return;
        const looked = known.get(name);
        if (looked === undefined) continue;
        bytes -= looked.bytes + looked.indexBytes;
        drop(name, "there are more than configured");
      }
    },
    state,
    preserved: () => preserved,
    preserve(range) {
      savePreserved([...preserved.filter(({ id }) => id !== range.id), range]);
    },
    release(id) {
      if (!preserved.some((range) => range.id === id))
        throw new Fault("NOT_FOUND", `releasing packets: no preserved range has the id ${id}`);
      savePreserved(preserved.filter((range) => range.id !== id));
    },
  };
}

function readPreserved(folder: string): readonly PreservedRange[] {
  const path = join(folder, PRESERVED);
  if (!existsSync(path)) return [];
  try {
    return JSON.parse(readFileSync(path, "utf8")) as PreservedRange[];
  } catch {
    throw new Fault("STORAGE_CORRUPT", `reading ${path}: it is no JSON; restore or remove it`);
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
