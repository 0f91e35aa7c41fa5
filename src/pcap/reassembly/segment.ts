import type { Layers } from "../layers.ts";
import type { Packets } from "../packets.ts";

/** Bits of the flags of TCP (RFC 9293, 3.1). */
export const TCP = { fin: 1, syn: 2, reset: 4, push: 8, ack: 16, urgent: 32 } as const;

/** The protocol numbers of what is put together here. */
export const PROTOCOL = { tcp: 6, udp: 17 } as const;

/** One of the two ends of a conversation: 0 is who opened it, the client. */
export type Side = 0 | 1;

export const otherSide = (side: Side): Side => (side === 0 ? 1 : 0);

/** When and where something was seen: whole microseconds since 1970, the nanoseconds beyond, and the number of the packet. */
export type Seen = { readonly micros: number; readonly nanos: number; readonly packet: number };

/** A TCP segment as it was captured. */
export type Segment = Seen & {
  readonly side: Side;
  readonly sequence: number;
  readonly acknowledgement: number;
  /** Bits of `TCP`. */
  readonly flags: number;
  /** As the header has it, not scaled. */
  readonly window: number;
  readonly payload: Uint8Array;
  /** Bytes of payload on the wire; more than `payload` has where the capture cut the packet. */
  readonly wire: number;
  /** Why `payload` is shorter than `wire`. */
  readonly short?: "cut" | "limit" | undefined;
};

/** Bytes of the header of TCP without options; of UDP all. */
const TCP_HEADER = 20;
const UDP_HEADER = 8;

/** Copies a payload to where it stays; undefined when there is no room for it. */
export type Keep = (bytes: Uint8Array, from: number, length: number) => Uint8Array | undefined;

const NOTHING = new Uint8Array(0);

/** Whether the header of a row of TCP or UDP was captured. */
export function hasHeader(packets: Packets, layers: Layers, row: number): boolean {
  const packet = layers.packet[row]!;
  const header = layers.protocol[row] === PROTOCOL.tcp ? TCP_HEADER : UDP_HEADER;
  return layers.transport[row]! + header <= packets.starts[packet]! + packets.captured[packet]!;
}

/**
 * Reads a row of TCP or UDP whose header was captured. A datagram has neither numbers nor flags. Without `keep`, `payload` is a view of the
 * block.
 */
export function segmentAt(
  packets: Packets,
  layers: Layers,
  row: number,
  side: Side,
  number: number,
  keep: Keep = view,
): Segment {
  const packet = layers.packet[row]!;
  const at = layers.transport[row]!;
  const isTcp = layers.protocol[row] === PROTOCOL.tcp;
  const bytes = packets.bytes;
  const length = layers.payloadLength[row]!;
  const wire = Math.max(layers.payloadWire[row]!, length);
  const payload = length === 0 ? NOTHING : keep(bytes, layers.payload[row]!, length);
  return {
    side,
    sequence: isTcp ? word(bytes, at + 4) : 0,
    acknowledgement: isTcp ? word(bytes, at + 8) : 0,
    flags: isTcp ? bytes[at + 13]! : 0,
    window: isTcp ? bytes[at + 14]! * 256 + bytes[at + 15]! : 0,
    payload: payload ?? NOTHING,
    wire,
    short: payload === undefined ? "limit" : wire > length ? "cut" : undefined,
    micros: packets.micros[packet]!,
    nanos: packets.nanos[packet]!,
    packet: number,
  };
}

function view(bytes: Uint8Array, from: number, length: number): Uint8Array {
  return bytes.subarray(from, from + length);
}

/** The position whose low 32 bits are `number` and which is nearest to `near`: how sequence numbers continue behind 2^32. */
export function unwrap(number: number, near: number): number {
  return near + ((number - near) | 0);
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
