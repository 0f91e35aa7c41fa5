// Cells are read within bounds known beforehand, hence `as number`.
import duckdb, { type DataChunk, type Vector } from "@duckdb/node-bindings";
import { asBytes } from "../../../core/text.ts";
import { type Block, type BlockColumn, CELL_BYTES } from "./block.ts";

/** Pointers are only needed beyond this length. */
const INLINE = 12;
const CELL_WORDS = 4;

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
  readonly #onFree: (block: Block) => void;
  #heap: DataChunk | undefined;
  #text: Uint8Array<ArrayBuffer> | undefined;
  #uses = 1;

  /** Takes the block over. `onFree` gets its cells back; `onText` its text, at once where it can. */
  constructor(
    block: Block,
    pointers: boolean,
    onText: (text: ArrayBuffer) => void,
    onFree: (block: Block) => void,
  ) {
    this.block = block;
    this.columns = new Map(block.columns.map((column) => [column.field, column]));
    this.#onFree = onFree;
    if (pointers) {
      this.#moveText();
      onText(block.text);
    } else this.#text = asBytes(block.text, 0, block.textLength);
  }

  /** Bytes of memory it takes, about. */
  get bytes(): number {
    return this.block.cells.byteLength + this.block.textLength;
  }

  use(): void {
    this.#uses++;
  }

  release(): void {
    if (--this.#uses > 0) return;
    if (this.#heap !== undefined) duckdb.data_chunk_reset(this.#heap);
    this.#heap = undefined;
    this.#onFree(this.block);
  }

  /** Copies cells [row, row + count) of a column to a vector, from `at` on. Validity is the caller's. */
  copy(column: BlockColumn, row: number, count: number, vector: Vector, at: number): void {
    const width = CELL_BYTES[column.type];
    if (width === 16 && this.#text !== undefined) this.#copyTexts(column, row, count, vector, at, this.#text);
    else
      duckdb.copy_data_to_vector(
        vector,
        at * width,
        this.block.cells,
        column.data + row * width,
        count * width,
      );
  }

  #copyTexts(
    column: BlockColumn,
    row: number,
    count: number,
    vector: Vector,
    at: number,
    text: Uint8Array,
  ): void {
    const { cells } = this.block;
    const words = new Uint32Array(cells, column.data, this.block.rows * CELL_WORDS);
    for (let index = 0; index < count; index++) {
      const from = (row + index) * CELL_WORDS;
      const length = words[from] as number;
      const start = words[from + 2] as number;
      const bytes =
        length > INLINE
          ? text.subarray(start, start + length)
          : new Uint8Array(cells, column.data + from * 4 + 4, length);
      duckdb.vector_assign_string_element_len(vector, at + index, bytes);
    }
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
    const crosses = low + block.textLength > 0xffffffff;
    for (const column of block.columns) {
      if (CELL_BYTES[column.type] !== 16) continue;
      const cells = new Uint32Array(block.cells, column.data, block.rows * CELL_WORDS);
      for (let at = 0; at < cells.length; at += CELL_WORDS) {
        if ((cells[at] as number) <= INLINE) continue;
        const place = low + (cells[at + 2] as number);
        cells[at + 2] = place;
        cells[at + 3] = crosses && place > 0xffffffff ? high + 1 : high;
      }
    }
  }
}

/** The cells of the first texts of a vector, copied. */
function wordsOf(vector: Vector, count: number): Uint32Array {
  const bytes = new Uint8Array(duckdb.vector_get_data(vector, count * 16));
  return new Uint32Array(bytes.buffer, 0, count * CELL_WORDS);
}
