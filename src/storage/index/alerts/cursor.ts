/** What the cursors of the copies begin with: no cursor of the files has a `.`. */
const COPIES = "alerts.";

/** A cursor of the copies, told from those of the files. */
export function ofCopies(cursor: string): string {
  return COPIES + cursor;
}

export function isOfCopies(cursor: string): boolean {
  return cursor.startsWith(COPIES);
}

/** The cursor as the copies gave it. */
export function aloneAfter(cursor: string): string {
  return cursor.slice(COPIES.length);
}
