// Cells are read within bounds known beforehand, hence `as number`.

import { type BlockColumn, TIME } from "../blocks/block.ts";
import type { ReadBlock } from "../parquet/group-reader.ts";

/** Messages that make a row group at most. */
const MOST_ROWS = 4096;
/** Bytes of text that a row group is made of at most, but for one whose first block has more. */
const MOST_TEXT = 32_000_000;
const SHIFT_32 = 4294967296;

/** A block whose messages are to be put together with others. */
export type Source = {
  readonly block: ReadBlock;
  /** What the places of its long texts count from: 0, or the low half of the address its text was moved to. */
  readonly textBase: number;
};

/** Some rows of a block, in their order. */
export type Part = Source & {
  readonly columns: ReadonlyMap<string, BlockColumn>;
  readonly rows: Uint32Array;
  /** Whether no later part has rows of the block. */
  readonly isLast: boolean;
};

/** Times from `from` up to but not including `to`, epoch milliseconds. */
export type TimeRange = { readonly from: number; readonly to: number };

/**
 * Deals blocks out to row groups of about the same size, as few as can be.
 * @param total how many rows they have.
 * @param range only messages of these times; undefined: all.
 */
export function* portions(
  sources: Iterable<Source>,
  total: number,
  range: TimeRange | undefined,
): Generator<Part[]> {
  const most = Math.ceil(total / Math.ceil(total / MOST_ROWS));
  let parts: Part[] = [];
  let rows = 0;
  let text = 0;
  for (const { block, textBase } of sources) {
    const columns = new Map(block.columns.map((column) => [column.field, column]));
    for (let left = rowsWithin(block, columns, range); left.length > 0; ) {
      if (rows > 0 && (rows === most || text + block.textLength > MOST_TEXT)) {
        yield parts;
        parts = [];
        rows = 0;
        text = 0;
      }
      const taken = left.subarray(0, most - rows);
      const isLast = taken.length === left.length;
      parts.push({ block, textBase, columns, rows: taken, isLast });
      rows += taken.length;
      text += block.textLength;
      left = left.subarray(taken.length);
    }
  }
  if (rows > 0) yield parts;
}

function rowsWithin(
  { rows, cells }: ReadBlock,
  columns: ReadonlyMap<string, BlockColumn>,
  range: TimeRange | undefined,
): Uint32Array {
  const found = new Uint32Array(rows);
  if (range === undefined) {
    for (let row = 0; row < rows; row++) found[row] = row;
    return found;
  }
  const { data } = columns.get(TIME) as BlockColumn;
  const low = new Uint32Array(cells, data, rows * 2);
  const high = new Int32Array(cells, data, rows * 2);
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const time = (high[2 * row + 1] as number) * SHIFT_32 + (low[2 * row] as number);
    if (time >= range.from && time < range.to) found[count++] = row;
  }
  return found.subarray(0, count);
}
