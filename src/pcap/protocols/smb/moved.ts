/** What of files goes through a connection of SMB, as it comes: each side of an open file is a file of Zeek's files.log. */
import type { Side } from "../../reassembly/segment.ts";
import { FileReader } from "../file.ts";
import type { FlowContext } from "../protocol.ts";

/** A file that is open, as far as it was moved: where the next byte of each side belongs. */
export type Moving = {
  readonly readers: [FileReader | undefined, FileReader | undefined];
  readonly next: [number, number];
};

/** Bytes of one message, which belong to a place of a file. */
export type Move = {
  readonly data: (bytes: Uint8Array, start: number, end: number) => void;
  readonly gap: (length: number) => void;
};

/** Bytes that are kept of each file that is moved, roughly. */
const HELD = 1_024;

export type MovedFiles = {
  /**
   * Begins to take what a message moves.
   *
   * @param offset where in the file it begins; what came before is passed over, and what never came is missing
   */
  move(
    moving: Moving,
    side: Side,
    offset: number,
    length: number,
    file: { name: string; size: number | undefined },
  ): Move;
  /** Writes the records of a file. */
  close(moving: Moving): void;
  held(): number;
};

export function movedFiles(flow: FlowContext): MovedFiles {
  let files = 0;
  let open = 0;
  const readerOf = (moving: Moving, side: Side, name: string, total: number | undefined): FileReader => {
    const known = moving.readers[side];
    if (known !== undefined) return known;
    const filename = name === "" ? undefined : name.split("\\").at(-1);
    const made = new FileReader({ flow, side, source: "SMB", number: files++, filename, total });
    moving.readers[side] = made;
    open++;
    return made;
  };
  return {
    move(moving, side, offset, length, { name, size }) {
      const reader = readerOf(moving, side, name, side === 1 ? size : undefined);
      let left = length;
      let at = offset;
      /** How many of the next bytes were there before. */
      const known = (count: number): number => Math.min(count, Math.max(0, moving.next[side] - at));
      const advance = (count: number) => {
        at += count;
        left -= count;
        moving.next[side] = Math.max(moving.next[side], at);
      };
      if (offset > moving.next[side]) {
        reader.gap(offset - moving.next[side]);
        moving.next[side] = offset;
      }
      return {
        data(bytes, start, end) {
          const count = Math.min(left, end - start);
          const before = known(count);
          reader.data(bytes, start + before, start + count);
          advance(count);
        },
        gap(missing) {
          const count = Math.min(left, missing);
          reader.gap(count - known(count));
          advance(count);
        },
      };
    },
    close({ readers }) {
      for (const side of [0, 1] as const) {
        if (readers[side] === undefined) continue;
        readers[side].end();
        readers[side] = undefined;
        open--;
      }
    },
    held: () => open * HELD,
  };
}
