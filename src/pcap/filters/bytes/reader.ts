import { AuthorError } from "../../../core/author-error.ts";

/** Nesting of groups: what is deeper was made to overflow the stack. */
const MOST_DEPTH = 100;
const MOST_CHARACTERS = 10_000;

/** The largest number in a repetition; what it allows is bounded by the size of the pattern anyway. */
const MOST_REPEATS = 4096;

/** Reads the text of a pattern character by character, and says where a mistake is. */
export class PatternReader {
  readonly text: string;
  at = 0;
  #depth = 0;

  constructor(text: string) {
    this.text = text;
    if (text.length > MOST_CHARACTERS)
      throw new AuthorError(`A pattern has at most ${MOST_CHARACTERS} characters.`, {
        start: MOST_CHARACTERS,
        end: text.length,
      });
  }

  get isDone(): boolean {
    return this.at >= this.text.length;
  }

  /** The character that comes next, or "" at the end. */
  get next(): string {
    return this.text.charAt(this.at);
  }

  take(): string {
    return this.text.charAt(this.at++);
  }

  /** Takes `sign` when it comes next. */
  takeIf(sign: string): boolean {
    if (!this.text.startsWith(sign, this.at)) return false;
    this.at += sign.length;
    return true;
  }

  /** Takes what a sticky expression matches here. */
  takeMatch(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.at;
    const match = expression.exec(this.text);
    if (match === null) return undefined;
    this.at += match[0].length;
    return match;
  }

  /** Reads a part within a group. */
  nested<T>(read: () => T): T {
    if (++this.#depth > MOST_DEPTH) throw this.mistake(`Groups nest at most ${MOST_DEPTH} deep.`);
    const result = read();
    this.#depth--;
    return result;
  }

  /** Refuses a part that is repeated `count` times over (`a***`): each nests the pattern deeper. */
  checkStacked(count: number): void {
    if (count > MOST_DEPTH) throw this.mistake("This is repeated too often: put the repetitions into one.");
  }

  /** How often the part before is repeated, in the numbers that were written between braces; `*` or nothing is no limit. */
  counts(least: string, most: string | undefined, start: number): { least: number; most: number } {
    const first = Number(least);
    const last =
      most === undefined ? first : most === "*" || most === "" ? Number.POSITIVE_INFINITY : Number(most);
    if (last < first) throw this.mistake(`The range ${first} to ${last} is upside down.`, start);
    if (first > MOST_REPEATS || (Number.isFinite(last) && last > MOST_REPEATS))
      throw this.mistake(`A part is repeated at most ${MOST_REPEATS} times.`, start);
    return { least: first, most: last };
  }

  mistake(message: string, start = this.at): AuthorError {
    return new AuthorError(message, { start, end: Math.max(start + 1, this.at) });
  }
}
