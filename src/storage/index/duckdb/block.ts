import type { FieldType } from "../contract.ts";

/** What a column may hold: every type of a field but "mixed", which only a set of columns can be. */
export type ColumnType = Exclude<FieldType, "mixed">;

/** Bytes a cell takes in a block: DuckDB's vectors have the same layout, so a block is copied to them as it is. */
export const CELL_BYTES = { text: 16, json: 16, long: 8, double: 8, boolean: 1 } as const satisfies Record<
  ColumnType,
  number
>;

/** The column every row has: epoch milliseconds, what time ranges and days go by. */
export const TIME = "_time";
/** JSON of what has no column: rare fields, nulls, and values of another type than their field's column. */
export const REST = "_rest";

export type BlockColumn = {
  readonly field: string;
  readonly type: ColumnType;
  /** Where the cells begin in `cells`. */
  readonly data: number;
  /** Where the bits that tell values from nulls begin, or -1 when there are no nulls. */
  readonly valid: number;
  /** Whether each text is a part of the row's `original_string`, so that a word in it is found there. */
  readonly inside: boolean;
};

/**
 * The messages of one batch and sensor as columns, ready for DuckDB: plain memory that can be handed from thread to
 * thread. A text cell is DuckDB's string_t: length, then either up to 12 bytes of text, or 4 bytes of it and the
 * place of all of it, here counted from the beginning of `text`.
 */
export type Block = {
  readonly sensor: string;
  readonly rows: number;
  readonly columns: readonly BlockColumn[];
  readonly cells: ArrayBuffer;
  readonly text: ArrayBuffer;
  readonly textLength: number;
  readonly minTime: number;
  readonly maxTime: number;
  /** Fields that occur in `_rest`; undefined when there are too many to name. */
  readonly rest: readonly string[] | undefined;
};

/** Memory that blocks are made of, used again: fresh memory costs more than filling it. */
export class Buffers {
  readonly #free: ArrayBuffer[] = [];
  readonly #most: number;
  #bytes = 0;

  /** @param most bytes to keep for later. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Memory of at least this size, with anything in it. */
  take(bytes: number): ArrayBuffer {
    let best = -1;
    for (let index = 0; index < this.#free.length; index++) {
      const size = (this.#free[index] as ArrayBuffer).byteLength;
      if (size < bytes || size > bytes * 2 + 65_536) continue;
      if (best < 0 || size < (this.#free[best] as ArrayBuffer).byteLength) best = index;
    }
    if (best < 0) return new ArrayBuffer((bytes + (bytes >> 3) + 4095) & ~4095);
    const [found] = this.#free.splice(best, 1);
    this.#bytes -= (found as ArrayBuffer).byteLength;
    return found as ArrayBuffer;
  }

  give(buffer: ArrayBuffer): void {
    if (buffer.byteLength === 0) return;
    this.#free.push(buffer);
    this.#bytes += buffer.byteLength;
    while (this.#bytes > this.#most) this.#bytes -= (this.#free.shift() as ArrayBuffer).byteLength;
  }
}
