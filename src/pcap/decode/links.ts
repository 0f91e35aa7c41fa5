import { read16, readLittle16, readLittle32 } from "./bytes.ts";
import { byNetworkLayer, ethernet, llc, ppp, pppoe, says } from "./ethernet.ts";
import { LINK } from "./link-types.ts";
import { has, NEXT, type Walk } from "./walk.ts";
import { avs, prism, radiotap, wireless } from "./wireless.ts";

const IPV4 = 0x0800;
const IPV6 = 0x86dd;

/** Kinds of devices (ARPHRD of Linux) whose cooked packets have no EtherType in the place of one. */
const NO_ETHERTYPE = new Set([770, 803, 824]);

/** What the table of links says of those that nobody reads. */
export const UNREAD_LINK = -2;

/** Reads the header of a link, whose type is a LINKTYPE number; `UNREAD_LINK` when nobody reads such. */
export function byLinkType(walk: Walk, linkType: number): number {
  switch (linkType) {
    case LINK.ethernet:
      return ethernet(walk);
    case LINK.raw:
    case LINK.rawBsd:
    case LINK.rawOpenBsd:
      return raw(walk);
    case LINK.ipv4:
      return IPV4;
    case LINK.ipv6:
      return IPV6;
    case LINK.null:
    case LINK.loop:
      return loopback(walk);
    case LINK.linuxCooked:
      return cooked(walk, 16, 14, 2);
    case LINK.linuxCooked2:
      return cooked(walk, 20, 0, 8);
    case LINK.ppp:
    case LINK.pppHdlc:
      return pppOrCisco(walk);
    case LINK.pppDirection:
      return skip(walk, 1, LINK.pppHdlc);
    case LINK.pppoe:
      return pppoe(walk);
    case LINK.ciscoHdlc:
      return ciscoHdlc(walk);
    case LINK.frameRelay:
      return frameRelay(walk);
    case LINK.llc:
      return llc(walk);
    case LINK.tokenRing:
      return tokenRing(walk);
    case LINK.fddi:
      return skip(walk, 13, LINK.llc);
    case LINK.wireless:
      return wireless(walk);
    case LINK.radiotap:
      return radiotap(walk);
    case LINK.prism:
      return prism(walk);
    case LINK.avs:
      return avs(walk);
    case LINK.ppi:
      return perPacket(walk);
    case LINK.nflog:
      return netfilterLog(walk);
    case LINK.ipnet:
      return skip(walk, 24, LINK.raw);
    case LINK.pflog:
      return packetFilterLog(walk);
    default:
      return UNREAD_LINK;
  }
}

/** IP by its version. */
function raw(walk: Walk): number {
  if (!has(walk, 1)) return NEXT.nothing;
  const version = walk.bytes[walk.at]! >>> 4;
  return version === 4 ? IPV4 : version === 6 ? IPV6 : NEXT.nothing;
}

/** A family of addresses in four bytes, in the order of the machine that captured. */
function loopback(walk: Walk): number {
  if (!has(walk, 4)) return NEXT.nothing;
  const { bytes, at } = walk;
  walk.at += 4;
  const little = readLittle32(bytes, at);
  return byFamily(little < 256 ? little : bytes[at + 3]!);
}

/** Number 2 is IPv4 everywhere; IPv6 is 24, 28 or 30 on the BSDs and their kin, 10 on Linux, 26 on Solaris. */
function byFamily(family: number): number {
  switch (family) {
    case 2:
      return IPV4;
    case 10:
    case 24:
    case 26:
    case 28:
    case 30:
      return IPV6;
    default:
      return NEXT.nothing;
  }
}

/** What Linux makes of packets of any device: a header with the protocol and the kind of device. */
function cooked(walk: Walk, header: number, protocol: number, device: number): number {
  if (!has(walk, header)) return NEXT.nothing;
  const { bytes, at } = walk;
  walk.at += header;
  if (NO_ETHERTYPE.has(read16(bytes, at + device))) return NEXT.nothing;
  const type = read16(bytes, at + protocol);
  if (type >= 0x0600) return says(walk, type);
  const LOGICAL_LINK_CONTROL = 4;
  return type === LOGICAL_LINK_CONTROL ? llc(walk) : NEXT.nothing;
}

