/** Parses the syntax of java.util.regex.Pattern. */

import { PatternError } from "../pattern-error.ts";
import { ALL, bothCases, type CharSet, complement, single } from "./char-set.ts";
import { readClass } from "./class-parser.ts";
import { Cursor } from "./cursor.ts";
import { readCharEscape, readClassEscape } from "./escapes.ts";
import { type Flags, isFlag, NO_FLAGS } from "./flags.ts";
import { type Assertion, EMPTY, type ParsedRegex, type RegexNode } from "./nodes.ts";
import { LINE_ENDS, VERTICAL } from "./properties.ts";

/** Far beyond any pattern a person writes; what is longer came out of the data. */
const MAX_LENGTH = 32_768;
const MAX_REPEAT = 0x7fffffff;
const REPEAT = /\{(\d+)(,?)(\d*)\}/y;
const NAME = /[a-zA-Z][a-zA-Z0-9]*/y;

/** Throws a PatternError with the place of the first mistake. */
export function parseRegex(pattern: string, flags: Partial<Flags> = {}): ParsedRegex {
  if (pattern.length > MAX_LENGTH) {
    throw new PatternError(`a pattern of ${pattern.length} characters is too long`, pattern, MAX_LENGTH);
  }
  return new Parser(pattern, { ...NO_FLAGS, ...flags }).parse();
}

class Parser {
  readonly #cursor: Cursor;
  readonly #names = new Map<string, number>();
  #flags: Flags;
  #groups = 0;

  constructor(pattern: string, flags: Flags) {
    this.#cursor = new Cursor(pattern);
    this.#flags = flags;
  }

