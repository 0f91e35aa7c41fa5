// Cells are read within bounds known beforehand, hence `as number`.
import type { Block, BlockColumn } from "../blocks/block.ts";
import { columnTypes } from "../blocks/column-type.ts";
import { BloomFilter } from "./bloom-filter.ts";
import { ENCODING } from "./format.ts";
import { PageWriter } from "./page-writer.ts";
import { TextRange } from "./text-range.ts";

const INLINE = 12;
/** Whole numbers whose differences a double holds exactly, doubled. */
const MOST_EXACT = 2 ** 51;
/**
 * Bytes of text in a page, about: reading one text means unpacking its page. Half as many make packing slower by half and
 * the files of long texts larger by a twentieth.
 */
const PAGE_TEXT = 65_536;
/** Pages have a multiple of so many rows; levels must begin with a whole byte. */
const PAGE_STEP = 64;

/** A block as far as its messages go. */
export type Messages = Omit<Block, "group">;

/** The values of one column of a block, encoded: the pages of a column chunk before they are compressed. */
export class ChunkValues {
  readonly page = new PageWriter();
  readonly dictionary = new PageWriter();
  readonly bloom = new BloomFilter();
  /** How many rows each page holds, and where in `page` it ends. */
  pages: { readonly rows: number; readonly end: number }[] = [];
  nulls = 0;
  /** The least and the greatest value as PLAIN without a length; undefined when they are not known. */
  least: Uint8Array | undefined;
  greatest: Uint8Array | undefined;
  hasBloom = false;
  /** Whether there is a page of texts none of whose rows has one. */
  hasEmptyPage = false;
  readonly #range = new TextRange();
  #numbers = new Float64Array(0);
  #valid: Uint8Array | undefined;
  #values = 0;

  /** Takes in a column and returns how its values are encoded. */
  encode(block: Messages, column: BlockColumn): number {
    const { rows } = block;
    this.#valid = column.valid < 0 ? undefined : new Uint8Array(block.cells, column.valid, (rows + 7) >> 3);
    this.#values = this.#valid === undefined ? rows : countBits(this.#valid);
    if (this.#numbers.length < rows) this.#numbers = new Float64Array(rows);
    this.page.reset();
    this.dictionary.reset();
    this.pages = [];
    this.nulls = rows - this.#values;
    this.least = undefined;
    this.greatest = undefined;
    this.hasBloom = false;
    this.hasEmptyPage = false;
    if (columnTypes[column.type].cells === "text" && column.codes < 0) {
      this.#texts(block, column);
      return ENCODING.deltaLengthByteArray;
    }
    this.page.definitionLevels(this.#valid, 0, rows);
    const encoding = this.#fixed(block, column);
    this.pages.push({ rows, end: this.page.length });
    return encoding;
  }

  /** What goes into one page. */
  #fixed(block: Messages, column: BlockColumn): number {
    switch (columnTypes[column.type].cells) {
      case "text":
        return this.#words(block, column);
      case "boolean":
        return this.#booleans(block, column);
      case "long":
        return this.#longs(block, column);
      case "double":
        return this.#doubles(block, column);
    }
  }

  #words(block: Messages, column: BlockColumn): number {
    const cells = new Uint32Array(block.cells, column.data, column.words * 4);
    const text = Buffer.from(block.text);
    const view = new DataView(block.text);
    const { longest, total } = this.#range.measure(cells, column.words, undefined);
    this.dictionary.reserve(total + column.words * 4 + 16);
    for (let word = 0; word < column.words; word++) {
      this.dictionary.uint32(cells[word * 4] as number);
      appendText(this.dictionary, cells, word * 4, text, view);
    }
    const codes = new Uint16Array(block.cells, column.codes, block.rows);
    this.page.codes(codes, block.rows, column.words, this.#valid, this.#values);
    if (longest > TextRange.LONGEST) return ENCODING.rleDictionary;
    this.#noteRange(cells, column.words, undefined, view);
    if (column.type === "text") this.#fillBloom(cells, column.words, undefined, column, view);
    return ENCODING.rleDictionary;
  }

  /** Texts each for itself, in as many pages as their length asks for. */
  #texts(block: Messages, column: BlockColumn): void {
    const cells = new Uint32Array(block.cells, column.data, block.rows * 4);
    const text = Buffer.from(block.text);
    const view = new DataView(block.text);
    const valid = this.#valid;
    const { longest, total } = this.#range.measure(cells, block.rows, valid);
    const rows = Math.ceil((PAGE_TEXT / Math.max(total, 1)) * (block.rows / PAGE_STEP)) * PAGE_STEP;
    this.page.reserve(total + 16);
    for (let from = 0; from < block.rows; from += rows) {
      const to = Math.min(block.rows, from + rows);
      this.page.definitionLevels(valid, from, to);
      this.#textPage(cells, from, to, text, view);
      this.pages.push({ rows: to - from, end: this.page.length });
    }
    if (longest > TextRange.LONGEST) return;
    // Texts that come in order, as guids nearly do, are found by their range; the range of others is all there is.
    if (column.field === "guid" || this.#range.isSorted(cells, block.rows, valid, view))
      this.#noteRange(cells, block.rows, valid, view);
    else if (column.type === "text") this.#fillBloom(cells, block.rows, valid, column, view);
  }

  #textPage(cells: Uint32Array, from: number, to: number, text: Buffer, view: DataView): void {
    const { page } = this;
    const valid = this.#valid;
    const numbers = this.#numbers;
    let count = 0;
    let total = 0;
    for (let row = from; row < to; row++) {
      if (valid !== undefined && !isSet(valid, row)) continue;
      const length = cells[row * 4] as number;
      numbers[count++] = length;
      total += length;
    }
    if (count === 0) this.hasEmptyPage = true;
    // Also of no values at all: a page without the head of its encoding is one that nobody can read.
    page.deltas(numbers, count);
    page.reserve(total + 16);
    for (let row = from; row < to; row++)
      if (valid === undefined || isSet(valid, row)) appendText(page, cells, row * 4, text, view);
  }

