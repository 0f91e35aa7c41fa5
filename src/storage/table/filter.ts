import { finish } from "./hash.ts";

/**
 * A split block Bloom filter (as in the Parquet format's specification) in shared memory: one lane of the hash picks
 * a block of eight words, the other one bit in each. With 16 bits per key, fewer than 2 in 1,000 absent keys pass. One
 * thread adds, all may ask.
 *
 * When it is full, a larger one is built behind it in the same memory, which grows, and then takes its place: the
 * control words say where it is, and whoever asks notices that they changed. Casts to `number` are typed-array
 * reads within bounds.
 */
export class Filter {
  readonly memory: SharedArrayBuffer;
  readonly #control: Int32Array;
  #generation = -1;
  #words: Uint32Array = new Uint32Array(8);
  #shift = 32;
  /** Keys that changed the filter since it was built. */
  #added = 0;
  #capacity = 0;

  /** @param memory of another filter, to share it; none to make one. */
  constructor(memory?: SharedArrayBuffer) {
    this.memory = memory ?? new SharedArrayBuffer(CONTROL_BYTES, { maxByteLength: MOST_BYTES });
    this.#control = new Int32Array(this.memory, 0, CONTROL_BYTES / 4);
    if (memory === undefined) this.#adopt(this.#reserve(LEAST_BLOCKS), LEAST_BLOCKS);
    else this.#refresh();
  }

  /** Keys that can still be added before the share of wrong answers passes what is promised. */
  get room(): number {
    return this.#capacity - this.#added;
  }

  /** True if the key of these lanes may have been added for a namespace; false if it surely was not. */
  mightHave(low: number, high: number, namespace: number): boolean {
    const mixed = Math.imul(namespace, 0x9e3779b1);
    const first = finish(low ^ mixed);
    const second = finish(high + mixed);
    for (;;) {
      if (this.#control[GENERATION] !== this.#generation) this.#refresh();
      if (this.#test(first, second)) return true;
      // Memory of a filter that was replaced may be used again: a no counts only if it was not replaced meanwhile.
      if (Atomics.load(this.#control, GENERATION) === this.#generation) return false;
    }
  }

  /** Adds a key; only the thread that made the filter may. */
  add(low: number, high: number, namespace: number): void {
    const mixed = Math.imul(namespace, 0x9e3779b1);
    if (this.#set(finish(low ^ mixed), finish(high + mixed))) this.#added++;
  }

  /** All that it holds, to be kept in a file: how many keys, then its words. */
  save(): { readonly added: number; readonly words: Uint32Array } {
    return { added: this.#added, words: this.#words };
  }

  /** Takes on what another one saved; false if there is no room for it. */
  restore(saved: { readonly added: number; readonly words: Uint32Array }): boolean {
    const blocks = saved.words.length / WORDS;
    const offset = this.#reserve(blocks);
    if (offset < 0) return false;
    new Uint32Array(this.memory, offset, saved.words.length).set(saved.words);
    this.#adopt(offset, blocks);
    this.#added = saved.added;
    return true;
  }

  /** Begins a filter with room for at least four times `keys`; add to it and to this one, then `replaceBy` it. */
  successor(keys: number): FilterDraft | undefined {
    let blocks = LEAST_BLOCKS;
    while (blocks * KEYS_A_BLOCK < keys * 4) blocks *= 2;
    const offset = this.#reserve(blocks);
    if (offset < 0) return undefined;
    const draft = new Filter(this.memory);
    draft.#words = new Uint32Array(this.memory, offset, blocks * WORDS).fill(0);
    draft.#shift = 32 - Math.log2(blocks);
    draft.#capacity = blocks * KEYS_A_BLOCK;
    return { add: (low, high, namespace) => draft.add(low, high, namespace), offset, blocks, filter: draft };
  }

  /** Puts a successor into this filter's place, for every thread. */
  replaceBy(draft: FilterDraft): void {
    const added = draft.filter.#added;
    this.#adopt(draft.offset, draft.blocks);
    this.#added = added;
  }

  #adopt(offset: number, blocks: number): void {
    // Odd while the words below change: a reader that looks in between waits.
    Atomics.add(this.#control, GENERATION, 1);
    Atomics.store(this.#control, OFFSET, offset);
    Atomics.store(this.#control, BLOCKS, blocks);
    Atomics.add(this.#control, GENERATION, 1);
    this.#refresh();
  }

  #refresh(): void {
    let generation: number;
    do {
      generation = Atomics.load(this.#control, GENERATION);
      const blocks = this.#control[BLOCKS] as number;
      this.#words = new Uint32Array(this.memory, this.#control[OFFSET] as number, blocks * WORDS);
      this.#shift = 32 - Math.log2(blocks);
      this.#capacity = blocks * KEYS_A_BLOCK;
    } while (generation % 2 !== 0 || generation !== Atomics.load(this.#control, GENERATION));
    this.#generation = generation;
  }

  /** Finds unused memory for that many blocks, zeroed or not; -1 if no such memory is left. */
  #reserve(blocks: number): number {
    const bytes = blocks * WORDS * 4;
    const used = this.#control[OFFSET] as number;
    const usedEnd = used + (this.#control[BLOCKS] as number) * WORDS * 4;
    if (used - CONTROL_BYTES >= bytes) return CONTROL_BYTES;
    const start = Math.max(usedEnd, CONTROL_BYTES);
    if (start + bytes > MOST_BYTES) return -1;
    if (this.memory.byteLength < start + bytes) this.memory.grow(start + bytes);
    return start;
  }

  #test(first: number, second: number): boolean {
    const words = this.#words;
    const block = (first >>> this.#shift) * WORDS;
    for (let index = 0; index < WORDS; index++) {
      const bit = 1 << (Math.imul(second, SALTS[index] as number) >>> 27);
      if (((words[block + index] as number) & bit) === 0) return false;
    }
    return true;
  }

  #set(first: number, second: number): boolean {
    const words = this.#words;
    const block = (first >>> this.#shift) * WORDS;
    let changed = false;
    for (let index = 0; index < WORDS; index++) {
      const bit = 1 << (Math.imul(second, SALTS[index] as number) >>> 27);
      const word = words[block + index] as number;
      if ((word & bit) !== 0) continue;
      words[block + index] = word | bit;
      changed = true;
    }
    return changed;
  }
}

/** A filter being built to take the place of a full one. */
export type FilterDraft = {
  readonly add: (low: number, high: number, namespace: number) => void;
  readonly offset: number;
  readonly blocks: number;
  readonly filter: Filter;
};

const WORDS = 8;
const KEYS_A_BLOCK = 16;
const LEAST_BLOCKS = 1024;
const CONTROL_BYTES = 64;
const GENERATION = 0;
const OFFSET = 1;
const BLOCKS = 2;
/** Address space, not memory: room for 64 million keys. */
const MOST_BYTES = 512 * 1024 * 1024;

/** Odd multipliers of the specification. */
export const SALTS = Uint32Array.of(
  0x47b6137b,
  0x44974d91,
  0x8824ad5b,
  0xa2b7289d,
  0x705495c7,
  0x2df1424b,
  0x9efc4947,
  0x5c6bfb31,
);
