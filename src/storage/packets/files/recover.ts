import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { openDecoder } from "../../../pcap/decode/decode.ts";
import { emptyPackets } from "../../../pcap/packets.ts";
import type { StoredInterface } from "../contract.ts";
import { BLOCK_HEADER_BYTES, KIND, SEGMENT_HEADER_BYTES, unpackBlock } from "./block.ts";
import { BlockReader } from "./block-reader.ts";
import { readDirectory } from "./directory.ts";
import { type BlockPlace, encodeIndex } from "./index-file.ts";
import { indexPath, removeSegment, type SegmentName, segmentPath, writeWhole } from "./names.ts";
import { openSegmentHeader, readInterface } from "./segment-file.ts";
import { TupleTable } from "./tuples.ts";

/** What was done about a segment that was not sealed. */
export type Recovered = {
  readonly packets: number;
  /** Bytes at the end that were no whole block: nobody was told that they are safe. */
  readonly torn: number;
  /** Packets in blocks that are damaged, and left out, and the bytes of all such blocks. */
  readonly damaged: number;
  readonly damagedBytes: number;
};

/**
 * Makes the index of a segment whose writer ended before it could, after what is torn was cut off, or whose index cannot be read.
 * @returns a sentence when it cannot be read and is left as it is.
 */
export function recoverSegment(
  folder: string,
  { name, isSealed }: Pick<SegmentName, "name" | "isSealed">,
  secret: string | undefined,
): Recovered | string {
  const file = openSync(segmentPath(folder, name), "r+");
  using _file = { [Symbol.dispose]: () => closeSync(file) };
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  const read = readSync(file, header, 0, header.length, 0);
  const opened = openSegmentHeader(header.subarray(0, read), secret);
  const { size } = fstatSync(file);
  if (opened === "no segment" && !isSealed && size <= SEGMENT_HEADER_BYTES) {
    // Its first write was torn, so it never had a packet that anybody was told of.
    removeSegment(folder, name);
    return { packets: 0, torn: read, damaged: 0, damagedBytes: 0 };
  }
  if (typeof opened === "string") return `segment ${name} cannot be read (${opened}) and is left as it is`;

  const decoder = openDecoder();
  const table = new TupleTable();
  const interfaces: StoredInterface[] = [];
  const packets = emptyPackets(0, interfaces);
  const blocks: BlockPlace[] = [];
  let before = 0;
  let damaged = 0;
  let damagedBytes = 0;
  let end = SEGMENT_HEADER_BYTES;
  for (const { at, end: next, header, bytes, isMended } of new BlockReader(file).all()) {
    end = next;
    if (isMended && bytes) {
      writeSync(file, bytes, 0, BLOCK_HEADER_BYTES, at);
      fsyncSync(file);
    }
    const raw = bytes && unpackBlock(bytes, header, opened.key);
    const isRead = raw !== undefined && (header.kind !== KIND.packets || readDirectory(raw, header, packets));
    if (!isRead) {
      damaged += header.packets;
      damagedBytes += next - at;
    } else if (header.kind === KIND.packets) {
      const layers = decoder.decode(packets);
      table.add(layers, 0, layers.count, header.before);
    }
    const found = readInterface({ header, bytes }, opened.key);
    if (found !== undefined) interfaces.push(found);
    // The index names an interface that is damaged, so that those after it keep their numbers.
    if (!isRead && found === undefined) continue;
    const { minTime, maxTime, packets: count } = header;
    blocks.push({ at, minTime, maxTime, before: header.before, packets: count });
    before += count;
  }
  const torn = Math.max(0, size - end);
  if (torn > 0 && !isSealed) ftruncateSync(file, end);
  const hasMore = blocks.length > interfaces.length;
  if (before === 0 && damagedBytes === 0 && !hasMore) removeSegment(folder, name);
  else writeWhole(folder, indexPath(folder, name), encodeIndex(table, blocks, opened.key));
  return { packets: before, torn, damaged, damagedBytes };
}
