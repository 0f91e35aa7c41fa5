// The loops below run for every cell of every message: values are read within bounds known beforehand, hence `as number`.
import { isUtf8 } from "node:buffer";
import { closeSync, openSync } from "node:fs";
import { type Block, type BlockColumn, type Buffers, NOTHING } from "../blocks/block.ts";
import { CellSpace } from "../blocks/cell-space.ts";
import { cellBytes, columnTypes } from "../blocks/column-type.ts";
import { putText } from "../blocks/encode-column.ts";
import { PADDING } from "../blocks/text-heap.ts";
import { Validity } from "../blocks/validity.ts";
import { DeltaReader } from "./delta-reader.ts";
import { Directory, type GroupPlaces, type Page, type Place } from "./directory.ts";
import { ENCODING } from "./format.ts";
import { type Bytes, readPage } from "./read-bytes.ts";

const SHIFT_32 = 4294967296;

/** What is read of a block: all but what only its writer knows. */
export type ReadBlock = Pick<Block, "rows" | "columns" | "cells" | "text" | "textLength">;

/** A file of ours whose messages are all wanted. */
export type WholeFile = {
  readonly path: string;
  /** Where its directory is. */
  readonly directory: number;
  readonly rows: number;
  /** Its columns, in their order. */
  readonly columns: readonly Pick<BlockColumn, "field" | "type" | "inside">[];
};

/**
 * Reads row groups back as the blocks they were encoded from, one after another. Their memory is the caller's.
 * @throws Error when the file cannot be read or does not hold what its directory says.
 */
export function* readGroups(
  { path, directory: at, rows, columns }: WholeFile,
  buffers: Buffers,
): Generator<ReadBlock> {
  const file = openSync(path, "r");
  try {
    const directory = new Directory(file, at);
    const reader = new GroupReader(file, buffers);
    const groups = Array.from({ length: directory.groups }, (_, group) => directory.group(group));
    for (const [index, group] of groups.entries()) {
      const end = groups[index + 1]?.firstRow ?? rows;
      yield reader.read(group, end - group.firstRow, columns);
    }
  } finally {
    closeSync(file);
  }
}

/** Where a column is put together; the field and so on are known. */
type Decoded = Pick<BlockColumn, "data" | "codes" | "words">;

class GroupReader {
  readonly #file: number;
  readonly #buffers: Buffers;
  readonly #space: CellSpace;
  readonly #valid = new Validity();
  #rows = 0;
  #numbers = new Float64Array(0);
  /** Pages with texts, as they are: cells point into them. */
  #text = Buffer.from(NOTHING);
  #view = new DataView(NOTHING);
  #textLength = 0;

  constructor(file: number, buffers: Buffers) {
    this.#file = file;
    this.#buffers = buffers;
    this.#space = new CellSpace(buffers);
  }