  parse(): ParsedRegex {
    const root = this.#choice();
    if (!this.#cursor.done) throw this.#cursor.error("a `)` closes nothing");
    return { root, groups: this.#groups, names: this.#names };
  }

  #choice(): RegexNode {
    return this.#cursor.nested(() => {
      const options = [this.#sequence()];
      while (this.#cursor.take("|")) options.push(this.#sequence());
      return options.length === 1 ? (options[0] as RegexNode) : { kind: "choice", options };
    });
  }

  #sequence(): RegexNode {
    const items: RegexNode[] = [];
    for (;;) {
      this.#skipComments();
      const { next } = this.#cursor;
      if (this.#cursor.done || next === "|" || next === ")") break;
      if (this.#cursor.take("\\Q")) this.#quoted(items);
      else items.push(this.#repeated(this.#atom()));
    }
    return items.length === 1 ? (items[0] as RegexNode) : { kind: "sequence", items };
  }

  /** A repeat behind quoted text applies to its last character. */
  #quoted(items: RegexNode[]): void {
    const cursor = this.#cursor;
    while (!cursor.done && !cursor.take("\\E")) {
      const item = this.#literal(cursor.code());
      const last = cursor.done || cursor.take("\\E");
      items.push(last ? this.#repeated(item) : item);
      if (last) return;
    }
  }

  #atom(): RegexNode {
    const cursor = this.#cursor;
    switch (cursor.next) {
      case "(":
        cursor.at++;
        return this.#group();
      case "[":
        cursor.at++;
        return { kind: "set", set: readClass(cursor, this.#flags) };
      case "\\":
        cursor.at++;
        return this.#escape();
      case ".":
        cursor.at++;
        return { kind: "set", set: this.#dot() };
      case "^":
        cursor.at++;
        return assertion(this.#flags.m ? (this.#flags.d ? "unixLineStart" : "lineStart") : "start");
      case "$":
        cursor.at++;
        return assertion(this.#lineEnd());
      case "*":
      case "+":
      case "?":
        throw cursor.error(`there is nothing for \`${cursor.next}\` to repeat`);
      case "{":
        // As in Java, a repeat on nothing repeats nothing.
        return EMPTY;
      default:
        return this.#literal(cursor.code());
    }
  }

  #dot(): CharSet {
    if (this.#flags.s) return ALL;
    return complement(this.#flags.d ? single(10) : LINE_ENDS);
  }

  #lineEnd(): Assertion {
    if (this.#flags.m) return this.#flags.d ? "unixLineEnd" : "lineEnd";
    return this.#flags.d ? "unixLastLineEnd" : "lastLineEnd";
  }

  #literal(code: number): RegexNode {
    const set = single(code);
    const { i, u, U } = this.#flags;
    return { kind: "set", set: i ? bothCases(set, u || U) : set };
  }

  #repeated(item: RegexNode): RegexNode {
    const cursor = this.#cursor;
    this.#skipComments();
    const bounds = this.#bounds();
    if (bounds === undefined) return item;
    const lazy = cursor.take("?");
    const possessive = !lazy && cursor.take("+");
    if (/[*+?]/.test(cursor.next)) throw cursor.error(`there is nothing for \`${cursor.next}\` to repeat`);
    const repeat: RegexNode = { kind: "repeat", item, ...bounds, lazy };
    return possessive ? { kind: "atomic", item: repeat } : repeat;
  }

  #bounds(): { min: number; max: number } | undefined {
    const cursor = this.#cursor;
    if (cursor.take("*")) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (cursor.take("+")) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (cursor.take("?")) return { min: 0, max: 1 };
    if (cursor.next !== "{") return undefined;
    const start = cursor.at;
    REPEAT.lastIndex = start;
    const match = REPEAT.exec(cursor.text);
    if (match === null) throw cursor.error("a repeat such as {2,3} is needed", start);
    cursor.at += match[0].length;
    const min = Number(match[1]);
    const max = match[2] === "" ? min : match[3] === "" ? Number.POSITIVE_INFINITY : Number(match[3]);
    if (max < min || min > MAX_REPEAT) throw cursor.error("the repeat's range is not possible", start);
    return { min, max };
  }

  #group(): RegexNode {
    const cursor = this.#cursor;
    const start = cursor.at - 1;
    const before = this.#flags;
    const node = this.#groupBody(start);
    // `(?i)` without a body holds to the end of the group around it.
    if (node === undefined) return EMPTY;
    if (!cursor.take(")")) throw cursor.error("the group is never closed", start);
    this.#flags = before;
    return node;
  }

  #groupBody(start: number): RegexNode | undefined {
    const cursor = this.#cursor;
    if (!cursor.take("?")) return this.#capture(undefined);
    if (cursor.take(":")) return this.#choice();
    if (cursor.take(">")) return { kind: "atomic", item: this.#choice() };
    if (cursor.take("=")) return this.#look(true, false);
    if (cursor.take("!")) return this.#look(true, true);
    if (cursor.take("<=")) return this.#look(false, false);
    if (cursor.take("<!")) return this.#look(false, true);
    if (cursor.take("<")) return this.#named();
    return this.#flagged(start);
  }

  #capture(name: string | undefined): RegexNode {
    const index = ++this.#groups;
    if (name !== undefined) this.#names.set(name, index);
    return { kind: "group", index, name, item: this.#choice() };
  }

  #named(): RegexNode {
    const name = this.#name();
    if (this.#names.has(name)) throw this.#cursor.error(`there are two groups named ${name}`);
    return this.#capture(name);
  }

  #name(): string {
    const name = this.#cursor.match(NAME);
    if (name === undefined || !this.#cursor.take(">")) {
      throw this.#cursor.error("a group's name is made of letters and digits and ends with `>`");
    }
    return name;
  }

  #look(ahead: boolean, negative: boolean): RegexNode {
    return { kind: "look", ahead, negative, item: this.#choice() };
  }

  #flagged(start: number): RegexNode | undefined {
    const cursor = this.#cursor;
    let value = true;
    const flags: Record<keyof Flags, boolean> = { ...this.#flags };
    for (;;) {
      const letter = cursor.next;
      if (letter === "-" && value) value = false;
      else if (isFlag(letter)) flags[letter] = value;
      else break;
      cursor.at++;
    }
    this.#flags = flags;
    if (cursor.take(")")) return undefined;
    if (cursor.take(":")) return this.#choice();
    throw cursor.error("this kind of group is unknown", start);
  }

  #escape(): RegexNode {
    const cursor = this.#cursor;
    const set = readClassEscape(cursor, this.#flags);
    if (set !== undefined) return { kind: "set", set };
    const { next } = cursor;
    if (/[1-9]/.test(next)) return this.#numberedReference();
    const special = ESCAPES[next];
    if (special !== undefined) {
      cursor.at++;
      return special;
    }
    switch (next) {
      case "Z":
        cursor.at++;
        return assertion(this.#flags.d ? "unixLastLineEnd" : "lastLineEnd");
      case "k":
        return this.#namedReference();
      case "E":
        // An end without a beginning ends nothing.
        cursor.at++;
        return EMPTY;
      default:
        return this.#literal(readCharEscape(cursor));
    }
  }

  /** As many digits as there are groups before it; a single digit always counts. */
  #numberedReference(): RegexNode {
    const cursor = this.#cursor;
    let index = Number(cursor.next);
    cursor.at++;
    while (/[0-9]/.test(cursor.next) && index * 10 + Number(cursor.next) <= this.#groups) {
      index = index * 10 + Number(cursor.next);
      cursor.at++;
    }
    return { kind: "backreference", index, caseless: this.#flags.i };
  }

  #namedReference(): RegexNode {
    const start = this.#cursor.at - 1;
    this.#cursor.at++;
    if (!this.#cursor.take("<"))
      throw this.#cursor.error("`\\k` needs a group's name in angle brackets", start);
    const name = this.#name();
    const index = this.#names.get(name);
    if (index === undefined) throw this.#cursor.error(`there is no group named ${name} before`, start);
    return { kind: "backreference", index, caseless: this.#flags.i };
  }

  #skipComments(): void {
    if (this.#flags.x) this.#cursor.skipComments();
  }
}

function assertion(type: Assertion): RegexNode {
  return { kind: "assertion", type };
}

const LINE_BREAK: RegexNode = {
  kind: "choice",
  options: [
    {
      kind: "sequence",
      items: [
        { kind: "set", set: single(13) },
        { kind: "set", set: single(10) },
      ],
    },
    { kind: "set", set: VERTICAL },
  ],
};

const ESCAPES: Readonly<Record<string, RegexNode>> = {
  A: assertion("start"),
  B: assertion("notBoundary"),
  // The end of the last match: there is none before the first.
  G: assertion("start"),
  R: LINE_BREAK,
  b: assertion("boundary"),
  z: assertion("end"),
};
