/** A thread of `RowReaders`. */
import { parentPort } from "node:worker_threads";
import { type Cell, type RowsWanted, readRows } from "./row-reader.ts";
import type { FromReader, ToReader } from "./row-readers.ts";

parentPort?.on("message", ({ id, wanted }: ToReader) => {
  parentPort?.postMessage({ id, found: wanted.map(tryRows) } satisfies FromReader);
});

/** Undefined when it does not work: the engine is asked instead, and finds out whether the file itself is damaged. */
function tryRows(wanted: RowsWanted): Cell[][] | undefined {
  try {
    return readRows(wanted);
  } catch {
    return undefined;
  }
}
