import { read16 } from "../decode/bytes.ts";
import { type Cursor, ipv4, left, little, mac, number, parts, raw, rest } from "./cursor.ts";
import { hex, named } from "./show.ts";
import { type Goal, IPV4, IPV6, LLC, limit, type Next, next, PPP, type Step } from "./step.ts";
import { fabricPath, portExtender, providerBackbone, virtualPort } from "./tags.ts";
import { ETHER_TYPES, typeOrLength } from "./type-or-length.ts";

export const ethernet: Step = {
  name: "eth",
  label: "Ethernet II",
  read(cursor) {
    mac(cursor, "eth.dst", "Destination");
    mac(cursor, "eth.src", "Source");
    return typeOrLength(cursor, "eth.type", "eth.len");
  },
};

const vlan: Step = {
  name: "vlan",
  label: "802.1Q Virtual LAN",
  read(cursor) {
    parts(cursor, 2, [
      ["vlan.priority", "Priority", 0xe000],
      ["vlan.dei", "May be dropped", 0x1000],
      ["vlan.id", "VLAN", 0x0fff],
    ]);
    cursor.at += 2;
    return typeOrLength(cursor, "vlan.etype", "vlan.len");
  },
};

const providerVlan: Step = {
  name: "ieee8021ad",
  label: "802.1ad provider VLAN",
  read(cursor) {
    parts(cursor, 1, [
      ["ieee8021ad.priority", "Priority", 0xe0],
      ["ieee8021ad.dei", "May be dropped", 0x10],
    ]);
    parts(cursor, 2, [["ieee8021ad.id", "VLAN", 0x0fff]]);
    cursor.at += 2;
    // The field has this name in Wireshark, whose reader of both kinds of tags is one.
    return typeOrLength(cursor, "ieee8021ah.etype", "ieee8021ah.len");
  },
};

/** Logical link control (IEEE 802.2), with the types of SNAP. */
export const llc: Step = {
  name: "llc",
  label: "Logical-Link Control",
  read(cursor) {
    const service = number(cursor, 1, "llc.dsap", "Destination service", hex(2));
    number(cursor, 1, "llc.ssap", "Source service", hex(2));
    const isNumbered = left(cursor) > 0 && (cursor.bytes[cursor.at]! & 3) !== 3;
    const control = little(cursor, isNumbered ? 2 : 1, "llc.control", "Control", hex(2));
    if (service === 0xaa && control === 3) {
      const organisation = number(cursor, 3, "llc.oui", "Organisation", hex(6));
      const isEtherType = organisation === 0 || organisation === 0xf8;
      if (!isEtherType) {
        number(cursor, 2, "llc.pid", "Protocol", hex(4));
        return undefined;
      }
      return next({ etherType: number(cursor, 2, "llc.type", "Type", named(ETHER_TYPES, 4)) }, cursor);
    }
    if (control !== 3) return undefined;
    return service === 0xfe ? next(osi, cursor) : next(service === 6 ? IPV4 : undefined, cursor);
  },
};

/** What a network layer protocol identifier (ISO/IEC TR 9577) announces. */
const osi: Step = {
  name: "osi",
  label: "ISO/IEC TR 9577",
  read(cursor) {
    const identifier = number(cursor, 1, "osi.nlpid", "Network layer", named(NETWORK_LAYERS, 2));
    return byNetworkLayer(cursor, identifier);
  },
};

export const NETWORK_LAYERS = { 128: "SNAP", 129: "CLNP", 131: "IS-IS", 142: "IPv6", 204: "IPv4" };

export function byNetworkLayer(cursor: Cursor, identifier: number): Next | undefined {
  return next(identifier === 0xcc ? IPV4 : identifier === 0x8e ? IPV6 : undefined, cursor);
}

/** One label of MPLS (RFC 3032); below the last one is a packet, or a frame behind the control word of a pseudowire. */
const mpls: Step = {
  name: "mpls",
  label: "Multiprotocol Label Switching",
  read(cursor) {
    parts(cursor, 4, [
      ["mpls.label", "Label", 0xffff_f000],
      ["mpls.exp", "Traffic class", 0x0000_0e00],
      ["mpls.bottom", "Bottom of the stack", 0x0000_0100],
      ["mpls.ttl", "Time to live", 0x0000_00ff],
    ]);
    const isLast = (cursor.bytes[cursor.at + 2]! & 1) === 1;
    cursor.at += 4;
    if (!isLast) return next(mpls, cursor);
    if (left(cursor) === 0) return undefined;
    const first = cursor.bytes[cursor.at]! >>> 4;
    if (first === 4) return next(IPV4, cursor);
    if (first === 6) return next(IPV6, cursor);
    return next(first === 0 && isBehind(cursor, 4) ? controlWord : ethernet, cursor);
  },
};

