import { emptyPackets, type Packets } from "../../src/pcap/packets.ts";

/** Bytes of a packet, packets of a flow, and flows that are under way at a time. */
export const PACKET_BYTES = 600;
export const FLOW_PACKETS = 20;
const FLOWS_AT_ONCE = 64;
const ROWS = 1024;
const RECORD_BYTES = 16;
const START = 1_700_000_000_000_000;
const MICROSECONDS = 1e6;

/** The addresses and ports of a flow of TCP over IPv4. */
export type Flow = {
  readonly source: number;
  readonly destination: number;
  readonly sourcePort: number;
};

/** The flow of a number: its source is a client's in 10.0.0.0/8, its destination one of 50,000 servers in 11.0.0.0/8, port 443. */
export function flowOf(number: number): Flow {
  return {
    source: 0x0a000000 + (Math.imul(number, 2654435761) >>> 12),
    destination: 0x0b000000 + (number % 50_000),
    sourcePort: 1024 + (number % 60_000),
  };
}

/**
 * Blocks of Ethernet frames, as a reader of pcap makes them: each frame behind a record's header, which is filled in too, so that the
 * bytes of a block are a part of a file of pcap. The memory of a block is used again for the next.
 */
export function* makeFlows(count: number): Generator<Packets> {
  const stride = RECORD_BYTES + PACKET_BYTES;
  const bytes = Buffer.alloc(ROWS * stride);
  const packets = emptyPackets(ROWS, [{ linkType: 1, snapLength: 0, name: "bench" }]);
  packets.bytes = bytes;
  for (let row = 0; row < ROWS; row++) {
    const start = row * stride + RECORD_BYTES;
    packets.starts[row] = start;
    packets.captured[row] = PACKET_BYTES;
    packets.original[row] = PACKET_BYTES;
    bytes.writeUInt32LE(PACKET_BYTES, start - 8);
    bytes.writeUInt32LE(PACKET_BYTES, start - 4);
    bytes.fill("what is said in this conversation. ", start, start + PACKET_BYTES);
    bytes.writeUInt16BE(0x0800, start + 12);
    bytes.writeUInt16BE(0x4500, start + 14);
    bytes.writeUInt16BE(PACKET_BYTES - 14, start + 16);
    // Neither a fragment, nor a checksum that anybody looks at; TTL 64, TCP.
    bytes.writeUInt32BE(0, start + 18);
    bytes.writeUInt32BE(0x40060000, start + 22);
    bytes.writeUInt16BE(443, start + 36);
    bytes.writeUInt16BE(0x5010, start + 46);
  }
  for (let made = 0; made < count; made += ROWS) {
    packets.count = Math.min(ROWS, count - made);
    for (let row = 0; row < packets.count; row++) {
      const number = made + row;
      const start = row * stride + RECORD_BYTES;
      const round = Math.floor(number / (FLOW_PACKETS * FLOWS_AT_ONCE));
      const { source, destination, sourcePort } = flowOf(round * FLOWS_AT_ONCE + (number % FLOWS_AT_ONCE));
      bytes.writeUInt32BE(source, start + 26);
      bytes.writeUInt32BE(destination, start + 30);
      bytes.writeUInt16BE(sourcePort, start + 34);
      const micros = START + 5 * number;
      packets.micros[row] = micros;
      bytes.writeUInt32LE(Math.floor(micros / MICROSECONDS), start - 16);
      bytes.writeUInt32LE(micros % MICROSECONDS, start - 12);
    }
    yield packets;
  }
}

/** How a file of pcap begins (microseconds, Ethernet). */
export function pcapHeader(): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(1, 20);
  return header;
}
