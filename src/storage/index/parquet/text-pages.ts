// Values are read within bounds known beforehand, hence `as number`.
import { type FileHandle, open } from "node:fs/promises";
import { zstdDecompressSync } from "node:zlib";
import { decodeText } from "../../../core/text.ts";

/**
 * Where the pages of a text column without nulls lie in a file of ours: for each page four numbers, its first row, where
 * its bytes begin, how many they are, and 1 when they are compressed.
 */
export type TextPages = readonly number[];

const PAGE_NUMBERS = 4;

/**
 * Reads single texts of a column. The engine unpacks all texts before the one it is asked for, some megabytes for
 * each message of a page of results; here one page of a thousand rows is.
 */
export async function readTexts(
  path: string,
  pages: TextPages,
  rows: readonly number[],
): Promise<Map<number, string>> {
  const texts = new Map<number, string>();
  const byPage = Map.groupBy(rows, (row) => pageOf(pages, row));
  await using file = await open(path, "r");
  for (const [page, wanted] of byPage) {
    const [first = 0, start = 0, length = 0, isCompressed = 0] = pages.slice(page, page + PAGE_NUMBERS);
    const stored = await readBytes(file, start, length);
    const bytes = isCompressed === 1 ? zstdDecompressSync(stored) : stored;
    const ends = textEnds(bytes);
    for (const row of wanted) {
      const place = row - first;
      texts.set(row, decodeText(bytes, ends[place] as number, ends[place + 1] as number));
    }
  }
  return texts;
}

/** Where in `pages` the page of a row stands. */
function pageOf(pages: TextPages, row: number): number {
  let low = 0;
  let high = pages.length / PAGE_NUMBERS - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((pages[middle * PAGE_NUMBERS] as number) <= row) low = middle;
    else high = middle - 1;
  }
  return low * PAGE_NUMBERS;
}

async function readBytes(file: FileHandle, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let read = 0; read < length; ) {
    const { bytesRead } = await file.read(bytes, read, length - read, start + read);
    if (bytesRead === 0) throw new Error(`the file ends ${length - read} bytes too early`);
    read += bytesRead;
  }
  return bytes;
}

/** Where the texts of a page begin and end: DELTA_LENGTH_BYTE_ARRAY behind definition levels that are all 1. */
function textEnds(page: Buffer): Float64Array {
  const reader = new DeltaReader(page, 4 + page.readUInt32LE(0));
  const lengths = reader.read();
  const ends = new Float64Array(lengths.length + 1);
  let at = reader.at;
  ends[0] = at;
  for (let index = 0; index < lengths.length; index++) {
    at += lengths[index] as number;
    ends[index + 1] = at;
  }
  return ends;
}

/** Reads DELTA_BINARY_PACKED, as `PageWriter.deltas` writes it. */
class DeltaReader {
  /** Where the next byte is. */
  at: number;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  read(): Float64Array {
    const block = this.#varint();
    const miniblocks = this.#varint();
    const values = new Float64Array(this.#varint());
    let value = this.#zigzag();
    if (values.length > 0) values[0] = value;
    const miniblock = block / miniblocks;
    for (let from = 1; from < values.length; from += block) {
      const least = this.#zigzag();
      const widths = this.#bytes.subarray(this.at, this.at + miniblocks);
      this.at += miniblocks;
      for (let mini = 0; mini < miniblocks && from + mini * miniblock < values.length; mini++) {
        const width = widths[mini] as number;
        for (let index = 0; index < miniblock && from + mini * miniblock + index < values.length; index++) {
          value += least + this.#bits(index * width, width);
          values[from + mini * miniblock + index] = value;
        }
        this.at += (miniblock * width) / 8;
      }
    }
    return values;
  }

  /** A number of some bits, counted from the next byte. */
  #bits(from: number, width: number): number {
    let value = 0;
    for (let bit = 0; bit < width; ) {
      const place = from + bit;
      const shift = place & 7;
      const taken = Math.min(8 - shift, width - bit);
      const part = ((this.#bytes[this.at + (place >> 3)] as number) >> shift) & ((1 << taken) - 1);
      value += part * 2 ** bit;
      bit += taken;
    }
    return value;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes[this.at++] as number;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
