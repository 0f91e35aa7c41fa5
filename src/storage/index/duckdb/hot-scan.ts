// Cells are read within bounds known beforehand, hence `as number`.
import duckdb, { type Connection, type LogicalType, type Vector } from "@duckdb/node-bindings";
import type { BlockColumn } from "../blocks/block.ts";
import { type Cells, type ColumnType, cellBytes, columnTypes } from "../blocks/column-type.ts";
import type { HotBlock } from "./hot-block.ts";

/** Rows of a DuckDB vector. */
const VECTOR = 2048;

/** BOOLEAN, BIGINT, DOUBLE, VARCHAR. */
const TYPE_IDS: Record<Cells, number> = { boolean: 1, long: 5, double: 11, text: 17 };

type TypeId = Parameters<typeof duckdb.create_logical_type>[0];

const logicalTypes = Object.fromEntries(
  Object.entries(TYPE_IDS).map(([type, id]) => [type, duckdb.create_logical_type(id as TypeId)]),
) as Record<Cells, LogicalType>;

export type HotColumns = readonly { readonly field: string; readonly type: ColumnType }[];

/** What one FROM reads: columns c0, c1, ... of some blocks. */
type Source = {
  readonly columns: HotColumns;
  readonly blocks: readonly HotBlock[];
};

type State = { readonly columns: readonly number[]; block: number; row: number };

type Slice = { readonly hot: HotBlock; readonly row: number; readonly count: number; readonly at: number };

/**
 * The table function through which DuckDB reads what is not sealed: `metron_hot('<key>')`. It runs on the thread
 * that opened the index, called by DuckDB's threads, so that thread must never wait for DuckDB without yielding.
 */
export class HotScan {
  readonly #sources = new Map<string, Source>();
  readonly #bits = new ArrayBuffer(VECTOR / 8);
  readonly #valid = new Uint8Array(this.#bits);
  readonly #doubles = new ArrayBuffer(VECTOR * 8);
  #next = 0;

  register(connection: Connection): void {
    const table = duckdb.create_table_function();
    duckdb.table_function_set_name(table, "metron_hot");
    duckdb.table_function_add_parameter(table, logicalTypes.text);
    duckdb.table_function_supports_projection_pushdown(table, true);
    duckdb.table_function_set_bind(table, (info) => {
      const key = duckdb.get_varchar(duckdb.bind_get_parameter(info, 0));
      const source = this.#sources.get(key);
      if (source === undefined) return duckdb.bind_set_error(info, `no hot source ${key}`);
      for (const [index, { type }] of source.columns.entries())
        duckdb.bind_add_result_column(info, `c${index}`, logicalTypes[columnTypes[type].cells]);
      const rows = source.blocks.reduce((sum, { block }) => sum + block.rows, 0);
      duckdb.bind_set_cardinality(info, rows, true);
      duckdb.bind_set_bind_data(info, source);
    });
    duckdb.table_function_set_init(table, (info) => {
      const columns: number[] = [];
      for (let index = 0; index < duckdb.init_get_column_count(info); index++)
        columns.push(duckdb.init_get_column_index(info, index));
      duckdb.init_set_init_data(info, { columns, block: 0, row: 0 } satisfies State);
      duckdb.init_set_max_threads(info, 1);
    });
    duckdb.table_function_set_function(table, (info, output) => {
      const source = duckdb.function_get_bind_data(info) as Source;
      const state = duckdb.function_get_init_data(info) as State;
      const slices = nextSlices(source, state);
      for (const [index, wanted] of state.columns.entries()) {
        const column = source.columns[wanted];
        if (column !== undefined) this.#fill(duckdb.data_chunk_get_vector(output, index), column, slices);
      }
      duckdb.data_chunk_set_size(
        output,
        slices.reduce((sum, { count }) => sum + count, 0),
      );
    });
    duckdb.register_table_function(connection, table);
  }

  /** Makes blocks readable under a key. They stay until `remove`, which must be called when the search is over. */
  add(columns: HotColumns, blocks: readonly HotBlock[]): string {
    const key = String(this.#next++);
    for (const block of blocks) block.use();
    this.#sources.set(key, { columns, blocks });
    return key;
  }

  remove(key: string): void {
    const source = this.#sources.get(key);
    this.#sources.delete(key);
    for (const block of source?.blocks ?? []) block.release();
  }

  #fill(vector: Vector, { field, type }: HotColumns[number], slices: readonly Slice[]): void {
    let nulls = false;
    for (const { hot, row, count, at } of slices) {
      const column = hot.columns.get(field);
      if (column === undefined) nulls = true;
      else {
        if (column.valid >= 0) nulls = true;
        if (type === "double" && column.type === "long")
          this.#copyAsDoubles(hot, column, row, count, vector, at);
        else hot.copy(column, row, count, vector, at);
      }
    }
    if (!nulls) return;
    this.#valid.fill(0);
    for (const slice of slices) this.#markValid(slice, slice.hot.columns.get(field));
    duckdb.vector_ensure_validity_writable(vector);
    duckdb.copy_data_to_vector_validity(vector, 0, this.#bits, 0, VECTOR / 8);
  }

  #markValid({ hot, row, count, at }: Slice, column: BlockColumn | undefined): void {
    if (column === undefined) return;
    const bits =
      column.valid < 0 ? undefined : new Uint8Array(hot.block.cells, column.valid, (hot.block.rows + 7) >> 3);
    if (bits !== undefined && at === 0 && (row & 7) === 0) {
      this.#valid.set(bits.subarray(row >> 3, (row + count + 7) >> 3));
      return;
    }
    for (let index = 0; index < count; index++) {
      const from = row + index;
      if (bits !== undefined && (((bits[from >> 3] as number) >> (from & 7)) & 1) === 0) continue;
      const to = at + index;
      this.#valid[to >> 3] = (this.#valid[to >> 3] as number) | (1 << (to & 7));
    }
  }

  /** A field that got fractions later than this block. */
  #copyAsDoubles(
    hot: HotBlock,
    column: BlockColumn,
    row: number,
    count: number,
    vector: Vector,
    at: number,
  ): void {
    const longs = new BigInt64Array(hot.block.cells, column.data, hot.block.rows);
    const doubles = new Float64Array(this.#doubles);
    for (let index = 0; index < count; index++) doubles[index] = Number(longs[row + index]);
    duckdb.copy_data_to_vector(
      vector,
      at * cellBytes("double"),
      this.#doubles,
      0,
      count * cellBytes("double"),
    );
  }
}

/** The parts of blocks that make up the next vector: small blocks share one. */
function nextSlices({ blocks }: Source, state: State): Slice[] {
  const slices: Slice[] = [];
  let at = 0;
  while (at < VECTOR && state.block < blocks.length) {
    const hot = blocks[state.block] as HotBlock;
    const count = Math.min(VECTOR - at, hot.block.rows - state.row);
    slices.push({ hot, row: state.row, count, at });
    at += count;
    state.row += count;
    if (state.row < hot.block.rows) break;
    state.block++;
    state.row = 0;
  }
  return slices;
}
