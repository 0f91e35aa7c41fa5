/**
 * Patterns in the syntax of `java.util.regex`: the one place where a user's pattern becomes something that runs.
 *
 * **Safety.** No pattern may hang the process, whatever the text; docs/decisions/0005-patterns-of-users.md says what was
 * weighed. A pattern is judged before it meets a text (regex/hazard.ts). Harmless ones, nearly all, run on the RegExp of
 * the engine, at its speed; the others, and harmless ones on texts so long that their degree would show, run on a
 * matcher of our own (regex/bounded.ts) that takes at most instructions × characters steps. Both find what Java finds;
 * nothing depends on flags of the process, so it holds in a browser too.
 */

import { matchBounded } from "./regex/bounded.ts";
import { type Emitted, emit } from "./regex/emitter.ts";
import type { Flags } from "./regex/flags.ts";
import { hazardDegree } from "./regex/hazard.ts";
import type { ParsedRegex, RegexNode } from "./regex/nodes.ts";
import { parseRegex } from "./regex/parser.ts";
import { compileProgram, type Program } from "./regex/program.ts";
import { parseReplacement } from "./regex/replacement.ts";
import { checkTextSize } from "./text-size.ts";

/** Steps that backtracking may take at worst on the engine's own RegExp: some 30 ms. */
const MAX_NATIVE_STEPS = 30_000_000;

/** Where a pattern matched. `groups[0]` is the whole match, the others its groups (undefined: took no part). */
type RegexMatch = {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly (string | undefined)[];
};

export type Regex = {
  readonly pattern: string;
  /** Number of capturing groups. */
  readonly groupCount: number;
  /** Indexes of the named groups. */
  readonly names: ReadonlyMap<string, number>;
  /** How the cost may grow with the text: the exponent, or Infinity. Above 1 long texts take the slower matcher. */
  readonly degree: number;
  /** Whether the pattern matches the whole text. */
  readonly matches: (text: string) => boolean;
  /** Whether the pattern matches anywhere in the text. */
  readonly test: (text: string) => boolean;
  /** The match of the whole text. */
  readonly match: (text: string) => RegexMatch | undefined;
  /** The first match that begins at or after `from`. */
  readonly find: (text: string, from?: number) => RegexMatch | undefined;
  /** Replaces every match; the replacement refers to groups as `$1` or `${name}`, and a backslash quotes. */
  readonly replaceAll: (text: string, replacement: string) => string;
};

/** Compiles a pattern; throws a PatternError that shows the place of its first mistake. Keep the result. */
export function compileRegex(pattern: string, flags: Partial<Flags> = {}): Regex {
  const parsed = parseRegex(pattern, flags);
  return new CompiledRegex(pattern, parsed);
}

type Native = { readonly whole: RegExp; readonly anywhere: RegExp; readonly emitted: Emitted };

class CompiledRegex implements Regex {
  readonly pattern: string;
  readonly degree: number;
  readonly #parsed: ParsedRegex;
  readonly #native: Native | undefined;
  /** Texts up to this length are safe with the native RegExp, by where a match may begin. */
  readonly #longestWhole: number;
  readonly #longestAnywhere: number;
  #program: Program | undefined;

  constructor(pattern: string, parsed: ParsedRegex) {
    this.pattern = pattern;
    this.#parsed = parsed;
    this.degree = hazardDegree(parsed.root);
    this.#native = this.degree === Number.POSITIVE_INFINITY ? undefined : openNative(parsed);
    this.#longestWhole = longestText(this.degree);
    // A search begins again at every character, unless the pattern holds on to the start of the text.
    this.#longestAnywhere = longestText(this.degree + (isAnchored(parsed.root) ? 0 : 1));
    // What the bounded matcher cannot hold must be known now, not at the first long text.
    if (this.#native === undefined) this.#bounded();
  }

  get groupCount(): number {
    return this.#parsed.groups;
  }
  get names(): ReadonlyMap<string, number> {
    return this.#parsed.names;
  }

  matches = (text: string): boolean => {
    if (this.#native !== undefined && text.length <= this.#longestWhole) return this.#native.whole.test(text);
    return matchBounded(this.#bounded(), text, 0, true) !== undefined;
  };

  test = (text: string): boolean => {
    if (this.#native === undefined || text.length > this.#longestAnywhere) {
      return matchBounded(this.#bounded(), text, 0, false) !== undefined;
    }
    this.#native.anywhere.lastIndex = 0;
    return this.#native.anywhere.test(text);
  };

  match = (text: string): RegexMatch | undefined => this.#search(text, 0, true);

  find = (text: string, from = 0): RegexMatch | undefined => this.#search(text, from, false);

  replaceAll = (text: string, replacement: string): string => {
    // Java reads the replacement when there is something to replace, and complains no earlier.
    let parts: readonly (string | number)[] | undefined;
    let result = "";
    let at = 0;
    let from = 0;
    while (from <= text.length) {
      const found = this.find(text, from);
      if (found === undefined) break;
      result += text.slice(at, found.start);
      parts ??= parseReplacement(replacement, this.#parsed);
      for (const part of parts) result += typeof part === "string" ? part : (found.groups[part] ?? "");
      checkTextSize(result.length);
      at = found.end;
      from = found.end > found.start ? found.end : afterCharacter(text, found.end);
    }
    return result + text.slice(at);
  };

  #search(text: string, from: number, whole: boolean): RegexMatch | undefined {
    const native = this.#native;
    const longest = whole ? this.#longestWhole : this.#longestAnywhere;
    if (native === undefined || text.length > longest || !native.emitted.exactGroups) {
      const slots = matchBounded(this.#bounded(), text, from, whole);
      return slots && this.#fromSlots(text, slots);
    }
    const expression = whole ? native.whole : native.anywhere;
    expression.lastIndex = from;
    const found = expression.exec(text);
    if (found === null) return undefined;
    const groups = native.emitted.groups.map((index) => found[index]);
    return { start: found.index, end: found.index + found[0].length, groups };
  }

  #fromSlots(text: string, slots: Int32Array): RegexMatch {
    const groups: (string | undefined)[] = [];
    for (let group = 0; group <= this.#parsed.groups; group++) {
      const start = slots[2 * group] as number;
      const end = slots[2 * group + 1] as number;
      groups.push(start < 0 || end < start ? undefined : text.slice(start, end));
    }
    return { start: slots[0] as number, end: slots[1] as number, groups };
  }

  #bounded(): Program {
    this.#program ??= compileProgram(this.pattern, this.#parsed);
    return this.#program;
  }
}

function openNative(parsed: ParsedRegex): Native | undefined {
  const emitted = emit(parsed);
  if (emitted === undefined) return undefined;
  try {
    const whole = new RegExp(`^(?:${emitted.source})$`, "u");
    const anywhere = new RegExp(emitted.source, "gu");
    // V8 finds out only when it runs that a pattern is too large for it.
    whole.test("");
    return { whole, anywhere, emitted };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function longestText(degree: number): number {
  return degree <= 1 ? Number.POSITIVE_INFINITY : Math.floor(MAX_NATIVE_STEPS ** (1 / degree));
}

function isAnchored(node: RegexNode): boolean {
  switch (node.kind) {
    case "assertion":
      return node.type === "start";
    case "sequence":
      return node.items.length > 0 && isAnchored(node.items[0] as RegexNode);
    case "choice":
      return node.options.every(isAnchored);
    case "group":
    case "atomic":
      return isAnchored(node.item);
    default:
      return false;
  }
}

function afterCharacter(text: string, at: number): number {
  return at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
}
