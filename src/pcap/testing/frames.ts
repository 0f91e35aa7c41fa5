/** Builds packets byte by byte, for tests that must know every byte: Ethernet, IPv4 or IPv6, TCP or UDP. */
import { parseIp } from "../../core/ip.ts";
import { emptyPackets, type Packets } from "../packets.ts";

/** A frame of Ethernet and when it was captured; `original` says how long it was if the capture cut it. */
export type Frame = { readonly bytes: Uint8Array; readonly micros: number; readonly original?: number };

export type IpFields = {
  readonly from: string;
  readonly to: string;
  readonly protocol: number;
  readonly payload: Uint8Array;
  readonly id?: number;
  /** In bytes, for fragments. */
  readonly offset?: number;
  readonly more?: boolean;
  /** IPv6 only: extension headers in front of the payload as they are, and the number of the first. */
  readonly extensions?: { readonly first: number; readonly bytes: Uint8Array };
};

export type TcpFields = {
  readonly fromPort: number;
  readonly toPort: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  readonly window?: number;
  readonly payload?: Uint8Array;
};

const ETHERNET = 14;

export function join(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

const be16 = (value: number) => [(value >>> 8) & 255, value & 255];
const be32 = (value: number) => [...be16(value >>> 16), ...be16(value & 0xffff)];

function addressBytes(text: string): number[] {
  const address = parseIp(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return typeof address === "number" ? be32(address) : address.flatMap((word) => be32(word));
}

/** A segment without its checksum. */
export function tcp(fields: TcpFields): Uint8Array {
  const {
    fromPort,
    toPort,
    sequence,
    acknowledgement,
    flags,
    window = 65_535,
    payload = new Uint8Array(0),
  } = fields;
  return join(
    [...be16(fromPort), ...be16(toPort), ...be32(sequence >>> 0), ...be32(acknowledgement >>> 0)],
    [0x50, flags, ...be16(window), 0, 0, 0, 0],
    payload,
  );
}

export function udp(fromPort: number, toPort: number, payload: Uint8Array): Uint8Array {
  return join([...be16(fromPort), ...be16(toPort), ...be16(payload.length + 8), 0, 0], payload);
}

/** An IP packet; a fragment when `offset` or `more` say so. */
export function ip(fields: IpFields): Uint8Array {
  const { from, to, protocol, payload, id = 0, offset = 0, more = false, extensions } = fields;
  const isFragment = offset > 0 || more;
  if (!from.includes(":")) {
    const header = [
      0x45,
      0,
      ...be16(payload.length + 20),
      ...be16(id),
      ...be16((more ? 0x2000 : 0) | (offset >> 3)),
    ];
    const all = [...header, 64, protocol, 0, 0, ...addressBytes(from), ...addressBytes(to)];
    const sum = checksum(all);
    all[10] = sum >>> 8;
    all[11] = sum & 255;
    return join(all, payload);
  }
  const fragment = isFragment ? [protocol, 0, ...be16(offset | (more ? 1 : 0)), ...be32(id)] : [];
  const next = extensions?.first ?? (isFragment ? 44 : protocol);
  const length = payload.length + fragment.length + (extensions?.bytes.length ?? 0);
  return join(
    [0x60, 0, 0, 0, ...be16(length), next, 64, ...addressBytes(from), ...addressBytes(to)],
    extensions?.bytes ?? [],
    fragment,
    payload,
  );
}

/** An IP packet in a frame of Ethernet, padded to 60 bytes as cards do. */
export function ethernet(packet: Uint8Array): Uint8Array {
  const type = packet[0]! >> 4 === 4 ? [8, 0] : [0x86, 0xdd];
  const padding = new Uint8Array(Math.max(0, 60 - ETHERNET - packet.length));
  return join([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, ...type], packet, padding);
}

function checksum(bytes: readonly number[]): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes[at]! * 256 + bytes[at + 1]!;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** Frames as a block of one interface. */
export function blockOf(frames: readonly Frame[], linkType = 1): Packets {
  const packets = emptyPackets(frames.length, [{ linkType, snapLength: 0 }]);
  packets.bytes = new Uint8Array(frames.reduce((sum, { bytes }) => sum + bytes.length, 0));
  packets.count = frames.length;
  let at = 0;
  for (const [index, { bytes, micros, original }] of frames.entries()) {
    packets.bytes.set(bytes, at);
    packets.starts[index] = at;
    packets.captured[index] = bytes.length;
    packets.original[index] = original ?? bytes.length;
    packets.micros[index] = micros;
    at += bytes.length;
  }
  return packets;
}
