import { formatIpv4 } from "../../core/ip.ts";
import { read16, read32 } from "../decode/bytes.ts";
import { type Cursor, flags, group, left, means, number, parts, raw, rest } from "./cursor.ts";
import { gtp } from "./gtp.ts";
import { ayiya, l2tp } from "./point-tunnels.ts";
import { hex, named } from "./show.ts";
import { ETHERNET, type Goal, GRE, IPV4, IPV6, MPLS, next, type Step } from "./step.ts";
import { ETHER_TYPES } from "./type-or-length.ts";

/** The tunnel in a payload of UDP that a port and the first bytes speak for; the receiver's port first. */
export function tunnelStep(cursor: Cursor, source: number, destination: number): Goal | undefined {
  return (
    byPort(cursor, destination) ?? byPort(cursor, source) ?? (looksLikeTeredo(cursor) ? IPV6 : undefined)
  );
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
    case 4790:
      return first >>> 6 === 0 ? genericVxlan : undefined;
    case 2123:
    case 2152:
      return first >>> 4 === 3 ? gtp : undefined;
    case 3386:
      return first >>> 4 === 1 ? gtp : undefined;
    case 5072:
      return ayiya;
    case 1701:
      return (first & 0x80) === 0 && (cursor.bytes[cursor.at + 1]! & 15) === 2 ? l2tp : undefined;
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
      ["vxlan.flag_g", "Group policy", 0x8000],
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

/** The same with the protocol of what it holds (draft-ietf-nvo3-vxlan-gpe). */
const genericVxlan: Step = {
  name: "vxlan",
  label: "Virtual eXtensible Local Area Network, generic",
  read(cursor) {
    flags(cursor, 1, "vxlan.flags", "Flags", [
      ["vxlan.ver", "Version", 0x30],
      ["vxlan.i_bit", "The network is valid", 0x08],
      ["vxlan.p_bit", "The protocol is valid", 0x04],
      ["vxlan.o_bit", "Of the network itself", 0x01],
    ]);
    number(cursor, 2, "vxlan.reserved_16", "Reserved");
    const protocol = number(cursor, 1, "vxlan.next_proto", "Protocol", named(VXLAN_PROTOCOLS));
    number(cursor, 3, "vxlan.vni", "Network");
    number(cursor, 1, "vxlan.reserved8", "Reserved");
    return next([undefined, IPV4, IPV6, ETHERNET][protocol], cursor);
  },
};

const VXLAN_PROTOCOLS = { 1: "IPv4", 2: "IPv6", 3: "Ethernet", 4: "NSH" };

/** Frames or packets in UDP, with options (RFC 8926). */
const geneve: Step = {
  name: "geneve",
  label: "Generic Network Virtualization Encapsulation",
  read(cursor) {
    parts(cursor, 1, [
      ["geneve.version", "Version", 0xc0],
      ["geneve.option.length", "Length of options", 0x3f],
    ]);
    const length = 4 * (cursor.bytes[cursor.at]! & 0x3f);
    means(cursor, length, `${length} bytes`);
    cursor.at++;
    flags(cursor, 1, "geneve.flags", "Flags", [
      ["geneve.flags.oam", "Control packet", 0x80],
      ["geneve.flags.critical", "Critical options", 0x40],
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
    parts(inner, 1, [
      ["geneve.option.flags", "Reserved", 0xe0],
      ["geneve.option.length", "Length", 0x1f],
    ]);
    means(inner, 4 + 4 * words, `${4 + 4 * words} bytes`);
    inner.at++;
    rest(inner, "geneve.option.unknown.data", "Content");
  });
}

/** IPv6 through address translation (RFC 4380): its indications, if there are any, and a packet of the right length. */
function teredoOrPacket({ bytes, at, wire }: Cursor): Goal | undefined {
  if (bytes[at] === 0 && bytes[at + 1]! < 2) return teredo;
  const isPacket = bytes[at]! >>> 4 === 6 && at + 40 + read16(bytes, at + 4) <= wire;
  return isPacket ? IPV6 : undefined;
}

/** The network of all Teredo addresses, 2001::/32. */
const TEREDO_NETWORK = 0x2001_0000;

/** Teredo between peers uses any port: it is IPv6 of just this length, from or to a Teredo address. */
function looksLikeTeredo({ bytes, at, end, wire }: Cursor): boolean {
  if (end - at < 40 || bytes[at]! >>> 4 !== 6 || at + 40 + read16(bytes, at + 4) !== wire) return false;
  return read32(bytes, at + 8) === TEREDO_NETWORK || read32(bytes, at + 24) === TEREDO_NETWORK;
}

const teredo: Step = {
  name: "teredo",
  label: "Teredo IPv6 over UDP tunneling",
  read(cursor) {
    while (left(cursor) >= 2 && cursor.bytes[cursor.at] === 0) {
      if (cursor.bytes[cursor.at + 1] === 0)
        group(cursor, ["teredo.orig", "Origin"], cursor.at + 8, (inner) => {
          raw(inner, 2, "teredo.orig.indicator", "Indicator");
          // Both are inverted, so that address translators leave them alone.
          means(inner, number(inner, 2, "teredo.orig.port", "Port") ^ 0xffff);
          const inverted = number(inner, 4, "teredo.orig.addr", "Address");
          means(inner, formatIpv4(~inverted >>> 0));
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
