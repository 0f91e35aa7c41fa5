import type { Packets } from "../packets.ts";
import type { InterfacePlaces } from "./interfaces.ts";
import { longestPacket } from "./limits.ts";
import { FILE_HEADER, linkOf } from "./pcap.ts";
import { RECORD_HEADER } from "./pcap-variants.ts";
import { formatOf, PCAP_MAGIC } from "./recognise.ts";

/**
 * Reads whole pcap captures of one packet, as the original keeps them in its sequence files and, with FROM_PACKET, in its topic. Adds the
 * packet in bytes[start, end) of `packets.bytes` to `packets`, or says why it cannot.
 */
export type OnePacketReader = (
  view: DataView,
  start: number,
  end: number,
  packets: Packets,
) => string | undefined;

/** Opens a reader whose packets get their interfaces from `places`. */
export function onePacketReader(places: InterfacePlaces): OnePacketReader {
  // One packet after another is of the same link.
  const known = new Map<number, number>();
  return (view, start, end, packets) => {
    const data = start + FILE_HEADER + RECORD_HEADER;
    if (formatOf(packets.bytes.subarray(start, end)) !== "pcap" || data > end) return "is no pcap capture";
    const little = view.getUint8(start) !== 0xa1;
    const magic = view.getUint32(start, little);
    if (magic === PCAP_MAGIC.kuznetzov) return "is a pcap capture of Kuznetzov's variant";
    const record = start + FILE_HEADER;
    const captured = view.getUint32(record + 8, little);
    const word = view.getUint32(start + 20, little);
    const { linkType } = linkOf(word, 0);
    if (captured > end - data) return `claims to have ${captured} bytes of a packet and has ${end - data}`;
    if (captured > longestPacket(linkType)) return `has a packet of ${captured} bytes`;
    let place = known.get(word);
    if (place === undefined) {
      place = places.add(linkOf(word, view.getUint32(start + 16, little)));
      if (place === undefined) return "is of an interface for which there was no room";
      known.set(word, place);
    }
    const row = packets.count++;
    const fraction = view.getUint32(record + 4, little);
    const micros = magic === PCAP_MAGIC.nano ? Math.floor(fraction / 1000) : fraction;
    packets.starts[row] = data;
    packets.captured[row] = captured;
    packets.original[row] = view.getUint32(record + 12, little);
    packets.micros[row] = view.getUint32(record, little) * 1e6 + micros;
    packets.nanos[row] = magic === PCAP_MAGIC.nano ? fraction - micros * 1000 : 0;
    packets.interfaces[row] = place;
    return undefined;
  };
}
