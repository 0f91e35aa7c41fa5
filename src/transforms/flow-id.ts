import { hash } from "node:crypto";
import type { AddressValue } from "../schema/address.ts";

/** What the specification's reference implementations take for the reply to a message of ICMP, and the reverse. */
const ICMP_PAIRS = pairs([8, 0], [13, 14], [15, 16], [10, 9], [17, 18]);
const ICMP6_PAIRS = pairs([128, 129], [130, 131], [133, 134], [135, 136], [139, 140], [144, 145]);

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ICMP6 = 58;
const SCTP = 132;

/** A seed, two IPv6 addresses, the protocol with a padding byte, two ports. */
const MOST_BYTES = 2 + 16 + 16 + 2 + 4;

/** One packet's ends and protocol; of ICMP the ports are type and code. Ports that are not known are -1. */
type FlowTuple = {
  readonly protocol: number;
  readonly source: AddressValue;
  readonly destination: AddressValue;
  readonly sourcePort: number;
  readonly destinationPort: number;
};

const buffer = new Uint8Array(MOST_BYTES);
const view = new DataView(buffer.buffer);

/**
 * The Community ID of a flow, version 1 (https://github.com/corelight/community-id-spec): the same for both directions
 * and in every tool with the same seed. Undefined when the ends are not of one family, or a port is missing where the
 * protocol has ports.
 */
export function communityId(tuple: FlowTuple, seed: number): string | undefined {
  const { protocol, source, destination } = tuple;
  if (typeof source !== typeof destination) return undefined;
  const ports = portsOf(tuple);
  if (ports === undefined) return undefined;
  const isSwapped = ports.isOrdered && comesAfter(tuple, ports);
  view.setUint16(0, seed);
  let at = writeAddress(isSwapped ? destination : source, 2);
  at = writeAddress(isSwapped ? source : destination, at);
  view.setUint16(at, protocol << 8);
  at += 2;
  if (ports.source >= 0) {
    view.setUint16(at, isSwapped ? ports.destination : ports.source);
    view.setUint16(at + 2, isSwapped ? ports.source : ports.destination);
    at += 4;
  }
  return `1:${hash("sha1", buffer.subarray(0, at), "base64")}`;
}

/** Ports as they are hashed; negative where the protocol has none. Messages without a reply keep their direction. */
type Ports = { readonly source: number; readonly destination: number; readonly isOrdered: boolean };

const NO_PORTS: Ports = { source: -1, destination: -1, isOrdered: true };

function portsOf({ protocol, sourcePort, destinationPort }: FlowTuple): Ports | undefined {
  switch (protocol) {
    case TCP:
    case UDP:
    case SCTP:
      if (sourcePort < 0 || destinationPort < 0) return undefined;
      return { source: sourcePort, destination: destinationPort, isOrdered: true };
    case ICMP:
    case ICMP6: {
      if (sourcePort < 0 || destinationPort < 0) return undefined;
      const reply = (protocol === ICMP ? ICMP_PAIRS : ICMP6_PAIRS).get(sourcePort);
      return { source: sourcePort, destination: reply ?? destinationPort, isOrdered: reply !== undefined };
    }
    default:
      return NO_PORTS;
  }
}

/** Whether the source comes after the destination, by address and then by port. */
function comesAfter({ source, destination }: FlowTuple, ports: Ports): boolean {
  const order = compare(source, destination);
  return order > 0 || (order === 0 && ports.source > ports.destination);
}

/** Compares addresses of one family. */
function compare(one: AddressValue, other: AddressValue): number {
  if (typeof one === "number" || typeof other === "number") return Number(one) - Number(other);
  for (const [index, word] of one.entries()) {
    const difference = word - (other[index] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Writes an address and returns the place behind it. */
function writeAddress(address: AddressValue, at: number): number {
  if (typeof address === "number") {
    view.setUint32(at, address);
    return at + 4;
  }
  for (const [index, word] of address.entries()) view.setUint32(at + 4 * index, word);
  return at + 16;
}

function pairs(...list: readonly (readonly [number, number])[]): ReadonlyMap<number, number> {
  return new Map(list.flatMap(([one, other]) => [[one, other] as const, [other, one] as const]));
}
