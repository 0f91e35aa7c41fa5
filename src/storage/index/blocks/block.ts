import type { ColumnType } from "./column-type.ts";

/** The column every row has: epoch milliseconds, what time ranges and days go by. */
export const TIME = "_time";
/** JSON of what has no column: rare fields, nulls, and values of another type than their field's column. */
export const REST = "_rest";
/**
 * Of a text field, the canonical keys (src/schema/canonical.ts) of those values that are not their own key: a value is
 * found, counted and pruned by its key, and comes back as it was sent. Nearly all such columns are not there at all.
 */
const KEY_PREFIX = "_key.";
/** Changes with what the canonical keys are: files of another version are searched by asking each value. */
export const KEYS_VERSION = 1;

/**
 * Of a field whose column holds numbers or truths, the texts that it does not tell: those that spell their value otherwise
 * (`0443`), and those that have none (`http`). A message gets its text back from here.
 */
const TEXT_PREFIX = "_text.";

/**
 * A field of messages that is called like a column of texts has a column only in files of the second layout. The catalogue
 * calls that column otherwise, until its file is made once more and the field is kept in `_rest`.
 */
const FORMER_PREFIX = `_former.${TEXT_PREFIX}`;

/** What the catalogue calls the column of a field that is itself called `_text.F`. */
export function formerField(field: string): string {
  return `_former.${field}`;
}

/** The field of messages that a column of an earlier layout holds under another name; undefined of any other column. */
export function fieldOfFormer(column: string): string | undefined {
  return column.startsWith(FORMER_PREFIX)
    ? column.slice(FORMER_PREFIX.length - TEXT_PREFIX.length)
    : undefined;
}

/** The field of messages that a column holds, or holds a part of. */
export function fieldOfColumn(column: string): string {
  return fieldOfTexts(column) ?? fieldOfFormer(column) ?? column;
}

/** The column of a field's texts that its column of values does not tell. */
export function textField(field: string): string {
  return TEXT_PREFIX + field;
}

/** The field whose texts a column holds besides; undefined of any other column. */
export function fieldOfTexts(column: string): string | undefined {
  return column.startsWith(TEXT_PREFIX) ? column.slice(TEXT_PREFIX.length) : undefined;
}

/** Whether messages are read from a column: one of a field, or one of what fields have besides. */
export function isOfMessage(column: string): boolean {
  return (
    column === REST || !isHidden(column) || column.startsWith(TEXT_PREFIX) || column.startsWith(FORMER_PREFIX)
  );
}

/** The column of a field's keys. */
export function keyField(field: string): string {
  return KEY_PREFIX + field;
}

/** Whether a column is of our own making and no field of a message. */
export function isHidden(field: string): boolean {
  return (
    field === TIME ||
    field === REST ||
    field.startsWith(KEY_PREFIX) ||
    field.startsWith(TEXT_PREFIX) ||
    field.startsWith(FORMER_PREFIX)
  );
}

export type BlockColumn = {
  readonly field: string;
  readonly type: ColumnType;
  /** Where the cells begin in `cells`: one a row, or one a word. */
  readonly data: number;
  /** Where the words of the rows begin, 16 bits each; -1 when each row has its own cell. */
  readonly codes: number;
  /** How many words there are; 0 when each row has its own cell. */
  readonly words: number;
  /** Where the bits that tell values from nulls begin, or -1 when there are no nulls. The cell or code of a null is zero. */
  readonly valid: number;
  /** Whether some whole numbers are beyond 2^53: as fractions they would not be what they are. */
  readonly isWide?: boolean;
  /** Whether each value that came as text is a part of the row's `original_string`, so that a word in it is found there. */
  readonly inside: boolean;
};

/**
 * What blocks are made of. It is shared because the garbage collector counts memory that is handed from thread to
 * thread as new each time, and collects for it: that cost 2 µs a message. Only one thread at a time has a block.
 */
export type Memory = SharedArrayBuffer;

/** No memory. */
export const NOTHING: Memory = new SharedArrayBuffer(0);

/**
 * The messages of one batch and sensor as columns, ready for DuckDB: plain memory that can be handed from thread to
 * thread. A column of few distinct texts is a list of words and a code a row. A text cell is DuckDB's string_t: length, then either up to 12 bytes of text, or 4 bytes of it and the
 * place of all of it, here counted from the beginning of `text`.
 */
export type Block = {
  readonly sensor: string;
  readonly rows: number;
  readonly columns: readonly BlockColumn[];
  readonly cells: Memory;
  readonly text: Memory;
  readonly textLength: number;
  readonly minTime: number;
  readonly maxTime: number;
  /** Fields that occur in `_rest`; undefined when there are too many to name. */
  readonly rest: readonly string[] | undefined;
  /** The same messages as they go to disk; undefined when they are to be put together with others first. */
  readonly group: RowGroup | undefined;
};

/**
 * The messages of a block as a row group of a Parquet file, but for the footer: the column chunks one after another in
 * the order of the block's columns, and what the footer must say of each. Bytes only, to be handed from thread to thread.
 */
export type RowGroup = {
  readonly bytes: Memory;
  readonly length: number;
  /** `FACTS` numbers for each column, in the order of `FACT` (parquet/row-group.ts). */
  readonly facts: Float64Array<ArrayBuffer>;
  /**
   * Where the pages are, column by column: the dictionary's bytes, how many, and how many unpacked, the number of pages, and
   * for each its first row and the same three. Places count from the beginning of the row group.
   */
  readonly places: Float64Array<ArrayBuffer>;
};

export const DAY = 86_400_000;

/**
 * Memory that blocks are made of, used again: fresh memory costs more than filling it, and nobody counts shared memory
 * that waits to be collected. Sizes are powers of two and halfway between, so that what is given back fits the next block.
 */
export class Buffers {
  readonly #free = new Map<number, Memory[]>();
  readonly #most: number;
  #bytes = 0;

  /** @param most bytes to keep for later. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Memory of at least this size, with anything in it. */
  take(bytes: number): Memory {
    const size = sizeFor(bytes);
    const found = this.#free.get(size)?.pop();
    if (found === undefined) return new SharedArrayBuffer(size);
    this.#bytes -= size;
    return found;
  }

  give(memory: Memory): void {
    const size = memory.byteLength;
    if (size === 0 || this.#bytes + size > this.#most) return;
    const kept = this.#free.get(size);
    if (kept === undefined) this.#free.set(size, [memory]);
    else kept.push(memory);
    this.#bytes += size;
  }
}

const LEAST_SIZE = 4096;

function sizeFor(bytes: number): number {
  let size = LEAST_SIZE;
  while (size < bytes) size *= 2;
  return size > LEAST_SIZE && size * 0.75 >= bytes ? size * 0.75 : size;
}
