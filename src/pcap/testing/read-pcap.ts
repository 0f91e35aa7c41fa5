import { readFileSync } from "node:fs";
import { emptyPackets, type Packets } from "../packets.ts";

const HEADER = 24;
const RECORD = 16;

/** Reads a whole classic capture file. */
export function readPcap(path: string): Packets {
  return readClassicPcap(new Uint8Array(readFileSync(path)));
}

/** Reads the bytes of a classic capture file: everything at once, both byte orders, micro- and nanoseconds. */
function readClassicPcap(file: Uint8Array): Packets {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const magic = file.length < HEADER ? 0 : view.getUint32(0);
  const isBig = magic === 0xa1b2c3d4 || magic === 0xa1b23c4d;
  const isNano = magic === 0xa1b23c4d || magic === 0x4d3cb2a1;
  if (!isBig && magic !== 0xd4c3b2a1 && magic !== 0x4d3cb2a1) throw new Error("no classic pcap");
  const word = (at: number) => view.getUint32(at, !isBig);
  const places: number[] = [];
  for (let at = HEADER; at + RECORD <= file.length; at += RECORD + word(at + 8)) {
    if (at + RECORD + word(at + 8) > file.length) break;
    places.push(at);
  }
  const packets = emptyPackets(places.length, [{ linkType: word(20) & 0xffff, snapLength: word(16) }]);
  packets.bytes = file;
  packets.count = places.length;
  for (const [row, at] of places.entries()) {
    const parts = word(at + 4);
    packets.micros[row] = word(at) * 1e6 + (isNano ? Math.floor(parts / 1_000) : parts);
    packets.nanos[row] = isNano ? parts % 1_000 : 0;
    packets.starts[row] = at + RECORD;
    packets.captured[row] = word(at + 8);
    packets.original[row] = word(at + 12);
  }
  return packets;
}
