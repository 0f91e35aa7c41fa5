import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type LogFields, makeContext, silentLog } from "../../../core/context.ts";
import { openDecoder } from "../../../pcap/decode/decode.ts";
import type { Packets } from "../../../pcap/packets.ts";
import type { PacketQuery, PacketReader, PacketStore, PacketWriter } from "../contract.ts";
import { openPacketStore, type PacketStoreOptions } from "../files/packet-store.ts";
import { type MadePacket, packetsOf } from "./traffic.ts";

const decoder = openDecoder();

export type Logged = LogFields & { readonly sentence: string };

export const START = 1_700_000_000_000_000;

/** Packets whose payload is their number and whose time is `START` and as many milliseconds; each has a port of its own, modulo 50. */
export function numbered(from: number, to: number, size = 500): MadePacket[] {
  return Array.from({ length: to - from }, (_, index) => ({
    micros: START + (from + index) * 1000,
    ...{ version: 4, source: 1, destination: 2, destinationPort: 53 },
    sourcePort: 1000 + ((from + index) % 50),
    payload: Buffer.from(`packet ${from + index} `.padEnd(size, "x")),
  }));
}

export function append(writer: PacketWriter, made: readonly MadePacket[] | Packets): void {
  const packets = "bytes" in made ? made : packetsOf(made);
  writer.append(packets, decoder.decode(packets));
}

/** The numbers of the packets that a query finds, in order; each as often as it is found. */
export function numbersIn(reader: PacketReader, query: PacketQuery = {}): number[] {
  const found: number[] = [];
  for (const packets of reader.find(query)) found.push(...numbersOf(packets));
  return found.sort((one, other) => one - other);
}

/** The numbers in the payloads of packets. */
export function numbersOf({ bytes, count, starts, captured }: Packets): number[] {
  return Array.from({ length: count }, (_, row) => {
    const start = starts[row] ?? 0;
    const frame = Buffer.from(bytes.subarray(start, start + (captured[row] ?? 0))).toString("latin1");
    return Number(/packet (\d+) x*$/.exec(frame)?.[1]);
  });
}

/** Writes packets, 100 at a time, and makes them durable. */
export function write(writer: PacketWriter, from: number, to: number): void {
  for (let next = from; next < to; next += 100) {
    append(writer, numbered(next, Math.min(to, next + 100)));
    writer.flush();
  }
}

/** Numbers from one up to but not including another. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** Opens a store over a folder; what it logs is added to `logged`, sentences with their fields. */
export function openLogged(
  folder: string,
  logged: Logged[],
  options: Partial<PacketStoreOptions> = {},
): PacketStore {
  const log = (sentence: string, fields: LogFields = {}) => void logged.push({ sentence, ...fields });
  const context = makeContext({ log: { ...silentLog, info: log, warn: log } });
  return openPacketStore({ folder, bytes: 1 << 30, segmentBytes: 300_000, ...options }, context);
}

/** The paths of files of a folder whose names end so, in order. */
export function filesOf(folder: string, end: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(end))
    .sort()
    .map((name) => join(folder, name));
}

/** Damages a byte of a file. */
export function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 0x40;
  writeFileSync(path, bytes);
}

/** Where a block of a segment begins, its interface being block 0. */
export function blockOf(path: string, number: number): number {
  const bytes = readFileSync(path);
  let at = 64;
  for (let block = 0; block < number; block++) at += 48 + bytes.readUInt32LE(at + 12);
  return at;
}
