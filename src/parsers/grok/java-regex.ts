/**
 * Java's regular expressions as JavaScript's: named groups are counted and lose their names, atomic groups and
 * possessive quantifiers become a lookahead and a reference to it, `$` also matches before a last line end.
 */
export type Translated = {
  readonly source: string;
  /** Name of each capturing group of the source from 1 on; undefined for those without one. */
  readonly names: readonly (string | undefined)[];
};

/** What may follow an atom: how often, and `?` or `+` for lazy or possessive. */
const QUANTIFIER = /(?:[*+?]|\{\d+(?:,\d*)?\})([?+]?)/y;
const ESCAPES: Readonly<Record<string, string>> = {
  A: "(?<![^])",
  z: "(?![^])",
  Z: "(?=(?:\\r\\n|[\\n\\r\\u2028\\u2029\\u0085])?(?![^]))",
  h: "[ \\t\\xA0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000]",
  R: "(?:\\r\\n|[\\n-\\r\\x85\\u2028\\u2029])",
  e: "\\x1b",
  a: "\\x07",
};
const CLASSES: Readonly<Record<string, string>> = {
  Alnum: "A-Za-z0-9",
  Alpha: "A-Za-z",
  Digit: "0-9",
  Lower: "a-z",
  Upper: "A-Z",
  Punct: "!-\\/:-@\\[-`{-~",
  Space: "\\s",
  XDigit: "0-9A-Fa-f",
  ASCII: "\\x00-\\x7f",
  Blank: " \\t",
};

type Atom = { text: string; readonly start: number };

/** Translates a pattern; throws a SyntaxError for what it cannot. */
export function translateRegex(pattern: string): Translated {
  return new Translator(pattern).run();
}

class Translator {
  readonly #pattern: string;
  readonly #names: (string | undefined)[] = [];
  /** Our number of each of Java's groups. */
  readonly #numbers: number[] = [];
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  run(): Translated {
    const source = this.#alternatives();
    if (this.#at < this.#pattern.length) throw new SyntaxError(`unmatched ) at ${this.#at}`);
    return { source, names: [undefined, ...this.#names] };
  }

  /** Translates up to the end or an unmatched bracket. */
  #alternatives(): string {
    const atoms: Atom[] = [];
    while (this.#at < this.#pattern.length && this.#pattern[this.#at] !== ")") {
      const start = this.#at;
      if (this.#pattern[start] === "|") {
        this.#at++;
        atoms.push({ text: "|", start });
        continue;
      }
      const before = this.#names.length;
      let text = this.#atom();
      // A possessive quantifier puts a group of our own around groups that have their numbers already.
      QUANTIFIER.lastIndex = this.#at;
      const quantifier = QUANTIFIER.exec(this.#pattern);
      if (quantifier !== null) {
        this.#at = QUANTIFIER.lastIndex;
        if (quantifier[1] === "+") {
          const end = this.#at;
          this.#at = start;
          this.#names.length = before;
          this.#numbers.length = this.#numbers.filter((number) => number <= before).length;
          text = this.#atomic(() => this.#atom() + quantifier[0].slice(0, -1));
          this.#at = end;
        } else text += quantifier[0];
      }
      atoms.push({ text, start });
    }
    return atoms.map((atom) => atom.text).join("");
  }

  #atomic(inside: () => string): string {
    const number = this.#names.push(undefined);
    return `(?:(?=(${inside()}))\\${number})`;
  }

  #atom(): string {
    const char = this.#pattern[this.#at] as string;
    if (char === "(") return this.#group();
    if (char === "[") return this.#class();
    if (char === "\\") return this.#escape();
    this.#at++;
    if (char === "$") return ESCAPES.Z as string;
    // JavaScript takes a lone bracket or brace as itself, as Java does where it takes it at all.
    return char;
  }

  #group(): string {
    const rest = this.#pattern.slice(this.#at);
    // The library that Grok patterns ran on took any name, Java letters and digits only: who uses these says so.
    const named = /^\(\?<(?![=!])([^>]+)>/.exec(rest);
    if (named !== null) return this.#capture(named[0].length, named[1]);
    if (rest.startsWith("(?>")) {
      this.#at += 3;
      const text = this.#atomic(() => this.#alternatives());
      this.#close();
      return text;
    }
    const flags = /^\(\?([imsx-]+)(\)|:)/.exec(rest);
    if (flags !== null) {
      this.#at += flags[0].length;
      const open = `(?${(flags[1] as string).replace(/[xu]/g, "")}:`;
      const inside = this.#alternatives();
      // A flag without a colon holds to the end of the group around it.
      if (flags[2] === ":") this.#close();
      return `${open}${inside})`;
    }
    const special = /^\(\?(?::|=|!|<=|<!)/.exec(rest);
    if (special === null) return this.#capture(1, undefined);
    this.#at += special[0].length;
    const text = `${special[0]}${this.#alternatives()})`;
    this.#close();
    return text;
  }

  #capture(length: number, name: string | undefined): string {
    this.#at += length;
    this.#numbers.push(this.#names.push(name));
    const text = `(${this.#alternatives()})`;
    this.#close();
    return text;
  }

  #close(): void {
    if (this.#pattern[this.#at] !== ")") throw new SyntaxError(`a bracket is not closed before ${this.#at}`);
    this.#at++;
  }

  #escape(): string {
    const rest = this.#pattern.slice(this.#at);
    const quoted = /^\\Q([\s\S]*?)(?:\\E|$)/.exec(rest);
    if (quoted !== null) {
      this.#at += quoted[0].length;
      return (quoted[1] as string).replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
    }
    const property = /^\\([pP])\{(?:Is)?(\w+)\}/.exec(rest);
    if (property !== null) {
      const ranges = CLASSES[property[2] as string];
      if (ranges === undefined) throw new SyntaxError(`unknown class ${property[0]}`);
      this.#at += property[0].length;
      return property[1] === "p" ? `[${ranges}]` : `[^${ranges}]`;
    }
    const reference = /^\\([1-9])/.exec(rest);
    if (reference !== null) {
      this.#at += 2;
      return `(?:\\${this.#numbers[Number(reference[1]) - 1] ?? reference[1]})`;
    }
    this.#at += 2;
    const letter = rest[1];
    if (letter === undefined) throw new SyntaxError("a backslash at the end");
    return ESCAPES[letter] ?? `\\${letter}`;
  }

  #class(): string {
    const from = this.#at;
    let text = "[";
    this.#at++;
    if (this.#pattern[this.#at] === "^") {
      text += "^";
      this.#at++;
    }
    // A closing bracket right after the opening one is a character.
    let first = true;
    for (;;) {
      const char = this.#pattern[this.#at];
      if (char === undefined) throw new SyntaxError(`a class is not closed at ${from}`);
      if (char === "]" && !first) break;
      first = false;
      const property = /^\\p\{(?:Is)?(\w+)\}/.exec(this.#pattern.slice(this.#at));
      if (property !== null && CLASSES[property[1] as string] !== undefined) {
        text += CLASSES[property[1] as string];
        this.#at += property[0].length;
      } else if (char === "\\") {
        text += this.#pattern.slice(this.#at, this.#at + 2);
        this.#at += 2;
      } else {
        text += char === "]" ? "\\]" : char;
        this.#at++;
      }
    }
    this.#at++;
    return `${text}]`;
  }
}
