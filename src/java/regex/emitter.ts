/** Writes a parsed pattern as a JavaScript one for the flag `u`. */
import { classText } from "./char-set.ts";
import { type Assertion, isNullable, type ParsedRegex, type RegexNode } from "./nodes.ts";
import { BOUNDARY_WORD } from "./properties.ts";

const AFTER_LINE_END = "(?<=\\n|\\r(?!\\n)|[\\x85\\u2028\\u2029])";

/** Without the flag `m`, `^` and `$` are the very ends of the text. */
const ASSERTIONS: Readonly<Record<Assertion, string>> = {
  start: "^",
  end: "$",
  lastLineEnd: `(?=(?:\\r\\n|(?<!\\r)\\n|[\\r\\x85\\u2028\\u2029])?$)`,
  lineStart: `(?:^|${AFTER_LINE_END}(?!$))`,
  lineEnd: `(?=$|\\r\\n|(?<!\\r)\\n|[\\r\\x85\\u2028\\u2029])`,
  unixLastLineEnd: "(?=\\n?$)",
  unixLineStart: "(?:^|(?<=\\n)(?!$))",
  unixLineEnd: "(?=\\n|$)",
  boundary: `(?:(?<=${BOUNDARY_WORD})(?!${BOUNDARY_WORD})|(?<!${BOUNDARY_WORD})(?=${BOUNDARY_WORD}))`,
  notBoundary: `(?:(?<=${BOUNDARY_WORD})(?=${BOUNDARY_WORD})|(?<!${BOUNDARY_WORD})(?!${BOUNDARY_WORD}))`,
};

export type Emitted = {
  readonly source: string;
  /** For each group of the pattern, its number in the JavaScript one (which has groups of its own). */
  readonly groups: readonly number[];
  /** False where the groups may hold other texts than Java's would; whether the pattern matches is right all the same. */
  readonly exactGroups: boolean;
};

/** Undefined where JavaScript cannot express the pattern exactly; the bounded matcher can. */
export function emit({ root, groups }: ParsedRegex): Emitted | undefined {
  const emitter = new Emitter(groups);
  const source = emitter.write(root);
  if (!emitter.exact) return undefined;
  return { source, groups: emitter.groups, exactGroups: emitter.exactGroups };
}

class Emitter {
  exact = true;
  exactGroups = true;
  readonly groups: number[] = [0];
  /** Groups that have surely matched by the time the writer gets here. */
  readonly #sure = new Set<number>();
  readonly #groupCount: number;
  #count = 0;
  #behind = 0;
  #looping = 0;
  /** Depth of parts of which only the first match counts. */
  #final = 0;
  /** Depth of what may be skipped within a turn of a loop. */
  #skippable = 0;

  constructor(groupCount: number) {
    this.#groupCount = groupCount;
  }

  write(node: RegexNode): string {
    switch (node.kind) {
      case "set":
        return classText(node.set);
      case "sequence":
        return node.items
          .map((item) => (item.kind === "choice" ? `(?:${this.write(item)})` : this.write(item)))
          .join("");
      case "choice":
        return node.options.map((option) => this.#unsure(() => this.write(option))).join("|");
      case "repeat":
        return this.#repeat(node);
      case "group":
        return this.#group(node);
      case "atomic":
        return this.#atomic(node.item);
      case "look":
        return this.#look(node);
      case "backreference":
        return this.#reference(node);
      case "assertion":
        return ASSERTIONS[node.type];
    }
  }

  /** Writes a part that a match may skip: its groups have not certainly matched afterwards. */
  #unsure(write: () => string): string {
    const before = new Set(this.#sure);
    const counted = this.#looping > 0 ? 1 : 0;
    this.#skippable += counted;
    const text = write();
    this.#skippable -= counted;
    for (const index of this.#sure) if (!before.has(index)) this.#sure.delete(index);
    return text;
  }

  #repeat(node: RegexNode & { kind: "repeat" }): string {
    const { item, min, max, lazy } = node;
    // Where a turn may read nothing, JavaScript looks for one that does not, and Java stays with it.
    if (isNullable(item) && prefersNothing(item)) {
      this.exactGroups = false;
      if (this.#final > 0) this.exact = false;
    }
    const turn = () => {
      if (max > 1) this.#looping++;
      const text = this.write(item);
      if (max > 1) this.#looping--;
      return text;
    };
    const text = min > 0 ? turn() : this.#unsure(turn);
    if (text === "") return "";
    const single = item.kind === "set" || item.kind === "group";
    const body = single && text !== "[]" ? text : `(?:${text})`;
    return `${body}${bounds(min, max)}${lazy ? "?" : ""}`;
  }

  #group(node: RegexNode & { kind: "group" }): string {
    // JavaScript forgets a group's text when a loop begins again, Java keeps it.
    if (this.#skippable > 0) this.exactGroups = false;
    this.groups[node.index] = ++this.#count;
    const text = `(${this.write(node.item)})`;
    this.#sure.add(node.index);
    return text;
  }

  /** A look-ahead never tries again what it matched; its text is then consumed by a reference to it. */
  #atomic(item: RegexNode): string {
    if (this.#behind > 0) this.exact = false;
    const index = ++this.#count;
    this.#final++;
    const text = this.write(item);
    this.#final--;
    return `(?:(?=(${text}))\\${index})`;
  }

  #look({ ahead, negative, item }: RegexNode & { kind: "look" }): string {
    if (!ahead) this.#behind++;
    this.#final++;
    const text = negative ? this.#unsure(() => this.write(item)) : this.write(item);
    this.#final--;
    if (!ahead) this.#behind--;
    return `(?:(?${ahead ? "" : "<"}${negative ? "!" : "="}${text}))`;
  }

  #reference({ index, caseless }: RegexNode & { kind: "backreference" }): string {
    // To a group that has not matched, Java's reference fails and JavaScript's succeeds.
    if (index > this.#groupCount) return "[]";
    if (!this.#sure.has(index) || this.#behind > 0) this.exact = false;
    return `(?${caseless ? "i" : ""}:\\${this.groups[index] ?? 0})`;
  }
}

/** Whether a part that may read nothing may do so before it has tried everything else, or notes that it did. */
function prefersNothing(node: RegexNode): boolean {
  switch (node.kind) {
    case "set":
    case "assertion":
      return false;
    case "sequence":
      return node.items.some(prefersNothing);
    case "repeat":
      return node.lazy || prefersNothing(node.item);
    default:
      return true;
  }
}

function bounds(min: number, max: number): string {
  if (max === Number.POSITIVE_INFINITY) return min === 0 ? "*" : min === 1 ? "+" : `{${min},}`;
  if (min === 0 && max === 1) return "?";
  return min === max ? `{${min}}` : `{${min},${max}}`;
}
