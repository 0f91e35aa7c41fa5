import { Arena } from "./arena.ts";

/**
 * A growing list of distinct texts with a code each: for columns whose values come from a small set (countries, log
 * types, rule names). Codes never change, so a column of codes costs a few nanoseconds a row to write and the index
 * encodes each word once, not once per row.
 */
export class Dictionary {
  readonly words: string[] = [];
  /** UTF-8 of all words back to back; word `code` is [starts[code], starts[code + 1]). */
  readonly arena = new Arena(1024);
  readonly starts: number[] = [0];
  readonly #codes = new Map<string, number>();

  /** The code of a word, added if it is new. */
  code(word: string): number {
    const known = this.#codes.get(word);
    if (known !== undefined) return known;
    const code = this.words.length;
    this.words.push(word);
    this.arena.appendText(word);
    this.starts.push(this.arena.length);
    this.#codes.set(word, code);
    return code;
  }

  /** The word of a code handed out by `code`. */
  word(code: number): string {
    return this.words[code] as string;
  }
}
