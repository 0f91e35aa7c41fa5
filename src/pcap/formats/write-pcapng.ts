import { encodeText } from "../../core/text.ts";
import type { CaptureInterface, Packets } from "../packets.ts";
import { BLOCK, BYTE_ORDER_MAGIC, PACKET_OVERHEAD } from "./pcapng-kinds.ts";
import type { Secrets } from "./report.ts";

/** What is said of a whole capture beside its packets. */
export type WritePcapngOptions = {
  /** Notes of where the packets come from; each is one comment. */
  readonly comments?: readonly string[] | undefined;
  /** The program that writes the capture. */
  readonly application?: string | undefined;
  /** Keys with which the packets can be decrypted; they come before the packets. */
  readonly secrets?: readonly Secrets[] | undefined;
};

/** An option has at most 65,535 bytes, and a character at most four. */
const LONGEST_COMMENT = /.{1,16000}/gsu;
const WORD = 2 ** 32;

/**
 * Writes packets as a pcapng file of one section (version 1.0, little-endian, nanoseconds): chunks of bytes, made as they are asked for. An
 * interface is described before its first packet.
 */
export async function* writePcapng(
  blocks: Iterable<Packets> | AsyncIterable<Packets>,
  options: WritePcapngOptions = {},
): AsyncGenerator<Uint8Array> {
  yield sectionHeader(options);
  const numbers: number[] = [];
  let described = 0;
  let secrets = options.secrets ?? [];
  for await (const packets of blocks) {
    for (let row = 0; row < packets.count; row++) {
      const place = packets.interfaces[row]!;
      if (numbers[place] !== undefined) continue;
      numbers[place] = described++;
      yield interfaceBlock(packets.seen[place]!);
    }
    if (packets.count === 0) continue;
    // Wireshark looks for interfaces right behind the header: secrets between them make it forget the kind of link.
    for (const each of secrets) yield secretsBlock(each);
    secrets = [];
    yield packetBlocks(packets, numbers);
  }
  for (const each of secrets) yield secretsBlock(each);
}

function sectionHeader({ comments, application }: WritePcapngOptions): Uint8Array {
  const fixed = new DataView(new ArrayBuffer(16));
  fixed.setUint32(0, BYTE_ORDER_MAGIC, true);
  fixed.setUint16(4, 1, true);
  // The length of the section is not known while it is written.
  fixed.setBigInt64(8, -1n, true);
  const notes = (comments ?? []).flatMap((comment) => comment.match(LONGEST_COMMENT) ?? []);
  return block(BLOCK.section, [
    bytesOf(fixed),
    ...options([
      ...notes.map((note) => [1, encodeText(note)] as const),
      ...(application === undefined ? [] : [[4, encodeText(application)] as const]),
    ]),
  ]);
}

function interfaceBlock(seen: CaptureInterface): Uint8Array {
  const fixed = new DataView(new ArrayBuffer(8));
  fixed.setUint16(0, seen.linkType, true);
  fixed.setUint32(4, seen.snapLength, true);
  const texts: [number, Uint8Array][] = [];
  if (seen.name !== undefined) texts.push([2, encodeText(seen.name)]);
  if (seen.description !== undefined) texts.push([3, encodeText(seen.description)]);
  texts.push([9, Uint8Array.of(9)]);
  if (seen.filter !== undefined) texts.push([11, encodeText(`\0${seen.filter}`)]);
  if (seen.fcsLength !== undefined) texts.push([13, Uint8Array.of(seen.fcsLength)]);
  return block(BLOCK.interface, [bytesOf(fixed), ...options(texts)]);
}

function secretsBlock({ type, bytes }: Secrets): Uint8Array {
  const fixed = new DataView(new ArrayBuffer(8));
  fixed.setUint32(0, type, true);
  fixed.setUint32(4, bytes.length, true);
  return block(BLOCK.secrets, [bytesOf(fixed), bytes, padding(bytes.length)]);
}

function packetBlocks(packets: Packets, numbers: readonly number[]): Uint8Array {
  const { count, starts, captured, original, micros, nanos, interfaces } = packets;
  const source = Buffer.from(packets.bytes.buffer, packets.bytes.byteOffset, packets.bytes.byteLength);
  let length = 0;
  for (let row = 0; row < count; row++) length += PACKET_OVERHEAD + captured[row]! + (-captured[row]! & 3);
  const target = Buffer.alloc(length);
  const view = new DataView(target.buffer, target.byteOffset);
  let at = 0;
  for (let row = 0; row < count; row++) {
    const size = captured[row]!;
    const total = PACKET_OVERHEAD + size + (-size & 3);
    const time = micros[row]!;
    const high = Math.floor(time / WORD);
    const low = (time - high * WORD) * 1000 + nanos[row]!;
    view.setUint32(at, BLOCK.packet, true);
    view.setUint32(at + 4, total, true);
    view.setUint32(at + 8, numbers[interfaces[row]!]!, true);
    view.setUint32(at + 12, high * 1000 + Math.floor(low / WORD), true);
    view.setUint32(at + 16, low % WORD, true);
    view.setUint32(at + 20, size, true);
    view.setUint32(at + 24, original[row]!, true);
    source.copy(target, at + 28, starts[row]!, starts[row]! + size);
    view.setUint32(at + total - 4, total, true);
    at += total;
  }
  return target;
}

/** A block of this type, whose parts together have a multiple of four bytes. */
function block(type: number, parts: readonly Uint8Array[]): Uint8Array {
  const total = 12 + parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, total, true);
  let at = 8;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  view.setUint32(total - 4, total, true);
  return bytes;
}

/** Options with their ends padded, and the end of options; nothing when there are none. */
function options(all: readonly (readonly [code: number, value: Uint8Array])[]): Uint8Array[] {
  if (all.length === 0) return [];
  const parts = all.flatMap(([code, value]) => {
    const head = new DataView(new ArrayBuffer(4));
    head.setUint16(0, code, true);
    head.setUint16(2, value.length, true);
    return [bytesOf(head), value, padding(value.length)];
  });
  return [...parts, new Uint8Array(4)];
}

function padding(length: number): Uint8Array {
  return new Uint8Array(-length & 3);
}

function bytesOf(view: DataView<ArrayBuffer>): Uint8Array {
  return new Uint8Array(view.buffer);
}
