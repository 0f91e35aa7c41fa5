import { AuthorError, type Span } from "../../../core/author-error.ts";
import { type Token, tokensOf } from "./tokens.ts";

const MOST_DEPTH = 100;
const MOST_OPERATIONS = 1000;

/** Reads the tokens of a filter one after another. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;
  #operations = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  get next(): Token {
    return this.ahead(0);
  }

  /** The token `distance` behind the next one; the end stays the last. */
  ahead(distance: number): Token {
    const last = this.#tokens.length - 1;
    return this.#tokens[Math.min(this.#at + distance, last)]!;
  }

  take(): Token {
    const token = this.next;
    this.#at++;
    return token;
  }

  /** Takes a sign or word when it comes next. */
  takeIf(text: string): boolean {
    if (this.next.text !== text || (this.next.kind !== "sign" && this.next.kind !== "word")) return false;
    this.#at++;
    return true;
  }

  expect(sign: string): void {
    if (!this.takeIf(sign)) throw this.mistake(`A ${sign} is missing here.`, this.next.span);
  }

  /** The token behind the parenthesis that closes the one that comes next. */
  behindParenthesis(): Token {
    let depth = 0;
    for (let distance = 0; ; distance++) {
      const token = this.ahead(distance);
      if (token.kind === "end") return token;
      if (token.kind !== "sign") continue;
      if (token.text === "(") depth++;
      if (token.text === ")" && --depth === 0) return this.ahead(distance + 1);
    }
  }

  /** Reads a part within parentheses or behind a sign. */
  nested<T>(read: () => T): T {
    if (++this.#depth > MOST_DEPTH)
      throw this.mistake(`A filter nests at most ${MOST_DEPTH} deep.`, this.next.span);
    const result = read();
    this.#depth--;
    return result;
  }

  /** Counts an operation of arithmetic, which each nest the next one deeper. */
  count(span: Span): void {
    if (++this.#operations > MOST_OPERATIONS)
      throw this.mistake(`A filter has at most ${MOST_OPERATIONS} operations.`, span);
  }

  mistake(message: string, span: Span): AuthorError {
    return new AuthorError(message, span);
  }
}
