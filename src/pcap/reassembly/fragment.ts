import type { Layers } from "../layers.ts";
import type { Packets } from "../packets.ts";

/** A fragment of an IP datagram, as views of its block. */
export type Fragment = {
  /** What all fragments of a datagram have in common: version, addresses, protocol, identification, VLAN. */
  readonly key: string;
  /** The headers that every fragment repeats, without the fragment header of IPv6. */
  readonly header: Uint8Array;
  /** IPv6: where in `header` the kind of the payload is written, and which it is. */
  readonly nextAt: number;
  readonly next: number;
  readonly payload: Uint8Array;
  /** Where the payload belongs in the datagram's, in bytes. */
  readonly offset: number;
  /** Whether others follow it. */
  readonly more: boolean;
};

const IPV6_HEADER = 40;
const FRAGMENT_HEADER = 8;
const EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 60]);
const FRAGMENT = 44;

/** Reads the fragment of a row with `FLAG.fragment`; or why it cannot be: its headers lie, or the capture cut it. */
export function fragmentAt(packets: Packets, layers: Layers, row: number): Fragment | "broken" | "cut" {
  const packet = layers.packet[row]!;
  const at = layers.network[row]!;
  const end = packets.starts[packet]! + packets.captured[packet]!;
  const read = layers.version[row] === 4 ? fragmentOf4 : fragmentOf6;
  return read(packets.bytes, at, end, `${layers.outerVlan[row]} ${layers.vlan[row]}`);
}

/** IPv4: RFC 791, 3.1. */
function fragmentOf4(bytes: Uint8Array, at: number, end: number, vlan: string): Fragment | "broken" | "cut" {
  if (at + 20 > end) return "cut";
  const length = (bytes[at]! & 15) * 4;
  const total = be16(bytes, at + 2);
  if (length < 20 || total <= length) return "broken";
  if (at + total > end) return "cut";
  const field = be16(bytes, at + 6);
  return {
    key: `4 ${vlan} ${bytes[at + 9]} ${be16(bytes, at + 4)} ${latin1(bytes, at + 12, at + 20)}`,
    header: bytes.subarray(at, at + length),
    nextAt: -1,
    next: 0,
    payload: bytes.subarray(at + length, at + total),
    offset: (field & 0x1fff) * 8,
    more: (field & 0x2000) !== 0,
  };
}

/** IPv6: RFC 8200, 4.5. */
function fragmentOf6(bytes: Uint8Array, at: number, end: number, vlan: string): Fragment | "broken" | "cut" {
  if (at + IPV6_HEADER > end) return "cut";
  const finish = at + IPV6_HEADER + be16(bytes, at + 4);
  let nextAt = at + 6;
  let place = at + IPV6_HEADER;
  while (EXTENSIONS.has(bytes[nextAt]!) && place + FRAGMENT_HEADER <= end) {
    nextAt = place;
    place += (bytes[place + 1]! + 1) * 8;
  }
  if (place + FRAGMENT_HEADER > end || finish > end) return "cut";
  if (bytes[nextAt] !== FRAGMENT || place + FRAGMENT_HEADER >= finish) return "broken";
  const field = be16(bytes, place + 2);
  return {
    key: `6 ${vlan} ${latin1(bytes, place + 4, place + 8)} ${latin1(bytes, at + 8, at + 40)}`,
    header: bytes.subarray(at, place),
    nextAt: nextAt - at,
    next: bytes[place]!,
    payload: bytes.subarray(place + FRAGMENT_HEADER, finish),
    offset: field & 0xfff8,
    more: (field & 1) !== 0,
  };
}

/** The whole packet: the header of the first fragment, made to say the whole length, before the payload. */
export function wholePacket(first: Fragment, payload: Uint8Array): Uint8Array {
  const { header, nextAt, next } = first;
  const packet = new Uint8Array(header.length + payload.length);
  packet.set(header);
  packet.set(payload, header.length);
  if (nextAt >= 0) {
    packet[nextAt] = next;
    setBe16(packet, 4, packet.length - IPV6_HEADER);
    return packet;
  }
  setBe16(packet, 2, packet.length);
  setBe16(packet, 6, 0);
  setBe16(packet, 10, 0);
  setBe16(packet, 10, checksum(packet, header.length));
  return packet;
}

/** The checksum of a header (RFC 1071); its own field must be 0. */
function checksum(bytes: Uint8Array, length: number): number {
  let sum = 0;
  for (let at = 0; at < length; at += 2) sum += be16(bytes, at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function be16(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 256 + bytes[at + 1]!;
}

function setBe16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value & 255;
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let at = from; at < to; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}
