// Rows are within bounds known beforehand, hence `as number`.
import { type Column, SPAN } from "../../../core/column.ts";

/** Whether the bytes [start, end) are a part of a row's original. */
export function isWithin(original: Column, row: number, start: number, end: number): boolean {
  const { kinds, spans } = original;
  return kinds[row] === SPAN && start >= (spans[2 * row] as number) && end <= (spans[2 * row + 1] as number);
}
