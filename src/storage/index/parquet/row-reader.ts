// Values are read within bounds known beforehand, hence `as number`.
import { closeSync, openSync } from "node:fs";
import { decodeText } from "../../../core/text.ts";
import type { ColumnType } from "../duckdb/block.ts";
import { DeltaReader } from "./delta-reader.ts";
import { type Bytes, Directory, type Place } from "./directory.ts";
import { ENCODING } from "./format.ts";
import { readPage } from "./read-bytes.ts";

/** What stands in a row's column: a long as bigint, JSON as text, null for nothing. */
export type Cell = string | number | bigint | boolean | null;

/** A column to be read: its place among the file's, and what it holds. */
export type WantedColumn = { readonly place: number; readonly type: ColumnType };

/** Rows of one file, and which of its columns. `directory` is where its directory stands. */
export type RowsWanted = {
  readonly path: string;
  readonly directory: number;
  readonly columns: readonly WantedColumn[];
  readonly rows: readonly number[];
};

/**
 * Reads single rows of a file of ours, in the order they are named. The engine unpacks a whole row group for each,
 * several milliseconds for a message of a page of results; here the pages that hold the row are unpacked, and of them
 * only what leads to it is decoded. It blocks the thread for up to a millisecond a row: see `RowReaders`.
 *
 * @throws Error when the file cannot be read or does not hold what its directory says.
 */
export function readRows({ path, directory: at, columns, rows }: RowsWanted): Cell[][] {
  const file = openSync(path, "r");
  try {
    const directory = new Directory(file, at);
    const found: Cell[][] = new Array(rows.length);
    for (const [group, own] of Map.groupBy(rows.keys(), (index) =>
      directory.groupOf(rows[index] as number),
    )) {
      const places = directory.group(group);
      const pages = new Pages(file);
      const chunks = columns.map(({ place }) => places.place(place));
      for (const index of own) {
        const row = (rows[index] as number) - places.firstRow;
        found[index] = columns.map(({ type }, column) => pages.cell(chunks[column], type, row));
      }
    }
    return found;
  } finally {
    closeSync(file);
  }
}

/** The pages of one row group. What was unpacked is kept: several rows may be wanted of it. */
class Pages {
  readonly #file: number;
  readonly #unpacked = new Map<number, Buffer>();

  constructor(file: number) {
    this.#file = file;
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

  #page(bytes: Bytes, isCompressed: boolean): Buffer {
    let page = this.#unpacked.get(bytes.at);
    if (page === undefined) {
      page = readPage(this.#file, bytes, isCompressed);
      this.#unpacked.set(bytes.at, page);
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
      const byte = page.readUInt8(at++);
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
