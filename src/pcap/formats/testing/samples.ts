import { type CaptureInterface, emptyPackets, type Packets } from "../../packets.ts";
import { captureReader } from "../capture-reader.ts";
import type { CaptureReport } from "../report.ts";
import { writePcap } from "../write-pcap.ts";

/** A packet as tests write and compare it. */
export type Row = {
  /** Microseconds since 1970, and the nanoseconds beyond them. */
  readonly micros: number;
  readonly nanos: number;
  readonly frame: string;
  readonly original: number;
  readonly link: CaptureInterface;
};

export const ETHERNET: CaptureInterface = { linkType: 1, snapLength: 262_144 };

/** Packets whose frames are different and of different lengths, a few microseconds apart. */
export function sampleRows(count: number, options: { nanos?: boolean; link?: CaptureInterface } = {}): Row[] {
  const { nanos = false, link = ETHERNET } = options;
  return Array.from({ length: count }, (_, index) => {
    const frame = Buffer.alloc(14 + ((index * 37) % 200), index % 251);
    frame.writeUInt32BE(index, 0);
    return {
      micros: 1_700_000_000_000_000 + index * 250_017,
      nanos: nanos ? (index * 7) % 1000 : 0,
      frame: frame.toString("hex"),
      // Of every fifth packet the end was not captured.
      original: frame.length + (index % 5 === 0 ? 40 : 0),
      link,
    };
  });
}

/** A block with these packets. */
export function packetsOf(rows: readonly Row[]): Packets {
  const seen = [...new Set(rows.map(({ link }) => link))];
  const packets = emptyPackets(rows.length, seen);
  packets.bytes = Buffer.concat(rows.map(({ frame }) => Buffer.from(frame, "hex")));
  packets.count = rows.length;
  let at = 0;
  for (const [row, { micros, nanos, frame, original, link }] of rows.entries()) {
    packets.starts[row] = at;
    packets.captured[row] = frame.length / 2;
    packets.original[row] = original;
    packets.micros[row] = micros;
    packets.nanos[row] = nanos;
    packets.interfaces[row] = seen.indexOf(link);
    at += frame.length / 2;
  }
  return packets;
}

/** Copies a block. */
export function rowsOf(packets: Packets): Row[] {
  const { count, bytes, starts, captured, original, micros, nanos, interfaces, seen } = packets;
  return Array.from({ length: count }, (_, row) => ({
    micros: micros[row]!,
    nanos: nanos[row]!,
    frame: Buffer.from(bytes.subarray(starts[row]!, starts[row]! + captured[row]!)).toString("hex"),
    original: original[row]!,
    link: seen[interfaces[row]!]!,
  }));
}

/** Everything that is in a capture, read in chunks of this many bytes, and the bytes of the largest block. */
export function readAll(
  capture: Uint8Array,
  chunkBytes = Math.max(1, capture.length),
): { rows: Row[]; report: CaptureReport; texts: string[]; mostBytes: number } {
  const reader = captureReader();
  const rows: Row[] = [];
  let mostBytes = 0;
  const keep = (packets: Packets) => {
    rows.push(...rowsOf(packets));
    mostBytes = Math.max(mostBytes, packets.bytes.length);
  };
  for (let at = 0; at < capture.length; at += chunkBytes) {
    for (const packets of reader.push(capture.subarray(at, at + chunkBytes))) keep(packets);
  }
  for (const packets of reader.end()) keep(packets);
  const { report } = reader;
  return { rows, report, texts: report.problems.map(({ at, text }) => `${at}: ${text}`), mostBytes };
}

/** All chunks of a writer. */
export async function joined(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

/** A pcap file of these packets. */
export function pcapOf(rows: readonly Row[], nano = false): Promise<Buffer> {
  return joined(writePcap([packetsOf(rows)], { nano }).bytes);
}
