import {
  ANY_BYTE,
  type BytePattern,
  type ByteSet,
  inBothCases,
  inverted,
  listSet,
  literal,
  rangeSet,
  setOf,
  united,
} from "./pattern.ts";
import { PatternReader } from "./reader.ts";

const SPACE = /(?:[ \t\r\n]|#[^\n]*)*/y;
const HEX = /[0-9a-fA-F]{2}/y;
const COUNTS = /\{\s*(\d+)\s*(?:[,-]\s*(\d+|\*)\s*)?\}/y;

const DIGIT = rangeSet(0x30, 0x39);
const LOWER = rangeSet(0x61, 0x7a);
const UPPER = rangeSet(0x41, 0x5a);
const ASCII = rangeSet(0, 0x7f);
const WHITE = listSet([9, 10, 13, 32]);
const WORD = united([DIGIT, LOWER, UPPER, listSet([0x5f])]);

const SHORTHANDS: Readonly<Record<string, ByteSet>> = {
  t: listSet([9]),
  n: listSet([10]),
  v: listSet([11]),
  f: listSet([12]),
  r: listSet([13]),
  e: listSet([27]),
  d: DIGIT,
  D: inverted(DIGIT),
  l: LOWER,
  L: inverted(LOWER),
  u: UPPER,
  U: inverted(UPPER),
  i: ASCII,
  I: inverted(ASCII),
  s: WHITE,
  S: inverted(WHITE),
  w: WORD,
  W: inverted(WORD),
};

/**
 * Reads a pattern in the syntax of the original's byte filters (that of the library byteseek, version 2): bytes in hex, `'text'`,
 * `` `text in any case` ``, `.`, ranges `20-7f`, sets `[…]`, bits `&80` and `~81`, `^` for anything but what follows, repetition,
 * groups and alternatives. Space and `# comments` are left out. Of repetitions both `{2,5}` and `{2-5}` are read.
 * @throws AuthorError with the place of the first mistake
 */
export function parseByteseek(text: string): BytePattern {
  const reader = new PatternReader(text);
  const pattern = alternatives(reader);
  if (!reader.isDone) throw reader.mistake("This ) closes nothing: remove it or add a ( before.");
  return pattern;
}

function alternatives(reader: PatternReader): BytePattern {
  const parts = [sequence(reader)];
  while (reader.takeIf("|")) parts.push(sequence(reader));
  return parts.length === 1 ? parts[0]! : { kind: "alternatives", parts };
}

function sequence(reader: PatternReader): BytePattern {
  const parts: BytePattern[] = [];
  reader.takeMatch(SPACE);
  while (!reader.isDone && reader.next !== "|" && reader.next !== ")") {
    parts.push(repeated(reader, item(reader)));
    reader.takeMatch(SPACE);
  }
  if (parts.length === 0) throw reader.mistake("Bytes are missing here: write them in hex or as 'text'.");
  return { kind: "sequence", parts };
}

function repeated(reader: PatternReader, part: BytePattern): BytePattern {
  let result = part;
  for (let count = 0; ; count++) {
    reader.takeMatch(SPACE);
    const start = reader.at;
    reader.checkStacked(count);
    if (reader.takeIf("*"))
      result = { kind: "repeat", part: result, least: 0, most: Number.POSITIVE_INFINITY };
    else if (reader.takeIf("+"))
      result = { kind: "repeat", part: result, least: 1, most: Number.POSITIVE_INFINITY };
    else if (reader.takeIf("?")) result = { kind: "repeat", part: result, least: 0, most: 1 };
    else if (reader.next === "{") {
      const counts = reader.takeMatch(COUNTS);
      if (counts === undefined) throw reader.mistake("Expected a repetition such as {4}, {2,5} or {2,*}.");
      result = { kind: "repeat", part: result, ...reader.counts(counts[1]!, counts[2], start) };
    } else return result;
  }
}

function item(reader: PatternReader): BytePattern {
  if (reader.takeIf("(")) {
    const inner = reader.nested(() => alternatives(reader));
    if (!reader.takeIf(")")) throw reader.mistake("A ) is missing here.");
    return inner;
  }
  const start = reader.at;
  const text = quoted(reader);
  // A single character may begin a range, as a byte does.
  if (text !== undefined && text.bytes.length !== 1) return literal(text.bytes, text.isCaseless);
  reader.at = start;
  return { kind: "set", set: set(reader) };
}

/** One byte, or any of several. */
function set(reader: PatternReader): ByteSet {
  reader.takeMatch(SPACE);
  if (reader.takeIf("^")) return reader.nested(() => inverted(set(reader)));
  if (reader.takeIf(".")) return ANY_BYTE;
  if (reader.takeIf("&")) {
    const bits = byte(reader);
    return setOf((value) => (value & bits) === bits);
  }
  if (reader.takeIf("~")) {
    const bits = byte(reader);
    return setOf((value) => (value & bits) !== 0);
  }
  if (reader.takeIf("[")) return reader.nested(() => members(reader));
  if (reader.takeIf("\\")) {
    const known = SHORTHANDS[reader.next];
    if (known === undefined) throw reader.mistake(`\\${reader.next} means nothing here.`, reader.at - 1);
    reader.take();
    return known;
  }
  return range(reader);
}

function members(reader: PatternReader): ByteSet {
  const sets: ByteSet[] = [];
  for (;;) {
    reader.takeMatch(SPACE);
    if (reader.takeIf("]")) break;
    if (reader.isDone) throw reader.mistake("A ] is missing here.");
    const start = reader.at;
    const text = quoted(reader);
    if (text !== undefined && text.bytes.length !== 1) {
      const all = listSet(text.bytes);
      sets.push(text.isCaseless ? inBothCases(all) : all);
    } else {
      reader.at = start;
      sets.push(set(reader));
    }
  }
  if (sets.length === 0) throw reader.mistake("A set needs at least one byte.", reader.at - 1);
  return united(sets);
}

function range(reader: PatternReader): ByteSet {
  const start = reader.at;
  const text = quoted(reader);
  if (text?.isCaseless === true) return inBothCases(listSet(text.bytes));
  const first = text === undefined ? byte(reader) : single(reader, text.bytes, start);
  const before = reader.at;
  reader.takeMatch(SPACE);
  if (!reader.takeIf("-")) {
    reader.at = before;
    return listSet([first]);
  }
  reader.takeMatch(SPACE);
  const from = reader.at;
  const other = quoted(reader);
  const last = other === undefined ? byte(reader) : single(reader, other.bytes, from);
  // The order does not matter to byteseek.
  return rangeSet(Math.min(first, last), Math.max(first, last));
}

function single(reader: PatternReader, bytes: readonly number[], start: number): number {
  const [first] = bytes;
  if (first === undefined || bytes.length > 1)
    throw reader.mistake("Only a single character can be inverted or begin or end a range.", start);
  return first;
}

function byte(reader: PatternReader): number {
  const digits = reader.takeMatch(HEX);
  if (digits === undefined)
    throw reader.mistake("Expected a byte as two hex digits, 'text', a set in [ ], or a dot for any byte.");
  return Number.parseInt(digits[0], 16);
}

type Quoted = { readonly bytes: readonly number[]; readonly isCaseless: boolean };

/** Text between quotes, as the bytes of Latin-1. */
function quoted(reader: PatternReader): Quoted | undefined {
  const sign = reader.next;
  if (sign !== "'" && sign !== "`") return undefined;
  const start = reader.at;
  const end = reader.text.indexOf(sign, start + 1);
  if (end < 0) throw reader.mistake(`The text that begins here has no closing ${sign}.`);
  const bytes = Array.from(reader.text.slice(start + 1, end), (character) => character.codePointAt(0)!);
  reader.at = end + 1;
  if (bytes.some((value) => value > 0xff))
    throw reader.mistake("Text has characters of one byte: write the others in hex.", start);
  return { bytes, isCaseless: sign === "`" };
}
