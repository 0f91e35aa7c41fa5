import type { Packets } from "../packets.ts";
import { longestPacket } from "./limits.ts";
import { FILE_HEADER } from "./pcap.ts";
import { RECORD_HEADER } from "./pcap-variants.ts";
import { PCAP_MAGIC } from "./recognise.ts";

export type WritePcapOptions = {
  /** Whether times have nanoseconds. When left out they have if those of the first block need them. */
  readonly nano?: boolean | undefined;
  /** The kind of link, of which pcap has only one; that of the first packet when left out. */
  readonly linkType?: number | undefined;
};

/** What did not go into a pcap file as it was. */
export type PcapReport = {
  packets: number;
  bytes: number;
  /** Packets of other kinds of links, which were left out; pcapng takes them. */
  otherLinks: number;
  /** Packets with a time after February 2106, which were left out: seconds have 32 bits. */
  outOfTime: number;
  /** Packets whose nanoseconds were cut off. */
  rounded: number;
};

const SECONDS_END = 2 ** 32;
const ETHERNET = 1;

/** Writes packets as a pcap file (version 2.4, little-endian): chunks of bytes, made as they are asked for. */
export function writePcap(
  blocks: Iterable<Packets> | AsyncIterable<Packets>,
  options: WritePcapOptions = {},
): { readonly report: PcapReport; readonly bytes: AsyncGenerator<Uint8Array> } {
  const report: PcapReport = { packets: 0, bytes: 0, otherLinks: 0, outOfTime: 0, rounded: 0 };
  return { report, bytes: write(blocks, options, report) };
}

async function* write(
  blocks: Iterable<Packets> | AsyncIterable<Packets>,
  options: WritePcapOptions,
  report: PcapReport,
): AsyncGenerator<Uint8Array> {
  let { nano, linkType } = options;
  let isBegun = false;
  for await (const packets of blocks) {
    if (packets.count === 0) continue;
    nano ??= packets.nanos.subarray(0, packets.count).some((fraction) => fraction !== 0);
    linkType ??= packets.seen[packets.interfaces[0]!]?.linkType ?? ETHERNET;
    if (!isBegun) yield counted(report, header(nano, linkType));
    isBegun = true;
    yield counted(report, records(packets, nano, linkType, report));
  }
  if (!isBegun) yield counted(report, header(nano ?? false, linkType ?? ETHERNET));
}

function counted(report: PcapReport, bytes: Uint8Array): Uint8Array {
  report.bytes += bytes.length;
  return bytes;
}

function header(nano: boolean, linkType: number): Uint8Array {
  const bytes = new Uint8Array(FILE_HEADER);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, nano ? PCAP_MAGIC.nano : PCAP_MAGIC.micro, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, longestPacket(linkType), true);
  view.setUint32(20, linkType, true);
  return bytes;
}

function records(packets: Packets, nano: boolean, linkType: number, report: PcapReport): Uint8Array {
  const { count, starts, captured, original, micros, nanos, interfaces, seen } = packets;
  const isTaken = seen.map((link) => link.linkType === linkType);
  const source = Buffer.from(packets.bytes.buffer, packets.bytes.byteOffset, packets.bytes.byteLength);
  let length = 0;
  for (let row = 0; row < count; row++) length += RECORD_HEADER + captured[row]!;
  const target = Buffer.allocUnsafeSlow(length);
  const view = new DataView(target.buffer);
  let at = 0;
  for (let row = 0; row < count; row++) {
    if (isTaken[interfaces[row]!] !== true) {
      report.otherLinks++;
      continue;
    }
    const seconds = Math.floor(micros[row]! / 1e6);
    if (seconds >= SECONDS_END) {
      report.outOfTime++;
      continue;
    }
    const fraction = micros[row]! - seconds * 1e6;
    if (!nano && nanos[row] !== 0) report.rounded++;
    view.setUint32(at, seconds, true);
    view.setUint32(at + 4, nano ? fraction * 1000 + nanos[row]! : fraction, true);
    view.setUint32(at + 8, captured[row]!, true);
    view.setUint32(at + 12, original[row]!, true);
    source.copy(target, at + RECORD_HEADER, starts[row]!, starts[row]! + captured[row]!);
    at += RECORD_HEADER + captured[row]!;
    report.packets++;
  }
  return target.subarray(0, at);
}
