/**
 * A backtracking matcher that cannot run away: it remembers at which instruction it has been at which position, and as
 * whatever failed once from there fails again, it never goes there twice. So a match takes at most instructions ×
 * characters steps, with the same result as unbounded backtracking. Patterns with references to groups cannot be
 * remembered that way; for them, and for what is inside look-arounds, steps are counted and limited.
 */
import { AuthorError } from "../../core/author-error.ts";
import { contains } from "./char-set.ts";
import type { Assertion } from "./nodes.ts";
import type { Program } from "./program.ts";
import { isBoundaryWord } from "./properties.ts";

/** For what cannot be remembered. */
const MAX_STEPS = 5_000_000;
/** For what can: a second or two at worst, and 16 MB. */
const MAX_STATES = 2 ** 27;
const UNSET = -1;

/** Positions by slot, -1 where a group did not match. */
export type Slots = Int32Array;

/** The first match at or after `from`; `whole`: it must begin there and end with the text. */
export function matchBounded(
  program: Program,
  text: string,
  from: number,
  whole: boolean,
): Slots | undefined {
  return new Matcher(program, text).search(from, whole);
}

class Matcher {
  readonly #program: Program;
  readonly #text: string;
  readonly #slots: Slots;
  readonly #visited: Uint32Array | undefined;
  #steps = 0;

  constructor(program: Program, text: string) {
    this.#program = program;
    this.#text = text;
    this.#slots = new Int32Array(program.slots);
    const states = program.code.length * (text.length + 1);
    if (states > MAX_STATES) {
      throw new AuthorError(`a text of ${text.length} characters is too long for so complex a pattern`);
    }
    if (!program.hasReferences) this.#visited = new Uint32Array((states >>> 5) + 1);
  }

  search(from: number, whole: boolean): Slots | undefined {
    const end = this.#text.length;
    for (let start = from; start <= end; start++) {
      this.#slots.fill(UNSET);
      const stop = this.#run(0, start, whole ? end : undefined, undefined);
      if (stop >= 0) {
        this.#slots[0] = start;
        this.#slots[1] = stop;
        return this.#slots;
      }
      if (whole) return undefined;
      // The second half of a surrogate pair is no place to begin.
      if ((this.#text.codePointAt(start) ?? 0) > 0xffff) start++;
    }
    return undefined;
  }

  #isNew(state: number, seen: number[] | undefined): boolean {
    const visited = this.#visited;
    if (visited === undefined) return true;
    const word = visited[state >>> 5] as number;
    const bit = 1 << (state & 31);
    if ((word & bit) !== 0) return false;
    visited[state >>> 5] = word | bit;
    seen?.push(state);
    return true;
  }

  #forget(states: readonly number[]): void {
    const visited = this.#visited;
    if (visited === undefined) return;
    for (const state of states)
      visited[state >>> 5] = (visited[state >>> 5] as number) & ~(1 << (state & 31));
  }

