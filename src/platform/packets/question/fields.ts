import { communityId } from "../../../pcap/decode/community-id.ts";
import type { Block } from "../../../pcap/filters/filter.ts";

/**
 * The fields by which packets are searched. Each is of one conversation of a packet: its own or, of a tunnel, one inside. All conditions of a
 * search are about the same one.
 */
export type PacketField = {
  readonly name: string;
  readonly about: string;
} & (
  | { readonly type: "address"; readonly ends: readonly ("source" | "destination")[] }
  | {
      readonly type: "number";
      /** Undefined where the packet does not have the field. */
      readonly read: (block: Block, packet: number, row: number) => number | undefined;
      /** What the index knows of it. */
      readonly index?: "port" | "protocol" | "vlan";
    }
  | {
      readonly type: "word";
      readonly read: (block: Block, packet: number, row: number) => string | undefined;
      readonly index?: "communityId";
    }
  | { readonly type: "time" }
);

/** Protocols whose `sourcePort` and `destinationPort` are ports, and not type and code. */
const WITH_PORTS: ReadonlySet<number> = new Set([6, 17, 33, 132, 136]);

export function hasPorts(protocol: number): boolean {
  return WITH_PORTS.has(protocol);
}

const FIELDS: readonly PacketField[] = [
  { name: "ip_src_addr", type: "address", ends: ["source"], about: "Source address." },
  { name: "ip_dst_addr", type: "address", ends: ["destination"], about: "Destination address." },
  { name: "ip_addr", type: "address", ends: ["source", "destination"], about: "An address of either end." },
  {
    name: "ip_src_port",
    type: "number",
    about: "Source port.",
    index: "port",
    read: ({ layers }, _packet, row) =>
      hasPorts(layers.protocol[row] as number) ? present(layers.sourcePort[row]) : undefined,
  },
  {
    name: "ip_dst_port",
    type: "number",
    about: "Destination port.",
    index: "port",
    read: ({ layers }, _packet, row) =>
      hasPorts(layers.protocol[row] as number) ? present(layers.destinationPort[row]) : undefined,
  },
  {
    name: "protocol",
    type: "number",
    about: "IP protocol, by number or name: `6`, `TCP`.",
    index: "protocol",
    read: ({ layers }, _packet, row) => present(layers.protocol[row]),
  },
  {
    name: "community_id",
    type: "word",
    about: 'Community ID, in quotes as it has a colon: `community_id:"1:..."`.',
    index: "communityId",
    read: ({ layers }, _packet, row) => communityId(layers, row),
  },
  {
    name: "vlan",
    type: "number",
    about: "Number of the innermost VLAN.",
    index: "vlan",
    read: ({ layers }, _packet, row) => present(layers.vlan[row]),
  },
  {
    name: "outer_vlan",
    type: "number",
    about: "Number of the VLAN around it (QinQ).",
    read: ({ layers }, _packet, row) => present(layers.outerVlan[row]),
  },
  {
    name: "ip_version",
    type: "number",
    about: "4 or 6.",
    read: ({ layers }, _packet, row) => layers.version[row] || undefined,
  },
  {
    name: "ether_type",
    type: "number",
    about: "EtherType, such as 2054 for ARP.",
    read: ({ layers }, _packet, row) => layers.etherType[row] || undefined,
  },
  {
    name: "tunnel_depth",
    type: "number",
    about: "How many tunnels are around the conversation.",
    read: ({ layers }, _packet, row) => layers.depth[row],
  },
  {
    name: "tcp_flags",
    type: "number",
    about: "Flags of TCP as a number: 2 is SYN alone, 18 SYN and ACK.",
    read: tcpFlags,
  },
  {
    name: "bytes",
    type: "number",
    about: "Bytes of the packet on the wire.",
    read: ({ packets }, packet) => packets.original[packet],
  },
  {
    name: "payload_bytes",
    type: "number",
    about: "Bytes of payload behind the transport's header, as its headers tell.",
    read: ({ layers }, _packet, row) => layers.payloadWire[row],
  },
  {
    name: "interface",
    type: "word",
    about: "Name of the interface it was captured on.",
    read: ({ packets }, packet) => packets.seen[packets.interfaces[packet] as number]?.name,
  },
  { name: "timestamp", type: "time", about: "When it was captured: epoch milliseconds, or a date." },
];

export const PACKET_FIELDS: ReadonlyMap<string, PacketField> = new Map(
  FIELDS.map((field) => [field.name, field]),
);

/** Columns have -1 where there is nothing. */
function present(value: number | undefined): number | undefined {
  return value === undefined || value < 0 ? undefined : value;
}

const TCP = 6;
const FLAGS_AT = 13;

function tcpFlags({ packets, layers }: Block, packet: number, row: number): number | undefined {
  if (layers.protocol[row] !== TCP || (layers.sourcePort[row] as number) < 0) return undefined;
  const at = (layers.transport[row] as number) + FLAGS_AT;
  const end = (packets.starts[packet] as number) + (packets.captured[packet] as number);
  return at < end ? packets.bytes[at] : undefined;
}
