import type { Span, StellarSyntaxError } from "./error.ts";
import type { Keyword, Token } from "./lexer.ts";
import { mistakeAt } from "./parser-mistakes.ts";

/** Goes through the tokens of an expression: looks at the next ones and takes or demands them. */
export class TokenReader {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string, tokens: readonly Token[]) {
    this.#text = text;
    this.#tokens = tokens;
  }

  /** The token that is next. */
  get token(): Token {
    return this.#tokens[this.#at] as Token;
  }

  /** Where the token taken last ends. */
  get lastEnd(): number {
    return (this.#tokens[this.#at - 1] as Token).end;
  }

  /** Passes over that many tokens. */
  skip(count: number): void {
    this.#at += count;
  }

  peek(ahead: number): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)] as Token;
  }

  /** Takes the token that is next. */
  advance(): Token {
    return this.#tokens[this.#at++] as Token;
  }

  isKeyword(keyword: Keyword, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.type === "keyword" && token.value === keyword;
  }

  isSymbol(symbol: string): boolean {
    return this.token.type === "symbol" && this.token.value === symbol;
  }

  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.#at++;
    return true;
  }

  expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.mistake(`\`${symbol}\``);
  }

  expectKeyword(keyword: Keyword): void {
    if (!this.isKeyword(keyword)) throw this.mistake(`\`${keyword}\``);
    this.#at++;
  }

  /** The error for the next token, where something else was `expected`. */
  mistake(expected: string): StellarSyntaxError {
    return mistakeAt(this.#text, this.#tokens, this.#at, expected);
  }
}

/** A span alone, without what else a token has. */
export function spanOf({ start, end }: Span): Span {
  return { start, end };
}