  read(group: GroupPlaces, rows: number, columns: WholeFile["columns"]): ReadBlock {
    if (this.#numbers.length < rows) this.#numbers = new Float64Array(rows);
    this.#rows = rows;
    const places = columns.map((_, index) => group.place(index));
    const texts = places.map((place) => (place !== undefined && hasTexts(place) ? sizeOf(place) : 0));
    const text = this.#buffers.take(texts.reduce((sum, size) => sum + size, PADDING));
    this.#text = Buffer.from(text);
    this.#view = new DataView(text);
    this.#textLength = 0;
    this.#space.begin(rows);
    const read = columns.flatMap((column, index) => {
      const place = places[index];
      if (place === undefined) return [];
      this.#valid.clear(rows);
      const decoded = this.#decode(column, place);
      return [{ ...column, ...decoded, valid: this.#valid.place(this.#space) }];
    });
    return { rows, columns: read, cells: this.#space.end(), text, textLength: this.#textLength };
  }

  #decode({ type }: Pick<BlockColumn, "type">, place: Place): Decoded {
    if (place.encoding === ENCODING.rleDictionary) return this.#words(place);
    const width = cellBytes(type);
    const data = this.#space.allocate(this.#rows * width);
    new Uint8Array(this.#space.memory, data, this.#rows * width).fill(0);
    for (const page of place.pages(this.#rows)) {
      if (place.encoding === ENCODING.deltaLengthByteArray) this.#texts(page, place, data);
      else {
        const bytes = readPage(this.#file, page, place.isCompressed);
        const { at, values } = this.#levels(bytes, page);
        if (values === 0) continue;
        if (place.encoding === ENCODING.deltaBinaryPacked) this.#deltas(bytes, at, page, values, data);
        else if (place.encoding === ENCODING.byteStreamSplit) this.#doubles(bytes, at, page, values, data);
        else if (columnTypes[type].cells === "boolean") this.#booleans(bytes, at, page, data);
        else this.#longs(bytes, at, page, data);
      }
    }
    return { data, codes: -1, words: 0 };
  }

  /** Reads a page into the block's text, where it stays; its `byteOffset` is the place it got. */
  #textPage(page: Bytes, isCompressed: boolean): Buffer {
    const bytes = readPage(this.#file, page, isCompressed);
    const start = this.#textLength;
    this.#text.set(bytes, start);
    this.#textLength += bytes.length;
    return this.#text.subarray(start, this.#textLength);
  }

  #texts(page: Page, { isCompressed }: Place, data: number): void {
    const bytes = this.#textPage(page, isCompressed);
    const { at, values } = this.#levels(bytes, page);
    if (values === 0) return;
    const lengths = this.#numbers;
    const deltas = new DeltaReader(bytes, at);
    expectCount(deltas.all(lengths), values);
    const cells = new Uint32Array(this.#space.memory, data, this.#rows * 4);
    const end = bytes.byteOffset + bytes.length;
    let start = bytes.byteOffset + deltas.end;
    let value = 0;
    for (let row = page.firstRow; row < page.endRow; row++) {
      if (!this.#valid.has(row)) continue;
      const length = lengths[value++] as number;
      if (!(length >= 0 && start + length <= end)) throw new Error("a page ends before its texts do");
      putText(this.#view, cells, row * 4, start, length);
      start += length;
    }
    expectText(this.#text.subarray(bytes.byteOffset + deltas.end, start));
  }

  #words(place: Place): Decoded {
    const dictionary = this.#textPage(place.dictionary, place.isCompressed);
    const starts: number[] = [];
    for (let at = 0; at < dictionary.length; at += 4 + dictionary.readUInt32LE(at)) starts.push(at);
    const words = starts.length;
    const codesAt = this.#space.allocate(this.#rows * 2);
    const data = this.#space.allocate(words * cellBytes("text"));
    const cells = new Uint32Array(this.#space.memory, data, words * 4);
    for (const [word, at] of starts.entries()) {
      const length = dictionary.readUInt32LE(at);
      if (at + 4 + length > dictionary.length) throw new Error("a dictionary ends before its words do");
      expectText(dictionary.subarray(at + 4, at + 4 + length));
      putText(this.#view, cells, word * 4, dictionary.byteOffset + at + 4, length);
    }
    const codes = new Uint16Array(this.#space.memory, codesAt, this.#rows);
    for (const page of place.pages(this.#rows)) {
      const bytes = readPage(this.#file, page, place.isCompressed);
      const { at } = this.#levels(bytes, page);
      if (this.#codes(bytes, at, page, codes) >= words) throw new Error("a code stands for no word");
    }
    return { data, codes: codesAt, words };
  }

  /** Reads what `PageWriter.codes` wrote, one run of one value or of bits, and returns the greatest code. */
  #codes(page: Buffer, start: number, { firstRow, endRow }: Page, codes: Uint16Array): number {
    const width = page[start] as number;
    const mask = (1 << width) - 1;
    let at = start + 1;
    while ((page[at++] as number) >= 128);
    let held = 0;
    let bits = 0;
    let greatest = 0;
    for (let row = firstRow; row < endRow; row++) {
      let code = 0;
      if (this.#valid.has(row)) {
        while (bits < width) {
          held |= page.readUInt8(at++) << bits;
          bits += 8;
        }
        code = held & mask;
        held >>>= width;
        bits -= width;
        if (code > greatest) greatest = code;
      }
      codes[row] = code;
    }
    return greatest;
  }

  #deltas(bytes: Buffer, at: number, { firstRow, endRow }: Page, values: number, data: number): void {
    const numbers = this.#numbers;
    expectCount(new DeltaReader(bytes, at).all(numbers), values);
    const low = new Uint32Array(this.#space.memory, data, this.#rows * 2);
    const high = new Int32Array(this.#space.memory, data, this.#rows * 2);
    let value = 0;
    for (let row = firstRow; row < endRow; row++) {
      if (!this.#valid.has(row)) continue;
      const number = numbers[value++] as number;
      low[2 * row] = number;
      high[2 * row + 1] = Math.floor(number / SHIFT_32);
    }
  }

  #doubles(bytes: Buffer, at: number, { firstRow, endRow }: Page, values: number, data: number): void {
    expectCount((bytes.length - at) / 8, values);
    const cells = new Uint8Array(this.#space.memory, data, this.#rows * 8);
    let value = at;
    for (let row = firstRow; row < endRow; row++) {
      if (!this.#valid.has(row)) continue;
      for (let stream = 0; stream < 8; stream++)
        cells[row * 8 + stream] = bytes[value + stream * values] as number;
      value++;
    }
  }

  #booleans(bytes: Buffer, at: number, { firstRow, endRow }: Page, data: number): void {
    const cells = new Uint8Array(this.#space.memory, data, this.#rows);
    let value = 0;
    for (let row = firstRow; row < endRow; row++) {
      if (!this.#valid.has(row)) continue;
      cells[row] = (bytes.readUInt8(at + (value >> 3)) >> (value & 7)) & 1;
      value++;
    }
  }

  #longs(bytes: Buffer, at: number, { firstRow, endRow }: Page, data: number): void {
    const cells = new Uint32Array(this.#space.memory, data, this.#rows * 2);
    let value = at;
    for (let row = firstRow; row < endRow; row++) {
      if (!this.#valid.has(row)) continue;
      cells[2 * row] = bytes.readUInt32LE(value);
      cells[2 * row + 1] = bytes.readUInt32LE(value + 4);
      value += 8;
    }
  }

  /** Notes which rows of a page have a value, and returns how many have and where the values begin. */
  #levels(page: Buffer, { firstRow, endRow }: Page): { at: number; values: number } {
    const before = this.#valid.written;
    const end = 4 + page.readUInt32LE(0);
    let at = 4;
    let row = firstRow;
    while (row < endRow) {
      let header = 0;
      for (let factor = 1; ; factor *= 128) {
        const byte = page.readUInt8(at++);
        header += (byte & 127) * factor;
        if (byte < 128) break;
      }
      const isBits = header % 2 === 1;
      const count = Math.min(endRow - row, Math.floor(header / 2) * (isBits ? 8 : 1));
      if (at >= end || count === 0) throw new Error("a page ends before its rows do");
      for (let index = 0; index < count; index++)
        if (((page[isBits ? at + (index >> 3) : at] as number) >> (isBits ? index & 7 : 0)) & 1)
          this.#valid.mark(row + index);
      at += isBits ? Math.floor(header / 2) : 1;
      row += count;
    }
    return { at: end, values: this.#valid.written - before };
  }
}

function hasTexts({ encoding }: Place): boolean {
  return encoding === ENCODING.rleDictionary || encoding === ENCODING.deltaLengthByteArray;
}

/** Bytes its pages take when unpacked. */
function sizeOf(place: Place): number {
  return place.pages(0).reduce((sum, { raw }) => sum + raw, place.dictionary.raw);
}

function expectCount(found: number, expected: number): void {
  if (found !== expected) throw new Error(`a page has ${found} values instead of ${expected}`);
}

/** DuckDB trusts texts to be well-formed, and would refuse the file they came to. */
function expectText(bytes: Buffer): void {
  if (!isUtf8(bytes)) throw new Error("a page has a text that is none");
}