  /**
   * Runs from an instruction to a `match` (at `end`, when given); the position there, or -1. `seen` takes the states it
   * came through.
   */
  #run(entry: number, start: number, end: number | undefined, seen: number[] | undefined): number {
    // Alternatives to try, as pairs of instruction and position; slots to restore, as pairs of ~slot and old value.
    const pending: number[] = [entry, start];
    const width = this.#text.length + 1;
    const isCounted = seen !== undefined || this.#visited === undefined;
    while (pending.length > 0) {
      let at = pending.pop() as number;
      let pc = pending.pop() as number;
      if (pc < 0) {
        this.#slots[~pc] = at;
        continue;
      }
      while (pc >= 0) {
        if (isCounted && ++this.#steps > MAX_STEPS) throw this.#exhausted();
        if (!this.#isNew(pc * width + at, seen)) break;
        const instruction = this.#program.code[pc] as Program["code"][number];
        switch (instruction.op) {
          case "char": {
            const unit = this.#text.charCodeAt(at);
            if (unit < 128) {
              at++;
              pc = instruction.ascii[unit] === 1 ? pc + 1 : -1;
              break;
            }
            const code = this.#text.codePointAt(at);
            if (code !== undefined && contains(instruction.set, code)) {
              at += code > 0xffff ? 2 : 1;
              pc++;
            } else pc = -1;
            break;
          }
          case "split":
            pending.push(instruction.second, at);
            pc = instruction.first;
            break;
          case "jump":
            pc = instruction.target;
            break;
          case "save":
            pending.push(~instruction.slot, this.#slots[instruction.slot] as number);
            this.#slots[instruction.slot] = at;
            pc++;
            break;
          case "moved":
            pc = this.#slots[instruction.slot] === at ? instruction.exit : pc + 1;
            break;
          case "assert":
            pc = this.#holds(instruction.type, at) ? pc + 1 : -1;
            break;
          case "look": {
            const found = instruction.ahead
              ? this.#nested(pc + 1, at, pending) >= 0
              : this.#behind(pc + 1, at, pending);
            pc = found !== instruction.negative ? instruction.after : -1;
            break;
          }
          case "atomic":
            at = this.#nested(pc + 1, at, pending);
            pc = at < 0 ? -1 : instruction.after;
            break;
          case "reference":
            at = this.#afterReference(instruction.group, instruction.caseless, at);
            pc = at < 0 ? -1 : pc + 1;
            break;
          case "match":
            if (end === undefined || at === end) return at;
            pc = -1;
        }
      }
    }
    return -1;
  }

  /** A part that is matched on its own. What it changed in the slots is undone when the whole goes back before it. */
  #nested(entry: number, start: number, pending: number[]): number {
    const seen: number[] = [];
    const stop = this.#inner(entry, start, undefined, pending, seen);
    // Where all failed it will fail again; the way to a match must stay open.
    if (stop >= 0) this.#forget(seen);
    return stop;
  }

  #inner(entry: number, start: number, end: number | undefined, pending: number[], seen: number[]): number {
    const before = this.#slots.slice();
    const stop = this.#run(entry, start, end, seen);
    if (stop < 0) this.#slots.set(before);
    else {
      for (const [slot, value] of before.entries()) {
        if (this.#slots[slot] !== value) pending.push(~slot, value);
      }
    }
    return stop;
  }

  #behind(entry: number, at: number, pending: number[]): boolean {
    const seen: number[] = [];
    let found = false;
    for (let start = at; start >= 0 && !found; start--) {
      found = this.#inner(entry, start, at, pending, seen) >= 0;
    }
    // What failed to end here may end elsewhere.
    this.#forget(seen);
    return found;
  }

  #afterReference(group: number, caseless: boolean, at: number): number {
    const start = group < 0 ? UNSET : (this.#slots[2 * group] as number);
    const end = group < 0 ? UNSET : (this.#slots[2 * group + 1] as number);
    if (start < 0 || end < start) return -1;
    const wanted = this.#text.slice(start, end);
    const found = this.#text.slice(at, at + wanted.length);
    const same = caseless ? found.toLowerCase() === wanted.toLowerCase() : found === wanted;
    return same ? at + wanted.length : -1;
  }

  #holds(type: Assertion, at: number): boolean {
    const text = this.#text;
    const rest = text.length - at;
    switch (type) {
      case "start":
        return at === 0;
      case "end":
        return rest === 0;
      case "lastLineEnd":
        if (rest === 0) return true;
        if (rest === 2) return text.endsWith("\r\n");
        return rest === 1 && isLineEnd(text, at) && !(text.endsWith("\r\n") && at > 0);
      case "lineStart":
        if (at === 0) return true;
        return (
          rest > 0 && isLineEnd(text, at - 1) && !(text.charAt(at - 1) === "\r" && text.charAt(at) === "\n")
        );
      case "lineEnd":
        if (rest === 0) return true;
        return isLineEnd(text, at) && !(text.charAt(at) === "\n" && text.charAt(at - 1) === "\r");
      case "unixLastLineEnd":
        return rest === 0 || (rest === 1 && text.endsWith("\n"));
      case "unixLineStart":
        return at === 0 || (rest > 0 && text.charAt(at - 1) === "\n");
      case "unixLineEnd":
        return rest === 0 || text.charAt(at) === "\n";
      case "boundary":
        return this.#isBoundary(at);
      case "notBoundary":
        return !this.#isBoundary(at);
    }
  }

  #isBoundary(at: number): boolean {
    return this.#isWord(codeBefore(this.#text, at)) !== this.#isWord(this.#text.codePointAt(at));
  }

  #isWord(code: number | undefined): boolean {
    return code !== undefined && isBoundaryWord(code);
  }

  #exhausted(): AuthorError {
    return new AuthorError(
      `the pattern takes more than ${MAX_STEPS} steps on a text of ${this.#text.length} characters`,
    );
  }
}

function isLineEnd(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 10 || code === 13 || code === 0x85 || code === 0x2028 || code === 0x2029;
}

function codeBefore(text: string, at: number): number | undefined {
  const low = text.charCodeAt(at - 1);
  if (low < 0xdc00 || low > 0xdfff || at < 2) return at < 1 ? undefined : low;
  return text.codePointAt(at - 2);
}
