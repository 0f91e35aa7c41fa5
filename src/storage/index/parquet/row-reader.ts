// Values are read within bounds known beforehand, hence `as number`.
import { closeSync, openSync } from "node:fs";
import { decodeText } from "../../../core/text.ts";
import { type ColumnType, columnTypes } from "../blocks/column-type.ts";
import { DeltaReader } from "./delta-reader.ts";
import { Directory, type Place } from "./directory.ts";
import { ENCODING } from "./format.ts";
import { LevelReader } from "./level-reader.ts";
import { type Bytes, readPage } from "./read-bytes.ts";

/** The value of a column in a row: a long is a bigint, JSON is a text, and null is no value. */
export type Cell = string | number | bigint | boolean | null;

/** A column to be read: its place among the file's, and what it holds. */
type WantedColumn = { readonly place: number; readonly type: ColumnType };

/** Rows of one file, and which of its columns to read. `directory` is the place of the file's directory. */
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
      // Pages are read forwards.
      for (const index of own.sort((a, b) => (rows[a] as number) - (rows[b] as number))) {
        const row = (rows[index] as number) - places.firstRow;
        found[index] = columns.map(({ type }, column) => pages.cell(chunks[column], type, row));
      }
    }
    return found;
  } finally {
    closeSync(file);
  }
}

/** A page, and how far its rows were read. */
type OpenPage = { readonly bytes: Buffer; readonly levels: LevelReader; deltas: DeltaReader | undefined };

/** The pages of one row group. What was unpacked is kept: several rows may be wanted of it, in ascending order. */
class Pages {
  readonly #file: number;
  readonly #pages = new Map<number, OpenPage>();
  readonly #dictionaries = new Map<number, Buffer>();

  constructor(file: number) {
    this.#file = file;
  }

  cell(place: Place | undefined, type: ColumnType, row: number): Cell {
    if (place === undefined) return null;
    const found = place.pageOf(row);
    const page = this.#page(found, place.isCompressed);
    const index = page.levels.indexOf(row - found.firstRow);
    if (index < 0) return null;
    const { bytes } = page;
    const at = page.levels.end;
    switch (place.encoding) {
      case ENCODING.rleDictionary:
        return dictionaryText(this.#dictionary(place), codeAt(bytes, at, index));
      case ENCODING.deltaLengthByteArray: {
        page.deltas ??= new DeltaReader(bytes, at);
        page.deltas.seek(index);
        const start = page.deltas.end + page.deltas.before;
        return decodeText(bytes, start, start + page.deltas.value);
      }
      case ENCODING.deltaBinaryPacked:
        page.deltas ??= new DeltaReader(bytes, at);
        page.deltas.seek(index);
        return BigInt(page.deltas.value);
      case ENCODING.byteStreamSplit:
        return splitDouble(bytes, at, index);
      default:
        return columnTypes[type].cells === "boolean"
          ? (((bytes[at + (index >> 3)] as number) >> (index & 7)) & 1) === 1
          : bytes.readBigInt64LE(at + index * 8);
    }
  }

  #page(place: Bytes, isCompressed: boolean): OpenPage {
    let page = this.#pages.get(place.at);
    if (page === undefined) {
      const bytes = readPage(this.#file, place, isCompressed);
      page = { bytes, levels: new LevelReader(bytes), deltas: undefined };
      this.#pages.set(place.at, page);
    }
    return page;
  }

  #dictionary({ dictionary, isCompressed }: Place): Buffer {
    let bytes = this.#dictionaries.get(dictionary.at);
    if (bytes === undefined) {
      bytes = readPage(this.#file, dictionary, isCompressed);
      this.#dictionaries.set(dictionary.at, bytes);
    }
    return bytes;
  }
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
