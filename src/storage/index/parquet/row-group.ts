// Cells are read within bounds known beforehand, hence `as number`.
import { constants, zstdCompressSync } from "node:zlib";
import type { Block, BlockColumn, Buffers, Memory } from "../duckdb/block.ts";
import { CODEC, dataPageHeader, dictionaryPageHeader, ENCODING } from "./format.ts";
import { PageWriter } from "./page-writer.ts";
import { TextRange } from "./text-range.ts";
import { ThriftWriter } from "./thrift.ts";

/**
 * The messages of a block as a row group of a Parquet file, but for the footer: the column chunks one after another in
 * the order of the block's columns, and what the footer must say of each. Bytes only, to be handed from thread to thread.
 */
export type RowGroup = {
  readonly bytes: Memory;
  readonly length: number;
  /** `FACTS` numbers for each column, in the order of `FACT`. */
  readonly facts: Float64Array<ArrayBuffer>;
};

/** What the footer must know of a column chunk. Places count from the beginning of the row group. */
export const FACT = {
  start: 0,
  /** Bytes of the dictionary page, 0 when there is none. */
  dictionary: 1,
  stored: 2,
  raw: 3,
  nulls: 4,
  encoding: 5,
  codec: 6,
  /** The least and the greatest value, as PLAIN without a length; a length of -1: unknown. */
  minAt: 7,
  minLength: 8,
  maxAt: 9,
  maxLength: 10,
} as const;
export const FACTS = 11;

/** Chunks smaller than this are not worth a call of the compressor, which costs some 20 µs however little it gets. */
const LEAST_COMPRESSED = 3000;
/** A chunk must become smaller by this factor, or it and the next ones stay as they are. */
const WORTHWHILE = 0.9;
const RAW_FOR = 31;
const INLINE = 12;
/** Whole numbers whose differences a double holds exactly, doubled. */
const MOST_EXACT = 2 ** 51;
/**
 * Level 1 makes these files as small as the default and costs a third less (docs/decisions/0003-index.md). Smaller tables
 * than its own stay in the cache and cost a fifth less again, for files that are no larger to speak of.
 */
const PARAMS = {
  [constants.ZSTD_c_compressionLevel]: 1,
  [constants.ZSTD_c_windowLog]: 18,
  [constants.ZSTD_c_hashLog]: 13,
};

type Messages = Omit<Block, "group">;

/** Makes row groups of the blocks of one sensor. */
export class RowGroupEncoder {
  readonly #buffers: Buffers;
  readonly #out = new PageWriter();
  readonly #dictionary = new PageWriter();
  readonly #page = new PageWriter();
  readonly #thrift = new ThriftWriter();
  readonly #range = new TextRange();
  /** By field: for how many chunks compression is not tried. */
  readonly #raw = new Map<string, number>();
  #numbers = new Float64Array(0);
  #facts = new Float64Array(0);
  #at = 0;

  constructor(buffers: Buffers) {
    this.#buffers = buffers;
  }

  encode(block: Messages): RowGroup {
    this.#out.reset();
    this.#facts = new Float64Array(block.columns.length * FACTS);
    this.#at = 0;
    if (this.#numbers.length < block.rows) this.#numbers = new Float64Array(block.rows);
    for (const column of block.columns) {
      this.#chunk(block, column);
      this.#at += FACTS;
    }
    const { length } = this.#out;
    const bytes = this.#buffers.take(length);
    new Uint8Array(bytes).set(this.#out.bytes.subarray(0, length));
    return { bytes, length, facts: this.#facts };
  }

  #chunk(block: Messages, column: BlockColumn): void {
    const { rows } = block;
    const valid = column.valid < 0 ? undefined : new Uint8Array(block.cells, column.valid, (rows + 7) >> 3);
    const values = valid === undefined ? rows : countBits(valid);
    this.#page.reset();
    this.#dictionary.reset();
    this.#page.definitionLevels(block.cells, column.valid, rows);
    this.#set("minLength", -1);
    this.#set("maxLength", -1);
    this.#set("nulls", rows - values);
    const encoding = this.#values(block, column, valid, values);
    this.#set("encoding", encoding);
    this.#write(column, rows);
  }

  /** Writes the values to the page (and the dictionary) and returns how they are encoded. */
  #values(block: Messages, column: BlockColumn, valid: Uint8Array | undefined, values: number): number {
    switch (column.type) {
      case "text":
      case "json":
        return column.codes >= 0
          ? this.#words(block, column, valid, values)
          : this.#texts(block, column, valid, values);
      case "boolean":
        return this.#booleans(block, column, valid);
      case "long":
        return this.#longs(block, column, valid, values);
      case "double":
        return this.#doubles(block, column, valid, values);
    }
  }

  #words(block: Messages, column: BlockColumn, valid: Uint8Array | undefined, values: number): number {
    const cells = new Uint32Array(block.cells, column.data, column.words * 4);
    const text = Buffer.from(block.text);
    const view = new DataView(block.text);
    const { longest, total } = this.#range.measure(cells, column.words, undefined);
    this.#dictionary.reserve(total + column.words * 4 + 16);
    for (let word = 0; word < column.words; word++) {
      this.#dictionary.uint32(cells[word * 4] as number);
      appendText(this.#dictionary, cells, word * 4, text, view);
    }
    this.#page.codes(
      new Uint16Array(block.cells, column.codes, block.rows),
      block.rows,
      column.words,
      valid,
      values,
    );
    this.#noteRange(column, cells, column.words, undefined, text, longest);
    return ENCODING.rleDictionary;
  }

