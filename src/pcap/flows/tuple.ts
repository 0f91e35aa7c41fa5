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

const NO_PORTS: readonly [number, number] = [0, 0];

/**
 * The ports of a row; of ICMP the type and that of its reply, or type and code where there is no reply, so that both directions have the
 * same pair. Undefined when they are not there.
 */
export function tupleOf(layers: Layers, row: number): readonly [number, number] | undefined {
  const protocol = layers.protocol[row]!;
  const source = layers.sourcePort[row]!;
  if (protocol === ICMP || protocol === ICMP6) {
    if (source < 0) return undefined;
    const reply = (protocol === ICMP ? ICMP_REPLIES : ICMP6_REPLIES)[source]!;
    return [source, reply >= 0 ? reply : Math.max(0, layers.destinationPort[row]!)];
  }
  if (protocol !== TCP && protocol !== UDP && protocol !== SCTP) return NO_PORTS;
  return source < 0 ? undefined : [source, layers.destinationPort[row]!];
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
      const [one, other] = [sides?.[0].tcp?.state, sides?.[1].tcp?.state];
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
