import { read16 } from "../decode/bytes.ts";
import { type BitField, type Cursor, flags, group, left, malformed, number, parts, raw } from "./cursor.ts";
import { hex, named } from "./show.ts";
import { ETHERNET, IPV4, next, RAW_IP, type Step } from "./step.ts";
import { ETHER_TYPES } from "./type-or-length.ts";

/** Generic routing encapsulation (RFC 2784, RFC 2890), that of PPTP (RFC 2637), and mirrored frames (ERSPAN). */
export const gre: Step = {
  name: "gre",
  label: "Generic Routing Encapsulation",
  read(cursor) {
    const set = flags(cursor, 2, "gre.flags_and_version", "Flags and version", [
      ["gre.flags.checksum", "Checksum", 0x8000],
      ["gre.flags.routing", "Routing", 0x4000],
      ["gre.flags.key", "Key", 0x2000],
      ["gre.flags.sequence_number", "Sequence number", 0x1000],
      ["gre.flags.strict_source_route", "Strict source route", 0x0800],
      ["gre.flags.recursion_control", "Recursion", 0x0700],
      ["gre.flags.ack", "Acknowledgement", 0x0080],
      ["gre.flags.reserved", "Reserved", 0x0078],
      ["gre.flags.version", "Version", 0x0007],
    ]);
    const type = number(
      cursor,
      2,
      "gre.proto",
      "Protocol",
      named({ ...ETHER_TYPES, 35006: "ERSPAN", 8939: "ERSPAN III", 34878: "WCCP" }, 4),
    );
    const hasSequence = (set & 0x1000) !== 0;
    const isPointToPoint = (set & 7) === 1;
    if ((set & 0xc000) !== 0) {
      number(cursor, 2, "gre.checksum", "Checksum", hex(4));
      number(cursor, 2, "gre.offset", "Offset");
    }
    if ((set & 0x2000) !== 0) {
      if (isPointToPoint) {
        number(cursor, 2, "gre.key.payload_length", "Payload length");
        number(cursor, 2, "gre.key.call_id", "Call");
      } else number(cursor, 4, "gre.key", "Key", hex(8));
    }
    if (hasSequence) number(cursor, 4, "gre.sequence_number", "Sequence number");
    if (isPointToPoint && (set & 0x80) !== 0) number(cursor, 4, "gre.ack_number", "Acknowledgement number");
    if ((set & 7) > 1) malformed(`is of version ${set & 7}, which does not exist`);
    if (!isPointToPoint && (set & 0x4000) !== 0) routes(cursor);
    if (type === 0x22eb) return next(mirroredLater, cursor);
    // The second version of WCCP puts four bytes before the packet, which never look like IPv4.
    if (type === 0x883e) {
      if (left(cursor) > 0 && cursor.bytes[cursor.at]! >>> 4 !== 4) raw(cursor, 4, "wccp.header", "WCCP");
      return next(IPV4, cursor);
    }
    if (type === 0x88be) return next(hasSequence ? mirrored : ETHERNET, cursor);
    return next({ etherType: type }, cursor);
  },
};

/** Entries of a source route (RFC 1701): the last one is empty. */
function routes(cursor: Cursor): void {
  for (let isLast = false; !isLast; )
    group(cursor, ["gre.routing", "Route"], undefined, (inner) => {
      number(inner, 2, "gre.routing.address_family", "Family");
      number(inner, 1, "gre.routing.sre_offset", "Offset");
      const length = number(inner, 1, "gre.routing.src_length", "Length");
      isLast = length === 0;
      if (!isLast) raw(inner, length, "gre.routing.information", "Route");
    });
}

/** The second form of Cisco's mirrored frames. */
const mirrored: Step = {
  name: "erspan",
  label: "Encapsulated Remote Switch Packet Analysis",
  read(cursor) {
    session(cursor, [["erspan.encap", "VLAN kept", 0x1800]]);
    parts(cursor, 4, [
      ["erspan.reserved", "Reserved", 0xfff0_0000],
      ["erspan.index", "Index", 0x000f_ffff],
    ]);
    cursor.at += 4;
    return next(ETHERNET, cursor);
  },
};

/** The third form: a header of 12 bytes, 8 more when its last bit says so, and a frame or a packet. */
const mirroredLater: Step = {
  name: "erspan",
  label: "Encapsulated Remote Switch Packet Analysis",
  read(cursor) {
    session(cursor, [["erspan.bso", "Bad, short or oversized", 0x1800]]);
    number(cursor, 4, "erspan.timestamp", "Time");
    number(cursor, 2, "erspan.sgt", "Security group");
    parts(cursor, 2, [
      ["erspan.p", "Has a frame", 0x8000],
      ["erspan.ft", "Kind of frame", 0x7c00],
      ["erspan.hw", "Hardware", 0x03f0],
      ["erspan.direction", "Outgoing", 0x0008],
      ["erspan.gra", "Granularity of time", 0x0006],
      ["erspan.o", "More follows", 0x0001],
    ]);
    const last = read16(cursor.bytes, cursor.at);
    cursor.at += 2;
    if ((last & 1) !== 0) raw(cursor, 8, "erspan.subheader", "Of the platform");
    const PACKET = 2;
    return next(((last >>> 10) & 31) === PACKET ? RAW_IP : ETHERNET, cursor);
  },
};

/** What both forms begin with; two bits mean something else in each. */
function session(cursor: Cursor, own: readonly BitField[]): void {
  parts(cursor, 2, [
    ["erspan.version", "Version", 0xf000],
    ["erspan.vlan", "VLAN", 0x0fff],
  ]);
  cursor.at += 2;
  parts(cursor, 2, [
    ["erspan.cos", "Class of service", 0xe000],
    ...own,
    ["erspan.truncated", "Truncated", 0x0400],
    ["erspan.spanid", "Session", 0x03ff],
  ]);
  cursor.at += 2;
}

/** Frames in IP (RFC 3378). */
export const etherIp: Step = {
  name: "etherip",
  label: "Ethernet over IP",
  read(cursor) {
    parts(cursor, 2, [
      ["etherip.ver", "Version", 0xf000],
      ["etherip.reserved", "Reserved", 0x0fff],
    ]);
    cursor.at += 2;
    return next(ETHERNET, cursor);
  },
};
