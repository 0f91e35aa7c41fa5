/** A pattern as instructions for the bounded matcher. */

import { PatternError } from "../pattern-error.ts";
import { type CharSet, contains } from "./char-set.ts";
import { type Assertion, EMPTY, type ParsedRegex, type RegexNode } from "./nodes.ts";

type Instruction =
  /** `ascii`: which of the first 128 code points belong to the set. */
  | { readonly op: "char"; readonly set: CharSet; readonly ascii: Uint8Array }
  /** Tries `first`, and `second` when that fails. */
  | { readonly op: "split"; first: number; second: number }
  | { readonly op: "jump"; target: number }
  /** Notes the position in a slot: group n begins in slot 2n and ends in slot 2n + 1. */
  | { readonly op: "save"; readonly slot: number }
  /** Leaves a loop where nothing was read since the slot was noted: it must not turn on the spot. */
  | { readonly op: "moved"; readonly slot: number; exit: number }
  | { readonly op: "assert"; readonly type: Assertion }
  /** Runs the instructions from the next one to `match`, and goes on at `after`. */
  | { readonly op: "look"; readonly ahead: boolean; readonly negative: boolean; after: number }
  | { readonly op: "atomic"; after: number }
  | { readonly op: "reference"; readonly group: number; readonly caseless: boolean }
  | { readonly op: "match" };

export type Program = {
  readonly code: readonly Instruction[];
  readonly slots: number;
  /** Whether what follows an instruction depends on more than it and the position. */
  readonly hasReferences: boolean;
};

const MAX_INSTRUCTIONS = 20_000;

/** Throws a PatternError when the repeats of a pattern multiply to too many instructions. */
export function compileProgram(pattern: string, parsed: ParsedRegex): Program {
  const compiler = new Compiler(pattern, parsed.groups);
  compiler.write(parsed.root);
  compiler.add({ op: "match" });
  return { code: compiler.code, slots: compiler.slots, hasReferences: compiler.hasReferences };
}

class Compiler {
  readonly code: Instruction[] = [];
  slots: number;
  hasReferences = false;
  readonly #pattern: string;
  readonly #groups: number;
  readonly #tables = new Map<CharSet, Uint8Array>();

  constructor(pattern: string, groups: number) {
    this.#pattern = pattern;
    this.#groups = groups;
    this.slots = 2 * (groups + 1);
  }

  add<T extends Instruction>(instruction: T): T {
    if (this.code.length >= MAX_INSTRUCTIONS) {
      throw new PatternError(`the pattern \`${this.#pattern}\` repeats too much`, this.#pattern, 0);
    }
    this.code.push(instruction);
    return instruction;
  }

  write(node: RegexNode): void {
    switch (node.kind) {
      case "set":
        this.add({ op: "char", set: node.set, ascii: this.#ascii(node.set) });
        break;
      case "sequence":
        for (const item of node.items) this.write(item);
        break;
      case "choice":
        this.#choice(node.options);
        break;
      case "repeat":
        this.#repeat(node);
        break;
      case "group":
        this.add({ op: "save", slot: 2 * node.index });
        this.write(node.item);
        this.add({ op: "save", slot: 2 * node.index + 1 });
        break;
      case "atomic":
        this.#nested(this.add({ op: "atomic", after: 0 }), node.item);
        break;
      case "look":
        this.#nested(
          this.add({ op: "look", ahead: node.ahead, negative: node.negative, after: 0 }),
          node.item,
        );
        break;
      case "backreference":
        this.hasReferences = true;
        this.add({
          op: "reference",
          group: node.index <= this.#groups ? node.index : -1,
          caseless: node.caseless,
        });
        break;
      case "assertion":
        this.add({ op: "assert", type: node.type });
    }
  }

  #ascii(set: CharSet): Uint8Array {
    const known = this.#tables.get(set);
    if (known !== undefined) return known;
    const table = Uint8Array.from({ length: 128 }, (_, code) => (contains(set, code) ? 1 : 0));
    this.#tables.set(set, table);
    return table;
  }

  #nested(opening: { after: number }, item: RegexNode): void {
    this.write(item);
    this.add({ op: "match" });
    opening.after = this.code.length;
  }

  #choice(options: readonly RegexNode[]): void {
    const jumps: { target: number }[] = [];
    for (const [index, option] of options.entries()) {
      const isLast = index === options.length - 1;
      const split = isLast ? undefined : this.add({ op: "split", first: this.code.length + 1, second: 0 });
      this.write(option);
      if (split === undefined) continue;
      jumps.push(this.add({ op: "jump", target: 0 }));
      split.second = this.code.length;
    }
    for (const jump of jumps) jump.target = this.code.length;
  }

  #repeat({ item, min, max, lazy }: RegexNode & { kind: "repeat" }): void {
    if (item === EMPTY) return;
    for (let turn = 0; turn < min; turn++) this.write(item);
    if (max === Number.POSITIVE_INFINITY) {
      this.#loop(item, lazy);
      return;
    }
    const exits: ((after: number) => void)[] = [];
    for (let turn = min; turn < max; turn++) {
      exits.push(this.#optional(lazy));
      this.write(item);
    }
    for (const exit of exits) exit(this.code.length);
  }

  #loop(item: RegexNode, lazy: boolean): void {
    const start = this.code.length;
    const exit = this.#optional(lazy);
    const slot = this.slots++;
    this.add({ op: "save", slot });
    this.write(item);
    const moved = this.add({ op: "moved", slot, exit: 0 });
    this.add({ op: "jump", target: start });
    moved.exit = this.code.length;
    exit(this.code.length);
  }

  /** A split between going on and leaving; the answer sets where leaving leads. */
  #optional(lazy: boolean): (after: number) => void {
    const next = this.code.length + 1;
    const split = this.add({ op: "split", first: next, second: next });
    return (after) => {
      if (lazy) split.first = after;
      else split.second = after;
    };
  }
}
