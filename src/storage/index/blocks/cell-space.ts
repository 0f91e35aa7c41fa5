import { type Buffers, type Memory, NOTHING } from "./block.ts";

/** The memory of one block's cells, given out piece by piece; it grows when it must. */
export class CellSpace {
  readonly #buffers: Buffers;
  #memory: Memory = NOTHING;
  #used = 0;
  /** What the last block took: the next one of the sensor takes about as much. */
  #usual = 0;

  constructor(buffers: Buffers) {
    this.#buffers = buffers;
  }

  begin(rows: number): void {
    this.#memory = this.#buffers.take(Math.max(this.#usual, rows * 64));
    this.#used = 0;
  }

  end(): Memory {
    const memory = this.#memory;
    this.#usual = this.#used + (this.#used >> 3);
    this.#memory = NOTHING;
    return memory;
  }

  /** The memory as it is now; another one after an `allocate` that found no room. */
  get memory(): Memory {
    return this.#memory;
  }

  /** Room for so many bytes, with anything in it; returns where it begins, a multiple of eight. */
  allocate(bytes: number): number {
    const start = this.#used;
    const end = start + ((bytes + 7) & ~7);
    if (end > this.#memory.byteLength) this.#grow(end);
    this.#used = end;
    return start;
  }

  /** Gives back everything from `start` on. */
  release(start: number): void {
    this.#used = start;
  }

  get used(): number {
    return this.#used;
  }

  #grow(needed: number): void {
    const before = this.#memory;
    const memory = this.#buffers.take(Math.max(needed, before.byteLength * 2));
    new Uint8Array(memory).set(new Uint8Array(before, 0, this.#used));
    this.#buffers.give(before);
    this.#memory = memory;
  }
}
