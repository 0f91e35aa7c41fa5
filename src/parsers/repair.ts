import { isUtf8 } from "node:buffer";
import type { Batch } from "../core/batch.ts";
import { SPAN } from "../core/column.ts";
import { isWellFormed } from "./json/utf8.ts";

/**
 * Makes the texts of a parsed batch well-formed UTF-8, as decoding and encoding them would: indexes and topics take
 * nothing else. Costs one native look at the block when all is well, which is nearly always.
 */
export function repairText(batch: Batch): void {
  const { arena } = batch;
  if (isUtf8(arena.bytes.subarray(0, arena.length))) return;
  for (const column of batch.columns.values()) {
    if (!column.touched) continue;
    for (let row = 0; row < batch.rows; row++) {
      if (column.kinds[row] !== SPAN) continue;
      const start = column.spans[2 * row] as number;
      const end = column.spans[2 * row + 1] as number;
      if (!isWellFormed(arena.bytes, start, end))
        column.setSpan(row, appendDecoded(batch, start, end), arena.length);
    }
  }
  // The record is what original_string will be made of; records that gave no row keep their bytes for the error index.
  for (let row = 0; row < batch.rows; row++) {
    const record = batch.recordOf[row] as number;
    const start = batch.recordStarts[record] as number;
    const end = batch.recordEnds[record] as number;
    if (isWellFormed(arena.bytes, start, end)) continue;
    batch.recordStarts[record] = appendDecoded(batch, start, end);
    batch.recordEnds[record] = arena.length;
  }
}

function appendDecoded(batch: Batch, start: number, end: number): number {
  return batch.arena.appendText(batch.arena.text(start, end));
}