/** Whether a frame with a known type begins so many bytes on, as `decode/ethernet.ts` finds out whether a control word is before it. */
function isBehind({ bytes, at, end }: Cursor, offset: number): boolean {
  const type = at + offset + 12;
  return type + 2 <= end && COMMON_TYPES.has(read16(bytes, type));
}

const COMMON_TYPES = new Set([0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8]);

/** The control word of a pseudowire for frames of Ethernet (RFC 4448). */
const controlWord: Step = {
  name: "pwethcw",
  label: "Pseudowire control word",
  read(cursor) {
    raw(cursor, 2, "pwethcw.flags", "Flags");
    number(cursor, 2, "pweth.cw.sequence_number", "Sequence number");
    return next(ethernet, cursor);
  },
};

const OPERATIONS = { 1: "request", 2: "reply", 3: "reverse request", 4: "reverse reply" };

/** Who has an address (RFC 826). */
const arp: Step = {
  name: "arp",
  label: "Address Resolution Protocol",
  read(cursor) {
    number(cursor, 2, "arp.hw.type", "Hardware type", named({ 1: "Ethernet" }));
    const protocol = number(cursor, 2, "arp.proto.type", "Protocol type", named(ETHER_TYPES, 4));
    const hardwareSize = number(cursor, 1, "arp.hw.size", "Hardware size");
    const protocolSize = number(cursor, 1, "arp.proto.size", "Protocol size");
    number(cursor, 2, "arp.opcode", "Operation", named(OPERATIONS));
    for (const [side, word] of [
      ["src", "Sender"],
      ["dst", "Target"],
    ] as const) {
      if (hardwareSize === 6) mac(cursor, `arp.${side}.hw_mac`, `${word} hardware address`);
      else if (hardwareSize > 0) raw(cursor, hardwareSize, `arp.${side}.hw`, `${word} hardware address`);
      if (protocol === 0x0800 && protocolSize === 4)
        ipv4(cursor, `arp.${side}.proto_ipv4`, `${word} address`);
      else if (protocolSize > 0) raw(cursor, protocolSize, `arp.${side}.proto`, `${word} address`);
    }
    return undefined;
  },
};

/** The header of PPP over Ethernet (RFC 2516); the length of what follows ends the content. */
function pppoe(cursor: Cursor): void {
  parts(cursor, 1, [
    ["pppoe.version", "Version", 0xf0],
    ["pppoe.type", "Type", 0x0f],
  ]);
  cursor.at++;
  number(cursor, 1, "pppoe.code", "Code", named(CODES, 2));
  number(cursor, 2, "pppoe.session_id", "Session", hex(4));
  const length = number(cursor, 2, "pppoe.payload_length", "Payload length");
  if (cursor.at + length <= cursor.wire) limit(cursor, cursor.at + length);
}

const CODES = {
  0: "session data",
  9: "active discovery initiation",
  7: "active discovery offer",
  25: "active discovery request",
  101: "active discovery session confirmation",
  167: "active discovery termination",
};

export const pppoeSession: Step = {
  name: "pppoes",
  label: "PPP over Ethernet, session",
  read(cursor) {
    pppoe(cursor);
    return next(PPP, cursor);
  },
};

const pppoeDiscovery: Step = {
  name: "pppoed",
  label: "PPP over Ethernet, discovery",
  read(cursor) {
    pppoe(cursor);
    rest(cursor, "pppoed.tags", "Tags");
    return undefined;
  },
};

/** What is read by its EtherType, but for packets of IP and PPP. */
export const ETHER_TYPE_STEPS: readonly (readonly [number, Goal])[] = [
  [0x0806, arp],
  [0x6558, ethernet],
  [0x8100, vlan],
  [0x8847, mpls],
  [0x8848, mpls],
  [0x8863, pppoeDiscovery],
  [0x8864, pppoeSession],
  [0x8870, LLC],
  [0x88a8, providerVlan],
  [0x88e7, providerBackbone],
  [0x8903, fabricPath],
  [0x8926, virtualPort],
  [0x893f, portExtender],
  [0x9100, vlan],
];
