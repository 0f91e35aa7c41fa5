import type { PacketNode } from "../../../api/packet-reading.ts";
import { ipProtocolName } from "../../../core/ip-protocol.ts";
import type { Block } from "../../../pcap/filters/filter.ts";
import { hasPorts } from "../question/fields.ts";
import { addressOf } from "./row.ts";

/** The layers of a packet with where their bytes are, from the beginning of the frame. */
export function treeOf({ packets, layers }: Block, packet: number, first: number, end: number): PacketNode[] {
  const start = packets.starts[packet] as number;
  const captured = packets.captured[packet] as number;
  const nodes: PacketNode[] = [
    {
      name: "frame",
      label: "Frame",
      start: 0,
      length: captured,
      fields: [
        node("frame.len", "Bytes on the wire", String(packets.original[packet])),
        node("frame.cap_len", "Bytes captured", String(captured)),
      ],
    },
  ];
  let before = start;
  for (let row = first; row < end; row++) {
    const version = layers.version[row] as number;
    const network = layers.network[row] as number;
    const transport = layers.transport[row] as number;
    const payload = layers.payload[row] as number;
    if (network > before)
      nodes.push({ name: "link", label: "Link", start: before - start, length: network - before });
    before = network;
    if (version === 0) continue;
    const name = version === 4 ? "ip" : "ipv6";
    const [source, destination] = version === 4 ? [12, 16] : [8, 24];
    const length = version === 4 ? 4 : 16;
    nodes.push({
      name,
      label: version === 4 ? "Internet Protocol Version 4" : "Internet Protocol Version 6",
      start: network - start,
      length: Math.max(0, transport - network),
      fields: [
        {
          name: `${name}.src`,
          label: "Source address",
          value: addressOf(layers.source, version, row),
          start: network - start + source,
          length,
        },
        {
          name: `${name}.dst`,
          label: "Destination address",
          value: addressOf(layers.destination, version, row),
          start: network - start + destination,
          length,
        },
      ],
    });
    const protocol = layers.protocol[row] as number;
    const label = ipProtocolName(protocol) || `IP protocol ${protocol}`;
    if (payload > transport)
      nodes.push({
        name: label.toLowerCase(),
        label,
        start: transport - start,
        length: payload - transport,
        ...(hasPorts(protocol) && (layers.sourcePort[row] as number) >= 0
          ? {
              fields: [
                {
                  ...node("srcport", "Source port", String(layers.sourcePort[row])),
                  start: transport - start,
                  length: 2,
                },
                {
                  ...node("dstport", "Destination port", String(layers.destinationPort[row])),
                  start: transport - start + 2,
                  length: 2,
                },
              ],
            }
          : {}),
      });
    before = payload;
    const isLast = row === end - 1;
    const carried = layers.payloadLength[row] as number;
    if (isLast && carried > 0)
      nodes.push({ name: "payload", label: "Payload", start: payload - start, length: carried });
  }
  return nodes;
}

/** What is known of the packet and not written in it. */
function node(name: string, label: string, value: string): PacketNode {
  return { name, label, value, start: 0, length: 0 };
}
