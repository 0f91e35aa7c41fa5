import type { Column } from "../../../core/column.ts";

/** A predicate over columns. */
export type ColumnarCode = {
  /** Writes NO, YES, NOTHING for the live rows; `failed(row, error)` answers what to write for a row that threw. */
  readonly select: (
    out: Uint8Array,
    rows: number,
    live: Uint8Array,
    failed: (row: number, error: unknown) => number,
  ) => void;
  /** 0, 1 or 2 for one row. */
  readonly test: (row: number) => number;
};

/** Writes the value of each live row into a column, null as absent; `failed` is told of rows that threw. */
export type FillCode = (
  target: Column,
  rows: number,
  live: Uint8Array,
  failed: (row: number, error: unknown) => void,
) => void;