/** Serial lines: PPP, or Cisco's framing, which begins with another address. */
function pppOrCisco(walk: Walk): number {
  if (!has(walk, 2)) return NEXT.nothing;
  const address = walk.bytes[walk.at];
  return (address === 0x0f || address === 0x8f) && walk.bytes[walk.at + 1] === 0
    ? ciscoHdlc(walk)
    : ppp(walk);
}

function ciscoHdlc(walk: Walk): number {
  if (!has(walk, 4)) return NEXT.nothing;
  walk.at += 4;
  return says(walk, read16(walk.bytes, walk.at - 2));
}

/** Frame Relay (Q.922): an address of two to four bytes, then RFC 2427, or Cisco's own EtherType. */
function frameRelay(walk: Walk): number {
  const { bytes } = walk;
  const LAST = 1;
  for (let count = 0; count < 4; count++) {
    if (!has(walk, 1)) return NEXT.nothing;
    walk.at++;
    if ((bytes[walk.at - 1]! & LAST) !== 0) break;
  }
  if (!has(walk, 2)) return NEXT.nothing;
  if (bytes[walk.at] === 3) {
    // One byte may fill up before the identifier.
    walk.at += bytes[walk.at + 1] === 0 ? 2 : 1;
    return has(walk, 1) ? byNetworkLayer(walk) : NEXT.nothing;
  }
  walk.at += 2;
  return says(walk, read16(bytes, walk.at - 2));
}

/** Token Ring (IEEE 802.5), with its route. */
function tokenRing(walk: Walk): number {
  if (!has(walk, 15)) return NEXT.nothing;
  const isRouted = (walk.bytes[walk.at + 8]! & 0x80) !== 0;
  return skip(walk, 14 + (isRouted ? walk.bytes[walk.at + 14]! & 31 : 0), LINK.llc);
}

/** Per-packet information (PPI): says its length and the type of the link that follows. */
function perPacket(walk: Walk): number {
  if (!has(walk, 8)) return NEXT.nothing;
  const linkType = readLittle32(walk.bytes, walk.at + 4);
  // A header in a header in a header is nothing that anybody captures.
  if (linkType === LINK.ppi) return NEXT.nothing;
  return skip(walk, Math.max(8, readLittle16(walk.bytes, walk.at + 2)), linkType);
}

/** What the netfilter of Linux logs: entries of type and length, one of which is the packet. */
function netfilterLog(walk: Walk): number {
  const { bytes, end } = walk;
  const PAYLOAD = 9;
  const next = has(walk, 4) ? byFamily(bytes[walk.at]!) : NEXT.nothing;
  if (next === NEXT.nothing) return next;
  walk.at += 4;
  while (end - walk.at >= 4) {
    // Both numbers are in the order of the machine that captured; no type is above 255.
    const isLittle = bytes[walk.at + 3] === 0;
    const length = isLittle ? readLittle16(bytes, walk.at) : read16(bytes, walk.at);
    const type = isLittle ? readLittle16(bytes, walk.at + 2) : read16(bytes, walk.at + 2);
    if (type === PAYLOAD) {
      walk.at += 4;
      return next;
    }
    if (length < 4) break;
    walk.at += (length + 3) & ~3;
  }
  return NEXT.nothing;
}

/** What the packet filter of OpenBSD logs: the length of its header and the family come first. */
function packetFilterLog(walk: Walk): number {
  const { bytes, at } = walk;
  if (!has(walk, 4)) return NEXT.nothing;
  const header = (bytes[at]! + 3) & ~3;
  if (header < 4 || !has(walk, header)) return NEXT.nothing;
  walk.at += header;
  return byFamily(bytes[at + 1]!);
}

function skip(walk: Walk, header: number, linkType: number): number {
  if (!has(walk, header)) return NEXT.nothing;
  walk.at += header;
  return NEXT.link + linkType;
}
