import { emptyLayers } from "../../layers.ts";
import type { PacketFilter } from "../filter.ts";
import { compileFilter } from "./compile.ts";
import type { Frame, Test } from "./frame.ts";
import { layoutOf } from "./layout.ts";
import { parseTcpdumpFilter } from "./parser.ts";

/**
 * Compiles a filter in the language of tcpdump (pcap-filter(7)). It sees what tcpdump sees: the outermost headers, unless `vlan`,
 * `mpls` or `pppoes` lead further; ports of IPv6 right behind its header; and no packet for which it would have to read behind what
 * was captured. The other filters look into tunnels and behind extension headers.
 *
 * It differs where tcpdump would refuse, or read by the machine it runs on:
 * - Names of hosts and networks are not looked up, `protochain`, `gateway`, `geneve` and what is about 802.11 are not read (an error).
 * - `ip broadcast` and `ether` conditions match nothing where the link has no hardware addresses, `inbound` where it has no direction.
 * - A packet that was cut passes more often in tcpdump, which leaves out reads whose result does not matter in the end.
 * - Names of ports mean TCP, UDP and SCTP.
 * - Links whose headers have several forms (loopback of BSD, PPP, 802.11, Frame Relay, FDDI) are read by their layers, so IPv6 is found
 *   in captures of any BSD, and PPP without its address field.
 * @throws AuthorError with the place of the first mistake and what to write instead
 */
export function compileTcpdumpFilter(text: string): PacketFilter {
  if (text.trim() === "") return () => true;
  const filter = parseTcpdumpFilter(text);
  const tests = new Map<number, Test>();
  const frame: Frame = {
    bytes: new Uint8Array(0),
    start: 0,
    end: 0,
    wire: 0,
    layers: emptyLayers(0),
    row: 0,
  };
  return ({ packets, layers }, packet, first) => {
    const linkType = packets.seen[packets.interfaces[packet]!]?.linkType ?? -1;
    let test = tests.get(linkType);
    if (test === undefined) {
      test = compileFilter(layoutOf(linkType), filter);
      tests.set(linkType, test);
    }
    frame.bytes = packets.bytes;
    frame.start = packets.starts[packet]!;
    frame.end = Math.min(frame.start + packets.captured[packet]!, packets.bytes.length);
    frame.wire = packets.original[packet]!;
    frame.layers = layers;
    frame.row = first;
    return test(frame) === 1;
  };
}
