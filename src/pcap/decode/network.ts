import { FLAG } from "../layers.ts";
import { read16, read32 } from "./bytes.ts";
import { has, limit, mark, NEXT, openRow, setPayload, type Walk } from "./walk.ts";

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;

const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET = 0x1fff;

/** Extension headers of one packet that are followed; RFC 8200 has each once, and destination options twice. */
const MOST_EXTENSIONS = 16;

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const NO_NEXT = 59;
const DESTINATION_OPTIONS = 60;

/** IPv4 (RFC 791). */
export function ipv4(walk: Walk): number {
  if (!has(walk, IPV4_HEADER)) return NEXT.nothing;
  const { bytes, at, layers } = walk;
  if (bytes[at]! >>> 4 !== 4) return notThis(walk);
  const header = (bytes[at]! & 15) * 4;
  // A guess about a tunnel may be wrong, so what is in one must look right.
  if (header < IPV4_HEADER && walk.depth > 0) return notThis(walk);
  const row = openRow(walk, 4);
  layers.source[4 * row + 3] = read32(bytes, at + 12);
  layers.destination[4 * row + 3] = read32(bytes, at + 16);
  const protocol = bytes[at + 9]!;
  layers.protocol[row] = protocol;
  const total = read16(bytes, at + 2);
  // Network cards that cut large packets themselves (TSO) leave the length to the card: the capture knows it.
  if (total !== 0 && total < header) mark(walk, FLAG.broken);
  else if (total !== 0) limit(walk, at + total);
  if (header < IPV4_HEADER) {
    mark(walk, FLAG.broken);
    return NEXT.nothing;
  }
  const fragment = read16(bytes, at + 6);
  return content(walk, header, protocol, fragment & FRAGMENT_OFFSET, (fragment & MORE_FRAGMENTS) !== 0);
}

/** IPv6 (RFC 8200) with its extension headers. */
export function ipv6(walk: Walk): number {
  if (!has(walk, IPV6_HEADER)) return NEXT.nothing;
  const { bytes, at, layers } = walk;
  if (bytes[at]! >>> 4 !== 6) return notThis(walk);
  const row = openRow(walk, 6);
  for (let word = 0; word < 4; word++) {
    layers.source[4 * row + word] = read32(bytes, at + 8 + 4 * word);
    layers.destination[4 * row + word] = read32(bytes, at + 24 + 4 * word);
  }
  const length = read16(bytes, at + 4);
  const protocol = bytes[at + 6]!;
  // No length: a jumbogram (RFC 2675), or one that the network card cuts (TSO). The capture knows it.
  if (length !== 0 || protocol === NO_NEXT) limit(walk, at + IPV6_HEADER + length);
  return extensions(walk, protocol);
}

function extensions(walk: Walk, first: number): number {
  const { bytes, layers, row } = walk;
  let protocol = first;
  let header = IPV6_HEADER;
  let offset = 0;
  let isMore = false;
  for (let count = 0; isExtension(protocol); count++) {
    layers.protocol[row] = protocol;
    if (count === MOST_EXTENSIONS) {
      mark(walk, FLAG.broken);
      break;
    }
    if (!has(walk, header + 8)) {
      setPayload(walk, walk.at + header, walk.at + header);
      return NEXT.nothing;
    }
    const at = walk.at + header;
    if (protocol === FRAGMENT) {
      offset = read16(bytes, at + 2) >>> 3;
      isMore = (bytes[at + 3]! & 1) !== 0;
      header += 8;
    } else header += protocol === AUTHENTICATION ? (bytes[at + 1]! + 2) * 4 : (bytes[at + 1]! + 1) * 8;
    protocol = bytes[at]!;
    // What a later fragment begins with is no header.
    if (offset > 0) break;
  }
  layers.protocol[row] = protocol;
  return content(walk, header, protocol, offset, isMore);
}

function isExtension(protocol: number): boolean {
  switch (protocol) {
    case HOP_BY_HOP:
    case ROUTING:
    case FRAGMENT:
    case AUTHENTICATION:
    case DESTINATION_OPTIONS:
      return true;
    default:
      return false;
  }
}

/** Goes on to what a network header of `header` bytes holds. */
function content(walk: Walk, header: number, protocol: number, offset: number, isMore: boolean): number {
  const isHere = has(walk, header);
  walk.at += header;
  setPayload(walk, walk.at, walk.at);
  if (walk.wire > walk.end) mark(walk, FLAG.cut);
  if (offset > 0) {
    mark(walk, FLAG.fragment | FLAG.later);
    return NEXT.nothing;
  }
  if (isMore) {
    mark(walk, FLAG.fragment);
    walk.isFirstFragment = true;
  }
  return isHere ? NEXT.protocol + protocol : NEXT.nothing;
}

function notThis(walk: Walk): number {
  mark(walk, FLAG.broken);
  return NEXT.nothing;
}
