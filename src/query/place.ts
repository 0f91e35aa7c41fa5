/** Where something is in the text of a query: both count from 1, columns in UTF-16 units. */
export type Place = { readonly line: number; readonly column: number };

/** The place of an offset. */
export function placeOf(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

/** The offset of a place; a place behind the end of the text is its end. */
export function offsetOf(text: string, { line, column }: Place): number {
  const before = text
    .split("\n")
    .slice(0, line - 1)
    .reduce((sum, part) => sum + part.length + 1, 0);
  return Math.max(0, Math.min(text.length, before + column - 1));
}