  #texts(block: Messages, column: BlockColumn, valid: Uint8Array | undefined, values: number): number {
    const { rows } = block;
    const cells = new Uint32Array(block.cells, column.data, rows * 4);
    const text = Buffer.from(block.text);
    const view = new DataView(block.text);
    const numbers = this.#numbers;
    let count = 0;
    for (let row = 0; row < rows; row++)
      if (valid === undefined || isSet(valid, row)) numbers[count++] = cells[row * 4] as number;
    this.#page.deltas(numbers, values);
    const { longest, total } = this.#range.measure(cells, rows, valid);
    this.#page.reserve(total + 16);
    for (let row = 0; row < rows; row++)
      if (valid === undefined || isSet(valid, row)) appendText(this.#page, cells, row * 4, text, view);
    this.#noteRange(column, cells, rows, valid, text, longest);
    return ENCODING.deltaLengthByteArray;
  }

  /** Notes the least and the greatest text, unless some text is too long for that to be of use. */
  #noteRange(
    { field }: BlockColumn,
    cells: Uint32Array,
    count: number,
    valid: Uint8Array | undefined,
    text: Uint8Array,
    longest: number,
  ): void {
    if (longest > TextRange.LONGEST || field === "original_string") return;
    this.#range.find(cells, count, valid, text);
    this.#note("min", this.#range.least(cells, text));
    this.#note("max", this.#range.greatest(cells, text));
  }

  #booleans(block: Messages, column: BlockColumn, valid: Uint8Array | undefined): number {
    const cells = new Uint8Array(block.cells, column.data, block.rows);
    let byte = 0;
    let count = 0;
    for (let row = 0; row < block.rows; row++) {
      if (valid !== undefined && !isSet(valid, row)) continue;
      byte |= (cells[row] as number) << (count & 7);
      if ((++count & 7) !== 0) continue;
      this.#page.byte(byte);
      byte = 0;
    }
    if ((count & 7) !== 0) this.#page.byte(byte);
    return ENCODING.plain;
  }

  #longs(block: Messages, column: BlockColumn, valid: Uint8Array | undefined, values: number): number {
    const low = new Uint32Array(block.cells, column.data, block.rows * 2);
    const high = new Int32Array(block.cells, column.data, block.rows * 2);
    const numbers = this.#numbers;
    let count = 0;
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let row = 0; row < block.rows; row++) {
      if (valid !== undefined && !isSet(valid, row)) continue;
      const value = (high[2 * row + 1] as number) * 4294967296 + (low[2 * row] as number);
      numbers[count++] = value;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    const exact = least >= -MOST_EXACT && most <= MOST_EXACT;
    if (exact) {
      this.#note("min", new Uint8Array(new BigInt64Array([BigInt(least)]).buffer));
      this.#note("max", new Uint8Array(new BigInt64Array([BigInt(most)]).buffer));
      if (this.#page.deltas(numbers, values)) return ENCODING.deltaBinaryPacked;
    }
    for (let row = 0; row < block.rows; row++) {
      if (valid !== undefined && !isSet(valid, row)) continue;
      this.#page.uint32(low[2 * row] as number);
      this.#page.uint32(high[2 * row + 1] as number);
    }
    return ENCODING.plain;
  }

  #doubles(block: Messages, column: BlockColumn, valid: Uint8Array | undefined, values: number): number {
    const cells = new Float64Array(block.cells, column.data, block.rows);
    const numbers = this.#numbers;
    let count = 0;
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let row = 0; row < block.rows; row++) {
      if (valid !== undefined && !isSet(valid, row)) continue;
      const value = cells[row] as number;
      numbers[count++] = value;
      // Of a column with a NaN nothing is noted: it has no place in the order.
      least = value < least ? value : least <= value ? least : Number.NaN;
      most = value > most ? value : most >= value ? most : Number.NaN;
    }
    if (!Number.isNaN(least) && !Number.isNaN(most)) {
      // Zeros of both signs are equal and must both lie in the range.
      this.#note("min", new Uint8Array(new Float64Array([least === 0 ? -0 : least]).buffer));
      this.#note("max", new Uint8Array(new Float64Array([most === 0 ? 0 : most]).buffer));
    }
    this.#page.split(numbers, values);
    return ENCODING.byteStreamSplit;
  }

  #write({ field, words }: BlockColumn, rows: number): void {
    const page = this.#page.bytes.subarray(0, this.#page.length);
    const dictionary = this.#dictionary.bytes.subarray(0, this.#dictionary.length);
    let storedPage: Uint8Array = page;
    let storedDictionary: Uint8Array = dictionary;
    let codec: number = CODEC.none;
    const raw = page.length + dictionary.length;
    const wait = this.#raw.get(field) ?? 0;
    if (wait > 0) this.#raw.set(field, wait - 1);
    else if (raw >= LEAST_COMPRESSED) {
      const pressedPage = compress(page);
      const pressedDictionary = words > 0 ? compress(dictionary) : dictionary;
      if (pressedPage.length + pressedDictionary.length < raw * WORTHWHILE) {
        storedPage = pressedPage;
        storedDictionary = pressedDictionary;
        codec = CODEC.zstd;
      } else this.#raw.set(field, RAW_FOR);
    }
    const out = this.#out;
    const start = out.length;
    let headers = 0;
    if (words > 0) {
      const size = { raw: dictionary.length, stored: storedDictionary.length };
      const header = dictionaryPageHeader(this.#thrift, size, words);
      headers += header.length;
      out.append(header);
      out.append(storedDictionary);
      this.#set("dictionary", out.length - start);
    }
    const size = { raw: page.length, stored: storedPage.length };
    const encoding = this.#facts[this.#at + FACT.encoding] as number;
    const header = dataPageHeader(this.#thrift, size, rows, encoding);
    headers += header.length;
    out.append(header);
    out.append(storedPage);
    this.#set("start", start);
    this.#set("stored", out.length - start);
    this.#set("raw", raw + headers);
    this.#set("codec", codec);
    for (const which of ["min", "max"] as const) {
      const value = this.#noted[which];
      if (value === undefined) continue;
      this.#set(`${which}At`, out.length);
      this.#set(`${which}Length`, value.length);
      out.append(value);
      this.#noted[which] = undefined;
    }
  }

  readonly #noted: Record<"min" | "max", Uint8Array | undefined> = { min: undefined, max: undefined };

  #note(which: "min" | "max", value: Uint8Array): void {
    this.#noted[which] = value;
  }

  #set(fact: keyof typeof FACT, value: number): void {
    this.#facts[this.#at + FACT[fact]] = value;
  }
}

/** Adds the text of a cell; the page has room for it and 16 bytes more. */
function appendText(page: PageWriter, cells: Uint32Array, at: number, text: Buffer, view: DataView): void {
  const length = cells[at] as number;
  const start = cells[at + 2] as number;
  if (length > INLINE) page.copy(text, view, start, start + length);
  else {
    page.words(cells[at + 1] as number, start, cells[at + 3] as number);
    page.length += length;
  }
}

function compress(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  // With its length known and room for it all, it is compressed in one go, without copies of parts.
  return zstdCompressSync(bytes, {
    params: PARAMS,
    pledgedSrcSize: length,
    chunkSize: length + (length >> 8) + 1024,
  });
}

function isSet(bits: Uint8Array, row: number): boolean {
  return (((bits[row >> 3] as number) >> (row & 7)) & 1) === 1;
}

function countBits(bits: Uint8Array): number {
  let count = 0;
  for (const byte of bits) for (let left = byte; left > 0; left &= left - 1) count++;
  return count;
}
