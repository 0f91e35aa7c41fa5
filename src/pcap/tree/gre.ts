import { flags, number, raw } from "./cursor.ts";
import { ETHER_TYPES } from "./ethernet.ts";
import { hex, named } from "./show.ts";
import { ETHERNET, next, type Step } from "./step.ts";

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
      ["gre.flags.version", "Version", 0x0007],
    ]);
    const type = number(cursor, 2, "gre.proto", "Protocol", named({ ...ETHER_TYPES, 35006: "ERSPAN" }, 4));
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
    // What follows a source route is not looked for: nobody sends such any more.
    if ((set & 0x4000) !== 0) return undefined;
    if (type === 0x88be) return next(hasSequence ? mirrored : ETHERNET, cursor);
    return next({ etherType: type }, cursor);
  },
};

/** The second form of Cisco's mirrored frames. */
const mirrored: Step = {
  name: "erspan",
  label: "Encapsulated Remote Switch Packet Analysis",
  read(cursor) {
    flags(cursor, 2, "erspan.header", "Version and VLAN", [
      ["erspan.version", "Version", 0xf000],
      ["erspan.vlan", "VLAN", 0x0fff],
    ]);
    flags(cursor, 2, "erspan.session", "Class and session", [
      ["erspan.cos", "Class of service", 0xe000],
      ["erspan.spanid", "Session", 0x03ff],
    ]);
    raw(cursor, 4, "erspan.unknown3", "Index");
    return next(ETHERNET, cursor);
  },
};

/** Frames in IP (RFC 3378). */
export const etherIp: Step = {
  name: "etherip",
  label: "Ethernet over IP",
  read(cursor) {
    raw(cursor, 2, "etherip.header", "Version and reserved");
    return next(ETHERNET, cursor);
  },
};
