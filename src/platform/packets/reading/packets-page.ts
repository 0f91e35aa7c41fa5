import { Fault } from "../../../core/fault.ts";
import { openDecoder } from "../../../pcap/decode/decode.ts";
import type { Block } from "../../../pcap/filters/filter.ts";
import { compileSearchLanguage } from "../question/search-language.ts";
import type { ResultReader } from "../result/result-reader.ts";
import type { ReadingQuestions } from "./questions.ts";
import { rowOf } from "./row.ts";
import { treeOf } from "./tree.ts";

/** A page of rows: those behind a number that a search lets pass. */
export async function rowsPage(
  reader: ResultReader,
  { after, size, search, now }: ReadingQuestions["rows"]["ask"],
): Promise<ReadingQuestions["rows"]["answer"]> {
  const isWanted = search.trim() === "" ? () => true : compileSearchLanguage(search, now).filter;
  const rows: ReadingQuestions["rows"]["answer"]["rows"] = [];
  // The row before the first of the page says how long ago it was.
  const from = Math.max(0, after - 1);
  let before: number | undefined;
  for await (const [block, numberOf] of blocksOf(reader, from)) {
    for (const { packet, first, end } of packetsOf(block)) {
      const number = numberOf(packet);
      const micros = block.packets.micros[packet] as number;
      if (number > after && isWanted(block, packet, first, end)) {
        if (rows.length === size) return { rows, next: rows.at(-1)?.number as number };
        rows.push(rowOf(block, packet, first, end, { number, before }));
      }
      before = micros;
    }
  }
  return { rows };
}

/** One packet. Throws Fault NOT_FOUND. */
export async function onePacket(
  reader: ResultReader,
  number: number,
): Promise<ReadingQuestions["packet"]["answer"]> {
  const at = number - 1;
  let before: number | undefined;
  // A large packet before it comes in a block of its own.
  for await (const [block, numberOf] of blocksOf(reader, Math.max(0, at - 1), number)) {
    for (const { packet, first, end } of packetsOf(block)) {
      if (numberOf(packet) !== number) {
        before = block.packets.micros[packet];
        continue;
      }
      const start = block.packets.starts[packet] as number;
      const bytes = block.packets.bytes.subarray(start, start + (block.packets.captured[packet] as number));
      return {
        row: rowOf(block, packet, first, end, { number, before }),
        hex: Buffer.from(bytes).toString("hex"),
        ...treeOf(bytes, linkTypeOf(block, packet), block.packets.original[packet] as number),
      };
    }
  }
  throw new Fault("NOT_FOUND", `reading packet ${number}: the result has ${reader.count}`);
}

function linkTypeOf({ packets }: Block, packet: number): number {
  return packets.seen[packets.interfaces[packet] as number]?.linkType ?? -1;
}

/** Blocks of packets with their layers, and the number of each packet. */
async function* blocksOf(
  reader: ResultReader,
  from: number,
  to = reader.count,
): AsyncGenerator<readonly [Block, (packet: number) => number]> {
  const decoder = openDecoder();
  let next = from;
  if (to > reader.count) return;
  for await (const packets of reader.read(numbersFrom(from, to))) {
    const first = next + 1;
    next += packets.count;
    yield [{ packets, layers: decoder.decode(packets) }, (packet) => first + packet];
  }
}

type PacketRows = { readonly packet: number; readonly first: number; readonly end: number };

/** The packets of a block with their rows in its layers. */
function* packetsOf({ packets, layers }: Block): Generator<PacketRows> {
  let row = 0;
  for (let packet = 0; packet < packets.count; packet++) {
    const first = row;
    while (row < layers.count && layers.packet[row] === packet) row++;
    yield { packet, first, end: row };
  }
}

function* numbersFrom(from: number, to: number): Generator<number> {
  for (let number = from; number < to; number++) yield number;
}
