/**
 * Finds the layers of the plainest packets, so that what is above can be tested by itself: Ethernet with VLANs, raw IP, loopback and Linux's
 * cooked form; IPv4, IPv6 with extension headers; TCP and UDP. Tunnels are not opened.
 */
import { FLAG, type Layers } from "../layers.ts";
import type { Packets } from "../packets.ts";

const IPV6_EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 60, 135]);

export function plainLayers(packets: Packets): Layers {
  const rows = packets.count;
  const layers: Layers = {
    count: 0,
    packet: new Uint32Array(rows),
    depth: new Uint8Array(rows),
    version: new Uint8Array(rows),
    etherType: new Uint16Array(rows),
    vlan: new Int16Array(rows).fill(-1),
    outerVlan: new Int16Array(rows).fill(-1),
    source: new Uint32Array(rows * 4),
    destination: new Uint32Array(rows * 4),
    protocol: new Int16Array(rows).fill(-1),
    sourcePort: new Int32Array(rows).fill(-1),
    destinationPort: new Int32Array(rows).fill(-1),
    network: new Uint32Array(rows),
    transport: new Uint32Array(rows),
    payload: new Uint32Array(rows),
    payloadLength: new Uint32Array(rows),
    payloadWire: new Uint32Array(rows),
    flags: new Uint8Array(rows),
  };
  for (let packet = 0; packet < rows; packet++) {
    layers.packet[layers.count] = packet;
    decode(packets, packet, layers, layers.count);
    layers.count++;
  }
  return layers;
}

function decode(packets: Packets, packet: number, layers: Layers, row: number): void {
  const view = new DataView(packets.bytes.buffer, packets.bytes.byteOffset);
  const end = packets.starts[packet]! + packets.captured[packet]!;
  const at = networkOf(packets, view, packet, end);
  if (at < 0 || at + 20 > end) return;
  layers.network[row] = at;
  const version = view.getUint8(at) >> 4;
  if (version === 4) ipv4(view, at, end, layers, row);
  else if (version === 6 && at + 40 <= end) ipv6(view, at, end, layers, row);
}

function networkOf(packets: Packets, view: DataView, packet: number, end: number): number {
  const start = packets.starts[packet]!;
  const { linkType } = packets.seen[packets.interfaces[packet]!]!;
  if (linkType === 101 || linkType === 12 || linkType === 228 || linkType === 229) return start;
  if (linkType === 0) return start + 4;
  if (linkType === 113) return start + 16;
  if (linkType !== 1) return -1;
  let at = start + 12;
  while (at + 2 <= end) {
    const type = view.getUint16(at);
    if (type === 0x0800 || type === 0x86dd) return at + 2;
    if (type !== 0x8100 && type !== 0x88a8 && type !== 0x9100) return -1;
    at += 4;
  }
  return -1;
}

function ipv4(view: DataView, at: number, end: number, layers: Layers, row: number): void {
  const header = (view.getUint8(at) & 15) * 4;
  const total = view.getUint16(at + 2);
  if (header < 20) return;
  layers.version[row] = 4;
  layers.source[row * 4 + 3] = view.getUint32(at + 12);
  layers.destination[row * 4 + 3] = view.getUint32(at + 16);
  layers.protocol[row] = view.getUint8(at + 9);
  const fragment = view.getUint16(at + 6);
  if (fragment & 0x3fff) layers.flags[row] = FLAG.fragment | (fragment & 0x1fff ? FLAG.later : 0);
  transport(view, at + header, end, total === 0 ? end : at + total, layers, row);
}

function ipv6(view: DataView, at: number, end: number, layers: Layers, row: number): void {
  layers.version[row] = 6;
  for (let word = 0; word < 4; word++) {
    layers.source[row * 4 + word] = view.getUint32(at + 8 + word * 4);
    layers.destination[row * 4 + word] = view.getUint32(at + 24 + word * 4);
  }
  const wire = at + 40 + view.getUint16(at + 4);
  let next = view.getUint8(at + 6);
  let place = at + 40;
  while (place + 8 <= end && (IPV6_EXTENSIONS.has(next) || next === 44 || next === 51)) {
    const kind = next;
    next = view.getUint8(place);
    if (kind === 44) {
      const fragment = view.getUint16(place + 2);
      if (fragment & 0xfff9) layers.flags[row] = FLAG.fragment | (fragment & 0xfff8 ? FLAG.later : 0);
      place += 8;
      if (fragment & 0xfff8) break;
    } else place += kind === 51 ? (view.getUint8(place + 1) + 2) * 4 : (view.getUint8(place + 1) + 1) * 8;
  }
  layers.protocol[row] = next;
  transport(view, place, end, wire, layers, row);
}

function transport(view: DataView, at: number, end: number, wire: number, layers: Layers, row: number): void {
  layers.transport[row] = at;
  layers.payload[row] = at;
  const protocol = layers.protocol[row];
  if (layers.flags[row]! & FLAG.later || at + 8 > end) return;
  let header = 0;
  if (protocol === 6 && at + 20 <= end) header = (view.getUint8(at + 12) >> 4) * 4;
  else if (protocol === 17) header = 8;
  if (header === 0 || (protocol === 6 && header < 20)) return;
  layers.sourcePort[row] = view.getUint16(at);
  layers.destinationPort[row] = view.getUint16(at + 2);
  layers.payload[row] = at + header;
  layers.payloadWire[row] = Math.max(0, wire - at - header);
  layers.payloadLength[row] = Math.max(0, Math.min(end, wire) - at - header);
}
