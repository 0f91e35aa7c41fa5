import { readFileSync } from "node:fs";
import { emptyPackets, type Packets } from "../packets.ts";

/** Reads a whole classic capture file, of micro- or nanoseconds and either byte order. */
export function readPcap(path: string): Packets {
  const bytes = new Uint8Array(readFileSync(path));
  const view = new DataView(bytes.buffer);
  const magic = view.getUint32(0, true);
  const isLittle = magic === 0xa1b2c3d4 || magic === 0xa1b23c4d;
  const isNano = view.getUint32(0, isLittle) === 0xa1b23c4d;
  const linkType = view.getUint32(20, isLittle) & 0xffff;
  const packets = emptyPackets(Math.ceil(bytes.length / 16), [{ linkType, snapLength: 0 }]);
  packets.bytes = bytes;
  for (let at = 24; at + 16 <= bytes.length; ) {
    const row = packets.count;
    const captured = view.getUint32(at + 8, isLittle);
    const fraction = view.getUint32(at + 4, isLittle);
    if (at + 16 + captured > bytes.length) break;
    packets.starts[row] = at + 16;
    packets.captured[row] = captured;
    packets.original[row] = view.getUint32(at + 12, isLittle);
    packets.micros[row] =
      view.getUint32(at, isLittle) * 1e6 + (isNano ? Math.floor(fraction / 1000) : fraction);
    packets.nanos[row] = isNano ? fraction % 1000 : 0;
    packets.count++;
    at += 16 + captured;
  }
  return packets;
}
