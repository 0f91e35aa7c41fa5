import type { Cursor } from "./part.ts";
import { PCAP_MAGIC } from "./recognise.ts";

/** Bytes of the header of a packet in a usual capture. */
export const RECORD_HEADER = 16;

/**
 * Programs of the nineties wrote more into the headers of packets without another magic number: Red Hat 6.1 has 24 bytes, Nokia's
 * firewalls 20, and of Kuznetzov's patch (24) SuSE 6.3 has a version with 28.
 */
const VARIANTS: ReadonlyMap<number, readonly number[]> = new Map([
  [PCAP_MAGIC.micro, [RECORD_HEADER, 24, 20]],
  [PCAP_MAGIC.nano, [RECORD_HEADER]],
  [PCAP_MAGIC.kuznetzov, [24, 28]],
]);

/** So many headers of packets are looked at. */
const TRIED = 4;
const DAY = 86_400;

/**
 * How long the headers of packets are in a capture whose first packet is at the cursor: as its magic number says, unless the packets look
 * wrong so and right as those of a variant.
 */
export function recordHeaderOf(magic: number, cursor: Cursor, little: boolean, longest: number): number {
  const sizes = VARIANTS.get(magic) ?? [];
  return sizes.find((size) => looksRight(cursor, size, little, longest)) ?? sizes[0] ?? RECORD_HEADER;
}

function looksRight({ view, at, end }: Cursor, size: number, little: boolean, longest: number): boolean {
  // Nothing speaks against it where no packet has come yet.
  if (end - at < size) return true;
  const first = view.getUint32(at, little);
  let place = at;
  for (let count = 0; count < TRIED && end - place >= size; count++) {
    const distance = Math.abs(view.getUint32(place, little) - first);
    const captured = view.getUint32(place + 8, little);
    if (distance > DAY || view.getUint32(place + 4, little) >= 1e6) return false;
    if (captured > longest || captured > view.getUint32(place + 12, little)) return false;
    place += size + captured;
  }
  return true;
}