  #noteRange(cells: Uint32Array, count: number, valid: Uint8Array | undefined, text: DataView): void {
    this.#range.find(cells, count, valid, text);
    this.least = this.#range.least(cells, text);
    this.greatest = this.#range.greatest(cells, text);
  }

  #fillBloom(
    cells: Uint32Array,
    count: number,
    valid: Uint8Array | undefined,
    column: BlockColumn,
    text: DataView,
  ): void {
    this.hasBloom = true;
    this.bloom.begin(valid === undefined ? count : this.#values);
    const own = new DataView(cells.buffer, column.data);
    for (let index = 0; index < count; index++) {
      if (valid !== undefined && !isSet(valid, index)) continue;
      const length = cells[index * 4] as number;
      if (length <= INLINE) this.bloom.add(own, index * 16 + 4, length);
      else this.bloom.add(text, cells[index * 4 + 2] as number, length);
    }
  }

  #booleans(block: Messages, column: BlockColumn): number {
    const cells = new Uint8Array(block.cells, column.data, block.rows);
    const valid = this.#valid;
    let byte = 0;
    let count = 0;
    for (let row = 0; row < block.rows; row++) {
      if (valid !== undefined && !isSet(valid, row)) continue;
      byte |= (cells[row] as number) << (count & 7);
      if ((++count & 7) !== 0) continue;
      this.page.byte(byte);
      byte = 0;
    }
    if ((count & 7) !== 0) this.page.byte(byte);
    return ENCODING.plain;
  }

  #longs(block: Messages, column: BlockColumn): number {
    const low = new Uint32Array(block.cells, column.data, block.rows * 2);
    const high = new Int32Array(block.cells, column.data, block.rows * 2);
    const valid = this.#valid;
    const numbers = this.#numbers;
    let count = 0;
    for (let row = 0; row < block.rows; row++) {
      if (valid !== undefined && !isSet(valid, row)) continue;
      numbers[count++] = (high[2 * row + 1] as number) * 4294967296 + (low[2 * row] as number);
    }
    const { least, most } = extremes(numbers, count);
    if (count > 0 && least >= -MOST_EXACT && most <= MOST_EXACT) {
      const isShort = columnTypes[column.type].plain === "int";
      const bytesOf = (value: number) =>
        new Uint8Array((isShort ? new Int32Array([value]) : new BigInt64Array([BigInt(value)])).buffer);
      this.least = bytesOf(least);
      this.greatest = bytesOf(most);
      // Always so for numbers of 32 bits: the differences of ports are small.
      if (this.page.deltas(numbers, count)) return ENCODING.deltaBinaryPacked;
    }
    for (let row = 0; row < block.rows; row++) {
      if (valid !== undefined && !isSet(valid, row)) continue;
      this.page.uint32(low[2 * row] as number);
      this.page.uint32(high[2 * row + 1] as number);
    }
    return ENCODING.plain;
  }

  #doubles(block: Messages, column: BlockColumn): number {
    const cells = new Float64Array(block.cells, column.data, block.rows);
    const valid = this.#valid;
    const numbers = this.#numbers;
    let count = 0;
    for (let row = 0; row < block.rows; row++) {
      if (valid !== undefined && !isSet(valid, row)) continue;
      numbers[count++] = cells[row] as number;
    }
    const { least, most } = extremes(numbers, count);
    // Of a column with a NaN nothing is known: it has no place in the order.
    if (!Number.isNaN(least)) {
      // Zeros of both signs are equal and must both be in the range.
      this.least = new Uint8Array(new Float64Array([least === 0 ? -0 : least]).buffer);
      this.greatest = new Uint8Array(new Float64Array([most === 0 ? 0 : most]).buffer);
    }
    this.page.split(numbers, count);
    return ENCODING.byteStreamSplit;
  }
}

/** The least and the greatest of the first numbers; both NaN when one of them is. */
function extremes(numbers: Float64Array, count: number): { least: number; most: number } {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < count; index++) {
    const value = numbers[index] as number;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return { least, most };
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

function isSet(bits: Uint8Array, row: number): boolean {
  return (((bits[row >> 3] as number) >> (row & 7)) & 1) === 1;
}

function countBits(bits: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < bits.length; at++)
    for (let left = bits[at] as number; left > 0; left &= left - 1) count++;
  return count;
}
