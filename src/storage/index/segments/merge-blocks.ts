// The loops below run for every cell of every message: typed arrays are indexed within bounds known beforehand, hence `as number`.
import { asBytes } from "../../../core/text.ts";
import { type BlockColumn, type Buffers, TIME } from "../blocks/block.ts";
import { CellSpace } from "../blocks/cell-space.ts";
import { cellBytes, columnTypes } from "../blocks/column-type.ts";
import { PADDING } from "../blocks/text-heap.ts";
import { Validity } from "../blocks/validity.ts";
import type { Messages } from "../parquet/chunk-values.ts";
import type { SchemaColumn } from "./catalogue.ts";
import { TextMerger } from "./merge-texts.ts";
import type { Part } from "./portions.ts";

const SHIFT_32 = 4294967296;

/** Makes one block of the rows of several. */
export class BlockMerger {
  readonly #sensor: string;
  readonly #fields: readonly SchemaColumn[];
  readonly #buffers: Buffers;
  readonly #space: CellSpace;
  readonly #texts: TextMerger;
  readonly #valid = new Validity();
  #parts: readonly Part[] = [];
  #rows = 0;

  /**
   * @param fields what the block may hold, and as what: of the type it has in every block, or fractions where some have
   * whole numbers.
   */
  constructor(sensor: string, fields: readonly SchemaColumn[], buffers: Buffers) {
    this.#sensor = sensor;
    this.#fields = fields;
    this.#buffers = buffers;
    this.#space = new CellSpace(buffers);
    this.#texts = new TextMerger(this.#space);
  }

  /** The memory of the block is the caller's. */
  merge(parts: readonly Part[]): Messages {
    this.#parts = parts;
    this.#rows = parts.reduce((sum, { rows }) => sum + rows.length, 0);
    this.#space.begin(this.#rows);
    const { text, length, places } = this.#joinTexts();
    this.#texts.begin(parts, places, this.#rows, new DataView(text));
    const columns: BlockColumn[] = [];
    for (const field of this.#fields) {
      const column = this.#column(field);
      if (column !== undefined) columns.push(column);
    }
    const cells = this.#space.end();
    const times = columns.find(({ field }) => field === TIME) as BlockColumn;
    const { min, max } = rangeOf(new Uint32Array(cells, times.data, this.#rows * 2));
    return {
      sensor: this.#sensor,
      rows: this.#rows,
      columns,
      cells,
      text,
      textLength: length,
      minTime: min,
      maxTime: max,
      // Names are for blocks that are searched.
      rest: undefined,
    };
  }

  /** The texts of all parts one after another, and where each of them begins. */
  #joinTexts(): { text: Messages["text"]; length: number; places: number[] } {
    const places: number[] = [];
    let length = 0;
    for (const { block } of this.#parts) {
      places.push(length);
      length += block.textLength;
    }
    const text = this.#buffers.take(length + PADDING);
    const bytes = asBytes(text, 0, text.byteLength);
    for (const [index, { block }] of this.#parts.entries())
      bytes.set(asBytes(block.text, 0, block.textLength), places[index]);
    return { text, length, places };
  }

  /** Undefined when no row has a value. */
  #column({ field, type, inside }: SchemaColumn): BlockColumn | undefined {
    const { cells } = columnTypes[type];
    if (cells === "text") {
      const merged = this.#texts.merge(field);
      return merged && { field, type, inside, ...merged };
    }
    this.#valid.clear(this.#rows);
    const from = this.#space.used;
    const width = cellBytes(type);
    const data = this.#space.allocate(this.#rows * width);
    new Uint8Array(this.#space.memory, data, this.#rows * width).fill(0);
    let at = 0;
    for (const part of this.#parts) {
      const column = part.columns.get(field);
      if (column !== undefined) {
        if (cells === "boolean") this.#copyBooleans(part, column, data, at);
        else if (type === column.type) this.#copyWide(part, column, data, at);
        else this.#copyLongsAsDoubles(part, column, data, at);
        this.#valid.markFrom(part.block.cells, column.valid, part.rows, at);
      }
      at += part.rows.length;
    }
    if (this.#valid.written === 0) {
      this.#space.release(from);
      return undefined;
    }
    return { field, type, data, codes: -1, words: 0, inside, valid: this.#valid.place(this.#space) };
  }

  /** Cells of eight bytes, as two halves: as numbers their bits might not stay what they are. */
  #copyWide({ block, rows }: Part, column: BlockColumn, data: number, at: number): void {
    const from = new Uint32Array(block.cells, column.data, block.rows * 2);
    const to = new Uint32Array(this.#space.memory, data + at * 8, rows.length * 2);
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index] as number;
      to[2 * index] = from[2 * row] as number;
      to[2 * index + 1] = from[2 * row + 1] as number;
    }
  }

  /** A field that got fractions later than this block. */
  #copyLongsAsDoubles({ block, rows }: Part, column: BlockColumn, data: number, at: number): void {
    const low = new Uint32Array(block.cells, column.data, block.rows * 2);
    const high = new Int32Array(block.cells, column.data, block.rows * 2);
    const to = new Float64Array(this.#space.memory, data + at * 8, rows.length);
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index] as number;
      to[index] = (high[2 * row + 1] as number) * SHIFT_32 + (low[2 * row] as number);
    }
  }

  #copyBooleans({ block, rows }: Part, column: BlockColumn, data: number, at: number): void {
    const from = new Uint8Array(block.cells, column.data, block.rows);
    const to = new Uint8Array(this.#space.memory, data + at, rows.length);
    for (let index = 0; index < rows.length; index++) to[index] = from[rows[index] as number] as number;
  }
}

/** The least and the greatest of times given as two halves each. */
function rangeOf(halves: Uint32Array): { min: number; max: number } {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < halves.length; at += 2) {
    const time = ((halves[at + 1] as number) | 0) * SHIFT_32 + (halves[at] as number);
    if (time < min) min = time;
    if (time > max) max = time;
  }
  return { min, max };
}
