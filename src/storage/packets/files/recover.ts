import { closeSync, ftruncateSync, openSync, readSync } from "node:fs";
import { openDecoder } from "../../../pcap/decode/decode.ts";
import { emptyPackets } from "../../../pcap/packets.ts";
import type { StoredInterface } from "../contract.ts";
import { KIND, unpackBlock } from "./block.ts";
import { readDirectory } from "./directory.ts";
import { type BlockPlace, encodeIndex } from "./index-file.ts";
import { indexPath, removeSegment, segmentPath, writeWhole } from "./names.ts";
import { BlockReader, openSegmentHeader, readInterface, SEGMENT_HEADER_BYTES } from "./segment-file.ts";
import { TupleTable } from "./tuples.ts";

/** What was done about a segment that was not sealed. */
export type Recovered = {
  readonly packets: number;
  /** Bytes at the end that were no whole block: nobody was told that they are safe. */
  readonly torn: number;
};

/**
 * Seals a segment whose writer ended before it could: cuts off what is torn, and makes its index.
 * @returns a sentence when it cannot be read and is left as it is.
 */
export function recoverSegment(
  folder: string,
  name: string,
  secret: string | Uint8Array | undefined,
): Recovered | string {
  const file = openSync(segmentPath(folder, name), "r+");
  using _file = { [Symbol.dispose]: () => closeSync(file) };
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  const read = readSync(file, header, 0, header.length, 0);
  const opened = openSegmentHeader(header.subarray(0, read), secret);
  if (opened === "no segment") {
    // Its first write was torn, so it never had a packet that anybody was told of.
    removeSegment(folder, name);
    return { packets: 0, torn: read };
  }
  if (typeof opened === "string") return `segment ${name} cannot be read (${opened}) and is left as it is`;

  const reader = new BlockReader(file);
  const decoder = openDecoder();
  const table = new TupleTable();
  const interfaces: StoredInterface[] = [];
  const packets = emptyPackets(0, interfaces);
  const blocks: BlockPlace[] = [];
  let before = 0;
  let at = SEGMENT_HEADER_BYTES;
  for (let block = reader.read(at); block !== undefined; block = reader.read(at)) {
    const { minTime, maxTime, packets: count } = block.header;
    const found = readInterface(block, opened.key);
    if (found !== undefined) interfaces.push(found);
    if (block.header.kind === KIND.packets) {
      const raw = unpackBlock(block.bytes, block.header, opened.key);
      if (raw === undefined || !readDirectory(raw, block.header, packets)) break;
      const layers = decoder.decode(packets);
      table.add(layers, 0, layers.count, before);
    }
    blocks.push({ at, minTime, maxTime, before, packets: count });
    before += count;
    at = block.end;
  }
  const torn = tornBytes(file, at);
  if (torn > 0) ftruncateSync(file, at);
  if (before === 0) removeSegment(folder, name);
  else writeWhole(folder, indexPath(folder, name), encodeIndex(table, blocks, opened.key));
  return { packets: before, torn };
}

function tornBytes(file: number, at: number): number {
  const buffer = Buffer.alloc(1 << 16);
  let torn = 0;
  for (let read = 1; read > 0; torn += read) read = readSync(file, buffer, 0, buffer.length, at + torn);
  return torn;
}
