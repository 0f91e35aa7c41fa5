import { emptyPackets, type Packets } from "../../pcap/packets.ts";
import { joined, prose, said } from "./content.ts";
import { frameOf } from "./frame.ts";
import { openPayloads } from "./payloads.ts";
import { segmentsOf, type Talk } from "./talk.ts";

export type BulkOptions = {
  /** How long the capture shall be, in bytes: it ends with the block that reaches them. */
  readonly bytes: number;
  /** When it begins, epoch ms. */
  readonly start: number;
  /** Of the first flow; two captures with other numbers have other flows. */
  readonly firstFlow?: number;
};

const FLOWS = 256;
const RECORD_HEADER = 16;
const ETHERNET = 14;
const IP_CHECKSUM = ETHERNET + 10;
const SOURCE = ETHERNET + 12;
const TARGET = ETHERNET + 16;
const TCP = ETHERNET + 20;
const TCP_CHECKSUM = TCP + 16;
/** 600 bytes at one gigabit per second. */
const MICROS_PER_PACKET = 5;
const QUESTION = 346;
const ANSWER = 7 * 1460 + 284;

/** The head of a pcap file (version 2.4, microseconds, Ethernet, little-endian) that such blocks continue. */
export const BULK_HEADER: Uint8Array = new Uint8Array(
  Uint32Array.of(0xa1b2c3d4, 0x0004_0002, 0, 0, 262_144, 1).buffer,
);

/**
 * A capture without a story, made at more than a gigabyte per second: pages that are asked for over HTTP, in flows of 20 packets with 600
 * bytes each on average, 256 flows at a time. Every flow has addresses and a port of its own, and all checksums are right.
 *
 * The bytes between the frames are the headers of pcap's records, so that `BULK_HEADER` and the `bytes` of all blocks are a file. A block
 * is overwritten by the next one.
 */
export function* bulkCapture({ bytes, start, firstFlow = 0 }: BulkOptions): Generator<Packets> {
  const { packets, sums } = template();
  const view = new DataView(packets.bytes.buffer);
  let micros = start * 1000;
  let made = BULK_HEADER.length;
  for (let flow = firstFlow; made < bytes; flow += FLOWS) {
    for (let row = 0; row < packets.count; row++) {
      const at = packets.starts[row]!;
      const which = mix(flow + (row % FLOWS));
      // A port, an address of 10.0.0.0/9 and one of 192.168.0.0/21: 49 bits, of which the 32 of `which` are spread over all.
      const port = 1024 + (which & 0x7fff);
      const source = (0x0a000000 | (which >>> 9)) >>> 0;
      const target = (0xc0a80000 | (which & 0x7ff)) >>> 0;
      const isAnswer = sums.isAnswer[row] === 1;
      view.setUint32(at + SOURCE, isAnswer ? target : source);
      view.setUint32(at + TARGET, isAnswer ? source : target);
      view.setUint16(at + (isAnswer ? TCP + 2 : TCP), port);
      const added = (source >>> 16) + (source & 0xffff) + (target >>> 16) + (target & 0xffff);
      view.setUint16(at + IP_CHECKSUM, checksum(sums.ip[row]! + added));
      view.setUint16(at + TCP_CHECKSUM, checksum(sums.tcp[row]! + added + port));
      const seconds = Math.floor(micros / 1e6);
      view.setUint32(at - RECORD_HEADER, seconds, true);
      view.setUint32(at - RECORD_HEADER + 4, micros - seconds * 1e6, true);
      packets.micros[row] = micros;
      micros += MICROS_PER_PACKET;
    }
    made += packets.bytes.length;
    yield packets;
  }
}

/** For each packet: whether it is of the answering side, and what its checksums add up without addresses and port. */
type Sums = { readonly isAnswer: Uint8Array; readonly ip: Uint32Array; readonly tcp: Uint32Array };

/** Flows that differ in nothing yet, packet by packet one of each. */
function template(): { packets: Packets; sums: Sums } {
  const talk = plainTalk();
  const payloadOf = openPayloads();
  const frames = segmentsOf(talk).map((segment) => {
    const bytes = frameOf(talk.flow, segment, payloadOf(talk, segment));
    return { bytes, isAnswer: segment.side === 1 };
  });
  const count = FLOWS * frames.length;
  const length = FLOWS * frames.reduce((sum, { bytes }) => sum + RECORD_HEADER + bytes.length, 0);
  const packets = emptyPackets(count, [{ linkType: 1, snapLength: 0, name: "bulk" }]);
  const sums = { isAnswer: new Uint8Array(count), ip: new Uint32Array(count), tcp: new Uint32Array(count) };
  packets.bytes = new Uint8Array(length);
  packets.count = count;
  const view = new DataView(packets.bytes.buffer);
  let at = 0;
  for (let row = 0; row < count; row++) {
    const { bytes, isAnswer } = frames[Math.floor(row / FLOWS)]!;
    view.setUint32(at + 8, bytes.length, true);
    view.setUint32(at + 12, bytes.length, true);
    at += RECORD_HEADER;
    packets.bytes.set(bytes, at);
    packets.starts[row] = at;
    packets.captured[row] = bytes.length;
    packets.original[row] = bytes.length;
    sums.isAnswer[row] = isAnswer ? 1 : 0;
    sums.ip[row] = ~view.getUint16(at + IP_CHECKSUM) & 0xffff;
    sums.tcp[row] = ~view.getUint16(at + TCP_CHECKSUM) & 0xffff;
    at += bytes.length;
  }
  return { packets, sums };
}

/** Checksums of RFC 1071 can be added up in any order. */
function checksum(sum: number): number {
  const folded = (sum & 0xffff) + (sum >>> 16);
  return ~((folded & 0xffff) + (folded >>> 16)) & 0xffff;
}

/** Spreads numbers over 32 bits, no two to the same place. */
function mix(number: number): number {
  const mixed = Math.imul(number ^ (number >>> 16), 0x21f0aaad);
  return Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97) >>> 0;
}

/** A page that is asked for from nowhere, in 20 packets. */
function plainTalk(): Talk {
  const question = "GET /reports/daily.html HTTP/1.1\r\nHost: intranet1.contoso-metal.example\r\nCookie: id=";
  const answer = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ";
  const body = ANSWER - answer.length - "10000\r\n\r\n".length;
  const nowhere = { source: "0.0.0.0", sourcePort: 0, target: "0.0.0.0", targetPort: 80 } as const;
  const numbers = { time: 0, duration: 0, sent: QUESTION, received: ANSWER } as const;
  return {
    flow: { uid: "", ...nowhere, ...numbers, protocol: "tcp", service: "http", state: "SF" },
    turns: [
      { side: 0, content: said(`${question.padEnd(QUESTION - 4, "c")}\r\n\r\n`) },
      { side: 1, content: joined(said(`${answer}${body}\r\n\r\n`), prose(body)) },
    ],
    roundTrip: 1,
  };
}
