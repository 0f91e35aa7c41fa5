import { read16, read32 } from "./bytes.ts";
import { LINK } from "./link-types.ts";
import { enter, NEXT, type Walk } from "./walk.ts";

const UDP_HEADER = 8;
const ETHERNET = NEXT.link + LINK.ethernet;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const MPLS = 0x8847;

/** The network of all Teredo addresses, 2001::/32. */
const TEREDO_NETWORK = 0x2001_0000;
/** The kind of message of GTP that holds a packet of a user. */
const USER_PACKET = 255;
/** Indications and extension headers before a packet that are passed over. */
const MOST_HEADERS = 8;

/**
 * Looks for a packet in the payload of UDP. Ports say what it could be, the receiver's first; a guess that is wrong changes nothing of the
 * row around it, as only a level with a network header gets a row.
 */
export function udpTunnel(walk: Walk): number {
  const { layers, row, at, end } = walk;
  const payload = at + UDP_HEADER;
  if (end - payload < 8) return NEXT.nothing;
  const next = byPort(walk, layers.destinationPort[row]!, payload);
  if (next !== NEXT.nothing) return next;
  const back = byPort(walk, layers.sourcePort[row]!, payload);
  return back === NEXT.nothing && looksLikeTeredo(walk, payload) ? enter(walk, payload, IPV6) : back;
}

function byPort(walk: Walk, port: number, payload: number): number {
  switch (port) {
    case 4789:
    case 8472:
      return vxlan(walk, payload);
    case 4790:
      return genericVxlan(walk, payload);
    case 6081:
      return geneve(walk, payload);
    case 2152:
    case 2123:
      return gtp(walk, payload);
    case 3386:
      return oldGtp(walk, payload);
    case 3544:
      return teredo(walk, payload);
    case 5072:
      return ayiya(walk, payload);
    case 1701:
      return l2tp(walk, payload);
    case 6635:
      return enter(walk, payload, MPLS);
    // GRE in UDP (RFC 8086).
    case 4754:
      walk.at = payload;
      return NEXT.protocol + 47;
    default:
      return NEXT.nothing;
  }
}

/** VXLAN (RFC 7348): the bit that says its network is valid, and a frame. */
function vxlan(walk: Walk, payload: number): number {
  return (walk.bytes[payload]! & 8) === 0 ? NEXT.nothing : enter(walk, payload + 8, ETHERNET);
}

/** VXLAN with the protocol of what it holds (draft-ietf-nvo3-vxlan-gpe). */
function genericVxlan(walk: Walk, payload: number): number {
  switch (walk.bytes[payload + 3]) {
    case 1:
      return enter(walk, payload + 8, IPV4);
    case 2:
      return enter(walk, payload + 8, IPV6);
    case 3:
      return enter(walk, payload + 8, ETHERNET);
    default:
      return NEXT.nothing;
  }
}

/** GENEVE (RFC 8926) with its options. */
function geneve(walk: Walk, payload: number): number {
  const { bytes } = walk;
  if (bytes[payload]! >>> 6 !== 0) return NEXT.nothing;
  const type = read16(bytes, payload + 2);
  const content = payload + 8 + 4 * (bytes[payload]! & 63);
  return enter(walk, content, type === 0x6558 ? ETHERNET : type);
}

/** The packets of users in GTP (3GPP TS 29.281), version 1, behind its extension headers. */
function gtp(walk: Walk, payload: number): number {
  const { bytes, end } = walk;
  const flags = bytes[payload]!;
  if (flags >>> 4 !== 3 || bytes[payload + 1] !== USER_PACKET) return NEXT.nothing;
  let at = payload + 8;
  if ((flags & 7) !== 0) {
    if (end - at < 4) return NEXT.nothing;
    at += 4;
    let extension = (flags & 4) === 0 ? 0 : bytes[at - 1]!;
    for (let count = 0; extension !== 0; count++) {
      const length = at < end ? 4 * bytes[at]! : 0;
      if (length === 0 || at + length > end || count === MOST_HEADERS) return NEXT.nothing;
      at += length;
      extension = bytes[at - 1]!;
    }
  }
  return enter(walk, at, NEXT.link + LINK.raw);
}

/** Version 0 of GTP (3GPP TS 09.60) has a header of 20 bytes and a port of its own. */
function oldGtp(walk: Walk, payload: number): number {
  const { bytes } = walk;
  if (bytes[payload]! >>> 4 !== 1 || bytes[payload + 1] !== USER_PACKET) return NEXT.nothing;
  return enter(walk, payload + 20, NEXT.link + LINK.raw);
}

/** Teredo (RFC 4380): IPv6 behind indications of origin and of authentication. */
function teredo(walk: Walk, payload: number): number {
  const { bytes, end } = walk;
  let at = payload;
  for (let count = 0; count < MOST_HEADERS && end - at >= 8 && bytes[at] === 0; count++) {
    if (bytes[at + 1] === 0) at += 8;
    else if (bytes[at + 1] === 1) at += 13 + bytes[at + 2]! + bytes[at + 3]!;
    else return NEXT.nothing;
  }
  // Half a byte is weak evidence, so the length must fit as well.
  const isPacket = end - at >= 40 && bytes[at]! >>> 4 === 6 && at + 40 + read16(bytes, at + 4) <= walk.wire;
  return isPacket ? enter(walk, at, IPV6) : NEXT.nothing;
}

/** Teredo between peers uses any port: it is IPv6 of just this length, from or to a Teredo address. */
function looksLikeTeredo({ bytes, end, wire }: Walk, payload: number): boolean {
  if (bytes[payload]! >>> 4 !== 6 || end - payload < 40) return false;
  if (payload + 40 + read16(bytes, payload + 4) !== wire) return false;
  return read32(bytes, payload + 8) === TEREDO_NETWORK || read32(bytes, payload + 24) === TEREDO_NETWORK;
}

/** AYIYA (draft-massar-v6ops-ayiya): an identity and a signature, whose lengths it says, before the packet. */
function ayiya(walk: Walk, payload: number): number {
  const { bytes } = walk;
  const FORWARD = 1;
  if ((bytes[payload + 2]! & 15) !== FORWARD) return NEXT.nothing;
  const identity = 1 << (bytes[payload]! >>> 4);
  const signature = 4 * (bytes[payload + 1]! >>> 4);
  return enter(walk, payload + 8 + identity + signature, NEXT.link + LINK.raw);
}

/** Data of L2TP, version 2 (RFC 2661). */
function l2tp(walk: Walk, payload: number): number {
  const { bytes, end } = walk;
  const flags = read16(bytes, payload);
  const CONTROL = 0x8000;
  const LENGTH = 0x4000;
  const SEQUENCE = 0x0800;
  const OFFSET = 0x0200;
  if ((flags & CONTROL) !== 0 || (flags & 15) !== 2) return NEXT.nothing;
  let at = payload + 6;
  if ((flags & LENGTH) !== 0) at += 2;
  if ((flags & SEQUENCE) !== 0) at += 4;
  if ((flags & OFFSET) !== 0) {
    if (end - at < 2) return NEXT.nothing;
    at += 2 + read16(bytes, at);
  }
  return enter(walk, at, NEXT.link + LINK.ppp);
}
