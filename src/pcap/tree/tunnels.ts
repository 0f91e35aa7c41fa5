import { read16 } from "../decode/bytes.ts";
import { type Cursor, flags, group, left, malformed, number, parts, raw, rest } from "./cursor.ts";
import { ETHER_TYPES } from "./ethernet.ts";
import { hex, named } from "./show.ts";
import { ETHERNET, type Goal, GRE, IPV6, MPLS, next, RAW_IP, type Step } from "./step.ts";

/** The tunnel in a payload of UDP that a port and the first bytes speak for; the receiver's port first. */
export function tunnelStep(cursor: Cursor, source: number, destination: number): Goal | undefined {
  return byPort(cursor, destination) ?? byPort(cursor, source);
}

function byPort(cursor: Cursor, port: number): Goal | undefined {
  if (left(cursor) < 8) return undefined;
  const first = cursor.bytes[cursor.at]!;
  switch (port) {
    case 4789:
    case 8472:
      return (first & 8) === 0 ? undefined : vxlan;
    case 6081:
      return first >>> 6 === 0 ? geneve : undefined;
    case 2152:
      return first >>> 5 === 1 ? gtp : undefined;
    case 3544:
      return teredoOrPacket(cursor);
    case 6635:
      return MPLS;
    case 4754:
      return GRE;
    default:
      return undefined;
  }
}

/** Frames in UDP (RFC 7348). */
const vxlan: Step = {
  name: "vxlan",
  label: "Virtual eXtensible Local Area Network",
  read(cursor) {
    flags(cursor, 2, "vxlan.flags", "Flags", [
      ["vxlan.flag_gbp", "Group policy", 0x8000],
      ["vxlan.flag_i", "The network is valid", 0x0800],
      ["vxlan.flag_d", "Do not learn", 0x0040],
      ["vxlan.flag_a", "Policy applied", 0x0008],
    ]);
    number(cursor, 2, "vxlan.gbp", "Group policy");
    number(cursor, 3, "vxlan.vni", "Network");
    number(cursor, 1, "vxlan.reserved8", "Reserved");
    return next(ETHERNET, cursor);
  },
};

/** Frames or packets in UDP, with options (RFC 8926). */
const geneve: Step = {
  name: "geneve",
  label: "Generic Network Virtualization Encapsulation",
  read(cursor) {
    parts(cursor, 1, [
      ["geneve.version", "Version", 0xc0],
      ["geneve.option.length", "Length of options", 0x3f, (words) => `${4 * words} bytes (${words})`],
    ]);
    const length = 4 * (cursor.bytes[cursor.at]! & 0x3f);
    cursor.at++;
    flags(cursor, 1, "geneve.flags", "Flags", [
      ["geneve.flag.oam", "Control packet", 0x80],
      ["geneve.flag.critical", "Critical options", 0x40],
    ]);
    const type = number(cursor, 2, "geneve.proto_type", "Protocol", named(ETHER_TYPES, 4));
    number(cursor, 3, "geneve.vni", "Network", hex(6));
    raw(cursor, 1, "geneve.reserved", "Reserved");
    if (length > 0)
      group(cursor, ["geneve.options", "Options", `${length} bytes`], cursor.at + length, (inner) => {
        while (left(inner) > 0) geneveOption(inner);
      });
    return next({ etherType: type }, cursor);
  },
};

function geneveOption(cursor: Cursor): void {
  const words = (cursor.bytes[cursor.at + 3] ?? 0) & 31;
  group(cursor, ["geneve.option", "Option"], cursor.at + 4 + 4 * words, (inner) => {
    number(inner, 2, "geneve.option.class", "Class", hex(4));
    number(inner, 1, "geneve.option.type", "Type", hex(2));
    raw(inner, 1, "geneve.option.flags", "Reserved and length");
    rest(inner, "geneve.option.data", "Content");
  });
}

