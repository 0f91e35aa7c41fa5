import { close, openSync, read } from "node:fs";

/** A part of a file. */
export type Part = { readonly at: number; readonly length: number };

/** Longer parts are read in pieces of this, at once. */
const PIECE_BYTES = 1 << 18;
/** Pieces that are asked for at once: more wait for the disk no longer than these. */
const MOST_PIECES = 32;
/** Files that are read ahead at once. They are closed when the thread's event loop turns, which a long search keeps waiting. */
const MOST_FILES = 8;

/** What is read ahead is not looked at: it is in the system's memory then, for whoever reads it next. */
const unseen = Buffer.allocUnsafeSlow(PIECE_BYTES);
let files = 0;

/**
 * Has the system read parts of a file, all at once, by the threads that Node has for files. Whoever reads one part after another by himself
 * waits for the disk as often as there are parts. It is a hint: where it cannot be done, nothing is.
 */
export function readAhead(path: string, parts: readonly Part[]): void {
  const pieces = parts.flatMap(piecesOf).slice(0, MOST_PIECES);
  if (pieces.length === 0 || files === MOST_FILES) return;
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    // Its reader tells why.
    return;
  }
  files++;
  let left = pieces.length;
  for (const { at, length } of pieces) {
    read(file, unseen, 0, length, at, () => {
      left--;
      if (left > 0) return;
      files--;
      close(file, () => undefined);
    });
  }
}

function piecesOf({ at, length }: Part): Part[] {
  return Array.from({ length: Math.ceil(length / PIECE_BYTES) }, (_, index) => {
    const begun = index * PIECE_BYTES;
    return { at: at + begun, length: Math.min(PIECE_BYTES, length - begun) };
  });
}
