import { FLAG } from "../layers.ts";
import { read16, read24 } from "./bytes.ts";
import { LINK } from "./link-types.ts";
import { ipv4, ipv6 } from "./network.ts";
import { has, limit, mark, NEXT, openRow, type Walk } from "./walk.ts";

const ETHERNET_HEADER = 14;
/** Up to here the field is the length of what follows, as IEEE 802.3 has it. */
const LARGEST_LENGTH = 1500;
const SMALLEST_TYPE = 0x0600;

const MOST_LABELS = 16;
const BOTTOM_OF_STACK = 0x100;

/** A frame of Ethernet, by its type or its length. */
export function ethernet(walk: Walk): number {
  if (!has(walk, ETHERNET_HEADER)) return NEXT.nothing;
  walk.at += ETHERNET_HEADER;
  return typeOrLength(walk, read16(walk.bytes, walk.at - 2));
}

/** Remembers the EtherType that a link says, and goes on with it. Links that have others of their own (PPP, MPLS) do not come here. */
export function says(walk: Walk, type: number): number {
  walk.etherType = type;
  return type;
}

/** Reads what an EtherType announces. */
export function byEtherType(walk: Walk, type: number): number {
  switch (type) {
    case 0x0800:
      return ipv4(walk);
    case 0x86dd:
      return ipv6(walk);
    case 0x0806:
      // A level without addresses that is a packet for certain.
      openRow(walk, 0);
      return NEXT.nothing;
    case 0x8100:
    case 0x88a8:
    case 0x9100:
      return vlan(walk);
    case 0x8847:
    case 0x8848:
      return mpls(walk);
    case 0x8864:
      return pppoe(walk);
    case 0x880b:
      return NEXT.link + LINK.ppp;
    // Frames of Ethernet behind a tag: provider backbones (802.1ah), Cisco's FabricPath, and bridging over GRE.
    case 0x88e7:
      return behind(walk, 4);
    case 0x8903:
      return behind(walk, 2);
    case 0x6558:
      return behind(walk, 0);
    // Tags that say which port of a virtual switch a frame is for: VN-Tag, and that of 802.1BR.
    case 0x8926:
      return tag(walk, 6);
    case 0x893f:
      return tag(walk, 8);
    // IEEE 802.2 in a frame longer than a length can say.
    case 0x8870:
      return llc(walk);
    default:
      return NEXT.nothing;
  }
}

/** Logical link control (IEEE 802.2), with the types of SNAP. */
export function llc(walk: Walk): number {
  if (!has(walk, 3)) return NEXT.nothing;
  const { bytes, at } = walk;
  const access = read16(bytes, at);
  const control = bytes[at + 2];
  if (access === 0xaaaa && control === 3 && has(walk, 8)) {
    const organisation = read24(bytes, at + 3);
    walk.at += 8;
    // RFC 1042, and what bridges make of it (IEEE 802.1H): both have an EtherType here. Others name what they like.
    return organisation === 0 || organisation === 0x0000f8 ? says(walk, read16(bytes, at + 6)) : NEXT.nothing;
  }
  if (control !== 3) return NEXT.nothing;
  walk.at += 3;
  if (access === 0x0606) return 0x0800;
  return access === 0xfefe && has(walk, 1) ? byNetworkLayer(walk) : NEXT.nothing;
}

/** What a network layer protocol identifier (ISO/IEC TR 9577) announces, as in Frame Relay (RFC 2427). */
export function byNetworkLayer(walk: Walk): number {
  const { bytes, at, end } = walk;
  walk.at++;
  switch (bytes[at]) {
    case 0xcc:
      return 0x0800;
    case 0x8e:
      return 0x86dd;
    case 0x80:
      if (end - at < 6 || read24(bytes, at + 1) !== 0) return NEXT.nothing;
      walk.at = at + 6;
      return says(walk, read16(bytes, at + 4));
    default:
      return NEXT.nothing;
  }
}

