// Cells are read within bounds known beforehand, hence `as number`.
import duckdb, { type DataChunk, type Vector } from "@duckdb/node-bindings";
import { asBytes } from "../../../core/text.ts";
import type { Block, BlockColumn, Memory } from "../blocks/block.ts";
import { cellBytes } from "../blocks/column-type.ts";

/** Pointers are only needed beyond this length. */
const INLINE = 12;
const CELL_WORDS = 4;

/** Cells of one vector whose codes were looked up; the calls that fill vectors come one after another. */
const spread = new Uint32Array(2048 * CELL_WORDS);

/** The version whose string_t this file knows. Another one gets the slow path. */
const KNOWN_VERSION = "v1.5.6";

/** BLOB: of the same layout as text, but its bytes are taken as they are. */
const blobType = duckdb.create_logical_type(18 as Parameters<typeof duckdb.create_logical_type>[0]);

/**
 * Tells whether texts can be handed to DuckDB by pointer: the library is the known version and lays a text out as
 * expected. If not, each text is handed over by a call of its own, which is slower and always right.
 */
export function pointersWork(): boolean {
  if (duckdb.library_version() !== KNOWN_VERSION) return false;
  const chunk = duckdb.create_data_chunk([blobType]);
  const vector = duckdb.data_chunk_get_vector(chunk, 0);
  const long = new TextEncoder().encode("a text of more than twelve bytes");
  duckdb.vector_assign_string_element_len(vector, 0, long);
  duckdb.vector_assign_string_element_len(vector, 1, new TextEncoder().encode("inlined"));
  const cells = wordsOf(vector, 2);
  const pointed = duckdb.get_data_from_pointer(cells.buffer as ArrayBuffer, 8, long.length);
  return (
    cells[0] === long.length &&
    cells[1] === 0x65742061 &&
    Buffer.compare(pointed, long) === 0 &&
    cells[4] === 7 &&
    cells[5] === 0x696c6e69 &&
    cells[6] === 0x0064656e &&
    cells[7] === 0
  );
}

/** A block that searches read. DuckDB reads its texts where they lie, so it must be kept until no search uses it. */
export class HotBlock {
  readonly block: Block;
  readonly columns: ReadonlyMap<string, BlockColumn>;
  /** The partition that its messages are of, by its `positionKey`; empty where they are of none. */
  readonly key: string;
  readonly #onFree: (memory: Memory) => void;
  /** Whether the block's own memory holds its text: for the seal, or for want of pointers. */
  readonly #keepsText: boolean;
  #textBase = 0;
  #heap: DataChunk | undefined;
  #text: Uint8Array | undefined;
  #uses = 1;

