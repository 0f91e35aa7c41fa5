/** Expression text to tokens. Whitespace and comments (`//` to the end of the line) vanish here. */
import { Double, Float, INT_MAX } from "../../core/number.ts";
import { type Span, StellarSyntaxError } from "./error.ts";

export type Token = Span &
  (
    | { readonly type: "number"; readonly value: number | bigint | Double | Float }
    | { readonly type: "string"; readonly value: string }
    | { readonly type: "identifier"; readonly value: string }
    | { readonly type: "keyword"; readonly value: Keyword }
    | { readonly type: "symbol"; readonly value: string }
    | { readonly type: "end"; readonly value: "" }
  );

/** Keywords are written all lower or all upper; any other case is an identifier. */
const KEYWORDS = [
  "in",
  "and",
  "or",
  "not",
  "true",
  "false",
  "if",
  "then",
  "else",
  "null",
  "match",
  "default",
  "exists",
] as const;
export type Keyword = (typeof KEYWORDS)[number] | "nan";

const keywords = new Map<string, Keyword>([
  ...KEYWORDS.map((word) => [word, word] as const),
  ...KEYWORDS.map((word) => [word.toUpperCase(), word] as const),
  ["NaN", "nan"],
]);

export function isKeyword(word: string): boolean {
  return keywords.has(word);
}

const SPACE = /[ \r\n\t\f]+|\/\/[^\n]*/y;
const IDENTIFIER = /[A-Za-z_$][A-Za-z_.:0-9]*/y;
const DECIMAL =
  /(?:(?:0|[1-9][0-9]*)\.[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[dDfF]?|(?:0|[1-9][0-9]*)(?:[eE][+-]?[0-9]+[dDfF]?|[dDfF])/y;
const WHOLE = /(?:0|[1-9][0-9]*)[lL]?/y;
const SYMBOL = /->|=>|==|!=|<=|>=|&&|\|\||[<>?:+\-*/()[\]{},]/y;

const LONG_MAX = 2n ** 63n - 1n;

/** The longest expression that is accepted, in UTF-16 units. */
const MAX_EXPRESSION = 100_000;

/** All tokens of a text, the last one `end`. Throws a StellarSyntaxError at the first character that fits nowhere. */
export function tokenize(text: string): Token[] {
  if (text.length > MAX_EXPRESSION) {
    throw new StellarSyntaxError(`an expression has at most ${MAX_EXPRESSION} characters`, {
      start: 0,
      end: 0,
    });
  }
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at += matchAt(SPACE, text, at).length;
    if (at >= text.length) break;
    if (matchAt(SPACE, text, at) !== "") continue;
    const token = tokenAt(text, at);
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ type: "end", value: "", start: text.length, end: text.length });
  return tokens;
}

function tokenAt(text: string, start: number): Token {
  const first = text[start] as string;
  if (first === "'" || first === '"') return stringAt(text, start);
  const word = matchAt(IDENTIFIER, text, start).replace(/:+$/, "");
  if (word !== "") return wordAt(word, start);
  const decimal = matchAt(DECIMAL, text, start);
  if (decimal !== "") return decimalAt(decimal, start);
  const whole = matchAt(WHOLE, text, start);
  if (whole !== "") return wholeAt(text, whole, start);
  const symbol = matchAt(SYMBOL, text, start);
  if (symbol !== "") return symbolAt(symbol, start);
  throw strayCharacter(text, start);
}

function wordAt(word: string, start: number): Token {
  const end = start + word.length;
  const keyword = keywords.get(word);
  if (keyword !== undefined) return { type: "keyword", value: keyword, start, end };
  return { type: "identifier", value: word, start, end };
}

function symbolAt(symbol: string, start: number): Token {
  const end = start + symbol.length;
  if (symbol === "&&") return { type: "keyword", value: "and", start, end };
  if (symbol === "||") return { type: "keyword", value: "or", start, end };
  return { type: "symbol", value: symbol, start, end };
}

function decimalAt(text: string, start: number): Token {
  const end = start + text.length;
  const isFloat = /[fF]$/.test(text);
  const number = Number(text.replace(/[dDfF]$/, ""));
  return { type: "number", value: isFloat ? new Float(number) : new Double(number), start, end };
}

/** Whole numbers may be one beyond the range here: with a minus before it, it is the smallest of its type. */
function wholeAt(text: string, digits: string, start: number): Token {
  const end = start + digits.length;
  const span = { start, end };
  if (/[0-9]/.test(text[end] ?? "")) {
    throw new StellarSyntaxError("a whole number does not start with 0", span, "remove the leading zeros");
  }
  if (/[lL]$/.test(digits)) {
    const value = BigInt(digits.slice(0, -1));
    if (value > LONG_MAX + 1n) throw new StellarSyntaxError("the number does not fit 64 bits", span);
    return { type: "number", value, ...span };
  }
  const value = Number(digits);
  if (value > INT_MAX + 1) {
    throw new StellarSyntaxError("the number does not fit 32 bits", span, `write \`${digits}L\` for a long`);
  }
  return { type: "number", value, ...span };
}

const ESCAPES = new Map([
  ["'", "'"],
  ['"', '"'],
  ["\\", "\\"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

function stringAt(text: string, start: number): Token {
  const quote = text[start];
  let value = "";
  let from = start + 1;
  for (let at = from; at < text.length; at++) {
    const character = text[at] as string;
    if (character === quote) {
      return { type: "string", value: value + text.slice(from, at), start, end: at + 1 };
    }
    if (character !== "\\") continue;
    const escaped = ESCAPES.get(text[at + 1] ?? "");
    if (escaped === undefined) {
      throw new StellarSyntaxError(
        `\`${text.slice(at, at + 2)}\` is no escape`,
        { start: at, end: Math.min(at + 2, text.length) },
        "write two backslashes for one",
      );
    }
    value += text.slice(from, at) + escaped;
    at++;
    from = at + 1;
  }
  throw new StellarSyntaxError(
    "the string does not end",
    { start, end: text.length },
    `close it with ${quote}`,
  );
}

const STRAY: Readonly<Record<string, string>> = {
  "!": "write `not` or `!=`",
  "&": "write `and`",
  "|": "write `or`",
  "=": "write `==` to compare",
  "#": "comments start with `//`",
  "%": "there is no remainder operator",
  "\u00a0": "this is a no-break space; write a plain one",
};

function strayCharacter(text: string, at: number): StellarSyntaxError {
  const character = String.fromCodePoint(text.codePointAt(at) as number);
  const span = { start: at, end: at + character.length };
  const assigns = character === "=" && text[at - 1] === ":";
  const suggestion = assigns ? "assignments belong to the shell and to configurations" : STRAY[character];
  const shown = /[\p{C}\p{Z}]/u.test(character)
    ? `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`
    : `\`${character}\``;
  return new StellarSyntaxError(`unexpected character ${shown}`, span, suggestion);
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}
