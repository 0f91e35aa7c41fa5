/**
 * A uniform sample of a stream in constant space (Vitter's algorithm R): each value seen so far is equally likely to
 * be in it. The generator is Java's with seed 0, as in the original, so the same stream makes the same sample.
 */

import { Random } from "../../java/random.ts";
import { StellarError } from "../language/error.ts";
import { checkCollectionSize } from "../values/budget.ts";
import type { Opaque, Value } from "../values/value.ts";

export type ReservoirState = { readonly size: number; readonly seen: number; readonly random: number };

export class Reservoir implements Opaque {
  static readonly stellarType = "sampler";
  readonly stellarType = "sampler";
  readonly size: number;
  #seen = 0;
  #values: Value[] = [];
  #random = new Random(0);

  constructor(size: number) {
    if (!(size > 0)) throw new StellarError(`the size of a sample must be a positive integer, not ${size}`);
    checkCollectionSize(size);
    this.size = size;
  }

  /** The sample, in the order of its places. */
  get values(): readonly Value[] {
    return this.#values;
  }

  /** How many values were offered. */
  get seen(): number {
    return this.#seen;
  }

  /** Offers a value; null is skipped. */
  add(value: Value): void {
    if (value === null) return;
    if (this.#values.length < this.size) {
      this.#values.push(value);
    } else {
      const place = this.#random.nextInt(this.#seen + 1);
      if (place < this.size) this.#values[place] = value;
    }
    this.#seen++;
  }

  /** A sampler of the same size that has seen nothing. */
  emptied(): Reservoir {
    return new Reservoir(this.size);
  }

  /** What a stored sampler needs beside its values. */
  get state(): ReservoirState {
    return { size: this.size, seen: this.#seen, random: this.#random.state };
  }

  /** A sampler that goes on where another stood. */
  static restore(state: ReservoirState, values: readonly Value[]): Reservoir {
    const restored = new Reservoir(state.size);
    restored.#seen = state.seen;
    restored.#values = values.slice(0, state.size);
    restored.#random = Random.resume(state.random);
    return restored;
  }

  toText(): string {
    return `<sampler of ${this.#values.length} out of ${this.#seen} values>`;
  }
}
