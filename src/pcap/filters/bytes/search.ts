import type { BytePattern } from "./pattern.ts";
import { compileProgram, type Program } from "./program.ts";

/** Whether the bytes from `from` up to `to` hold a match. */
export type ByteSearch = (bytes: Uint8Array, from: number, to: number) => boolean;

/** States that are remembered; when there are more, all are forgotten. */
const MOST_STATES = 256;
/** How often they may be forgotten during one search before it goes on without remembering. */
const MOST_FORGOTTEN = 3;

const BYTES = 256;
const FOUND = 0;
const UNKNOWN = -1;

/**
 * Compiles a pattern. All ways through it are followed at once, so a search takes at most steps × bytes. The sets of steps that
 * it is at are remembered as states of an automaton, which makes nearly every byte one look-up.
 * @throws AuthorError when the pattern is too large
 */
export function compileSearch(pattern: BytePattern): ByteSearch {
  const program = compileProgram(pattern);
  const automaton = new Automaton(program, alikeOf(program));
  return (bytes, from, to) => automaton.search(bytes, from, to);
}

/** For each byte all that no step of the program tells apart from it. */
function alikeOf({ steps }: Program): readonly (readonly number[])[] {
  const sets = steps.flatMap((step) => (step.kind === "byte" ? [step.set] : []));
  const classes = new Map<string, number[]>();
  return Array.from({ length: BYTES }, (_, byte) => {
    const key = sets.map((set) => set[byte]).join("");
    const alike = classes.get(key) ?? [];
    classes.set(key, alike);
    alike.push(byte);
    return alike;
  });
}

class Automaton {
  readonly #program: Program;
  readonly #alike: readonly (readonly number[])[];
  /** The next state by state and byte. State 0 is the match. */
  readonly #table: Int32Array;
  /** The steps of each state. */
  #states: Int32Array[] = [];
  readonly #numbers = new Map<string, number>();
  #first = UNKNOWN;
  #forgotten = 0;
  /** The steps that were reached, and in which round each was. */
  readonly #reached: Int32Array;
  readonly #rounds: Uint32Array;
  readonly #stack: Int32Array;
  #count = 0;
  #round = 0;

  constructor(program: Program, alike: readonly (readonly number[])[]) {
    const { length } = program.steps;
    this.#program = program;
    this.#alike = alike;
    this.#table = new Int32Array(MOST_STATES * BYTES);
    this.#reached = new Int32Array(length);
    this.#rounds = new Uint32Array(length);
    this.#stack = new Int32Array(2 * length + 2);
    this.#forget();
  }

  search(bytes: Uint8Array, from: number, to: number): boolean {
    const table = this.#table;
    this.#forgotten = 0;
    let state = this.#firstState();
    for (let at = from; at < to; at++) {
      if (state === FOUND) return true;
      const byte = bytes[at]!;
      let next = table[state * BYTES + byte]!;
      if (next === UNKNOWN) {
        if (this.#forgotten >= MOST_FORGOTTEN) return this.#searchSlowly(this.#states[state]!, bytes, at, to);
        next = this.#follow(state, byte);
      }
      state = next;
    }
    return state === FOUND || this.#endsIn(this.#states[state]!, from === to);
  }

  /** Goes on without remembering. */
  #searchSlowly(steps: Int32Array, bytes: Uint8Array, from: number, to: number): boolean {
    let current = steps;
    for (let at = from; at < to; at++) {
      if (this.#step(current, bytes[at]!)) return true;
      current = this.#reached.slice(0, this.#count);
    }
    return this.#endsIn(current, false);
  }

  #firstState(): number {
    if (this.#first === UNKNOWN) {
      this.#begin();
      this.#first = this.#reach(this.#program.entry, true, false) ? FOUND : this.#remember();
    }
    return this.#first;
  }

  #follow(state: number, byte: number): number {
    const isFound = this.#step(this.#states[state]!, byte);
    const forgotten = this.#forgotten;
    const next = isFound ? FOUND : this.#remember();
    // The state that this came from may be gone.
    if (forgotten === this.#forgotten)
      for (const alike of this.#alike[byte]!) this.#table[state * BYTES + alike] = next;
    return next;
  }

  /** Reaches everything behind a byte, and the beginning again: a match may begin anywhere. Whether that is a match. */
  #step(from: Int32Array, byte: number): boolean {
    const { steps, entry } = this.#program;
    this.#begin();
    for (const place of from) {
      const step = steps[place]!;
      if (step.kind === "byte" && step.set[byte] === 1 && this.#reach(step.next, false, false)) return true;
    }
    return this.#reach(entry, false, false);
  }

  /** Whether a match ends with what is searched. */
  #endsIn(from: Int32Array, isEmpty: boolean): boolean {
    const { steps } = this.#program;
    this.#begin();
    for (const place of from) {
      const step = steps[place]!;
      if (step.kind === "end" && this.#reach(step.next, isEmpty, true)) return true;
    }
    return false;
  }

  #begin(): void {
    this.#count = 0;
    this.#round++;
    if (this.#round === 0xffff_ffff) {
      this.#rounds.fill(0);
      this.#round = 1;
    }
  }

  /** Adds a step and all that it leads to without a byte; whether the match is among them. */
  #reach(place: number, isStart: boolean, isEnd: boolean): boolean {
    const { steps } = this.#program;
    const stack = this.#stack;
    let height = 0;
    stack[height++] = place;
    while (height > 0) {
      const at = stack[--height]!;
      if (this.#rounds[at] === this.#round) continue;
      this.#rounds[at] = this.#round;
      const step = steps[at]!;
      switch (step.kind) {
        case "found":
          return true;
        case "fork":
          stack[height++] = step.other;
          stack[height++] = step.next;
          break;
        case "start":
          if (isStart) stack[height++] = step.next;
          break;
        case "end":
          if (isEnd) stack[height++] = step.next;
          else this.#reached[this.#count++] = at;
          break;
        case "byte":
          this.#reached[this.#count++] = at;
      }
    }
    return false;
  }

  /** The number of the state that has just been reached. */
  #remember(): number {
    const steps = this.#reached.slice(0, this.#count).sort();
    const key = steps.join();
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    if (this.#states.length === MOST_STATES) {
      this.#forget();
      this.#forgotten++;
    }
    this.#numbers.set(key, this.#states.length);
    return this.#states.push(steps) - 1;
  }

  #forget(): void {
    this.#table.fill(UNKNOWN);
    this.#numbers.clear();
    this.#states = [new Int32Array(0)];
    this.#first = UNKNOWN;
  }
}