/** The point-to-point protocol (RFC 1661), with or without the address and control field of HDLC (RFC 1662). */
export function ppp(walk: Walk): number {
  const { bytes } = walk;
  if (has(walk, 2) && read16(bytes, walk.at) === 0xff03) walk.at += 2;
  if (!has(walk, 2)) return NEXT.nothing;
  // A protocol below 256 may be sent as one byte: the last byte of each is odd, the first even.
  const isShort = (bytes[walk.at]! & 1) === 1;
  const protocol = isShort ? bytes[walk.at]! : read16(bytes, walk.at);
  walk.at += isShort ? 1 : 2;
  switch (protocol) {
    case 0x0021:
      return 0x0800;
    case 0x0057:
      return 0x86dd;
    case 0x0281:
    case 0x0283:
      return 0x8847;
    default:
      return NEXT.nothing;
  }
}

/** The session stage of PPP over Ethernet (RFC 2516). */
export function pppoe(walk: Walk): number {
  const { bytes, at } = walk;
  if (!has(walk, 6)) return NEXT.nothing;
  walk.at += 6;
  limit(walk, walk.at + read16(bytes, at + 4));
  return NEXT.link + LINK.ppp;
}

/** A frame's field that is either the type of what follows or its length. */
function typeOrLength(walk: Walk, value: number): number {
  if (value >= SMALLEST_TYPE) return says(walk, value);
  if (value > LARGEST_LENGTH) return NEXT.nothing;
  limit(walk, walk.at + value);
  return llc(walk);
}

/** A VLAN tag (IEEE 802.1Q), also one around others. */
function vlan(walk: Walk): number {
  if (!has(walk, 4)) return NEXT.nothing;
  const { bytes, at } = walk;
  walk.outerVlan = walk.vlan;
  walk.vlan = read16(bytes, at) & 0xfff;
  walk.at += 4;
  return typeOrLength(walk, read16(bytes, at + 2));
}

/** A tag of `length` bytes that ends in the type of what follows. */
function tag(walk: Walk, length: number): number {
  if (!has(walk, length)) return NEXT.nothing;
  walk.at += length;
  return typeOrLength(walk, read16(walk.bytes, walk.at - 2));
}

function behind(walk: Walk, length: number): number {
  walk.at += length;
  return NEXT.link + LINK.ethernet;
}

/** A stack of MPLS labels (RFC 3032). It does not say what is under it: IP tells itself by its version, other things are frames. */
function mpls(walk: Walk): number {
  const { bytes } = walk;
  for (let count = 0; ; count++) {
    if (!has(walk, 5)) return NEXT.nothing;
    if (count === MOST_LABELS) {
      mark(walk, FLAG.broken);
      return NEXT.nothing;
    }
    walk.at += 4;
    if ((read24(bytes, walk.at - 3) & BOTTOM_OF_STACK) !== 0) break;
  }
  switch (bytes[walk.at]! >>> 4) {
    case 4:
      return 0x0800;
    case 6:
      return 0x86dd;
    default:
      return pseudowire(walk);
  }
}

/** A frame under labels (RFC 4448), with or without a control word before it: the one reading that has a known type counts. */
function pseudowire(walk: Walk): number {
  const { bytes, at, end } = walk;
  const CONTROL_WORD = 4;
  if (end - at >= CONTROL_WORD + ETHERNET_HEADER && bytes[at]! >>> 4 === 0) {
    if (isCommon(read16(bytes, at + CONTROL_WORD + 12))) return behind(walk, CONTROL_WORD);
  }
  return end - at >= ETHERNET_HEADER && isCommon(read16(bytes, at + 12)) ? behind(walk, 0) : NEXT.nothing;
}

function isCommon(type: number): boolean {
  return type === 0x0800 || type === 0x86dd || type === 0x0806 || type === 0x8100 || type === 0x88a8;
}
