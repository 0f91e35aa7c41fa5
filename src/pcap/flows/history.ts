import type { Side } from "../reassembly/segment.ts";
import type { Connection } from "./connection.ts";

/** The letters of Zeek's history; those of the originator are written in upper case. */
const LETTERS = "shadfrtgw";

/** Places in `LETTERS`, as a letter is noted for every packet. `gap` is missing data. */
export const LETTER = {
  syn: 0,
  synAck: 1,
  /** A pure ACK. */
  ack: 2,
  data: 3,
  fin: 4,
  reset: 5,
  repeated: 6,
  gap: 7,
  zeroWindow: 8,
} as const;

/**
 * Adds a letter to the history of a flow, once per side.
 *
 * @param letter one of `LETTER`
 */
export function note(connection: Connection, side: Side, letter: number): void {
  const bit = 1 << (letter * 2 + side);
  if (connection.seen & bit) return;
  connection.seen |= bit;
  const name = LETTERS.charAt(letter);
  connection.history += side === 0 ? name.toUpperCase() : name;
}
