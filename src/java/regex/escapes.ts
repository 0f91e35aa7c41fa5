/** Escapes that stand for one character or a class of them, inside and outside of brackets. */
import { type CharSet, complement } from "./char-set.ts";
import type { Cursor } from "./cursor.ts";
import type { Flags } from "./flags.ts";
import { DIGIT, HORIZONTAL, propertySet, SPACE, unicodeWord, VERTICAL, WORD } from "./properties.ts";

const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13, f: 12, a: 7, e: 27 };
const OCTAL = /[0-3][0-7]{2}|[0-7]{1,2}/y;
const HEX = /[0-9a-fA-F]{2}/y;
const BRACED_HEX = /\{[0-9a-fA-F]{1,8}\}/y;
const UNIT = /[0-9a-fA-F]{4}/y;
const PROPERTY = /\{[^{}]*\}|[A-Za-z]/y;

/** A class such as `\d` or `\p{L}` behind a backslash already taken; undefined when it is something else. */
export function readClassEscape(cursor: Cursor, flags: Flags): CharSet | undefined {
  const letter = cursor.next;
  const found = namedClass(letter.toLowerCase(), flags);
  if (found !== undefined) {
    cursor.at++;
    return letter === letter.toLowerCase() ? found : complement(found);
  }
  if (letter !== "p" && letter !== "P") return undefined;
  cursor.at++;
  const start = cursor.at;
  const braced = cursor.match(PROPERTY);
  if (braced === undefined) throw cursor.error("a property such as {Alpha} is needed", start);
  const set = propertySet(braced.replace(/[{}]/g, ""), flags.U);
  if (set === undefined) throw cursor.error(`there is no character property ${braced}`, start);
  return letter === "p" ? set : complement(set);
}

function namedClass(letter: string, flags: Flags): CharSet | undefined {
  switch (letter) {
    case "d":
      return flags.U ? propertySet("Digit", true) : DIGIT;
    case "w":
      return flags.U ? unicodeWord() : WORD;
    case "s":
      return flags.U ? propertySet("Space", true) : SPACE;
    case "h":
      return HORIZONTAL;
    case "v":
      return VERTICAL;
    default:
      return undefined;
  }
}

/** The code point of an escape such as `\t`, `\x41` or `\.`, behind a backslash already taken. */
export function readCharEscape(cursor: Cursor): number {
  const start = cursor.at - 1;
  const letter = cursor.next;
  const control = CONTROLS[letter];
  if (control !== undefined) {
    cursor.at++;
    return control;
  }
  switch (letter) {
    case "0":
      return readNumber(cursor, OCTAL, 8, "octal digits");
    case "x":
      return cursor.peek(1) === "{"
        ? readNumber(cursor, BRACED_HEX, 16, "hexadecimal digits")
        : readNumber(cursor, HEX, 16, "two hexadecimal digits");
    case "u":
      return readUnits(cursor);
    case "c":
      cursor.at++;
      return cursor.code() ^ 64;
  }
  if (/[A-Za-z0-9]/.test(letter)) throw cursor.error(`\`\\${letter}\` means nothing`, start);
  if (cursor.done) throw cursor.error("the pattern ends with a backslash", start);
  return cursor.code();
}

function readNumber(cursor: Cursor, digits: RegExp, radix: number, wanted: string): number {
  cursor.at++;
  const text = cursor.match(digits);
  const code = Number.parseInt(text?.replace(/[{}]/g, "") ?? "", radix);
  if (!(code <= 0x10ffff)) throw cursor.error(`${wanted} are needed`);
  return code;
}

/** `\uD83D\uDE00` is one code point. */
function readUnits(cursor: Cursor): number {
  const high = readNumber(cursor, UNIT, 16, "four hexadecimal digits");
  if (high < 0xd800 || high > 0xdbff || !cursor.startsWith("\\u")) return high;
  const back = cursor.at;
  cursor.at++;
  const low = readNumber(cursor, UNIT, 16, "four hexadecimal digits");
  if (low >= 0xdc00 && low <= 0xdfff) return (high - 0xd800) * 0x400 + (low - 0xdc00) + 0x10000;
  cursor.at = back;
  return high;
}
