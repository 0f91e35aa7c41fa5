import { AuthorError, type Span } from "../../../core/author-error.ts";
import { type Ipv6, parseIpv6 } from "../../../core/ip.ts";
import { CONSTANTS } from "./names.ts";

const MOST_CHARACTERS = 10_000;

export type Token = {
  readonly text: string;
  readonly span: Span;
} /** A name is a word behind a backslash, which means nothing else than itself. */ & (
  | { readonly kind: "word" | "name" | "sign" | "end" }
  | { readonly kind: "number"; readonly value: number }
  /** Two to four numbers with dots: an address, or the beginning of one. */
  | { readonly kind: "address4"; readonly value: number; readonly bits: number }
  | { readonly kind: "address6"; readonly words: Ipv6 }
  | { readonly kind: "hardware"; readonly bytes: readonly number[] }
  /** `6000-6008` */
  | { readonly kind: "range"; readonly from: number; readonly to: number }
);

const SPACE = /\s*/y;
const HARDWARE =
  /(?:[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5}|[0-9a-f]{1,2}(?:-[0-9a-f]{1,2}){5}|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2})(?![\w:.-])/iy;
const COLONS = /[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*/iy;
const DOTTED = /\d{1,3}(?:\.\d{1,3}){1,3}(?![\w.])/y;
const RANGE = /(\d+)-(\d+)(?![\w.-])/y;
const NUMBER = /(?:0x[0-9a-f]+|\d+)(?![\w.])/iy;
const WORD = /\\?[a-z0-9](?:[-_.a-z0-9]*[a-z0-9])?/iy;
const SIGN = /&&|\|\||<<|>>|<=|>=|==|!=|[-+*/%&|^<>=!()[\]:]/y;

/**
 * Cuts a filter into words, numbers, addresses and signs; the last token is the end.
 * @throws AuthorError at what is none of them
 */
export function tokensOf(text: string): readonly Token[] {
  if (text.length > MOST_CHARACTERS)
    throw new AuthorError(`A filter has at most ${MOST_CHARACTERS} characters.`, {
      start: MOST_CHARACTERS,
      end: text.length,
    });
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at += lengthAt(SPACE, text, at);
    if (at >= text.length) break;
    const token = tokenAt(text, at);
    tokens.push(token);
    at = token.span.end;
  }
  return [...tokens, { kind: "end", text: "", span: { start: at, end: at } }];
}

function tokenAt(text: string, start: number): Token {
  const hardware = lengthAt(HARDWARE, text, start);
  if (hardware > 0) return hardwareToken(text, start, start + hardware);
  const colons = lengthAt(COLONS, text, start);
  const words = colons > 0 ? parseIpv6(text.slice(start, start + colons)) : undefined;
  if (words !== undefined) return { kind: "address6", words, ...placed(text, start, colons) };
  const dotted = lengthAt(DOTTED, text, start);
  if (dotted > 0) return dottedToken(text, start, dotted);
  RANGE.lastIndex = start;
  const range = RANGE.exec(text);
  if (range !== null)
    return {
      kind: "range",
      from: Number(range[1]),
      to: Number(range[2]),
      ...placed(text, start, range[0].length),
    };
  const number = lengthAt(NUMBER, text, start);
  if (number > 0) return numberToken(text, start, number);
  const word = lengthAt(WORD, text, start);
  if (word > 0) return wordToken(text, start, word);
  const sign = lengthAt(SIGN, text, start);
  if (sign > 0) return { kind: "sign", ...placed(text, start, sign) };
  const character = String.fromCodePoint(text.codePointAt(start)!);
  throw new AuthorError(`${character} means nothing in a filter.`, {
    start,
    end: start + character.length,
  });
}

function hardwareToken(text: string, start: number, end: number): Token {
  const written = text.slice(start, end);
  const groups = written.includes(".") ? written.match(/[0-9a-f]{2}/gi) : written.split(/[:-]/);
  const bytes = (groups ?? []).map((group) => Number.parseInt(group, 16));
  return { kind: "hardware", bytes, ...placed(text, start, end - start) };
}

function dottedToken(text: string, start: number, length: number): Token {
  const place = placed(text, start, length);
  const parts = place.text.split(".").map(Number);
  const tooLarge = parts.find((part) => part > 255);
  if (tooLarge !== undefined)
    throw new AuthorError(`${place.text} is no address: ${tooLarge} is above 255.`, place.span);
  const bits = 8 * parts.length;
  const value = parts.reduce((sum, part) => sum * 256 + part, 0) * 2 ** (32 - bits);
  return { kind: "address4", value, bits, ...place };
}

function numberToken(text: string, start: number, length: number): Token {
  const place = placed(text, start, length);
  // A 0 at the beginning means octal, as in C.
  const isOctal = /^0[0-7]+$/.test(place.text);
  const value = isOctal ? Number.parseInt(place.text, 8) : Number(place.text);
  if (value > 0xffff_ffff) throw new AuthorError(`${place.text} needs more than 32 bits.`, place.span);
  return { kind: "number", value, ...place };
}

/** A word, a name, or the number that a word stands for. */
function wordToken(text: string, start: number, length: number): Token {
  const { text: written, span } = placed(text, start, length);
  if (written.startsWith("\\")) return { kind: "name", text: written.slice(1), span };
  const value = CONSTANTS.get(written);
  return value === undefined
    ? { kind: "word", text: written, span }
    : { kind: "number", value, text: written, span };
}

function placed(text: string, start: number, length: number): { text: string; span: Span } {
  return { text: text.slice(start, start + length), span: { start, end: start + length } };
}

/** How much of the text a sticky expression matches at a place; 0 when it does not. */
function lengthAt(expression: RegExp, text: string, at: number): number {
  expression.lastIndex = at;
  return expression.exec(text)?.[0].length ?? 0;
}
