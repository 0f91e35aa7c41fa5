import type { Packets } from "../../../pcap/packets.ts";
import { VARINT_BYTES, VarintReader, writeFolded, writeVarint } from "./varint.ts";

/**
 * What a block says of each of its packets, about eight bytes each: captured and original length, the time since the packet before (it may
 * run backwards), the nanoseconds beyond it, and the interface. It is behind the frames, which begin the block one after another.
 */

/** The most bytes a packet takes in a directory. */
export const ENTRY_BYTES = 5 * VARINT_BYTES;

/** Writes what is to be said of a packet and returns the place behind it. */
export function writeEntry(
  directory: Uint8Array,
  at: number,
  packets: Packets,
  row: number,
  before: number,
  networkInterface: number,
): number {
  const captured = packets.captured[row] as number;
  let place = writeVarint(directory, at, captured);
  place = writeFolded(directory, place, (packets.original[row] as number) - captured);
  place = writeFolded(directory, place, (packets.micros[row] as number) - before);
  place = writeVarint(directory, place, packets.nanos[row] as number);
  return writeVarint(directory, place, networkInterface);
}

/**
 * Reads the directory of a block into `packets`, whose `bytes` become the block's: row `i` is its packet `i`.
 * @returns whether the directory is one: as many packets as the header says, their frames as long as what is behind it.
 */
export function readDirectory(
  raw: Uint8Array,
  { directory, packets: count }: { readonly directory: number; readonly packets: number },
  packets: Packets,
): boolean {
  // A packet takes five bytes at least, so a count that lies is met before memory is spent on it.
  if (count * 5 > directory) return false;
  growPackets(packets, count);
  const frames = raw.length - directory;
  const reader = new VarintReader(raw, frames, raw.length);
  let start = 0;
  let micros = 0;
  for (let row = 0; row < count; row++) {
    const captured = reader.next();
    packets.starts[row] = start;
    packets.captured[row] = captured;
    packets.original[row] = captured + reader.nextFolded();
    micros += reader.nextFolded();
    packets.micros[row] = micros;
    packets.nanos[row] = reader.next();
    packets.interfaces[row] = reader.next();
    start += captured;
  }
  packets.bytes = raw;
  packets.count = count;
  return !reader.isBroken && reader.isDone && start === frames;
}

/** Makes room for that many packets; what was there is gone. */
export function growPackets(packets: Packets, rows: number): void {
  if (packets.starts.length >= rows) return;
  packets.starts = new Uint32Array(rows);
  packets.captured = new Uint32Array(rows);
  packets.original = new Uint32Array(rows);
  packets.micros = new Float64Array(rows);
  packets.nanos = new Uint16Array(rows);
  packets.interfaces = new Uint16Array(rows);
}
