import { FLAG } from "../layers.ts";
import { read16, read24 } from "./bytes.ts";
import { LINK } from "./link-types.ts";
import { enter, has, mark, NEXT, type Walk } from "./walk.ts";

const CHECKSUM = 0x8000;
const ROUTING = 0x4000;
const KEY = 0x2000;
const SEQUENCE = 0x1000;
/** Of version 1 alone. */
const ACKNOWLEDGEMENT = 0x0080;
const VERSION = 7;

/** Entries of a source route that are passed over. */
const MOST_ROUTES = 16;

/** Protocol types that are no EtherTypes of a packet, or have a header of their own. */
const PPP = 0x880b;
const ETHERNET = 0x6558;
const ERSPAN_2 = 0x88be;
const ERSPAN_3 = 0x22eb;
const WCCP = 0x883e;

/** GRE (RFC 1701, 2784, 2890), that of PPTP (RFC 2637), NVGRE (RFC 7637) and mirrored frames (ERSPAN). */
export function gre(walk: Walk): number {
  const { bytes, at } = walk;
  if (!has(walk, 4)) return NEXT.nothing;
  const flags = read16(bytes, at);
  const type = read16(bytes, at + 2);
  const version = flags & VERSION;
  if (version > 1) {
    mark(walk, FLAG.broken);
    return NEXT.nothing;
  }
  let header = 4;
  if ((flags & (CHECKSUM | ROUTING)) !== 0) header += 4;
  if ((flags & KEY) !== 0) header += 4;
  if ((flags & SEQUENCE) !== 0) header += 4;
  if (version === 1 && (flags & ACKNOWLEDGEMENT) !== 0) header += 4;
  if (version === 0 && (flags & ROUTING) !== 0) header += routes(walk, header);
  if (!has(walk, header)) return NEXT.nothing;
  return content(walk, at + header, type, (flags & SEQUENCE) !== 0);
}

/** The length of the entries of a source route (RFC 1701): the last one is empty. */
function routes(walk: Walk, from: number): number {
  const { bytes, at } = walk;
  let length = 0;
  for (let count = 0; count < MOST_ROUTES && has(walk, from + length + 4); count++) {
    const entry = bytes[at + from + length + 3]!;
    length += 4 + entry;
    if (entry === 0) break;
  }
  return length;
}

function content(walk: Walk, at: number, type: number, hasSequence: boolean): number {
  const frame = NEXT.link + LINK.ethernet;
  switch (type) {
    case ETHERNET:
      return enter(walk, at, frame);
    case PPP:
      return enter(walk, at, NEXT.link + LINK.ppp);
    // The first form of ERSPAN has no header and no sequence, the second has both.
    case ERSPAN_2:
      return enter(walk, hasSequence ? at + 8 : at, frame);
    case ERSPAN_3:
      return mirrored(walk, at);
    // The second version of WCCP puts four bytes before the packet, which never look like IPv4.
    case WCCP:
      return enter(walk, at < walk.end && walk.bytes[at]! >>> 4 !== 4 ? at + 4 : at, 0x0800);
    default: {
      const next = enter(walk, at, type);
      if (next !== NEXT.nothing) walk.etherType = type;
      return next;
    }
  }
}

/** The third form of ERSPAN: a header of 12 bytes, 8 more when its last bit says so, and a frame or a packet. */
function mirrored(walk: Walk, at: number): number {
  const { bytes, end } = walk;
  if (end - at < 12) {
    mark(walk, FLAG.broken);
    return NEXT.nothing;
  }
  const last = read24(bytes, at + 9);
  const kind = (last >>> 10) & 31;
  const header = (last & 1) === 0 ? 12 : 20;
  return enter(walk, at + header, NEXT.link + (kind === 2 ? LINK.raw : LINK.ethernet));
}
