import {
  ANY_BYTE,
  type BytePattern,
  type ByteSet,
  inBothCases,
  inverted,
  listSet,
  rangeSet,
  setOf,
  united,
} from "./pattern.ts";
import { PatternReader } from "./reader.ts";

const COUNTS = /\{(\d+)(?:,(\d*))?\}/y;
const HEX = /x([0-9a-fA-F]{2})|x\{([0-9a-fA-F]{1,2})\}/y;
const FLAGS = /\(\?([is]+)\)/y;
const GROUP = /\((?:\?:|\?P?<\w+>)?/y;
const UNREADABLE_GROUP = /\(\?(?!:|P?<\w)/y;

const DIGIT = rangeSet(0x30, 0x39);
const WORD = setOf((byte) => /\w/.test(String.fromCharCode(byte)));
const WHITE = listSet([9, 10, 12, 13, 32]);
const NOT_LINE_END = inverted(listSet([10]));

const ESCAPES: Readonly<Record<string, ByteSet>> = {
  a: listSet([7]),
  f: listSet([12]),
  n: listSet([10]),
  r: listSet([13]),
  t: listSet([9]),
  v: listSet([11]),
  d: DIGIT,
  D: inverted(DIGIT),
  s: WHITE,
  S: inverted(WHITE),
  w: WORD,
  W: inverted(WORD),
  C: ANY_BYTE,
};

type Flags = { readonly isCaseless: boolean; readonly isDotAll: boolean };

/**
 * Reads a regular expression over bytes, in the syntax of RE2: classes, groups, repetition (whether greedy or not makes no difference
 * to whether something matches), `^` and `$` for both ends of what is searched, `\xff` for a byte, `(?i)` and `(?s)` at the beginning.
 * Text that is not ASCII stands for its UTF-8, and `.` is any byte but a line feed. References and look-around are not regular and
 * are refused, as RE2 does.
 * @throws AuthorError with the place of the first mistake
 */
export function parseByteRegex(text: string): BytePattern {
  const reader = new PatternReader(text);
  const letters = reader.takeMatch(FLAGS)?.[1] ?? "";
  const flags = { isCaseless: letters.includes("i"), isDotAll: letters.includes("s") };
  const pattern = alternatives(reader, flags);
  if (!reader.isDone) throw reader.mistake("This ) closes nothing: put a backslash before it.");
  return pattern;
}

function alternatives(reader: PatternReader, flags: Flags): BytePattern {
  const parts = [sequence(reader, flags)];
  while (reader.takeIf("|")) parts.push(sequence(reader, flags));
  return parts.length === 1 ? parts[0]! : { kind: "alternatives", parts };
}

function sequence(reader: PatternReader, flags: Flags): BytePattern {
  const parts: BytePattern[] = [];
  while (!reader.isDone && reader.next !== "|" && reader.next !== ")")
    parts.push(repeated(reader, item(reader, flags)));
  return { kind: "sequence", parts };
}

function repeated(reader: PatternReader, part: BytePattern): BytePattern {
  let result = part;
  for (let count = 0; ; count++) {
    const start = reader.at;
    reader.checkStacked(count);
    const counts = reader.takeMatch(COUNTS);
    if (counts !== undefined)
      result = { kind: "repeat", part: result, ...reader.counts(counts[1]!, counts[2], start) };
    else if (reader.takeIf("*"))
      result = { kind: "repeat", part: result, least: 0, most: Number.POSITIVE_INFINITY };
    else if (reader.takeIf("+"))
      result = { kind: "repeat", part: result, least: 1, most: Number.POSITIVE_INFINITY };
    else if (reader.takeIf("?")) result = { kind: "repeat", part: result, least: 0, most: 1 };
    else return result;
    reader.takeIf("?");
  }
}

function item(reader: PatternReader, flags: Flags): BytePattern {
  const start = reader.at;
  if (reader.takeMatch(UNREADABLE_GROUP) !== undefined)
    throw reader.mistake(
      "Look-around and flags within the pattern are not read: (?i) and (?s) may begin it.",
      start,
    );
  if (reader.takeMatch(GROUP) !== undefined) {
    const inner = reader.nested(() => alternatives(reader, flags));
    if (!reader.takeIf(")")) throw reader.mistake("A ) is missing here.");
    return inner;
  }
  if (reader.takeIf("^")) return { kind: "start" };
  if (reader.takeIf("$")) return { kind: "end" };
  if (reader.takeIf(".")) return setPattern(flags.isDotAll ? ANY_BYTE : NOT_LINE_END, flags);
  if (reader.next === "[") return { kind: "set", set: characterClass(reader, flags) };
  if (reader.next === "\\") return escaped(reader, flags);
  if ("*+?".includes(reader.next)) throw reader.mistake("There is nothing to repeat here.");
  const character = String.fromCodePoint(reader.text.codePointAt(reader.at)!);
  reader.at += character.length;
  const parts = Array.from(new TextEncoder().encode(character), (byte) => setPattern(listSet([byte]), flags));
  return parts.length === 1 ? parts[0]! : { kind: "sequence", parts };
}

function setPattern(set: ByteSet, { isCaseless }: Flags): BytePattern {
  return { kind: "set", set: isCaseless ? inBothCases(set) : set };
}

function escaped(reader: PatternReader, flags: Flags): BytePattern {
  if (reader.takeIf("\\A")) return { kind: "start" };
  if (reader.takeIf("\\z")) return { kind: "end" };
  return setPattern(escapedSet(reader), flags);
}

/** What a backslash makes of the next character. */
function escapedSet(reader: PatternReader): ByteSet {
  const start = reader.at++;
  const hex = reader.takeMatch(HEX);
  if (hex !== undefined) return listSet([Number.parseInt(hex[1] ?? hex[2]!, 16)]);
  const letter = reader.take();
  const known = ESCAPES[letter];
  if (known !== undefined) return known;
  if (letter === "") throw reader.mistake("A character is missing behind the backslash.", start);
  if (/[1-9]/.test(letter))
    throw reader.mistake(`A reference to a group (\\${letter}) is not read: it is not regular.`, start);
  if (/[0-9A-Za-z]/.test(letter) || letter.charCodeAt(0) > 0x7f)
    throw reader.mistake(`\\${letter} means nothing here.`, start);
  return listSet([letter.charCodeAt(0)]);
}

/** What a class holds. In both cases is what it lists, before it is turned round: `(?i)[^a]` is neither `a` nor `A`. */
function characterClass(reader: PatternReader, { isCaseless }: Flags): ByteSet {
  const start = reader.at++;
  const isInverted = reader.takeIf("^");
  const sets: ByteSet[] = [];
  // A ] that comes first is one of the characters.
  while (sets.length === 0 || reader.next !== "]") {
    if (reader.isDone) throw reader.mistake("This class has no closing ].", start);
    sets.push(classRange(reader));
  }
  reader.take();
  const all = isCaseless ? inBothCases(united(sets)) : united(sets);
  return isInverted ? inverted(all) : all;
}

function classRange(reader: PatternReader): ByteSet {
  const start = reader.at;
  const first = classMember(reader);
  if (reader.next !== "-" || reader.text.charAt(reader.at + 1) === "]") return first;
  reader.take();
  if (reader.isDone) throw reader.mistake("This class has no closing ].", start);
  const from = onlyByte(first);
  const to = onlyByte(classMember(reader));
  if (from < 0 || to < 0 || to < from)
    throw reader.mistake("A range goes from one character to one that is not smaller.", start);
  return rangeSet(from, to);
}

function classMember(reader: PatternReader): ByteSet {
  if (reader.next === "\\") return escapedSet(reader);
  const character = reader.take();
  if (character.charCodeAt(0) > 0x7f)
    throw reader.mistake("A class holds bytes: write those beyond ASCII as \\x80 to \\xff.", reader.at - 1);
  return listSet([character.charCodeAt(0)]);
}

/** The byte of a set that has just one, or -1. */
function onlyByte(set: ByteSet): number {
  const first = set.indexOf(1);
  return set.lastIndexOf(1) === first ? first : -1;
}
