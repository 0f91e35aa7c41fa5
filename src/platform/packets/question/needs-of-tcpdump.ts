import { ARP, IPV4, IPV6, RARP } from "../../../pcap/filters/tcpdump/names.ts";
import { parseTcpdumpFilter } from "../../../pcap/filters/tcpdump/parser.ts";
import type { Filter, Primitive } from "../../../pcap/filters/tcpdump/tree.ts";
import type { PacketNeed } from "../../../storage/packets/contract.ts";
import { bothOf, eitherOf, type Needs, rangeOf } from "./needs.ts";

const TCP = 6;
const UDP = 17;
const SCTP = 132;
const FRAGMENT = 44;
/** Headers behind which the index looks for the protocol: hop-by-hop, routing, fragment, AH, none, destination options. */
const LOOKED_BEHIND: ReadonlySet<number> = new Set([0, 43, FRAGMENT, 51, 59, 60]);
/** What the index has where there are no ports, or none that could be read. */
const NO_PORT = 0xffff;
/** More ports than these are not named one by one. */
const MOST_PORTS = 8;
/** What a link says of headers that may end before addresses do: nothing, VLAN, MPLS, PPPoE. */
const CUT_OFF = [0, 0x8100, 0x88a8, 0x9100, 0x8847, 0x8848, 0x8864];

/**
 * What the index can rule out of a filter in tcpdump's language. The filter reads bytes where the index has layers, and it may match
 * where these say less: it finds addresses of ARP, and reads ports and addresses of headers that are cut off or broken. So beside the
 * conversations that have what is looked for, those are looked at whose layers could not be read so far.
 *
 * @throws AuthorError as `compileTcpdumpFilter` does
 */
export function needsOfTcpdump(text: string): Needs {
  return needsOf(parseTcpdumpFilter(text), { moves: 0, isPlaced: true });
}

/**
 * What was read of a filter so far. `vlan`, `mpls` and `pppoes` move all that is written behind them, of packets too that do not have such a
 * header: then bytes are read as addresses that are none, unless what is behind is only asked of packets that have it.
 */
type Reading = { moves: number; isPlaced: boolean };

function needsOf(filter: Filter, reading: Reading): Needs {
  const before = reading.moves;
  switch (filter.kind) {
    case "chain": {
      let needs = needsOf(filter.first, reading);
      for (const link of filter.rest) {
        const isAnd = link.operator === "and";
        if (!isAnd && reading.moves > before) reading.isPlaced = false;
        const moves = reading.moves;
        const next = needsOf(link.filter, reading);
        if (!isAnd && reading.moves > moves) reading.isPlaced = false;
        needs = isAnd ? bothOf(needs, next) : eitherOf(needs, next);
      }
      return needs;
    }
    case "not":
      needsOf(filter.filter, reading);
      if (reading.moves > before) reading.isPlaced = false;
      // What is not something may be anything else.
      return undefined;
    case "vlan":
    case "mpls":
    case "pppoes":
      reading.moves++;
      return undefined;
    default:
      return reading.isPlaced ? needsOfPrimitive(filter) : undefined;
  }
}

function needsOfPrimitive(primitive: Primitive): Needs {
  switch (primitive.kind) {
    case "address4": {
      const { address, mask, qualifier } = primitive;
      // Of a mask with gaps the bits before the first gap count.
      const range = rangeOf({ address, bits: Math.clz32(~mask) });
      const types =
        qualifier === undefined
          ? [IPV4, ARP, RARP]
          : [qualifier.name === "ip" ? IPV4 : qualifier.name === "arp" ? ARP : RARP];
      return [...(types.includes(IPV4) ? [{ addresses: [range] }] : []), unread(...types)];
    }
    case "address6":
      return [{ addresses: [rangeOf({ address: primitive.address, bits: primitive.bits })] }, unread(IPV6)];
    case "port":
      return needsOfPorts(primitive);
    case "number":
      if (primitive.qualifier?.protocol.kind === "link") return needsOfType(primitive.number);
      return needsOfProtocol(primitive.number);
    case "protocol": {
      const { protocol } = primitive.qualifier;
      if (protocol.kind === "ip") return needsOfProtocol(protocol.number);
      return protocol.kind === "link" ? undefined : needsOfType(protocol.type);
    }
    default:
      return undefined;
  }
}

function needsOfPorts({ from, to, qualifier }: Primitive & { kind: "port" }): Needs {
  const protocols = qualifier?.protocol.kind === "ip" ? [qualifier.protocol.number] : [TCP, UDP, SCTP];
  const isFew = to - from < MOST_PORTS;
  const ports = isFew ? Array.from({ length: to - from + 1 }, (_, index) => from + index) : [];
  return [
    ...protocols.flatMap((protocol): PacketNeed[] =>
      isFew ? [...ports, NO_PORT].map((port) => ({ protocol, ports: [port] })) : [{ protocol }],
    ),
    unread(IPV4, IPV6),
  ];
}

function needsOfProtocol(protocol: number): Needs {
  if (LOOKED_BEHIND.has(protocol)) return undefined;
  return [{ protocol }, { protocol: FRAGMENT }, unread(IPV4, IPV6)];
}

/** Of types that lead to addresses the index does not say what they were. */
function needsOfType(type: number): Needs {
  return type === ARP || type === RARP ? [unread(type)] : undefined;
}

/** Conversations without addresses: of these types, or of headers that are cut off. */
function unread(...types: readonly number[]): PacketNeed {
  return { etherTypes: [...types, ...CUT_OFF] };
}
