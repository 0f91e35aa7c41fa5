/** The words of the window selector language. */
import { StellarSyntaxError } from "../language/error.ts";

type TokenKind =
  | "ago"
  | "argument"
  | "comma"
  | "day"
  | "every"
  | "exclude"
  | "from"
  | "include"
  | "number"
  | "to"
  | "unit"
  | "window";

export type Token = {
  readonly kind: TokenKind;
  /** In lower case and singular, arguments without their colon. */
  readonly text: string;
  readonly written: string;
  readonly start: number;
  readonly end: number;
};

const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/** Every spelling in lower case; the upper case is spelt alike, but for words of the set below. */
const SPELLINGS: readonly (readonly [kind: TokenKind, text: string, spelling: string])[] = [
  ...spelt("window", "window", "window", "windows"),
  ...spelt("include", "include", "include", "includes", "including"),
  ...spelt("exclude", "exclude", "exclude", "excludes", "excluding"),
  ...spelt("from", "from", "from", "starting from"),
  ...spelt("every", "every", "every", "for every"),
  ...spelt("to", "to", "to", "until"),
  ...spelt("ago", "ago", "ago"),
  ...["second", "minute", "hour", "day"].flatMap((unit) =>
    spelt("unit", unit, unit, `${unit}s`, `${unit}(s)`),
  ),
  ...[...DAYS, "weekday", "weekend", "holiday"].flatMap((day) => spelt("day", day, day, `${day}s`)),
  ...spelt("day", "date", "date"),
  ...spelt(
    "day",
    "this day",
    "this day of week",
    "this day of the week",
    "current day of week",
    "current day of the week",
  ),
];

function spelt(kind: TokenKind, text: string, ...spellings: string[]): [TokenKind, string, string][] {
  return spellings.map((spelling) => [kind, text, spelling]);
}

/** Longest first, because `days` begins with `day`. */
const WORDS = SPELLINGS.flatMap(([kind, text, spelling]) => [
  { kind, text, spelling },
  { kind, text, spelling: spelling.toUpperCase() },
]).sort((a, b) => b.spelling.length - a.spelling.length);

const NUMBER = /[1-9][0-9]*/y;
const ARGUMENT = /:[a-zA-Z0-9][a-zA-Z0-9_./-]*/y;

/** Splits a selector into words; a StellarSyntaxError where none begins. */
export function tokenizeWindow(selector: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < selector.length) {
    if (/[ \r\t\f\n]/.test(selector.charAt(at))) {
      at++;
      continue;
    }
    const [kind, text, written] = wordAt(selector, at);
    tokens.push({ kind, text, written, start: at, end: at + written.length });
    at += written.length;
  }
  return tokens;
}

function wordAt(selector: string, at: number): readonly [kind: TokenKind, text: string, written: string] {
  if (selector.charAt(at) === ",") return ["comma", ",", ","];
  const number = matchAt(NUMBER, selector, at);
  if (number !== undefined) return ["number", number, number];
  const argument = matchAt(ARGUMENT, selector, at);
  if (argument !== undefined) return ["argument", argument.slice(1), argument];
  const word = WORDS.find(({ spelling }) => selector.startsWith(spelling, at));
  if (word !== undefined) return [word.kind, word.text, word.spelling];
  const stray = /^[^\s,:]+|^./u.exec(selector.slice(at, at + 100))?.[0] ?? "";
  throw new StellarSyntaxError(
    `\`${stray}\` is no word of window selectors`,
    { start: at, end: at + stray.length },
    "words are all lower or all upper case; units are seconds, minutes, hours and days",
  );
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
