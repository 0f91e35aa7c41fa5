// The loops below run for every cell of every message: typed arrays are indexed within bounds known beforehand, hence `as number`.
import type { BlockColumn } from "../blocks/block.ts";
import type { CellSpace } from "../blocks/cell-space.ts";
import { cellBytes } from "../blocks/column-type.ts";
import { PLAIN_FOR } from "../blocks/encode-column.ts";
import { isValid, Validity } from "../blocks/validity.ts";
import { mostWords, Words } from "../blocks/words.ts";
import type { Part } from "./portions.ts";

const CELL_WORDS = 4;
const UNKNOWN = 0xffff;

/** A column as it is in the block. */
type Merged = Pick<BlockColumn, "data" | "codes" | "words" | "valid">;

/** Makes one column of the texts of several blocks, which are one after another in one memory. */
export class TextMerger {
  readonly #space: CellSpace;
  readonly #words = new Words();
  readonly #valid = new Validity();
  /** By field: for how many blocks no dictionary is tried. */
  readonly #plain = new Map<string, number>();
  #parts: readonly Part[] = [];
  #places: readonly number[] = [];
  #rows = 0;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #codes = new Uint16Array(0);
  /** The codes in this block of the words of one part. */
  #met = new Uint16Array(0);

  constructor(space: CellSpace) {
    this.#space = space;
  }

  /** @param places where the text of each part begins in `view`. */
  begin(parts: readonly Part[], places: readonly number[], rows: number, view: DataView): void {
    this.#parts = parts;
    this.#places = places;
    this.#rows = rows;
    this.#view = view;
    if (this.#codes.length < rows) this.#codes = new Uint16Array(rows);
  }

  /** The texts of a field, with a dictionary if they repeat; undefined when no row has one. */
  merge(field: string): Merged | undefined {
    this.#valid.clear(this.#rows);
    let at = 0;
    for (const { block, columns, rows } of this.#parts) {
      const column = columns.get(field);
      if (column !== undefined) this.#valid.markFrom(block.cells, column.valid, rows, at);
      at += rows.length;
    }
    if (this.#valid.written === 0) return undefined;
    const wait = this.#plain.get(field) ?? 0;
    if (wait === 0) {
      if (this.#findWords(field)) return this.#coded();
      this.#plain.set(field, PLAIN_FOR);
    } else this.#plain.set(field, wait - 1);
    return this.#spread(field);
  }

  /** Finds the code of each row; false when there are too many different texts. */
  #findWords(field: string): boolean {
    this.#words.begin(mostWords(this.#rows), this.#view);
    let at = 0;
    for (const [index, part] of this.#parts.entries()) {
      const column = part.columns.get(field);
      if (column === undefined) this.#codes.fill(0, at, at + part.rows.length);
      else if (
        column.codes < 0
          ? !this.#internCells(part, index, column, at)
          : !this.#internWords(part, index, column, at)
      )
        return false;
      at += part.rows.length;
    }
    return true;
  }

  #internCells(part: Part, index: number, column: BlockColumn, at: number): boolean {
    const { block, rows } = part;
    const cells = new Uint32Array(block.cells, column.data, block.rows * CELL_WORDS);
    const valid = validOf(part, column);
    const shift = this.#shift(part, index);
    const codes = this.#codes;
    for (let place = 0; place < rows.length; place++) {
      const row = rows[place] as number;
      const code = valid !== undefined && !isValid(valid, row) ? 0 : this.#intern(cells, row, shift);
      if (code < 0) return false;
      codes[at + place] = code;
    }
    return true;
  }

  #internWords(part: Part, index: number, column: BlockColumn, at: number): boolean {
    const { block, rows } = part;
    const words = new Uint32Array(block.cells, column.data, column.words * CELL_WORDS);
    const own = new Uint16Array(block.cells, column.codes, block.rows);
    const valid = validOf(part, column);
    const shift = this.#shift(part, index);
    if (this.#met.length < column.words) this.#met = new Uint16Array(column.words * 2);
    const met = this.#met.fill(UNKNOWN, 0, column.words);
    const codes = this.#codes;
    for (let place = 0; place < rows.length; place++) {
      const row = rows[place] as number;
      if (valid !== undefined && !isValid(valid, row)) {
        codes[at + place] = 0;
        continue;
      }
      const word = own[row] as number;
      let code = met[word] as number;
      if (code === UNKNOWN) {
        code = this.#intern(words, word, shift);
        if (code < 0) return false;
        met[word] = code;
      }
      codes[at + place] = code;
    }
    return true;
  }

  /** The code of a cell; -1 when there are too many. */
  #intern(cells: Uint32Array, cell: number, shift: number): number {
    const at = cell * CELL_WORDS;
    const length = cells[at] as number;
    const third = cells[at + 2] as number;
    return Words.isShort(length)
      ? this.#words.short(length, cells[at + 1] as number, third, cells[at + 3] as number)
      : this.#words.long(length, (third + shift) >>> 0);
  }

