import type { Batch } from "../core/batch.ts";
import { ABSENT, type Column, NULL } from "../core/column.ts";
import { Dictionary } from "../core/dictionary.ts";

const SENSORS = new Dictionary();

/** Says of every message which sensor it is from: `source.type`, whatever the record claimed. */
export function setSensor(batch: Batch, sensor: string): void {
  const column = batch.column("source.type");
  column.dictionary ??= SENSORS;
  const code = column.dictionary.code(sensor);
  for (let row = 0; row < batch.rows; row++) column.setWord(row, code);
}

/** Gives every message without an `original_string` the raw record it was made of: a span, nothing is copied. */
export function setOriginal(batch: Batch): void {
  const column = batch.column("original_string");
  for (let row = 0; row < batch.rows; row++) {
    if (batch.live[row] === 0 || !isMissing(column, row)) continue;
    const record = batch.recordOf[row] as number;
    column.setSpan(row, batch.recordStarts[record] as number, batch.recordEnds[record] as number);
  }
}

function isMissing(column: Column, row: number): boolean {
  return column.kinds[row] === ABSENT || column.kinds[row] === NULL;
}
