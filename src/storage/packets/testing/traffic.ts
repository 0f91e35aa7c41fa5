import { emptyPackets, type Packets } from "../../../pcap/packets.ts";
import { growPackets } from "../files/directory.ts";

/** What a made packet is about. */
export type MadePacket = {
  readonly micros: number;
  readonly version: 4 | 6;
  /** The last byte of each address, which is in 10.0.0.0/24 or fd00::/120. */
  readonly source: number;
  readonly destination: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly vlan?: number | undefined;
  /** Whether it travels in IP-in-IP from 192.0.2.1 to 192.0.2.2. */
  readonly isTunnelled?: boolean | undefined;
  readonly payload: Uint8Array;
};

const UDP = 17;
const UDP_BYTES = 8;

/** Packets of UDP over Ethernet, as a capture's reader makes them. */
export function packetsOf(made: readonly MadePacket[]): Packets {
  const frames = made.map(frameOf);
  const packets = emptyPackets(0, [{ linkType: 1, snapLength: 0, name: "made" }]);
  growPackets(packets, made.length);
  packets.bytes = Buffer.concat(frames);
  packets.count = made.length;
  let start = 0;
  for (const [row, frame] of frames.entries()) {
    packets.starts[row] = start;
    packets.captured[row] = frame.length;
    packets.original[row] = frame.length + (row % 3);
    packets.micros[row] = made[row]?.micros ?? 0;
    packets.nanos[row] = (row * 7) % 1000;
    packets.interfaces[row] = 0;
    start += frame.length;
  }
  return packets;
}

function frameOf(made: MadePacket): Buffer {
  const udp = Buffer.alloc(UDP_BYTES);
  udp.writeUInt16BE(made.sourcePort, 0);
  udp.writeUInt16BE(made.destinationPort, 2);
  udp.writeUInt16BE(UDP_BYTES + made.payload.length, 4);
  const content = Buffer.concat([udp, made.payload]);
  const inner =
    made.version === 4
      ? ipv4(UDP, [10, 0, 0, made.source], [10, 0, 0, made.destination], content)
      : ipv6(made, content);
  const outerProtocol = made.version === 4 ? 4 : 41;
  const packet = made.isTunnelled ? ipv4(outerProtocol, [192, 0, 2, 1], [192, 0, 2, 2], inner) : inner;
  const isIpv4 = made.isTunnelled === true || made.version === 4;
  const type = isIpv4 ? [0x08, 0x00] : [0x86, 0xdd];
  const tag = made.vlan === undefined ? [] : [0x81, 0x00, made.vlan >> 8, made.vlan & 0xff];
  return Buffer.concat([Buffer.alloc(12, 2), Buffer.from([...tag, ...type]), packet]);
}

function ipv4(
  protocol: number,
  source: readonly number[],
  destination: readonly number[],
  content: Buffer,
): Buffer {
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header.writeUInt16BE(20 + content.length, 2);
  header[8] = 64;
  header[9] = protocol;
  header.set(source, 12);
  header.set(destination, 16);
  return Buffer.concat([header, content]);
}

function ipv6({ source, destination }: MadePacket, content: Buffer): Buffer {
  const header = Buffer.alloc(40);
  header[0] = 0x60;
  header.writeUInt16BE(content.length, 4);
  header[6] = UDP;
  header[7] = 64;
  for (const [at, last] of [
    [8, source],
    [24, destination],
  ] as const) {
    header[at] = 0xfd;
    header[at + 15] = last;
  }
  return Buffer.concat([header, content]);
}