const USER_PACKET = 255;
const MESSAGES = {
  1: "Echo request",
  2: "Echo response",
  26: "Error indication",
  254: "End marker",
  255: "Packet of a user",
};

/** Packets of users in mobile networks (3GPP TS 29.281). */
const gtp: Step = {
  name: "gtp",
  label: "GPRS Tunneling Protocol",
  read(cursor) {
    const set = flags(cursor, 1, "gtp.flags", "Flags", [
      ["gtp.flags.version", "Version", 0xe0],
      ["gtp.flags.payload", "Protocol type", 0x10],
      ["gtp.flags.reserved", "Reserved", 0x08],
      ["gtp.flags.e", "Extension header", 0x04],
      ["gtp.flags.s", "Sequence number", 0x02],
      ["gtp.flags.pn", "N-PDU number", 0x01],
    ]);
    const kind = number(cursor, 1, "gtp.message", "Message type", named(MESSAGES, 2));
    number(cursor, 2, "gtp.length", "Length");
    number(cursor, 4, "gtp.teid", "Tunnel endpoint", hex(8));
    if ((set & 7) !== 0) {
      number(cursor, 2, "gtp.seq_number", "Sequence number", hex(4));
      number(cursor, 1, "gtp.npdu_number", "N-PDU number", hex(2));
      let type = number(cursor, 1, "gtp.next", "Next extension header", hex(2));
      while ((set & 4) !== 0 && type !== 0) {
        const length = 4 * (cursor.bytes[cursor.at] ?? 0);
        if (length === 0) malformed(`an extension header at byte ${cursor.at} has no length`);
        group(cursor, ["gtp.ext_hdr", `Extension header ${hex(2)(type)}`], cursor.at + length, (inner) => {
          number(inner, 1, "gtp.ext_hdr.length", "Length in words");
          raw(inner, length - 2, "gtp.ext_hdr.content", "Content");
          type = number(inner, 1, "gtp.ext_hdr.next", "Next extension header", hex(2));
        });
      }
    }
    if (kind === USER_PACKET) return next(RAW_IP, cursor);
    rest(cursor, "gtp.content", "Content");
    return undefined;
  },
};

/** IPv6 through address translation (RFC 4380): its indications, if there are any, and a packet of the right length. */
function teredoOrPacket({ bytes, at, wire }: Cursor): Goal | undefined {
  if (bytes[at] === 0 && bytes[at + 1]! < 2) return teredo;
  const isPacket = bytes[at]! >>> 4 === 6 && at + 40 + read16(bytes, at + 4) <= wire;
  return isPacket ? IPV6 : undefined;
}

const teredo: Step = {
  name: "teredo",
  label: "Teredo IPv6 over UDP tunneling",
  read(cursor) {
    while (left(cursor) >= 2 && cursor.bytes[cursor.at] === 0) {
      if (cursor.bytes[cursor.at + 1] === 0)
        group(cursor, ["teredo.orig", "Origin"], cursor.at + 8, (inner) => {
          raw(inner, 2, "teredo.orig.indicator", "Indicator");
          number(inner, 2, "teredo.orig.port", "Port", (port) => String(port ^ 0xffff));
          raw(inner, 4, "teredo.orig.addr", "Address, inverted");
        });
      else if (cursor.bytes[cursor.at + 1] === 1)
        group(cursor, ["teredo.auth", "Authentication"], undefined, (inner) => {
          raw(inner, 2, "teredo.auth.indicator", "Indicator");
          const identifier = number(inner, 1, "teredo.auth.idlen", "Length of identifier");
          const value = number(inner, 1, "teredo.auth.aulen", "Length of value");
          if (identifier > 0) raw(inner, identifier, "teredo.auth.id", "Client");
          if (value > 0) raw(inner, value, "teredo.auth.value", "Value");
          raw(inner, 8, "teredo.auth.nonce", "Nonce");
          raw(inner, 1, "teredo.auth.conf", "Confirmation");
        });
      else return undefined;
    }
    return next(IPV6, cursor);
  },
};
