/**
 * What an expression of one text column returns, remembered by the bytes of the text: telemetry repeats itself, and a
 * look-up costs a fraction of decoding and evaluating. Indices are within bounds by construction, hence the casts.
 */
import { type Column, SPAN, WORD } from "../../../core/column.ts";
import type { Value } from "../../values/value.ts";
import { hashOf, sameView, viewOf } from "./bytes.ts";
import { isImmutable } from "./emitter.ts";

const FIRST_SLOTS = 1 << 10;
const MOST_SLOTS = 1 << 17;
/** Bytes of remembered texts; beyond it everything is forgotten, which bounds what a hostile sender can fill. */
const MOST_BYTES = 1 << 21;
/** Longer texts are evaluated each time. */
const LONGEST = 256;

const SLOT = 4;
const ENTRY = 0;
const HASH = 1;
const START = 2;
const SIZE = 3;

export class Memo {
  readonly #column: Column;
  readonly #evaluate: (row: number) => Value;
  /** Open addressing; a slot is ENTRY (number plus 1, 0 when free), HASH, START in `#texts`, and SIZE (length * 4 + code). */
  #mask = FIRST_SLOTS - 1;
  #slots = new Int32Array(FIRST_SLOTS * SLOT);
  #values: Value[] = [];
  #texts = new Uint8Array(1 << 12);
  #textView = viewOf(this.#texts);
  /** The arena's bytes when they were last looked at, and a view over them. */
  #bytes = this.#texts;
  #view = this.#textView;
  #used = 0;
  readonly #wordCodes: (number | undefined)[] = [];
  readonly #wordValues: (Value | undefined)[] = [];

  /** @param evaluate the value of a row, a pure function of its cell in `column` */
  constructor(column: Column, evaluate: (row: number) => Value) {
    this.#column = column;
    this.#evaluate = evaluate;
  }

  /** The value of a row. */
  value(row: number): Value {
    const kind = this.#column.kinds[row];
    if (kind === SPAN) {
      const slot = this.#slot(row);
      return slot < 0 ? this.#evaluate(row) : (this.#values[(this.#slots[slot] as number) - 1] as Value);
    }
    return kind === WORD ? this.#word(row) : this.#evaluate(row);
  }

  /** The value of a row as a truth: 0 no, 1 yes, 2 null, 3 something else. */
  code(row: number): number {
    const kind = this.#column.kinds[row];
    if (kind === SPAN) {
      const slot = this.#slot(row);
      return slot < 0 ? codeOf(this.#evaluate(row)) : (this.#slots[slot + SIZE] as number) & 3;
    }
    if (kind === WORD) {
      const known = this.#wordCodes[this.#column.numbers[row] as number];
      if (known !== undefined) return known;
    }
    return codeOf(this.value(row));
  }

  /** Where the slot with the value for the text of a row begins, or -1 when it cannot be remembered. */
  #slot(row: number): number {
    const { spans, arena } = this.#column;
    const start = spans[2 * row] as number;
    const end = spans[2 * row + 1] as number;
    const length = end - start;
    if (length > LONGEST) return -1;
    if (arena.bytes !== this.#bytes) {
      this.#bytes = arena.bytes;
      this.#view = viewOf(arena.bytes);
    }
    const view = this.#view;
    const hash = hashOf(view, start, end);
    const slots = this.#slots;
    const last = slots.length - 1;
    for (let slot = (hash & this.#mask) * SLOT; ; slot = (slot + SLOT) & last) {
      if (slots[slot] === 0) return this.#learn(row, hash);
      if (slots[slot + HASH] !== hash || (slots[slot + SIZE] as number) >> 2 !== length) continue;
      if (sameView(view, start, end, this.#textView, slots[slot + START] as number)) return slot;
    }
  }

  #learn(row: number, hash: number): number {
    const value = this.#evaluate(row);
    if (!isImmutable(value)) return -1;
    const { spans, arena } = this.#column;
    const text = arena.bytes.subarray(spans[2 * row], spans[2 * row + 1]);
    this.#makeRoom(text.length);
    this.#texts.set(text, this.#used);
    this.#values.push(value);
    const slot = this.#place(this.#values.length, hash, this.#used, text.length * 4 + codeOf(value));
    this.#used += text.length;
    return slot;
  }

  #place(entry: number, hash: number, start: number, size: number): number {
    const slots = this.#slots;
    let slot = (hash & this.#mask) * SLOT;
    while (slots[slot] !== 0) slot = (slot + SLOT) & (slots.length - 1);
    slots[slot + ENTRY] = entry;
    slots[slot + HASH] = hash;
    slots[slot + START] = start;
    slots[slot + SIZE] = size;
    return slot;
  }

  /** Keeps half of the slots free and the texts within bounds. */
  #makeRoom(length: number): void {
    const slots = this.#mask + 1;
    const full = this.#values.length * 2 >= slots;
    if (this.#used + length > MOST_BYTES || (full && slots === MOST_SLOTS)) this.#forget();
    else if (full) this.#double();
    if (this.#used + length > this.#texts.length) {
      const grown = new Uint8Array(Math.max(this.#used + length, this.#texts.length * 2));
      grown.set(this.#texts);
      this.#texts = grown;
      this.#textView = viewOf(grown);
    }
  }

  #forget(): void {
    this.#mask = FIRST_SLOTS - 1;
    this.#slots = new Int32Array(FIRST_SLOTS * SLOT);
    this.#values = [];
    this.#used = 0;
  }

  #double(): void {
    const old = this.#slots;
    this.#mask = this.#mask * 2 + 1;
    this.#slots = new Int32Array(old.length * 2);
    for (let slot = 0; slot < old.length; slot += SLOT) {
      const [entry = 0, hash = 0, start = 0, size = 0] = old.subarray(slot, slot + SLOT);
      if (entry > 0) this.#place(entry, hash, start, size);
    }
  }

  #word(row: number): Value {
    const word = this.#column.numbers[row] as number;
    const known = this.#wordValues[word];
    if (known !== undefined) return known;
    const value = this.#evaluate(row);
    // Holes would turn the arrays into slow ones: fill up to the word.
    while (this.#wordValues.length < word) this.#wordValues.push(undefined);
    while (this.#wordCodes.length < word) this.#wordCodes.push(undefined);
    if (isImmutable(value)) {
      this.#wordValues[word] = value;
      this.#wordCodes[word] = codeOf(value);
    }
    return value;
  }
}

function codeOf(value: Value): number {
  if (value === null) return 2;
  return typeof value === "boolean" ? Number(value) : 3;
}

/** A test of a text column's words, asked once for each word of the dictionary. */
export class WordTest {
  readonly #column: Column;
  readonly #test: (word: string) => boolean;
  #answers = new Uint8Array(64);

  constructor(column: Column, test: (word: string) => boolean) {
    this.#column = column;
    this.#test = test;
  }

  test(word: number): boolean {
    const answer = word < this.#answers.length ? this.#answers[word] : 0;
    return answer === 0 ? this.#learn(word) : answer === 2;
  }

  #learn(word: number): boolean {
    const text = this.#column.dictionary?.word(word);
    if (text === undefined) throw new Error(`column ${this.#column.name} has words without a dictionary`);
    if (word >= this.#answers.length) {
      const grown = new Uint8Array(Math.max(word + 1, this.#answers.length * 2));
      grown.set(this.#answers);
      this.#answers = grown;
    }
    const yes = this.#test(text);
    this.#answers[word] = yes ? 2 : 1;
    return yes;
  }
}