  /** The column whose codes were just found. */
  #coded(): Merged {
    const { cells, count } = this.#words;
    const codes = this.#space.allocate(this.#rows * 2);
    const data = this.#space.allocate(count * cellBytes("text"));
    new Uint16Array(this.#space.memory, codes, this.#rows).set(this.#codes.subarray(0, this.#rows));
    new Uint32Array(this.#space.memory, data, count * CELL_WORDS).set(cells.subarray(0, count * CELL_WORDS));
    return { codes, data, words: count, valid: this.#valid.place(this.#space) };
  }

  /** A column in which each row has its own cell. */
  #spread(field: string): Merged {
    const data = this.#space.allocate(this.#rows * cellBytes("text"));
    const cells = new Uint32Array(this.#space.memory, data, this.#rows * CELL_WORDS);
    let at = 0;
    for (const [index, part] of this.#parts.entries()) {
      const column = part.columns.get(field);
      const end = at + part.rows.length * CELL_WORDS;
      if (column === undefined) cells.fill(0, at, end);
      else this.#spreadPart(part, index, column, cells.subarray(at, end));
      at = end;
    }
    return { codes: -1, data, words: 0, valid: this.#valid.place(this.#space) };
  }

  #spreadPart(part: Part, index: number, column: BlockColumn, to: Uint32Array): void {
    const { block, rows } = part;
    const from = new Uint32Array(
      block.cells,
      column.data,
      (column.codes < 0 ? block.rows : column.words) * CELL_WORDS,
    );
    const codes = column.codes < 0 ? undefined : new Uint16Array(block.cells, column.codes, block.rows);
    const valid = validOf(part, column);
    const shift = this.#shift(part, index);
    for (let place = 0; place < rows.length; place++) {
      const row = rows[place] as number;
      const out = place * CELL_WORDS;
      if (valid !== undefined && !isValid(valid, row)) {
        to.fill(0, out, out + CELL_WORDS);
        continue;
      }
      const at = (codes === undefined ? row : (codes[row] as number)) * CELL_WORDS;
      const length = from[at] as number;
      const isShort = Words.isShort(length);
      to[out] = length;
      to[out + 1] = from[at + 1] as number;
      to[out + 2] = isShort ? (from[at + 2] as number) : (from[at + 2] as number) + shift;
      to[out + 3] = isShort ? (from[at + 3] as number) : 0;
    }
  }

  /** What turns a place of a part's text into one of the block's, modulo 2^32. */
  #shift({ textBase }: Part, index: number): number {
    return (this.#places[index] as number) - textBase;
  }
}

function validOf({ block }: Part, { valid }: BlockColumn): Uint8Array | undefined {
  return valid < 0 ? undefined : new Uint8Array(block.cells, valid, (block.rows + 7) >> 3);
}
