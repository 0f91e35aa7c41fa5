import { Buffer } from "node:buffer";
import { formatIpv4, formatIpv6, parseIp } from "../../core/ip.ts";
import { FLAG, type Layers } from "../layers.ts";
import { emptyPackets, type Packets } from "../packets.ts";

/** Bytes, as hex digits with spaces as one likes, or as numbers. */
export function bytes(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) => (typeof part === "string" ? Buffer.from(part.replaceAll(/\s/g, ""), "hex") : part)),
  );
}

const word = (value: number): string => value.toString(16).padStart(4, "0");
const octet = (value: number): string => value.toString(16).padStart(2, "0");

export function ethernet(type: number, payload: Uint8Array): Uint8Array {
  return bytes("00005e005301 00005e005302", word(type), payload);
}

/** A tag with the type of what follows. */
export function vlan(id: number, type: number, payload: Uint8Array): Uint8Array {
  return bytes(word(id), word(type), payload);
}

export function ipv4(source: string, destination: string, protocol: number, payload: Uint8Array): Uint8Array {
  const length = word(20 + payload.length);
  return bytes(
    `4500 ${length} 0001 0000 40 ${octet(protocol)} 0000`,
    four(source),
    four(destination),
    payload,
  );
}

export function ipv6(source: string, destination: string, next: number, payload: Uint8Array): Uint8Array {
  return bytes(
    `60000000 ${word(payload.length)} ${octet(next)} 40`,
    sixteen(source),
    sixteen(destination),
    payload,
  );
}

export function udp(source: number, destination: number, payload: Uint8Array): Uint8Array {
  return bytes(`${word(source)} ${word(destination)} ${word(8 + payload.length)} 0000`, payload);
}

export function tcp(source: number, destination: number, payload: Uint8Array): Uint8Array {
  return bytes(`${word(source)} ${word(destination)} 00000001 00000002 5018 2000 0000 0000`, payload);
}

/** A block of packets of one link type. */
export function packetsOf(linkType: number, frames: readonly Uint8Array[]): Packets {
  const packets = emptyPackets(frames.length, [{ linkType, snapLength: 0 }]);
  packets.bytes = bytes(...frames);
  let at = 0;
  for (const [row, frame] of frames.entries()) {
    packets.starts[row] = at;
    packets.captured[row] = frame.length;
    packets.original[row] = frame.length;
    packets.micros[row] = 1_700_000_000_000_000 + row;
    at += frame.length;
  }
  packets.count = frames.length;
  return packets;
}

/**
 * Each row as a line for a test: depth, addresses with ports, protocol, length of the payload and its length on the wire where that is
 * another, VLANs, and flags.
 */
export function describeRows(layers: Layers): readonly string[] {
  return Array.from({ length: layers.count }, (_, row) => {
    const parts = [`${layers.depth[row]}`];
    if (layers.version[row] === 0) parts.push(`type ${word(layers.etherType[row]!)}`);
    else {
      const source = end(layers.source, layers.sourcePort, layers, row);
      parts.push(`${source} > ${end(layers.destination, layers.destinationPort, layers, row)}`);
      parts.push(`protocol ${layers.protocol[row]}`);
    }
    const length = layers.payloadLength[row];
    parts.push(`payload ${length}${layers.payloadWire[row] === length ? "" : `/${layers.payloadWire[row]}`}`);
    if (layers.vlan[row]! >= 0) parts.push(`vlan ${layers.vlan[row]}`);
    if (layers.outerVlan[row]! >= 0) parts.push(`in ${layers.outerVlan[row]}`);
    const flags = Object.entries(FLAG).filter(([, bit]) => (layers.flags[row]! & bit) !== 0);
    return [...parts, ...flags.map(([name]) => name)].join(" ");
  });
}

function end(words: Uint32Array, ports: Int32Array, layers: Layers, row: number): string {
  const [first = 0, second = 0, third = 0, last = 0] = words.subarray(4 * row, 4 * row + 4);
  const text = layers.version[row] === 4 ? formatIpv4(last) : formatIpv6([first, second, third, last]);
  return ports[row]! < 0 ? text : `${text} ${ports[row]}`;
}

function four(address: string): string {
  const value = parseIp(address);
  if (typeof value !== "number") throw new Error(`${address} is no IPv4 address`);
  return value.toString(16).padStart(8, "0");
}

function sixteen(address: string): string {
  const value = parseIp(address);
  if (value === undefined || typeof value === "number") throw new Error(`${address} is no IPv6 address`);
  return value.map((part) => part.toString(16).padStart(8, "0")).join("");
}
