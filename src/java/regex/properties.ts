/** The named character classes of java.util.regex: `\d`, `\p{Alpha}`, `\p{Lu}`, `\p{IsGreek}` and their kin. */
import { type CharSet, chars, contains, LAST, single, union } from "./char-set.ts";

export const DIGIT: CharSet = [48, 57];
const LOWER: CharSet = [97, 122];
const UPPER: CharSet = [65, 90];
const ALPHA = union(LOWER, UPPER);
const ALNUM = union(ALPHA, DIGIT);
const PUNCT: CharSet = [33, 47, 58, 64, 91, 96, 123, 126];
export const SPACE: CharSet = [9, 13, 32, 32];
export const WORD = union(ALNUM, single(95));
export const HORIZONTAL = chars(
  "\t \xa0\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
);
export const VERTICAL = chars("\n\v\f\r\x85\u2028\u2029");
export const LINE_ENDS = chars("\n\r\x85\u2028\u2029");

const POSIX: Readonly<Record<string, CharSet>> = {
  ASCII: [0, 127],
  Alnum: ALNUM,
  Alpha: ALPHA,
  Blank: chars(" \t"),
  Cntrl: [0, 31, 127, 127],
  Digit: DIGIT,
  Graph: [33, 126],
  L1: [0, 255],
  Lower: LOWER,
  Print: [32, 126],
  Punct: PUNCT,
  Space: SPACE,
  Upper: UPPER,
  XDigit: union(DIGIT, [65, 70], [97, 102]),
  all: [0, LAST],
};

/** The same names under the flag `U`, as properties of Unicode. */
const UNICODE_POSIX: Readonly<Record<string, string>> = {
  Alnum: "Alphabetic|Nd",
  Alpha: "Alphabetic",
  Cntrl: "Cc",
  Digit: "Nd",
  Lower: "Lowercase",
  Punct: "P",
  Space: "White_Space",
  Upper: "Uppercase",
  XDigit: "Hex_Digit|Nd",
};

const JAVA: Readonly<Record<string, string>> = {
  javaAlphabetic: "Alphabetic",
  javaDefined: "Assigned",
  javaDigit: "Nd",
  javaIdeographic: "Ideographic",
  javaISOControl: "Cc",
  javaJavaIdentifierPart: "ID_Continue|Sc",
  javaJavaIdentifierStart: "ID_Start|Sc|Pc",
  javaLetter: "L",
  javaLetterOrDigit: "L|Nd",
  javaLowerCase: "Lowercase",
  javaMirrored: "Bidi_Mirrored",
  javaSpaceChar: "Z",
  javaTitleCase: "Lt",
  javaUpperCase: "Uppercase",
  javaWhitespace: "White_Space",
};

/** Binary properties that Java spells without underscores or in its own way. */
const BINARY: Readonly<Record<string, string>> = {
  alphabetic: "Alphabetic",
  assigned: "Assigned",
  control: "Cc",
  digit: "Nd",
  hexdigit: "Hex_Digit",
  hex_digit: "Hex_Digit",
  ideographic: "Ideographic",
  joincontrol: "Join_Control",
  join_control: "Join_Control",
  letter: "L",
  lowercase: "Lowercase",
  noncharactercodepoint: "Noncharacter_Code_Point",
  noncharacter_code_point: "Noncharacter_Code_Point",
  punctuation: "P",
  titlecase: "Lt",
  uppercase: "Uppercase",
  whitespace: "White_Space",
  white_space: "White_Space",
};

const BLOCKS: Readonly<Record<string, CharSet>> = {
  arabic: [0x600, 0x6ff],
  armenian: [0x530, 0x58f],
  basiclatin: [0, 0x7f],
  cjkunifiedideographs: [0x4e00, 0x9fff],
  cyrillic: [0x400, 0x4ff],
  devanagari: [0x900, 0x97f],
  generalpunctuation: [0x2000, 0x206f],
  georgian: [0x10a0, 0x10ff],
  greek: [0x370, 0x3ff],
  hangulsyllables: [0xac00, 0xd7af],
  hebrew: [0x590, 0x5ff],
  hiragana: [0x3040, 0x309f],
  katakana: [0x30a0, 0x30ff],
  "latin-1supplement": [0x80, 0xff],
  latinextendeda: [0x100, 0x17f],
  "latinextended-a": [0x100, 0x17f],
  "latinextended-b": [0x180, 0x24f],
  thai: [0xe00, 0xe7f],
};

