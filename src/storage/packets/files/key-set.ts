/** Keys that are spread over 32 bits already, each once: a set of numbers without an object for each. */
export class KeySet {
  /** As many as `count` says, in the order in which they were added. */
  readonly keys: Uint32Array;
  count = 0;
  /** By their lower bits the place of a key in `keys`, and one more; 0 where there is none. */
  readonly #slots: Uint32Array;
  readonly #mask: number;

  /** @param most how many keys are added at the most. */
  constructor(most: number) {
    this.keys = new Uint32Array(most);
    this.#mask = 2 ** Math.ceil(Math.log2(2 * most + 2)) - 1;
    this.#slots = new Uint32Array(this.#mask + 1);
  }

  add(key: number): void {
    let slot = key & this.#mask;
    for (;;) {
      const place = this.#slots[slot] as number;
      if (place === 0) break;
      if (this.keys[place - 1] === key) return;
      slot = (slot + 1) & this.#mask;
    }
    this.keys[this.count++] = key;
    this.#slots[slot] = this.count;
  }
}
