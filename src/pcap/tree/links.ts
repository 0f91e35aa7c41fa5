import { readLittle32 } from "../decode/bytes.ts";
import { LINK } from "../decode/link-types.ts";
import { type Cursor, left, mac, number, raw, rest } from "./cursor.ts";
import { ethernet, llc, pppoeSession } from "./ethernet.ts";
import { ipnet, netfilterLog, packetFilterLog } from "./logs.ts";
import { fddi, tokenRing } from "./rings.ts";
import { ciscoHdlc, frameRelay, pppDirection } from "./serial.ts";
import { named } from "./show.ts";
import { type Goal, IPV4, IPV6, LLC, type Next, next, PPP, type Step } from "./step.ts";
import { ETHER_TYPES } from "./type-or-length.ts";
import { avs, perPacket, prism, radiotap, wireless } from "./wireless.ts";

const DIRECTIONS = {
  0: "to us",
  1: "broadcast",
  2: "multicast",
  3: "to somebody else",
  4: "sent by us",
};

/** IP by its version, without a link. */
const rawIp: Step = { name: "raw", label: "Raw packet data", read: (cursor) => byVersion(cursor) };

function byVersion(cursor: Cursor): Next | undefined {
  if (left(cursor) === 0) return undefined;
  const version = cursor.bytes[cursor.at]! >>> 4;
  return next(version === 4 ? IPV4 : version === 6 ? IPV6 : undefined, cursor);
}

/** The family in the order of the machine that captured (`null`) or of the network (`loop`). */
const loopback: Step = {
  name: "null",
  label: "Null/Loopback",
  read(cursor) {
    number(cursor, 4, "null.family", "Family");
    const field = cursor.fields.at(-1)!;
    const big = Number(field.value);
    const family = big > 0xffff ? readLittle32(cursor.bytes, field.start) : big;
    field.value = family;
    field.shown = family === 2 ? "IPv4 (2)" : `${family}`;
    return byVersion(cursor);
  },
};

/** What Linux makes of packets of any device. */
const cooked: Step = {
  name: "sll",
  label: "Linux cooked capture v1",
  read(cursor) {
    number(cursor, 2, "sll.pkttype", "Packet type", named(DIRECTIONS));
    const device = number(cursor, 2, "sll.hatype", "Kind of device");
    address(cursor, number(cursor, 2, "sll.halen", "Length of address"));
    if (!NO_ETHERTYPE.has(device)) return byType(cursor);
    rest(cursor, "sll.content", "Content");
    return undefined;
  },
};

/** Kinds of devices (ARPHRD of Linux) whose packets have no EtherType in the place of one. */
const NO_ETHERTYPE = new Set([770, 803, 824]);

const cooked2: Step = {
  name: "sll",
  label: "Linux cooked capture v2",
  read(cursor) {
    const type = number(cursor, 2, "sll.etype", "Protocol", named(ETHER_TYPES, 4));
    cursor.fields.at(-1)!.shown = named(ETHER_TYPES, 4)(type);
    number(cursor, 2, "sll.reserved", "Reserved");
    number(cursor, 4, "sll.ifindex", "Interface");
    number(cursor, 2, "sll.hatype", "Kind of device");
    number(cursor, 1, "sll.pkttype", "Packet type", named(DIRECTIONS));
    address(cursor, number(cursor, 1, "sll.halen", "Length of address"));
    return next({ etherType: type }, cursor);
  },
};

function address(cursor: Cursor, length: number): void {
  if (length === 6) mac(cursor, "sll.src.eth", "Source");
  else if (length > 0) raw(cursor, Math.min(length, 8), "sll.src.other", "Source");
  if (length < 8) raw(cursor, 8 - length, "sll.unused", "Unused");
}

function byType(cursor: Cursor): Next | undefined {
  const type = number(cursor, 2, "sll.etype", "Protocol", named(ETHER_TYPES, 4));
  return next(type === 4 ? LLC : { etherType: type }, cursor);
}

/** What packets of a link begin with, by LINKTYPE number. */
export const LINKS: ReadonlyMap<number, Goal> = new Map<number, Goal>([
  [LINK.ethernet, ethernet],
  [LINK.raw, rawIp],
  [LINK.rawBsd, rawIp],
  [LINK.rawOpenBsd, rawIp],
  [LINK.ipv4, IPV4],
  [LINK.ipv6, IPV6],
  [LINK.null, loopback],
  [LINK.loop, loopback],
  [LINK.linuxCooked, cooked],
  [LINK.linuxCooked2, cooked2],
  [LINK.ppp, PPP],
  [LINK.pppHdlc, PPP],
  [LINK.pppDirection, pppDirection],
  [LINK.pppoe, pppoeSession],
  [LINK.ciscoHdlc, ciscoHdlc],
  [LINK.frameRelay, frameRelay],
  [LINK.llc, llc],
  [LINK.tokenRing, tokenRing],
  [LINK.fddi, fddi],
  [LINK.wireless, wireless],
  [LINK.radiotap, radiotap],
  [LINK.prism, prism],
  [LINK.avs, avs],
  [LINK.ppi, perPacket],
  [LINK.nflog, netfilterLog],
  [LINK.pflog, packetFilterLog],
  [LINK.ipnet, ipnet],
]);
