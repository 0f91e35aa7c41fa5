import { readLittle32 } from "../decode/bytes.ts";
import { LINK } from "../decode/link-types.ts";
import { type Cursor, flags, left, mac, number, parts, raw } from "./cursor.ts";
import { ETHER_TYPES, ethernet, llc, pppoeSession } from "./ethernet.ts";
import { hex, named } from "./show.ts";
import { type Goal, IPV4, IPV6, LLC, type Next, next, PPP, type Step } from "./step.ts";

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
    number(cursor, 2, "sll.hatype", "Kind of device");
    address(cursor, number(cursor, 2, "sll.halen", "Length of address"));
    return byType(cursor);
  },
};

const cooked2: Step = {
  name: "sll",
  label: "Linux cooked capture v2",
  read(cursor) {
    const type = number(cursor, 2, "sll.ltype", "Protocol", named(ETHER_TYPES, 4));
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

const ciscoHdlc: Step = {
  name: "chdlc",
  label: "Cisco HDLC",
  read(cursor) {
    number(cursor, 1, "chdlc.address", "Address", hex(2));
    number(cursor, 1, "chdlc.control", "Control", hex(2));
    const type = number(cursor, 2, "chdlc.protocol", "Protocol", named(ETHER_TYPES, 4));
    return next({ etherType: type }, cursor);
  },
};

const wireless: Step = {
  name: "wlan",
  label: "IEEE 802.11",
  read(cursor) {
    flags(cursor, 2, "wlan.fc", "Frame control", [
      ["wlan.fc.version", "Version", 0x0300],
      ["wlan.fc.type", "Type", 0x0c00, named({ 0: "management", 1: "control", 2: "data" })],
      ["wlan.fc.subtype", "Subtype", 0xf000],
      ["wlan.fc.protected", "Protected", 0x0040],
      ["wlan.fc.fromds", "From the distribution system", 0x0002],
      ["wlan.fc.tods", "To the distribution system", 0x0001],
    ]);
    const control = cursor.bytes[cursor.at - 2]!;
    const flag = cursor.bytes[cursor.at - 1]!;
    raw(cursor, 2, "wlan.duration", "Duration");
    mac(cursor, "wlan.ra", "Receiver");
    if ((control & 0x0c) !== 8) {
      if ((control & 0x0c) === 0) mac(cursor, "wlan.ta", "Transmitter");
      return undefined;
    }
    mac(cursor, "wlan.ta", "Transmitter");
    mac(cursor, "wlan.da", "Third address");
    raw(cursor, 2, "wlan.seq", "Sequence and fragment");
    if ((flag & 3) === 3) mac(cursor, "wlan.sa", "Fourth address");
    if ((control & 0x80) !== 0) raw(cursor, 2, "wlan.qos", "Quality of service");
    // Data that is encrypted, or a kind of data that has none.
    return (flag & 0x40) !== 0 || (control & 0x40) !== 0 ? undefined : next(LLC, cursor);
  },
};

const radiotap: Step = {
  name: "radiotap",
  label: "Radiotap",
  read(cursor) {
    parts(cursor, 1, [["radiotap.version", "Version", 0xff]]);
    const start = cursor.at;
    raw(cursor, 2, "radiotap.pad", "Version and padding");
    const length = (cursor.bytes[start + 2] ?? 0) | ((cursor.bytes[start + 3] ?? 0) << 8);
    raw(cursor, 2, "radiotap.length", "Length of header");
    cursor.fields.at(-1)!.value = length;
    cursor.fields.at(-1)!.shown = String(length);
    raw(cursor, Math.max(0, length - 4), "radiotap.fields", "Fields");
    return next(wireless, cursor);
  },
};

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
  [LINK.pppoe, pppoeSession],
  [LINK.ciscoHdlc, ciscoHdlc],
  [LINK.llc, llc],
  [LINK.wireless, wireless],
  [LINK.radiotap, radiotap],
]);
