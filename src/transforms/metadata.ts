import type { Batch } from "../core/batch.ts";
import { ABSENT, type Column } from "../core/column.ts";

/** Runs expressions while the metadata that they may see are among the fields of the messages, where these have no such field. */
export function withMetadata(batch: Batch, run: () => void): void {
  if (!batch.showsMetadata) {
    run();
    return;
  }
  const shown: { readonly column: Column; readonly row: number }[] = [];
  for (const metadata of batch.metadata.values()) {
    if (!metadata.touched) continue;
    for (let row = 0; row < batch.rows; row++) {
      const value = batch.live[row] === 0 ? undefined : metadata.value(batch.recordOf[row] as number);
      if (value === undefined) continue;
      const column = batch.column(metadata.name);
      if (column.kinds[row] !== ABSENT) continue;
      column.set(row, value);
      shown.push({ column, row });
    }
  }
  try {
    run();
  } finally {
    for (const { column, row } of shown) column.clear(row);
  }
}
