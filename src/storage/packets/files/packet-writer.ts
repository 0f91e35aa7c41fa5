import { Fault } from "../../../core/fault.ts";
import type { Layers } from "../../../pcap/layers.ts";
import type { Packets } from "../../../pcap/packets.ts";
import type { PacketWriter } from "../contract.ts";
import { KIND } from "./block.ts";
import { newSalt, segmentKey } from "./cipher.ts";
import { indexPath, segmentName, segmentPath, writeWhole } from "./names.ts";
import { withRoom } from "./room.ts";
import { encodeSecrets } from "./segment-file.ts";
import { SegmentWriter } from "./segment-writer.ts";
import type { Shelf } from "./shelf.ts";
import { addSummary } from "./summaries.ts";
import { TupleTable } from "./tuples.ts";

export type WriterOptions = {
  readonly folder: string;
  /** What captures. It is noted with each interface. */
  readonly capture: string;
  readonly segmentBytes: number;
  /** Milliseconds after which a segment is sealed though it is small, so that what is old can go. */
  readonly segmentAge: number;
  readonly compress: boolean;
  readonly secret: string | undefined;
  /** Numbers a new segment. */
  readonly nextSequence: () => number;
  /** What can be dropped when the disk is full. */
  readonly shelf: Shelf;
  readonly now: () => number;
};

/** Bytes that are written in one call. */
const WRITE_BYTES = 1 << 18;
/** Bytes of secrets that are repeated from segment to segment; of more, the first stay in their own. */
const MOST_SECRETS = 1 << 24;
/** Conversations after which a segment is sealed however small: in a flood each packet is one. */
const MOST_TUPLES = 500_000;

/** Opens a writer of the store. It works in the thread that calls it, and waits for the disk. */
export function openPacketWriter(options: WriterOptions): PacketWriter {
  const { folder, capture, segmentBytes, segmentAge, compress, secret, now } = options;
  const table = new TupleTable();
  let segment: SegmentWriter | undefined;
  let name = "";
  let sequence = 0;
  let begun = 0;
  /** The number in the segment of each interface of the capture, -1 for those it does not know yet. */
  let interfaces = new Int32Array(16).fill(-1);
  /** What decrypts packets of this capture; every segment has it, so that none needs another one. */
  const secrets: Uint8Array[] = [];
  let secretBytes = 0;
  let problem: Fault | undefined;

  const open = (): SegmentWriter => {
    if (segment !== undefined) return segment;
    begun = now();
    sequence = options.nextSequence();
    name = segmentName(sequence, begun);
    const salt = newSalt();
    const key = secret === undefined ? undefined : segmentKey(secret, salt);
    segment = new SegmentWriter({ path: segmentPath(folder, name), salt, key, compress, table });
    interfaces.fill(-1);
    for (const bytes of secrets) segment.addOther(KIND.secrets, bytes);
    return segment;
  };

  const writing = <Result>(write: () => Result): Result => {
    try {
      const result = withRoom(`writing packets to ${folder}`, options.shelf, write);
      problem = undefined;
      return result;
    } catch (error) {
      if (error instanceof Fault) problem = error;
      throw error;
    }
  };

  const isDue = (current: SegmentWriter): boolean =>
    current.length >= segmentBytes || table.count >= MOST_TUPLES || now() - begun >= segmentAge;

  const seal = (current: SegmentWriter): void => {
    const index = writing(() => current.index());
    writing(() => writeWhole(folder, indexPath(folder, name), index));
    addSummary(folder, { name, sequence, begun });
    current.close();
    segment = undefined;
  };

  /**
   * Seals a segment that has its size, or writes what waits. A problem stays in `problem`, and all is kept for another time.
   * @returns whether it could.
   */
  const tryWriting = (current: SegmentWriter): boolean => {
    try {
      if (isDue(current)) seal(current);
      else if (current.waiting >= WRITE_BYTES) writing(() => current.write());
      return true;
    } catch (error) {
      if (error !== problem) throw error;
      return false;
    }
  };

  /** Numbers the interfaces that packets name. */
  const introduce = (into: SegmentWriter, packets: Packets, from: number, to: number): void => {
    if (interfaces.length < packets.seen.length) {
      const more = new Int32Array(packets.seen.length * 2).fill(-1);
      more.set(interfaces);
      interfaces = more;
    }
    for (let row = from; row < to; row++) {
      const at = packets.interfaces[row] as number;
      if (interfaces[at] !== -1) continue;
      const seen = packets.seen[at];
      if (seen !== undefined) interfaces[at] = into.addInterface({ ...seen, capture });
    }
  };

  return {
    get problem() {
      return problem;
    },
    append(packets, layers) {
      let row = 0;
      // Once it could not be written, all the rest waits with it: each further try makes the index of all that is there.
      let isWritable = true;
      for (let from = 0; from < packets.count; ) {
        const into = open();
        const room = isWritable ? segmentBytes - into.length : Number.POSITIVE_INFINITY;
        const { to, end } = portion(packets, layers, from, row, room);
        introduce(into, packets, from, to);
        into.append(packets, layers, from, to, { from: row, to: end }, interfaces);
        from = to;
        row = end;
        if (isWritable) isWritable = tryWriting(into);
      }
    },
    addSecrets(added) {
      const bytes = encodeSecrets(added);
      open().addOther(KIND.secrets, bytes);
      secrets.push(bytes);
      secretBytes += bytes.length;
      while (secretBytes > MOST_SECRETS) secretBytes -= secrets.shift()?.length ?? 0;
    },
    flush() {
      const current = segment;
      if (current === undefined) return;
      if (isDue(current)) seal(current);
      else writing(() => current.flush());
    },
    close() {
      if (segment !== undefined) seal(segment);
    },
    [Symbol.dispose]() {
      segment?.close();
      segment = undefined;
    },
  };
}

/** As many packets as fit a number of bytes, one at least, and where their layers end. */
function portion(
  packets: Packets,
  layers: Layers,
  from: number,
  row: number,
  room: number,
): { readonly to: number; readonly end: number } {
  let to = from;
  for (let bytes = 0; to < packets.count && (to === from || bytes < room); to++)
    bytes += packets.captured[to] as number;
  let end = row;
  while (end < layers.count && (layers.packet[end] as number) < to) end++;
  return { to, end };
}
