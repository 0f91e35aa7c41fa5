/** A thread of `RowReaders`. */
import { doJobs } from "./job-thread.ts";
import { type Cell, type RowsWanted, readRows } from "./row-reader.ts";
import type { Found } from "./row-readers.ts";

doJobs(
  () =>
    (wanted: readonly RowsWanted[]): Found =>
      wanted.map(tryRows),
);

/** Undefined when it does not work: the engine is asked instead, and finds out whether the file itself is damaged. */
function tryRows(wanted: RowsWanted): Cell[][] | undefined {
  try {
    return readRows(wanted);
  } catch {
    return undefined;
  }
}
