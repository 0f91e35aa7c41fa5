// Cells are read and written within bounds known beforehand, hence `as number`.

/** A column with more distinct values a block than this is not worth a dictionary. */
const MOST_WORDS = 4096;
/** A dictionary pays while it holds at most one word for so many rows. */
const ROWS_PER_WORD = 2;

const CELL_WORDS = 4;
/** string_t keeps texts up to this length in itself. */
const INLINE = 12;

/** How many different texts so many rows may have for a dictionary to pay. */
export function mostWords(rows: number): number {
  return Math.min(MOST_WORDS, (rows / ROWS_PER_WORD + 8) | 0);
}

/**
 * The distinct cells of one column while its block is made, in the order they were met. A cell is four 32-bit words: a
 * string_t whose pointer counts from the beginning of the block's text, or a number in the first two.
 */
export class Words {
  readonly cells = new Uint32Array(MOST_WORDS * CELL_WORDS);
  count = 0;
  /** Whether the cell looked for last was a new one. */
  isNew = false;
  #most = 0;
  #mask = 0;
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** Codes by hash, counted from 1. */
  readonly #table = new Int32Array(MOST_WORDS * 2);

  /** Starts again for at most `most` cells; the pointers of long texts count from the beginning of `view`. */
  begin(most: number, view: DataView): void {
    this.#most = Math.min(most, MOST_WORDS);
    this.#view = view;
    this.count = 0;
    let size = 16;
    while (size < this.#most * 2) size *= 2;
    this.#mask = size - 1;
    this.#table.fill(0, 0, size);
  }

  /** The text moved to other memory: all pointers stay as they are. */
  move(view: DataView): void {
    this.#view = view;
  }

  /** The code of a number or of a text of up to 12 bytes; -1 when there are too many. */
  short(w0: number, w1: number, w2: number, w3: number): number {
    const { cells } = this;
    const table = this.#table;
    const mask = this.#mask;
    let slot = mix(Math.imul(w0, 31) ^ w1 ^ Math.imul(w2, 0x9e3779b1) ^ Math.imul(w3, 0x85ebca6b)) & mask;
    for (;;) {
      const known = table[slot] as number;
      if (known === 0) return this.#add(slot, w0, w1, w2, w3);
      const at = (known - 1) * CELL_WORDS;
      if (cells[at] === w0 && cells[at + 1] === w1 && cells[at + 2] === w2 && cells[at + 3] === w3) {
        this.isNew = false;
        return known - 1;
      }
      slot = (slot + 1) & mask;
    }
  }

  /** The code of a text of more than 12 bytes that begins at `start`; -1 when there are too many. */
  long(length: number, start: number): number {
    const { cells } = this;
    const view = this.#view;
    const table = this.#table;
    const mask = this.#mask;
    const first = view.getUint32(start, true);
    const last = view.getUint32(start + length - 4, true);
    const middle = view.getUint32(start + (length >> 1), true);
    let slot =
      mix(Math.imul(length, 31) ^ first ^ Math.imul(last, 0x9e3779b1) ^ Math.imul(middle, 0x85ebca6b)) & mask;
    for (;;) {
      const known = table[slot] as number;
      if (known === 0) return this.#add(slot, length, first, start, 0);
      const at = (known - 1) * CELL_WORDS;
      if (
        cells[at] === length &&
        cells[at + 1] === first &&
        (cells[at + 2] === start || this.#same(cells[at + 2] as number, start, length))
      ) {
        this.isNew = false;
        return known - 1;
      }
      slot = (slot + 1) & mask;
    }
  }

  /** Whether two texts of the same length and the same first four bytes are equal. */
  #same(one: number, other: number, length: number): boolean {
    const view = this.#view;
    // The last four bytes may have been compared with the ones before: that costs less than asking.
    for (let at = 4; at < length - 4; at += 4)
      if (view.getUint32(one + at, true) !== view.getUint32(other + at, true)) return false;
    return view.getUint32(one + length - 4, true) === view.getUint32(other + length - 4, true);
  }

  #add(slot: number, w0: number, w1: number, w2: number, w3: number): number {
    if (this.count === this.#most) return -1;
    const at = this.count * CELL_WORDS;
    const { cells } = this;
    cells[at] = w0;
    cells[at + 1] = w1;
    cells[at + 2] = w2;
    cells[at + 3] = w3;
    this.isNew = true;
    this.#table[slot] = ++this.count;
    return this.count - 1;
  }

  /** Whether a text cell's bytes are in the cell itself. */
  static isShort(length: number): boolean {
    return length <= INLINE;
  }
}

/** Spreads what differs in any bit over the low ones (the finaliser of MurmurHash3). */
function mix(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
