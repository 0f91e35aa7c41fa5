// Cells are read within bounds known beforehand, hence `as number`.
import { decodeText } from "../../../core/text.ts";
import type { Block, BlockColumn } from "./block.ts";
import { columnTypes } from "./column-type.ts";
import { isValid } from "./validity.ts";

/** Texts up to this length are in their cells. */
const INLINE = 12;

/**
 * Reads the cells of a column whose texts are in the block's own memory: what a row has, as the engine would tell it, null
 * for nothing.
 */
export function cellReader(
  { cells, text, rows }: Pick<Block, "cells" | "text" | "rows">,
  { type, data, codes, words, valid }: BlockColumn,
): (row: number) => string | number | bigint | boolean | null {
  const bits = valid < 0 ? undefined : new Uint8Array(cells, valid, (rows + 7) >> 3);
  const read = valueReader();
  return (row) => (bits === undefined || isValid(bits, row) ? read(row) : null);

  function valueReader(): (row: number) => string | number | bigint | boolean {
    switch (columnTypes[type].cells) {
      case "text": {
        const lengths = new Uint32Array(cells, data, (codes < 0 ? rows : words) * 4);
        const places = codes < 0 ? undefined : new Uint16Array(cells, codes, rows);
        const [short, long] = [Buffer.from(cells), Buffer.from(text)];
        return (row) => {
          const at = places === undefined ? row : (places[row] as number);
          const length = lengths[at * 4] as number;
          const start = length > INLINE ? (lengths[at * 4 + 2] as number) : data + at * 16 + 4;
          return decodeText(length > INLINE ? long : short, start, start + length);
        };
      }
      case "long": {
        const longs = new BigInt64Array(cells, data, rows);
        return (row) => longs[row] as bigint;
      }
      case "double": {
        const doubles = new Float64Array(cells, data, rows);
        return (row) => doubles[row] as number;
      }
      case "boolean": {
        const bytes = new Uint8Array(cells, data, rows);
        return (row) => bytes[row] === 1;
      }
    }
  }
}