/** The class behind `\p{name}`; undefined when there is none of that name. */
export function propertySet(name: string, unicode: boolean): CharSet | undefined {
  const equals = name.indexOf("=");
  if (equals >= 0) return keyedSet(name.slice(0, equals).toLowerCase(), name.slice(equals + 1));
  if (unicode && UNICODE_POSIX[name] !== undefined) return unicodeSet(UNICODE_POSIX[name]);
  if (POSIX[name] !== undefined) return POSIX[name];
  if (JAVA[name] !== undefined) return unicodeSet(JAVA[name]);
  if (name.startsWith("In")) return blockSet(name.slice(2));
  if (!name.startsWith("Is")) return categorySet(name);
  const rest = name.slice(2);
  const binary = BINARY[rest.toLowerCase()];
  if (binary !== undefined) return unicodeSet(binary);
  return categorySet(rest) ?? scriptSet(rest);
}

/** `\w` under the flag `U`, and what counts as a word for `\b` (letters and digits of all scripts). */
export function unicodeWord(): CharSet {
  return unicodeSet("Alphabetic|M|Nd|Pc|Join_Control") as CharSet;
}

/** JavaScript class text of a character that belongs to a word, for `\b`. */
export const BOUNDARY_WORD = "[\\p{L}\\p{Nd}_]";

function keyedSet(key: string, value: string): CharSet | undefined {
  switch (key) {
    case "sc":
    case "script":
      return scriptSet(value);
    case "blk":
    case "block":
      return blockSet(value);
    case "gc":
    case "general_category":
      return categorySet(value);
    default:
      return undefined;
  }
}

function blockSet(name: string): CharSet | undefined {
  return BLOCKS[name.toLowerCase().replace(/[ _]/g, "")];
}

function categorySet(name: string): CharSet | undefined {
  if (name === "LD") return unicodeSet("L|Nd");
  if (name === "LC") return unicodeSet("Lu|Ll|Lt");
  return /^[A-Z][a-z]?$/.test(name) ? unicodeSet(name) : undefined;
}

function scriptSet(name: string): CharSet | undefined {
  const title = name
    .toLowerCase()
    .replace(/(^|[_ ])([a-z])/g, (_, gap, letter) => `${gap && "_"}${letter.toUpperCase()}`);
  return /^[A-Za-z_]+$/.test(title) ? unicodeSet(`Script=${title}`) : undefined;
}

const known = new Map<string, CharSet | undefined>();

/** The union of Unicode properties, named with bars between. Takes some 10 ms the first time it meets a property. */
function unicodeSet(names: string): CharSet | undefined {
  if (known.has(names)) return known.get(names);
  const pattern = `[${names
    .split("|")
    .map((name) => `\\p{${name}}`)
    .join("")}]+`;
  const set = scan(pattern);
  known.set(names, set);
  return set;
}

function scan(pattern: string): CharSet | undefined {
  let expression: RegExp;
  try {
    expression = new RegExp(pattern, "gu");
  } catch (error) {
    // The engine knows which properties there are; a name it does not know is the pattern's mistake.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const ranges: number[] = [];
  for (const part of everyCharacter()) {
    for (const { 0: run } of part.matchAll(expression)) {
      ranges.push(run.codePointAt(0) as number, lastCodePoint(run));
    }
  }
  return union(ranges);
}

let characters: readonly string[] | undefined;

/** Every code point once, below, in and above the surrogates, which must not pair up. */
function everyCharacter(): readonly string[] {
  characters ??= [
    textOf(0, 0xd7ff),
    ...Array.from({ length: 0x800 }, (_, index) => String.fromCharCode(0xd800 + index)),
    textOf(0xe000, 0xffff),
    textOf(0x10000, LAST),
  ];
  return characters;
}

function textOf(from: number, to: number): string {
  const parts: string[] = [];
  for (let start = from; start <= to; start += 4096) {
    const length = Math.min(4096, to - start + 1);
    parts.push(String.fromCodePoint(...Array.from({ length }, (_, index) => start + index)));
  }
  return parts.join("");
}

function lastCodePoint(text: string): number {
  const last = text.charCodeAt(text.length - 1);
  if (last < 0xdc00 || last > 0xdfff || text.length < 2) return last;
  return text.codePointAt(text.length - 2) as number;
}

/** Tells whether a code point is a letter or digit of any script, or the underscore. */
export function isBoundaryWord(code: number): boolean {
  if (code < 128) return contains(WORD, code);
  return /[\p{L}\p{Nd}]/u.test(String.fromCodePoint(code));
}
