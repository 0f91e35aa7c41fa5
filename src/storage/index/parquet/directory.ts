// Numbers are read within bounds known beforehand, hence `as number`.
import { crc32 } from "node:zlib";
import type { Block, RowGroup } from "../blocks/block.ts";
import { type Bytes, readBytes } from "./read-bytes.ts";
import { FACT, FACTS } from "./row-group.ts";

/** Numbers of a row group: its first row and where its table is. */
const GROUP = 2;
/** Numbers of a chunk: its dictionary's bytes (see `Bytes`), encoding, codec, its first page, how many pages. */
const CHUNK = 7;
/** Numbers of a page: its first row in the row group and its bytes. */
const PAGE = 4;
/** What is before the pages of a column among a row group's places. */
const COLUMN = 4;
/** Numbers before the row groups: how many columns there are. */
const HEAD = 1;
/** Bytes before a table of numbers: how many numbers there are, and their CRC-32. */
const BEFORE = 16;
/** More than any table has. */
const MOST_NUMBERS = 1e7;

/**
 * Says where everything is in a file of ours, down to the bytes of each page: tables of numbers between the last
 * row group and the footer, where other readers do not look. There is one for each row group, and at last one of them all.
 */
export class Directory {
  readonly #file: number;
  readonly #numbers: Float64Array;

  /** @throws Error when a table is damaged, here and when a row group is asked for. */
  constructor(file: number, at: number) {
    this.#file = file;
    this.#numbers = readNumbers(file, at);
  }

  /** How many row groups there are. */
  get groups(): number {
    return (this.#numbers.length - HEAD) / GROUP;
  }

  /** The row group that holds a row: its number. */
  groupOf(row: number): number {
    for (let group = this.groups - 1; ; group--)
      if (group <= 0 || (this.#numbers[HEAD + group * GROUP] as number) <= row) return group;
  }

  group(group: number): GroupPlaces {
    const [firstRow = 0, at = 0] = this.#numbers.subarray(HEAD + group * GROUP);
    return new GroupPlaces(firstRow, readNumbers(this.#file, at), this.#numbers[0] as number);
  }
}

/** Where the columns of one row group are. */
export class GroupPlaces {
  readonly firstRow: number;
  readonly #numbers: Float64Array;
  readonly #columns: number;

  constructor(firstRow: number, numbers: Float64Array, columns: number) {
    this.firstRow = firstRow;
    this.#numbers = numbers;
    this.#columns = columns;
  }

  /** A column's chunk; undefined when it has no value here. */
  place(column: number): Place | undefined {
    const at = column * CHUNK;
    const pages = this.#columns * CHUNK;
    const [dictionaryAt = 0, length = 0, raw = 0, encoding = 0, codec = 0, first = 0, count = 0] =
      this.#numbers.subarray(at, at + CHUNK);
    if (count === 0) return undefined;
    const own = this.#numbers.subarray(pages + first * PAGE, pages + (first + count) * PAGE);
    return new Place({ at: dictionaryAt, length, raw }, encoding, codec !== 0, own);
  }
}

function readNumbers(file: number, at: number): Float64Array {
  const before = readBytes(file, at, BEFORE);
  const length = before.readDoubleLE(0);
  if (!(length > 0 && length < MOST_NUMBERS)) throw new Error("the directory is damaged");
  const bytes = readBytes(file, at + BEFORE, length * 8);
  if (crc32(bytes) !== before.readDoubleLE(8)) throw new Error("the directory is damaged");
  return new Float64Array(bytes.buffer, bytes.byteOffset, length);
}

/** A page and its rows, counted from the row group's first; `endRow` is not one of them. */
export type Page = Bytes & { readonly firstRow: number; readonly endRow: number };

/** One column chunk. */
export class Place {
  readonly dictionary: Bytes;
  readonly encoding: number;
  readonly isCompressed: boolean;
  readonly #pages: Float64Array;

  constructor(dictionary: Bytes, encoding: number, isCompressed: boolean, pages: Float64Array) {
    this.dictionary = dictionary;
    this.encoding = encoding;
    this.isCompressed = isCompressed;
    this.#pages = pages;
  }

  /** The page that holds a row, counted from the row group's first. */
  pageOf(row: number): Bytes & { readonly firstRow: number } {
    let at = this.#pages.length - PAGE;
    while (at > 0 && (this.#pages[at] as number) > row) at -= PAGE;
    const [firstRow = 0, start = 0, length = 0, raw = 0] = this.#pages.subarray(at, at + PAGE);
    return { firstRow, at: start, length, raw };
  }

  /** All pages. @param rows how many the row group has. */
  pages(rows: number): Page[] {
    return Array.from({ length: this.#pages.length / PAGE }, (_, index) => {
      const [firstRow = 0, at = 0, length = 0, raw = 0, endRow = rows] = this.#pages.subarray(index * PAGE);
      return { firstRow, endRow, at, length, raw };
    });
  }
}

/** Collects the tables of a directory while a file is written. */
export class DirectoryWriter {
  readonly #fields: readonly string[];
  readonly #groups: { readonly firstRow: number; readonly numbers: readonly number[] }[] = [];
  #row = 0;

  /** @param fields the file's columns, in order. */
  constructor(fields: readonly string[]) {
    this.#fields = fields;
  }

  /** Notes a block whose row group begins at a place of the file. */
  add(block: Block, { facts, places }: RowGroup, at: number): void {
    const starts = new Map<string, number>();
    let place = 0;
    for (const { field } of block.columns) {
      starts.set(field, place);
      place += COLUMN + (places[place + COLUMN - 1] as number) * PAGE;
    }
    const columns = new Map(block.columns.map(({ field }, index) => [field, index]));
    const chunks: number[] = [];
    const pages: number[] = [];
    for (const field of this.#fields) {
      const column = columns.get(field);
      const start = starts.get(field);
      if (column === undefined || start === undefined) {
        chunks.push(0, 0, 0, 0, 0, 0, 0);
        continue;
      }
      const fact = (name: keyof typeof FACT) => facts[column * FACTS + FACT[name]] as number;
      const [dictionary = 0, length = 0, raw = 0, count = 0] = places.subarray(start, start + COLUMN);
      chunks.push(at + dictionary, length, raw, fact("encoding"), fact("codec"), pages.length / PAGE, count);
      for (let page = 0; page < count; page++) {
        const from = start + COLUMN + page * PAGE;
        const [first = 0, begin = 0, stored = 0, unpacked = 0] = places.subarray(from, from + PAGE);
        pages.push(first, at + begin, stored, unpacked);
      }
    }
    this.#groups.push({ firstRow: this.#row, numbers: [...chunks, ...pages] });
    this.#row += block.rows;
  }

  /** The tables one after another, to be written at a place of the file, and where the last one is. */
  end(at: number): { bytes: Uint8Array; directory: number } {
    const tables: Buffer[] = [];
    const head = [this.#fields.length];
    let next = at;
    for (const { firstRow, numbers } of this.#groups) {
      head.push(firstRow, next);
      const table = tableOf(numbers);
      tables.push(table);
      next += table.length;
    }
    return { bytes: Buffer.concat([...tables, tableOf(head)]), directory: next };
  }
}

function tableOf(numbers: readonly number[]): Buffer {
  const own = new Uint8Array(new Float64Array(numbers).buffer);
  return Buffer.concat([new Uint8Array(new Float64Array([numbers.length, crc32(own)]).buffer), own]);
}