  /** Takes the block over. `onFree` gets its memory back, that of the text at once where nobody needs it. */
  constructor(block: Block, pointers: boolean, onFree: (memory: Memory) => void, key = "") {
    this.block = block;
    this.key = key;
    this.columns = new Map(block.columns.map((column) => [column.field, column]));
    this.#onFree = onFree;
    this.#keepsText = !pointers || block.group === undefined;
    if (pointers) this.#moveText();
    else this.#text = asBytes(block.text, 0, block.textLength);
    if (!this.#keepsText) onFree(block.text);
  }

  /** What the places of long texts count from: 0, or the low half of an address of DuckDB's. */
  get textBase(): number {
    return this.#textBase;
  }

  /** Bytes of memory it takes, about. */
  get bytes(): number {
    const { cells, text, textLength, group } = this.block;
    const moved = this.#heap === undefined ? 0 : textLength;
    const kept = this.#keepsText ? text.byteLength : 0;
    return cells.byteLength + moved + kept + (group?.bytes.byteLength ?? 0);
  }

  use(): void {
    this.#uses++;
  }

  release(): void {
    if (--this.#uses > 0) return;
    if (this.#heap !== undefined) duckdb.data_chunk_reset(this.#heap);
    this.#heap = undefined;
    this.#text = undefined;
    const { cells, text, group } = this.block;
    this.#onFree(cells);
    if (group !== undefined) this.#onFree(group.bytes);
    if (this.#keepsText) this.#onFree(text);
  }

  /** Copies cells [row, row + count) of a column to a vector, from `at` on. Validity is the caller's. */
  copy(column: BlockColumn, row: number, count: number, vector: Vector, at: number): void {
    const width = cellBytes(column.type);
    if (column.codes >= 0) this.#copyWords(column, row, count, vector, at);
    else if (width === 16 && this.#text !== undefined)
      this.#copyTexts(column, row, count, vector, at, this.#text);
    else copyToVector(vector, at * width, this.block.cells, column.data + row * width, count * width);
  }

  #copyWords(column: BlockColumn, row: number, count: number, vector: Vector, at: number): void {
    const { cells } = this.block;
    const codes = new Uint16Array(cells, column.codes + row * 2, count);
    const words = new Uint32Array(cells, column.data, column.words * CELL_WORDS);
    if (this.#text !== undefined) {
      for (let index = 0; index < count; index++)
        this.#assign(words, (codes[index] as number) * CELL_WORDS, column, vector, at + index, this.#text);
      return;
    }
    for (let index = 0; index < count; index++) {
      const from = (codes[index] as number) * CELL_WORDS;
      const to = index * CELL_WORDS;
      spread[to] = words[from] as number;
      spread[to + 1] = words[from + 1] as number;
      spread[to + 2] = words[from + 2] as number;
      spread[to + 3] = words[from + 3] as number;
    }
    copyToVector(vector, at * 16, spread.buffer, 0, count * 16);
  }

  #copyTexts(
    column: BlockColumn,
    row: number,
    count: number,
    vector: Vector,
    at: number,
    text: Uint8Array,
  ): void {
    const words = new Uint32Array(this.block.cells, column.data, this.block.rows * CELL_WORDS);
    for (let index = 0; index < count; index++)
      this.#assign(words, (row + index) * CELL_WORDS, column, vector, at + index, text);
  }

  /** Hands a text over by a call of its own. */
  #assign(
    words: Uint32Array,
    from: number,
    column: BlockColumn,
    vector: Vector,
    at: number,
    text: Uint8Array,
  ): void {
    const length = words[from] as number;
    const start = words[from + 2] as number;
    const bytes =
      length > INLINE
        ? text.subarray(start, start + length)
        : new Uint8Array(this.block.cells, column.data + from * 4 + 4, length);
    duckdb.vector_assign_string_element_len(vector, at, bytes);
  }

  /** Copies the text into memory of DuckDB's, the only memory whose address we learn, and turns places into addresses. */
  #moveText(): void {
    const { block } = this;
    if (block.textLength <= INLINE) return;
    const chunk = duckdb.create_data_chunk([blobType]);
    const vector = duckdb.data_chunk_get_vector(chunk, 0);
    duckdb.vector_assign_string_element_len(vector, 0, new Uint8Array(block.text, 0, block.textLength));
    this.#heap = chunk;
    const words = wordsOf(vector, 1);
    // A wrong address would crash the process, so nothing is assumed.
    if (words[0] !== block.textLength) throw new Error("DuckDB did not take the text of a block");
    const low = words[2] as number;
    const high = words[3] as number;
    this.#textBase = low;
    const crosses = low + block.textLength > 0xffffffff;
    for (const column of block.columns) {
      if (cellBytes(column.type) !== 16) continue;
      const length = column.codes >= 0 ? column.words : block.rows;
      const cells = new Uint32Array(block.cells, column.data, length * CELL_WORDS);
      for (let at = 0; at < cells.length; at += CELL_WORDS) {
        if ((cells[at] as number) <= INLINE) continue;
        const place = low + (cells[at + 2] as number);
        cells[at + 2] = place;
        cells[at + 3] = crosses && place > 0xffffffff ? high + 1 : high;
      }
    }
  }
}

function copyToVector(
  vector: Vector,
  to: number,
  memory: ArrayBuffer | Memory,
  from: number,
  count: number,
): void {
  // The library takes shared memory too; its types do not say so.
  duckdb.copy_data_to_vector(vector, to, memory as ArrayBuffer, from, count);
}

/** The cells of the first texts of a vector, copied. */
function wordsOf(vector: Vector, count: number): Uint32Array {
  const bytes = new Uint8Array(duckdb.vector_get_data(vector, count * 16));
  return new Uint32Array(bytes.buffer, 0, count * CELL_WORDS);
}
