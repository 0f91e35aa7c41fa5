/**
 * JSON with Java's numbers: a whole number is an int or, when it is larger, a long; one with a fraction or an exponent
 * a double. Reads the first value of a text and leaves what follows after a blank, as Jackson does.
 */

import { StellarError } from "../language/error.ts";
import { checkCollectionSize, MAX_NESTING } from "./budget.ts";
import { Double, isInt, StellarMap, type Value } from "./value.ts";

const LONG_LIMIT = 2n ** 63n;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

type Reader = { readonly text: string; at: number; depth: number };

/** The first JSON value of a text; throws a StellarError with the place of the first mistake. */
export function parseJson(text: string): Value {
  const reader: Reader = { text, at: 0, depth: 0 };
  const value = readValue(reader);
  // Two scalars must have a blank between them; brackets end by themselves.
  const next = text.charAt(reader.at);
  if (typeof value !== "object" && next !== "" && !/[\s]/.test(next)) throw unexpected(reader, "a blank");
  return value;
}

function readValue(reader: Reader): Value {
  skipBlanks(reader);
  switch (reader.text.charAt(reader.at)) {
    case "{":
      return nested(reader, readMap);
    case "[":
      return nested(reader, readList);
    case '"':
      return readText(reader);
    case "t":
      return readWord(reader, "true", true);
    case "f":
      return readWord(reader, "false", false);
    case "n":
      return readWord(reader, "null", null);
    default:
      return readNumber(reader);
  }
}

function nested(reader: Reader, read: (reader: Reader) => Value): Value {
  if (++reader.depth > MAX_NESTING) throw new StellarError(`JSON nests deeper than ${MAX_NESTING}`);
  reader.at++;
  const value = read(reader);
  reader.depth--;
  return value;
}

function readMap(reader: Reader): Value {
  const map = new StellarMap();
  if (take(reader, "}")) return map;
  do {
    skipBlanks(reader);
    if (reader.text.charAt(reader.at) !== '"') throw unexpected(reader, "a name in quotes");
    const key = readText(reader);
    if (!take(reader, ":")) throw unexpected(reader, "`:`");
    map.set(key, readValue(reader));
    checkCollectionSize(map.size);
  } while (take(reader, ","));
  if (!take(reader, "}")) throw unexpected(reader, "`,` or `}`");
  return map;
}

function readList(reader: Reader): Value {
  const list: Value[] = [];
  if (take(reader, "]")) return list;
  do {
    list.push(readValue(reader));
    checkCollectionSize(list.length);
  } while (take(reader, ","));
  if (!take(reader, "]")) throw unexpected(reader, "`,` or `]`");
  return list;
}

function readText(reader: Reader): string {
  const { text } = reader;
  let result = "";
  reader.at++;
  for (;;) {
    const end = plainEnd(text, reader.at);
    result += text.slice(reader.at, end);
    reader.at = end;
    const char = text.charAt(reader.at);
    if (char === '"') {
      reader.at++;
      return result;
    }
    if (char !== "\\") throw unexpected(reader, "the closing quote");
    result += readEscape(reader);
  }
}

/** Where the characters that stand for themselves end: at a quote, a backslash, a control character or the end. */
function plainEnd(text: string, start: number): number {
  let at = start;
  for (;;) {
    const code = text.charCodeAt(at);
    // The comparison is false for NaN, at the end.
    if (!(code >= 32) || code === 34 || code === 92) return at;
    at++;
  }
}

function readEscape(reader: Reader): string {
  const letter = reader.text.charAt(reader.at + 1);
  const simple = ESCAPES[letter];
  if (simple !== undefined) {
    reader.at += 2;
    return simple;
  }
  const digits = reader.text.slice(reader.at + 2, reader.at + 6);
  if (letter !== "u" || !/^[0-9a-fA-F]{4}$/.test(digits)) throw unexpected(reader, "an escape sequence");
  reader.at += 6;
  return String.fromCharCode(Number.parseInt(digits, 16));
}

function readWord<T extends Value>(reader: Reader, word: string, value: T): T {
  if (!reader.text.startsWith(word, reader.at)) throw unexpected(reader, "a JSON value");
  reader.at += word.length;
  return value;
}

function readNumber(reader: Reader): Value {
  NUMBER.lastIndex = reader.at;
  const match = NUMBER.exec(reader.text);
  if (match === null) throw unexpected(reader, "a JSON value");
  reader.at = NUMBER.lastIndex;
  if (/[0-9.eE+-]/.test(reader.text.charAt(reader.at))) throw unexpected(reader, "the end of the number");
  const [digits, fraction, exponent] = match;
  const value = Number(digits);
  if (fraction !== undefined || exponent !== undefined) return new Double(value);
  if (isInt(value)) return value | 0;
  // A whole number beyond the longs has no type of its own here.
  if (digits.length > 20) return new Double(value);
  const whole = BigInt(digits);
  return whole >= LONG_LIMIT || whole < -LONG_LIMIT ? new Double(value) : whole;
}

function take(reader: Reader, char: string): boolean {
  skipBlanks(reader);
  if (reader.text.charAt(reader.at) !== char) return false;
  reader.at++;
  return true;
}

function skipBlanks(reader: Reader): void {
  const { text } = reader;
  for (;;) {
    const code = text.charCodeAt(reader.at);
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
    reader.at++;
  }
}

function unexpected({ text, at }: Reader, wanted: string): StellarError {
  const found = at < text.length ? `\`${text.charAt(at)}\`` : "the end";
  return new StellarError(`the JSON text has ${found} at character ${at + 1} where ${wanted} is needed`);
}
