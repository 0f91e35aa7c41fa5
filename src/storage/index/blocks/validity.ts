import type { Memory } from "./block.ts";
import type { CellSpace } from "./cell-space.ts";

/** Which rows of a column have a value: a bit each, the first row in the lowest, as DuckDB's vectors have them. */
export class Validity {
  bits = new Uint8Array(0);
  /** How many rows have a value. */
  written = 0;
  #count = 0;

  clear(count: number): void {
    const length = (count + 7) >> 3;
    // One byte more, for whoever writes whole bytes.
    if (this.bits.length <= length) this.bits = new Uint8Array(length * 2 + 1);
    else this.bits.fill(0, 0, length);
    this.#count = count;
    this.written = 0;
  }

  mark(index: number): void {
    this.bits[index >> 3] = (this.bits[index >> 3] as number) | (1 << (index & 7));
    this.written++;
  }

  has(index: number): boolean {
    return isValid(this.bits, index);
  }

  /**
   * Marks from `index` on what the rows of another column tell.
   * @param valid where its bits begin in `cells`; -1: they are all set.
   */
  markFrom(cells: Memory, valid: number, rows: Uint32Array, index: number): void {
    if (valid < 0) {
      for (let at = index; at < index + rows.length; at++) this.mark(at);
      return;
    }
    const bits = new Uint8Array(cells, valid);
    for (let at = 0; at < rows.length; at++) if (isValid(bits, rows[at] as number)) this.mark(index + at);
  }

  /** Copies the bits to a block and returns where they begin; -1 when they are all set, or none is. */
  place(space: CellSpace): number {
    if (this.written === this.#count || this.written === 0) return -1;
    const length = (this.#count + 7) >> 3;
    const at = space.allocate(length);
    new Uint8Array(space.memory, at, length).set(this.bits.subarray(0, length));
    return at;
  }
}

export function isValid(bits: Uint8Array, row: number): boolean {
  return (((bits[row >> 3] as number) >> (row & 7)) & 1) === 1;
}
