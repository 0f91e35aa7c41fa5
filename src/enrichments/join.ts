import type { Batch } from "../core/batch.ts";
import { ABSENT, type Column, NULL, SPAN, STRING, WORD } from "../core/column.ts";

/**
 * What the original does after a stage of enrichment: fields that are null or empty text leave the message, but only
 * where something was looked up. `hasTask` is 1 for such rows. Indexes stay within the arrays by construction.
 */
export function removeEmptyFields(batch: Batch, hasTask: Uint8Array): void {
  for (const column of batch.columns.values()) if (column.touched) clean(column, batch.rows, hasTask);
}

function clean(column: Column, rows: number, hasTask: Uint8Array): void {
  const { kinds, spans, numbers, objects } = column;
  const starts = column.dictionary?.starts ?? [];
  for (let row = 0; row < rows; row++) {
    const kind = kinds[row] as number;
    const isEmpty =
      kind === SPAN
        ? spans[2 * row] === spans[2 * row + 1]
        : kind === NULL ||
          (kind === WORD && starts[numbers[row] as number] === starts[(numbers[row] as number) + 1]) ||
          (kind === STRING && objects[row] === "");
    if (isEmpty && hasTask[row] === 1) kinds[row] = ABSENT;
  }
}

/** Marks the rows that have something, not null, in one of the fields: what is there is looked up. */
export function markTasks(batch: Batch, fields: Iterable<string>, hasTask: Uint8Array): void {
  for (const field of fields) {
    const column = batch.columns.get(field);
    if (column?.touched !== true) continue;
    const { kinds } = column;
    for (let row = 0; row < batch.rows; row++) if ((kinds[row] as number) > NULL) hasTask[row] = 1;
  }
}
