// Values are read within bounds known beforehand, hence `as number`.
import { type FileHandle, open } from "node:fs/promises";
import { zstdDecompressSync } from "node:zlib";
import { decodeText } from "../../../core/text.ts";
import type { ColumnType } from "../duckdb/block.ts";
import { DeltaReader } from "./delta-reader.ts";
import { type Bytes, Directory, type Place } from "./directory.ts";
import { ENCODING } from "./format.ts";

/** What stands in a row's column: a long as bigint, JSON as text, null for nothing. */
export type Cell = string | number | bigint | boolean | null;

/** A column to be read: its place among the file's, and what it holds. */
export type WantedColumn = { readonly place: number; readonly type: ColumnType };

/**
 * Reads single rows of a file of ours. The engine unpacks a whole row group for each, several milliseconds for a message
 * of a page of results; here the pages that hold the row are unpacked, and of them only what leads to it is decoded.
 */
export async function readRows(
  path: string,
  directoryAt: number,
  columns: readonly WantedColumn[],
  rows: readonly number[],
): Promise<Map<number, Cell[]>> {
  await using file = await open(path, "r");
  const directory = await Directory.read(file, directoryAt);
  const found = new Map<number, Cell[]>();
  for (const [group, own] of Map.groupBy(rows, (row) => directory.groupOf(row))) {
    const { start, end, firstRow } = directory.group(group);
    const bytes = await readBytes(file, start, end - start);
    const pages = new Pages(bytes, start);
    const places = columns.map(({ place }) => directory.place(group, place));
    for (const row of own)
      found.set(
        row,
        columns.map(({ type }, index) => pages.cell(places[index], type, row - firstRow)),
      );
  }
  return found;
}

export async function readBytes(file: FileHandle, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let read = 0; read < length; ) {
    const { bytesRead } = await file.read(bytes, read, length - read, start + read);
    if (bytesRead === 0) throw new Error(`the file ends ${length - read} bytes too early`);
    read += bytesRead;
  }
  return bytes;
}

/** The pages of one row group. What was unpacked is kept: several rows may be wanted of it. */
class Pages {
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #unpacked = new Map<number, Buffer>();

  /** @param start where the bytes begin in the file. */
  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.#start = start;
  }

  cell(place: Place | undefined, type: ColumnType, row: number): Cell {
    const page = place?.pageOf(row);
    if (place === undefined || page === undefined) return null;
    const bytes = this.#page(page, place.isCompressed);
    const { index, at } = valueIndex(bytes, row - page.firstRow);
    if (index < 0) return null;
    switch (place.encoding) {
      case ENCODING.rleDictionary: {
        const dictionary = this.#page(place.dictionary, place.isCompressed);
        return dictionaryText(dictionary, codeAt(bytes, at, index));
      }
      case ENCODING.deltaLengthByteArray: {
        const { before, value, end } = new DeltaReader(bytes, at).sumTo(index);
        return decodeText(bytes, end + before, end + before + value);
      }
      case ENCODING.deltaBinaryPacked:
        return BigInt(new DeltaReader(bytes, at).sumTo(index).value);
      case ENCODING.byteStreamSplit:
        return splitDouble(bytes, at, index);
      default:
        return type === "boolean"
          ? (((bytes[at + (index >> 3)] as number) >> (index & 7)) & 1) === 1
          : bytes.readBigInt64LE(at + index * 8);
    }
  }

  #page({ at, length, raw }: Bytes, isCompressed: boolean): Buffer {
    let page = this.#unpacked.get(at);
    if (page === undefined) {
      const stored = this.#bytes.subarray(at - this.#start, at - this.#start + length);
      page = isCompressed ? zstdDecompressSync(stored, { chunkSize: Math.max(raw, 64) }) : stored;
      this.#unpacked.set(at, page);
    }
    return page;
  }
}

/** Which of a page's values a row's is, -1 when it is null, and where the values begin: the definition levels tell. */
function valueIndex(page: Buffer, row: number): { index: number; at: number } {
  const end = 4 + page.readUInt32LE(0);
  let at = 4;
  let passed = 0;
  let values = 0;
  while (at < end) {
    let header = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = page[at++] as number;
      header += (byte & 127) * factor;
      if (byte < 128) break;
    }
    const isBits = header % 2 === 1;
    const count = Math.floor(header / 2) * (isBits ? 8 : 1);
    const upTo = Math.min(count, row - passed);
    if (isBits) {
      values += bitsSet(page, at, upTo);
      if (row < passed + count)
        return { index: ((page[at + (upTo >> 3)] as number) >> (upTo & 7)) & 1 ? values : -1, at: end };
      at += count >> 3;
    } else {
      const level = page[at++] as number;
      values += upTo * level;
      if (row < passed + count) return { index: level === 1 ? values : -1, at: end };
    }
    passed += count;
  }
  throw new Error("a page ends before its rows do");
}

function bitsSet(page: Buffer, at: number, count: number): number {
  let set = 0;
  for (let bit = 0; bit < count; bit++) set += ((page[at + (bit >> 3)] as number) >> (bit & 7)) & 1;
  return set;
}

/** A code among those `PageWriter.codes` wrote: one run, of one value or of bits. */
function codeAt(page: Buffer, start: number, index: number): number {
  const width = page[start] as number;
  if (width === 0) return 0;
  let at = start + 1;
  while ((page[at++] as number) >= 128);
  let code = 0;
  for (let bit = 0; bit < width; bit++) {
    const place = index * width + bit;
    code |= (((page[at + (place >> 3)] as number) >> (place & 7)) & 1) << bit;
  }
  return code;
}

function dictionaryText(dictionary: Buffer, code: number): string {
  let at = 0;
  for (let word = 0; word < code; word++) at += 4 + dictionary.readUInt32LE(at);
  return decodeText(dictionary, at + 4, at + 4 + dictionary.readUInt32LE(at));
}

function splitDouble(page: Buffer, at: number, index: number): number {
  const count = (page.length - at) / 8;
  const bytes = Buffer.allocUnsafe(8);
  for (let stream = 0; stream < 8; stream++) bytes[stream] = page[at + stream * count + index] as number;
  return bytes.readDoubleLE(0);
}
