import type { Packets } from "../packets.ts";

/** The bytes of a capture that are in memory: `bytes[at, end)` are to be read. Formats read there and move `at`. */
export type Cursor = {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** The next byte to be read. A format passes over what it does not need by moving this, also beyond `end`. */
  at: number;
  end: number;
  /** The position of `bytes[0]` in the capture. */
  base: number;
  /** How many bytes from `at` on are needed to read on, when reading ended with "more". */
  wanted: number;
};

/**
 * Why a part stopped reading:
 * - `more`: what is at `at` is not complete; it needs `wanted` bytes
 * - `full`: there are no rows left in `packets`
 * - `header`: another part begins at `at`
 * - `broken`: nothing behind `at` can be read; the report says why
 */
export type Outcome = "more" | "full" | "header" | "broken";

/**
 * A reader of one capture of one format: it adds the packets of `cursor` to `packets`, whose bytes are those of `cursor`. It makes no
 * object for a packet.
 */
export type Part = {
  /** What the format calls one of its records, for messages about the one that is incomplete. */
  readonly record: string;
  read(cursor: Cursor, packets: Packets): Outcome;
};

/** Says how many bytes are needed from `cursor.at` on. */
export function more(cursor: Cursor, wanted: number): Outcome {
  cursor.wanted = wanted;
  return "more";
}
