/**
 * What an expression of one text column gives, remembered by the bytes of the text: telemetry repeats itself, and a
 * look-up costs a fraction of decoding and evaluating. Direct-mapped and of fixed size; a newer text takes the place
 * of an older one. Indices are within bounds by construction, hence the casts.
 */
import { type Column, SPAN, WORD } from "../../core/column.ts";
import type { Value } from "../value.ts";
import { hashBytes } from "./bytes.ts";
import { isImmutable } from "./emitter.ts";

const SLOTS = 4096;
/** Longer texts are evaluated each time. */
const LONGEST = 96;

export class Memo {
  readonly #column: Column;
  readonly #evaluate: (row: number) => Value;
  #keys: Uint8Array | undefined;
  readonly #lengths = new Int32Array(SLOTS).fill(-1);
  readonly #codes = new Uint8Array(SLOTS);
  readonly #values: Value[] = new Array<Value>(SLOTS).fill(null);
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
      return slot < 0 ? this.#evaluate(row) : (this.#values[slot] as Value);
    }
    return kind === WORD ? this.#word(row) : this.#evaluate(row);
  }

  /** The value of a row as a truth: 0 no, 1 yes, 2 null, 3 something else. */
  code(row: number): number {
    const kind = this.#column.kinds[row];
    if (kind === SPAN) {
      const slot = this.#slot(row);
      return slot < 0 ? codeOf(this.#evaluate(row)) : (this.#codes[slot] as number);
    }
    if (kind === WORD) {
      const known = this.#wordCodes[this.#column.numbers[row] as number];
      if (known !== undefined) return known;
    }
    return codeOf(this.value(row));
  }

  /** The slot that holds the value for the text of a row, or -1 when it cannot be remembered. */
  #slot(row: number): number {
    const { spans, arena } = this.#column;
    const start = spans[2 * row] as number;
    const end = spans[2 * row + 1] as number;
    const length = end - start;
    if (length > LONGEST) return -1;
    const bytes = arena.bytes;
    const slot = hashBytes(bytes, start, end) & (SLOTS - 1);
    if (this.#lengths[slot] === length && this.#matches(slot, bytes, start, length)) return slot;
    return this.#learn(row, slot, bytes, start, end);
  }

  #matches(slot: number, bytes: Uint8Array, start: number, length: number): boolean {
    const keys = this.#keys as Uint8Array;
    const from = slot * LONGEST;
    for (let index = 0; index < length; index++) {
      if (keys[from + index] !== bytes[start + index]) return false;
    }
    return true;
  }

  #learn(row: number, slot: number, bytes: Uint8Array, start: number, end: number): number {
    const value = this.#evaluate(row);
    if (!isImmutable(value)) return -1;
    this.#keys ??= new Uint8Array(SLOTS * LONGEST);
    this.#keys.set(bytes.subarray(start, end), slot * LONGEST);
    this.#lengths[slot] = end - start;
    this.#values[slot] = value;
    this.#codes[slot] = codeOf(value);
    return slot;
  }

  #word(row: number): Value {
    const word = this.#column.numbers[row] as number;
    const known = this.#wordValues[word];
    if (known !== undefined) return known;
    const value = this.#evaluate(row);
    // Holes would turn the array into a slow one: fill up to the word.
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
