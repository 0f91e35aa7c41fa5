/** Packets of conversations as frames of Ethernet with IPv4 and TCP or UDP, all checksums right. */
import { parseIpv4Text } from "../../core/ip.ts";
import type { Flow } from "../flow.ts";
import { headerLength, type Segment, TCP } from "./talk.ts";

const ETHERNET = 14;
const IP = 20;
const SHORTEST = 60;
const WINDOW = 2053;
const WINDOW_SCALE = 8;
const MOST_PAYLOAD = 1460;
/** Where every packet from outside comes from: the inner interface of the firewall. */
const GATEWAY = parseIpv4Text("10.0.0.1");

/** The frame of a packet that carries `payload`. */
export function frameOf(flow: Flow, segment: Segment, payload: Uint8Array): Uint8Array {
  const isAnswer = segment.side === 1;
  const [from, to] = isAnswer ? [flow.target, flow.source] : [flow.source, flow.target];
  const [fromPort, toPort] = isAnswer
    ? [flow.targetPort, flow.sourcePort]
    : [flow.sourcePort, flow.targetPort];
  const [source, target] = [parseIpv4Text(from), parseIpv4Text(to)];
  const header = headerLength(flow.protocol, segment);
  const length = IP + header + payload.length;
  const bytes = new Uint8Array(Math.max(SHORTEST, ETHERNET + length));
  const view = new DataView(bytes.buffer);
  writeMac(view, 0, target);
  writeMac(view, 6, source);
  view.setUint16(12, 0x0800);
  view.setUint16(14, 0x4500);
  view.setUint16(16, length);
  // Any number that differs from that of the packet before.
  view.setUint16(18, (segment.micros ^ (segment.sequence * 7)) & 0xffff);
  view.setUint16(20, 0x4000);
  view.setUint8(22, isInside(source) ? 64 : 52);
  view.setUint8(23, flow.protocol === "udp" ? 17 : 6);
  view.setUint32(26, source);
  view.setUint32(30, target);
  view.setUint16(24, checksum(view, ETHERNET, ETHERNET + IP, 0));
  const at = ETHERNET + IP;
  view.setUint16(at, fromPort);
  view.setUint16(at + 2, toPort);
  bytes.set(payload, at + header);
  if (flow.protocol === "udp") view.setUint16(at + 4, header + payload.length);
  else writeTcp(view, at, flow, segment);
  // The pseudo header: addresses, protocol and length (RFC 9293, 3.1).
  const pseudo =
    (source >>> 16) + (source & 0xffff) + (target >>> 16) + (target & 0xffff) + bytes[23]! + length - IP;
  const sum = checksum(view, at, ETHERNET + length, pseudo);
  view.setUint16(
    at + (flow.protocol === "udp" ? 6 : 16),
    sum === 0 && flow.protocol === "udp" ? 0xffff : sum,
  );
  return bytes;
}

function writeTcp(view: DataView, at: number, flow: Flow, segment: Segment): void {
  const { side, flags, sequence, acknowledgement } = segment;
  const isSyn = (flags & TCP.syn) !== 0;
  const own = initialNumber(flow, side);
  const other = initialNumber(flow, side === 0 ? 1 : 0);
  view.setUint32(at + 4, own + sequence);
  view.setUint32(at + 8, flags & TCP.ack ? other + acknowledgement : 0);
  view.setUint16(at + 12, ((isSyn ? 7 : 5) << 12) | flags);
  view.setUint16(at + 14, flags & TCP.rst ? 0 : isSyn ? 0xfaf0 : WINDOW);
  if (!isSyn) return;
  view.setUint32(at + 20, (0x0204 << 16) | MOST_PAYLOAD);
  view.setUint32(at + 24, (0x010303 << 8) | WINDOW_SCALE);
}

/** Where a side begins to count: anywhere, but always the same for the same connection. */
function initialNumber(flow: Flow, side: 0 | 1): number {
  let mixed = Math.imul(flow.sourcePort * 65_536 + flow.targetPort + side * 97, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ (Math.round(flow.time) % 2 ** 31), 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}

/** An address of our own for every machine inside; machines outside come through the gateway. */
function writeMac(view: DataView, at: number, address: number): void {
  view.setUint16(at, 0x0200);
  view.setUint32(at + 2, isInside(address) ? address : GATEWAY);
}

const isInside = (address: number) => address >>> 24 === 10;

/** The Internet checksum (RFC 1071) of what is between two places, and of what was added up before. */
function checksum(view: DataView, start: number, end: number, before: number): number {
  let sum = before;
  let at = start;
  for (; at + 1 < end; at += 2) sum += view.getUint16(at);
  if (at < end) sum += view.getUint8(at) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
