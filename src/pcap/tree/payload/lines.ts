import type { Cursor } from "../cursor.ts";

/** Where a line ends, and where the next one begins; a line that is not ended ends with the bytes. */
export function lineEnd({ bytes, end }: Cursor, at: number): { end: number; next: number } {
  const found = bytes.subarray(at, end).indexOf(10);
  if (found < 0) return { end, next: end };
  const last = at + found;
  return { end: last > at && bytes[last - 1] === 13 ? last - 1 : last, next: last + 1 };
}
