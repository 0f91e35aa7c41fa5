// The loops below run for every cell of every message: typed arrays are indexed within bounds known beforehand, hence `as number`.
import { ABSENT, type Column, DOUBLE, FALSE, FLOAT, INT, LONG, TRUE, VALUE } from "../../../core/column.ts";
import type { CellSpace } from "./cell-space.ts";
import { cellBytes } from "./column-type.ts";
import type { Encoded } from "./encoded.ts";
import { Validity } from "./validity.ts";

const SHIFT_32 = 4294967296;
const MOST_LONG = 9223372036854775807n;

/** Turns numbers and booleans of a batch into cells of a block. */
export class NumberEncoder {
  readonly #space: CellSpace;
  readonly #valid = new Validity();
  #rows: Uint32Array = new Uint32Array(0);
  #count = 0;
  #odd = 0;
  #isWide = false;

  constructor(space: CellSpace) {
    this.#space = space;
  }

  begin(rows: Uint32Array, count: number): void {
    this.#rows = rows;
    this.#count = count;
  }

  booleans(column: Column): Encoded {
    const from = this.#space.used;
    const data = this.#space.allocate(this.#count);
    const cells = new Uint8Array(this.#space.memory, data, this.#count).fill(0);
    this.#begin();
    for (let index = 0; index < this.#count; index++) {
      const kind = column.kinds[this.#rows[index] as number] as number;
      if (kind === FALSE || kind === TRUE) {
        cells[index] = kind - FALSE;
        this.#valid.mark(index);
      } else if (kind !== ABSENT) this.#odd++;
    }
    return this.#encoded(from, data);
  }

  /** Undefined when there is a fraction. */
  longs(column: Column): Encoded | undefined {
    const { kinds, numbers, objects } = column;
    const count = this.#count;
    const rows = this.#rows;
    const from = this.#space.used;
    const data = this.#space.allocate(count * cellBytes("long"));
    const low = new Uint32Array(this.#space.memory, data, count * 2);
    const high = new Int32Array(this.#space.memory, data, count * 2);
    this.#begin();
    for (let index = 0; index < count; index++) {
      const row = rows[index] as number;
      const kind = kinds[row] as number;
      if (kind === INT || kind === LONG) {
        const value = numbers[row] as number;
        low[2 * index] = value;
        high[2 * index + 1] = Math.floor(value / SHIFT_32);
        this.#valid.mark(index);
      } else if (kind === FLOAT || kind === DOUBLE) {
        this.#space.release(from);
        return undefined;
      } else {
        low[2 * index] = 0;
        high[2 * index + 1] = 0;
        if (kind === ABSENT) continue;
        const value = kind === VALUE ? objects[row] : undefined;
        if (isLong(value)) {
          new BigInt64Array(this.#space.memory, data, count)[index] = value;
          this.#isWide = true;
          this.#valid.mark(index);
        } else this.#odd++;
      }
    }
    return this.#encoded(from, data);
  }

  doubles(column: Column): Encoded {
    const { kinds, numbers } = column;
    const from = this.#space.used;
    const data = this.#space.allocate(this.#count * cellBytes("double"));
    const cells = new Float64Array(this.#space.memory, data, this.#count);
    this.#begin();
    for (let index = 0; index < this.#count; index++) {
      const row = this.#rows[index] as number;
      const kind = kinds[row] as number;
      if (kind >= INT && kind <= DOUBLE) {
        cells[index] = numbers[row] as number;
        this.#valid.mark(index);
      } else {
        cells[index] = 0;
        if (kind !== ABSENT) this.#odd++;
      }
    }
    return this.#encoded(from, data);
  }

  #begin(): void {
    this.#valid.clear(this.#count);
    this.#odd = 0;
    this.#isWide = false;
  }

  #encoded(from: number, data: number): Encoded {
    const { written } = this.#valid;
    const facts = { codes: -1, words: 0, inside: false, isWide: this.#isWide, written, odd: this.#odd };
    if (written === 0) this.#space.release(from);
    return { ...facts, data, valid: this.#valid.place(this.#space) };
  }
}

export function isLong(value: unknown): value is bigint {
  return typeof value === "bigint" && value <= MOST_LONG && value >= -MOST_LONG - 1n;
}
