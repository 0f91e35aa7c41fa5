import type { Side } from "../reassembly/segment.ts";
import type { Connection } from "./connection.ts";

/**
 * The letters of Zeek's history: SYN, SYN with ACK, pure ACK, data, FIN, RST, data that came twice, missing data, a window of zero. Those
 * of the originator are written in upper case.
 */
const LETTERS = "shadfrtgw";

/** Adds a letter to the history of a flow, once per side. */
export function note(connection: Connection, side: Side, letter: string): void {
  const bit = 1 << (LETTERS.indexOf(letter) * 2 + side);
  if (connection.seen & bit) return;
  connection.seen |= bit;
  connection.history += side === 0 ? letter.toUpperCase() : letter;
}
