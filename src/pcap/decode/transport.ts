import { FLAG } from "../layers.ts";
import { read16 } from "./bytes.ts";
import { gre } from "./gre.ts";
import { LINK } from "./link-types.ts";
import { udpTunnel } from "./udp-tunnels.ts";
import { enter, has, limit, mark, NEXT, setPayload, type Walk } from "./walk.ts";

/** Reads the header of an IP protocol. Protocols without ports, or that nobody knows, are payload as a whole. */
export function transport(walk: Walk, protocol: number): number {
  switch (protocol) {
    case 6:
      return tcp(walk);
    case 17:
      return udp(walk);
    case 1:
    case 58:
      return icmp(walk);
    case 132:
      return withPorts(walk, 12);
    // UDP-Lite has in the place of UDP's length how much of it the checksum covers (RFC 3828).
    case 136:
      return withPorts(walk, 8);
    case 33:
      return dccp(walk);
    case 51:
      return authentication(walk);
    case 47:
      return gre(walk);
    // IP in IP, by RFC 2003 and as KA9Q did it.
    case 4:
    case 94:
      return enter(walk, walk.at, 0x0800);
    case 41:
      return enter(walk, walk.at, 0x86dd);
    // EtherIP (RFC 3378): a header of two bytes.
    case 97:
      return has(walk, 2) ? enter(walk, walk.at + 2, NEXT.link + LINK.ethernet) : NEXT.nothing;
    case 137:
      return enter(walk, walk.at, 0x8847);
    // Ethernet in IPv6 (RFC 8986).
    case 143:
      return enter(walk, walk.at, NEXT.link + LINK.ethernet);
    default:
      return NEXT.nothing;
  }
}

/** Sets the ports, and the payload behind a header of `header` bytes. */
function withPorts(walk: Walk, header: number): number {
  const { at } = walk;
  if (ports(walk)) {
    has(walk, header);
    setPayload(walk, at, at + header);
  }
  return NEXT.nothing;
}

/** TCP (RFC 9293). */
function tcp(walk: Walk): number {
  const { at, bytes } = walk;
  if (!ports(walk)) return NEXT.nothing;
  if (!has(walk, 20)) {
    setPayload(walk, at, at + 20);
    return NEXT.nothing;
  }
  const header = (bytes[at + 12]! >>> 4) * 4;
  if (header < 20 || at + header > walk.wire) mark(walk, FLAG.broken);
  else has(walk, header);
  setPayload(walk, at, at + Math.max(header, 20));
  return NEXT.nothing;
}

/** UDP (RFC 768). */
function udp(walk: Walk): number {
  const { at, bytes } = walk;
  if (!ports(walk)) return NEXT.nothing;
  if (!has(walk, 8)) {
    setPayload(walk, at, at + 8);
    return NEXT.nothing;
  }
  const length = read16(bytes, at + 4);
  // 0 is a jumbogram (RFC 2675), or one that the network card cuts.
  if (length !== 0) {
    if (length < 8) mark(walk, FLAG.broken);
    else if (at + length <= walk.wire) limit(walk, at + length);
    else if (!walk.isFirstFragment) mark(walk, FLAG.broken);
  }
  setPayload(walk, at, at + 8);
  return udpTunnel(walk);
}

/** DCCP (RFC 4340). */
function dccp(walk: Walk): number {
  const { at, bytes } = walk;
  if (!ports(walk)) return NEXT.nothing;
  const header = has(walk, 5) ? bytes[at + 4]! * 4 : 0;
  if (header < 12) mark(walk, FLAG.broken);
  else has(walk, header);
  setPayload(walk, at, at + Math.max(header, 12));
  return NEXT.nothing;
}

/** Type and code of ICMP, for IPv4 and IPv6 alike. */
function icmp(walk: Walk): number {
  const { layers, row, at, bytes } = walk;
  if (!has(walk, 2)) return NEXT.nothing;
  layers.sourcePort[row] = bytes[at]!;
  layers.destinationPort[row] = bytes[at + 1]!;
  has(walk, 4);
  setPayload(walk, at, at + 8);
  return NEXT.nothing;
}

/** An authentication header (RFC 4302) in IPv4; in IPv6 it is one of the extensions. */
function authentication(walk: Walk): number {
  const { layers, row, at, bytes } = walk;
  if (!has(walk, 8)) return NEXT.nothing;
  const header = (bytes[at + 1]! + 2) * 4;
  if (!has(walk, header)) return NEXT.nothing;
  layers.protocol[row] = bytes[at]!;
  walk.at += header;
  setPayload(walk, walk.at, walk.at);
  return NEXT.protocol + bytes[at]!;
}

function ports(walk: Walk): boolean {
  if (!has(walk, 4)) return false;
  const { layers, row, at, bytes } = walk;
  layers.sourcePort[row] = read16(bytes, at);
  layers.destinationPort[row] = read16(bytes, at + 2);
  return true;
}
