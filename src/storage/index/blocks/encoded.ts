import type { BlockColumn } from "./block.ts";

/** A column as it is in the block, and what of it did not get in. */
export type Encoded = Omit<BlockColumn, "field" | "type"> & {
  /** Cells that have a value of the column's type. */
  readonly written: number;
  /** Cells that have neither such a value nor none. */
  readonly odd: number;
};
