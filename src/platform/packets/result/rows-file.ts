/**
 * The index beside a result: 32 bytes for each packet, little-endian, in the order of their numbers. It says where the frame is in the capture
 * file, so that any page is read without what is before it.
 */
export const ROW_BYTES = 32;

/** A packet of a result. */
export type RowEntry = {
  /** Where its frame begins in the capture file. */
  readonly offset: number;
  readonly captured: number;
  readonly original: number;
  readonly micros: number;
  readonly nanos: number;
  /** A place in the result's list of interfaces. */
  readonly seen: number;
};

export function writeRow(view: DataView, row: number, entry: RowEntry): void {
  const at = row * ROW_BYTES;
  view.setFloat64(at, entry.offset, true);
  view.setFloat64(at + 8, entry.micros, true);
  view.setUint32(at + 16, entry.captured, true);
  view.setUint32(at + 20, entry.original, true);
  view.setUint16(at + 24, entry.nanos, true);
  view.setUint16(at + 26, entry.seen, true);
}

export function readRow(view: DataView, row: number): RowEntry {
  const at = row * ROW_BYTES;
  return {
    offset: view.getFloat64(at, true),
    micros: view.getFloat64(at + 8, true),
    captured: view.getUint32(at + 16, true),
    original: view.getUint32(at + 20, true),
    nanos: view.getUint16(at + 24, true),
    seen: view.getUint16(at + 26, true),
  };
}

/** The rows in order of time, those of the same time as they were; undefined when they are in that order already. */
export function sortedRows(rows: Uint8Array): Uint8Array | undefined {
  const count = Math.floor(rows.length / ROW_BYTES);
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  const micros = new Float64Array(count);
  const nanos = new Uint16Array(count);
  let isSorted = true;
  for (let row = 0; row < count; row++) {
    micros[row] = view.getFloat64(row * ROW_BYTES + 8, true);
    nanos[row] = view.getUint16(row * ROW_BYTES + 24, true);
    if (row > 0) isSorted &&= earlier(row - 1, row) <= 0;
  }
  if (isSorted) return undefined;
  const order = Uint32Array.from({ length: count }, (_, row) => row).sort(
    (one, other) => earlier(one, other) || one - other,
  );
  const sorted = new Uint8Array(count * ROW_BYTES);
  for (const [place, row] of order.entries())
    sorted.set(rows.subarray(row * ROW_BYTES, (row + 1) * ROW_BYTES), place * ROW_BYTES);
  return sorted;

  function earlier(one: number, other: number): number {
    return (
      (micros[one] as number) - (micros[other] as number) || (nanos[one] as number) - (nanos[other] as number)
    );
  }
}
