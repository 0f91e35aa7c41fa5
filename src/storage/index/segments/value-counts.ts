// Bits are read within bounds known beforehand, hence `as number`.
import type { BlockColumn } from "../blocks/block.ts";
import { isValid } from "../blocks/validity.ts";
import type { Part } from "./portions.ts";

/** How many bits of a byte are set. */
const BITS = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll("0", "").length);

/** Counts messages, and the values of each of their fields, before they are written: what a file of them must hold. */
export class ValueCounter {
  rows = 0;
  readonly #values = new Map<string, number>();

  add(parts: readonly Part[]): void {
    for (const part of parts) {
      this.rows += part.rows.length;
      for (const column of part.columns.values())
        this.#values.set(column.field, this.of(column.field) + valuesOf(part, column));
    }
  }

  /** How many messages have a value of a field. */
  of(field: string): number {
    return this.#values.get(field) ?? 0;
  }
}

function valuesOf({ block, rows }: Part, { valid }: BlockColumn): number {
  if (valid < 0) return rows.length;
  const bits = new Uint8Array(block.cells, valid, (block.rows + 7) >> 3);
  let count = 0;
  if (rows.length < block.rows) {
    for (const row of rows) count += isValid(bits, row) ? 1 : 0;
    return count;
  }
  for (let at = 0; at < block.rows >> 3; at++) count += BITS[bits[at] as number] as number;
  for (let row = (block.rows >> 3) << 3; row < block.rows; row++) count += isValid(bits, row) ? 1 : 0;
  return count;
}
