import { ICMP_REPLIES, ICMP6_REPLIES } from "../../core/community-id.ts";
import type { Layers } from "../layers.ts";
import type { Packets } from "../packets.ts";
import type { SideCounts, Waiting } from "./connection.ts";

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ICMP6 = 58;
const SCTP = 132;
const TCP_HEADER = 20;

/** Whether the ports of a row, or the type of its ICMP, are there, or its protocol has none. */
export function hasTuple(layers: Layers, row: number): boolean {
  return layers.sourcePort[row]! >= 0 || !hasPorts(layers.protocol[row]!);
}

/** The port of the sender, the type of ICMP, or 0 of a protocol without ports. */
export function sourceOf(layers: Layers, row: number): number {
  return hasPorts(layers.protocol[row]!) ? layers.sourcePort[row]! : 0;
}

/**
 * The port of the receiver, or 0. Of ICMP the type of the reply, or the code where there is no reply, so that both directions have the same
 * pair.
 */
export function targetOf(layers: Layers, row: number): number {
  const protocol = layers.protocol[row]!;
  const port = layers.destinationPort[row]!;
  if (protocol === TCP || protocol === UDP || protocol === SCTP) return port;
  if (protocol !== ICMP && protocol !== ICMP6) return 0;
  const reply = (protocol === ICMP ? ICMP_REPLIES : ICMP6_REPLIES)[layers.sourcePort[row]!]!;
  return reply >= 0 ? reply : Math.max(0, port);
}

function hasPorts(protocol: number): boolean {
  return protocol === TCP || protocol === UDP || protocol === ICMP || protocol === ICMP6 || protocol === SCTP;
}

/** Whether the fixed part of the header of TCP was captured. */
export function isTcpHeader(packets: Packets, layers: Layers, row: number): boolean {
  const packet = layers.packet[row]!;
  return layers.transport[row]! + TCP_HEADER <= packets.starts[packet]! + packets.captured[packet]!;
}

/** Ports of servers, by which it is told who began where the beginning was not captured. */
const SERVER_PORTS: ReadonlySet<number> = new Set([
  21, 22, 23, 25, 53, 80, 88, 110, 123, 143, 389, 443, 445, 465, 587, 993, 995, 1433, 3306, 3389, 5432, 8080,
  8443,
]);

export const isServerPort = (port: number): boolean => SERVER_PORTS.has(port);

/** The list in which a flow waits for its end. */
export function waitingOf(protocol: number, sides?: readonly [SideCounts, SideCounts]): Waiting {
  switch (protocol) {
    case TCP: {
      const one = sides?.[0].tcp?.state;
      const other = sides?.[1].tcp?.state;
      if (one === "reset" || other === "reset" || (one === "closed" && other === "closed")) return "closed";
      return one === "syn" && other === "inactive" ? "attempt" : "tcp";
    }
    case UDP:
      return "udp";
    case ICMP:
    case ICMP6:
      return "icmp";
    default:
      return "other";
  }
}
