import type { Packets } from "../packets.ts";
import { FILE_HEADER } from "./pcap.ts";
import { RECORD_HEADER } from "./pcap-variants.ts";
import { PCAP_MAGIC } from "./recognise.ts";
import type { TopicForm } from "./topic.ts";

/** A packet as a record of a topic. */
export type PacketRecord = { readonly key: Uint8Array; readonly value: Uint8Array };

const ETHERNET = 1;
const VERSION = 0x0004_0002;
const PER_SECOND = { MILLISECONDS: 1_000n, MICROSECONDS: 1_000_000n, NANOSECONDS: 1_000_000_000n } as const;
const NANOS = 1_000_000_000n;

/**
 * Writes packets as records of the original's topic, in either form; both have the time as key, in microseconds with FROM_PACKET. Records are
 * copies.
 * @returns the records, and how many packets FROM_KEY cannot say: those of other links than Ethernet
 */
export function topicRecords(
  packets: Packets,
  form: TopicForm,
): { readonly records: readonly PacketRecord[]; readonly leftOut: number } {
  const records: PacketRecord[] = [];
  const unit = form.scheme === "FROM_KEY" ? form.granularity : "MICROSECONDS";
  for (let row = 0; row < packets.count; row++) {
    const { linkType = ETHERNET } = packets.seen[packets.interfaces[row]!] ?? {};
    if (form.scheme === "FROM_KEY" && linkType !== ETHERNET) continue;
    const time = BigInt(packets.micros[row]!) * 1000n + BigInt(packets.nanos[row]!);
    const key = Buffer.alloc(8);
    key.writeBigUInt64BE((time * PER_SECOND[unit]) / NANOS);
    const value =
      form.scheme === "FROM_KEY"
        ? Buffer.from(frameOf(packets, row))
        : Buffer.concat([headerOf(packets, row, linkType), frameOf(packets, row)]);
    records.push({ key, value });
  }
  return { records, leftOut: packets.count - records.length };
}

function frameOf({ bytes, starts, captured }: Packets, row: number): Uint8Array {
  const start = starts[row]!;
  return bytes.subarray(start, start + captured[row]!);
}

/** The headers of a capture of one packet (version 2.4, little-endian), in nanoseconds where microseconds do not say its time. */
function headerOf(
  { micros, nanos, captured, original, seen, interfaces }: Packets,
  row: number,
  linkType: number,
) {
  const header = Buffer.alloc(FILE_HEADER + RECORD_HEADER);
  const isNano = nanos[row] !== 0;
  const seconds = Math.floor(micros[row]! / 1e6);
  const fraction = micros[row]! - seconds * 1e6;
  header.writeUInt32LE(isNano ? PCAP_MAGIC.nano : PCAP_MAGIC.micro, 0);
  header.writeUInt32LE(VERSION, 4);
  header.writeUInt32LE(seen[interfaces[row]!]?.snapLength || 262_144, 16);
  header.writeUInt32LE(linkType, 20);
  header.writeUInt32LE(seconds, FILE_HEADER);
  header.writeUInt32LE(isNano ? fraction * 1000 + nanos[row]! : fraction, FILE_HEADER + 4);
  header.writeUInt32LE(captured[row]!, FILE_HEADER + 8);
  header.writeUInt32LE(original[row]!, FILE_HEADER + 12);
  return header;
}
