// Numbers are read within bounds known beforehand, hence `as number`.
import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { Block } from "../duckdb/block.ts";
import { FACT, FACTS, type RowGroup } from "./row-group.ts";
import { readBytes } from "./row-reader.ts";

/** Numbers of a row group: its first row, how many it has, where it begins and where it ends. */
const GROUP = 4;
/** Numbers of a chunk: its dictionary's bytes (see `Bytes`), encoding, codec, its first page, how many pages. */
const CHUNK = 7;
/** Numbers of a page: its first row in the row group and its bytes. */
const PAGE = 4;
/** What stands before the pages of a column among a row group's places. */
const COLUMN = 4;
const HEAD = 3;
/** Bytes before the numbers: how many there are, and their CRC-32. */
const BEFORE = 16;
/** More than any file has. */
const MOST_NUMBERS = 1e8;

/** Bytes of a file: where they begin, how many they are, and how many when unpacked. */
export type Bytes = { readonly at: number; readonly length: number; readonly raw: number };

/**
 * Where everything lies in a file of ours, down to the bytes of each page: a table of numbers that stands between the
 * last row group and the footer, where other readers do not look.
 */
export class Directory {
  readonly #numbers: Float64Array;
  readonly #groups: number;
  readonly #columns: number;

  private constructor(numbers: Float64Array) {
    this.#numbers = numbers;
    this.#groups = numbers[0] as number;
    this.#columns = numbers[1] as number;
  }

  static async read(file: FileHandle, at: number): Promise<Directory> {
    const before = await readBytes(file, at, BEFORE);
    const length = before.readDoubleLE(0);
    if (!(length > 0 && length < MOST_NUMBERS)) throw new Error("the directory is damaged");
    const bytes = await readBytes(file, at + BEFORE, length * 8);
    if (crc32(bytes) !== before.readDoubleLE(8)) throw new Error("the directory is damaged");
    return new Directory(new Float64Array(bytes.buffer, bytes.byteOffset, length));
  }

  /** The row group that holds a row. */
  groupOf(row: number): number {
    for (let group = this.#groups - 1; ; group--)
      if (group === 0 || (this.#numbers[HEAD + group * GROUP] as number) <= row) return group;
  }

  group(group: number): { firstRow: number; start: number; end: number } {
    const at = HEAD + group * GROUP;
    const [firstRow = 0, , start = 0, end = 0] = this.#numbers.subarray(at, at + GROUP);
    return { firstRow, start, end };
  }

  /** A column's chunk in a row group; undefined when it has no value there. */
  place(group: number, column: number): Place | undefined {
    if (column < 0) return undefined;
    const chunks = HEAD + this.#groups * GROUP;
    const at = chunks + (group * this.#columns + column) * CHUNK;
    const pages = chunks + this.#groups * this.#columns * CHUNK;
    const [dictionaryAt = 0, length = 0, raw = 0, encoding = 0, codec = 0, first = 0, count = 0] =
      this.#numbers.subarray(at, at + CHUNK);
    if (count === 0) return undefined;
    const own = this.#numbers.subarray(pages + first * PAGE, pages + (first + count) * PAGE);
    return new Place({ at: dictionaryAt, length, raw }, encoding, codec !== 0, own);
  }
}

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
}

/** Collects the numbers of a directory while a file is written. */
export class DirectoryWriter {
  readonly #fields: readonly string[];
  readonly #groups: number[] = [];
  readonly #chunks: number[] = [];
  readonly #pages: number[] = [];
  #row = 0;

  /** @param fields the file's columns, in order. */
  constructor(fields: readonly string[]) {
    this.#fields = fields;
  }

  /** Notes a block whose row group begins at a place of the file. */
  add(block: Block, { facts, places, length }: RowGroup, at: number): void {
    this.#groups.push(this.#row, block.rows, at, at + length);
    this.#row += block.rows;
    const starts = new Map<string, number>();
    let place = 0;
    for (const { field } of block.columns) {
      starts.set(field, place);
      place += COLUMN + (places[place + COLUMN - 1] as number) * PAGE;
    }
    const columns = new Map(block.columns.map(({ field }, index) => [field, index]));
    for (const field of this.#fields) {
      const column = columns.get(field);
      const start = starts.get(field);
      if (column === undefined || start === undefined) {
        this.#chunks.push(0, 0, 0, 0, 0, 0, 0);
        continue;
      }
      const fact = (name: keyof typeof FACT) => facts[column * FACTS + FACT[name]] as number;
      const count = places[start + COLUMN - 1] as number;
      this.#chunks.push(
        at + (places[start] as number),
        places[start + 1] as number,
        places[start + 2] as number,
        fact("encoding"),
        fact("codec"),
        this.#pages.length / PAGE,
        count,
      );
      for (let page = 0; page < count; page++) {
        const from = start + COLUMN + page * PAGE;
        const [first = 0, begin = 0, length = 0, raw = 0] = places.subarray(from, from + PAGE);
        this.#pages.push(first, at + begin, length, raw);
      }
    }
  }

  /** The table, with its length and its checksum before it. */
  bytes(): Uint8Array {
    const head = [this.#groups.length / GROUP, this.#fields.length, this.#pages.length / PAGE];
    const length = HEAD + this.#groups.length + this.#chunks.length + this.#pages.length;
    const all = new Float64Array(BEFORE / 8 + length);
    const numbers = all.subarray(BEFORE / 8);
    numbers.set(head);
    numbers.set(this.#groups, HEAD);
    numbers.set(this.#chunks, HEAD + this.#groups.length);
    numbers.set(this.#pages, HEAD + this.#groups.length + this.#chunks.length);
    all[0] = length;
    all[1] = crc32(new Uint8Array(all.buffer, BEFORE));
    return new Uint8Array(all.buffer);
  }
}
