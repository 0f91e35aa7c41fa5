/**
 * The position automaton of a pattern (Glushkov's): one state for each place where a character is read, one edge for
 * each way to get from one to the next. It shows how many ways there are to read the same text, which is what
 * backtracking may have to try. Where a part cannot be expressed it stands for more than it reads, never for less.
 */
import { ALL, type CharSet, NONE, union } from "./char-set.ts";
import { isNullable, type RegexNode } from "./nodes.ts";

export type Automaton = {
  /** What each position reads. Position 0 is the start, which reads nothing. */
  readonly sets: readonly CharSet[];
  readonly next: readonly ReadonlySet<number>[];
  /** Edges that exist twice over, as `from * sets.length + to`: the same text read in two ways already. */
  readonly doubled: ReadonlySet<number>;
  /** Parts that are matched on their own: look-arounds and atomic groups. */
  readonly nested: readonly RegexNode[];
  /** Whether a repeat of what may be empty, or the pattern's size, defies this analysis. */
  readonly opaque: boolean;
};

type Fragment = {
  /** In how many ways it can match without reading anything. */
  readonly ways: number;
  /** Where it can begin and end; a position that can be reached in several ways stands twice. */
  readonly first: readonly number[];
  readonly last: readonly number[];
};

/** More ways to read nothing than these are not told apart any more. */
const MAX_WAYS = 16;

/** Above this many positions the analysis costs more than the bounded matcher. */
const MAX_POSITIONS = 4000;
/** Counted repeats are written out up to this many positions. */
const MAX_COPIES = 64;
const NOTHING: Fragment = { ways: 1, first: [], last: [] };

export function buildAutomaton(root: RegexNode): Automaton {
  const builder = new Builder();
  const whole = builder.build(root);
  builder.connect([0], whole.first);
  const { sets, next, nested, opaque } = builder;
  const doubled = new Set(Array.from(builder.doubled, ([from, to]) => from * sets.length + to));
  return { sets, next, doubled, nested, opaque: opaque || sets.length > MAX_POSITIONS };
}

class Builder {
  readonly sets: CharSet[] = [NONE];
  readonly next: Set<number>[] = [new Set()];
  readonly doubled: [number, number][] = [];
  readonly nested: RegexNode[] = [];
  opaque = false;
  readonly #edges: Set<number>[] = [];

  build(node: RegexNode): Fragment {
    if (this.sets.length > MAX_POSITIONS) return NOTHING;
    switch (node.kind) {
      case "set":
        return this.#position(node.set, 0);
      case "sequence":
        return node.items.reduce<Fragment>((before, item) => this.#join(before, this.build(item)), NOTHING);
      case "choice":
        return this.#counted(alternatives(node.options.map((option) => this.build(option))));
      case "repeat":
        return this.#repeat(node);
      case "group":
        return this.build(node.item);
      case "atomic":
        this.nested.push(node.item);
        return this.#loop(this.#position(charsOf(node.item), isNullable(node.item) ? 1 : 0), false);
      case "look":
        this.nested.push(node.item);
        return NOTHING;
      case "backreference":
        return this.#loop(this.#position(ALL, 1), false);
      case "assertion":
        return NOTHING;
    }
  }

  /** `counted` false: an edge that is not a choice, as within what is never tried again. */
  connect(from: readonly number[], to: readonly number[], counted = true): void {
    for (const left of from) {
      const edges = this.#edges[left] ?? new Set();
      this.#edges[left] = edges;
      for (const right of to) {
        this.next[left]?.add(right);
        if (!counted) continue;
        if (edges.has(right)) this.doubled.push([left, right]);
        edges.add(right);
      }
    }
  }

  #position(set: CharSet, ways: number): Fragment {
    const index = this.sets.push(set) - 1;
    this.next.push(new Set());
    return { ways, first: [index], last: [index] };
  }

  #join(left: Fragment, right: Fragment): Fragment {
    this.connect(left.last, right.first);
    return this.#counted({
      ways: left.ways * right.ways,
      first: [...left.first, ...across(right.first, left.ways)],
      last: [...right.last, ...across(left.last, right.ways)],
    });
  }

  #counted(part: Fragment): Fragment {
    if (part.ways > MAX_WAYS) this.opaque = true;
    return part;
  }

  #loop(part: Fragment, counted: boolean): Fragment {
    this.connect(part.last, part.first, counted);
    return part;
  }

  #repeat({ item, min, max }: RegexNode & { kind: "repeat" }): Fragment {
    if (max === 0) return NOTHING;
    const before = this.sets.length;
    const one = this.build(item);
    // A turn beyond those that must be is never empty, so that leaving is the one way to read nothing.
    const skippable = { ...one, ways: 1 };
    if (max === 1) return min === 0 ? skippable : one;
    const size = Math.max(this.sets.length - before, 1);
    // A counted repeat of many turns stands as a loop, which has all its ways and more. Turns that may be empty can be
    // counted in many ways, which a loop would not show.
    const isFew = size * max <= MAX_COPIES;
    if (max === Number.POSITIVE_INFINITY || !isFew) {
      if (one.ways > 0 && (max !== Number.POSITIVE_INFINITY || min > 1)) this.opaque = true;
      return this.#loop(min === 0 ? skippable : one, true);
    }
    return this.#copies(item, one, min, max);
  }

  /** Turns written out: those that must be one after the other, each further one only behind the one before it. */
  #copies(item: RegexNode, one: Fragment, min: number, max: number): Fragment {
    let needed = min === 0 ? NOTHING : one;
    for (let turn = 1; turn < min; turn++) needed = this.#join(needed, this.build(item));
    let first: readonly number[] = [];
    const last = [...needed.last];
    let behind = needed.last;
    for (let turn = min; turn < max; turn++) {
      const more = turn === 0 ? one : this.build(item);
      this.connect(behind, more.first);
      if (turn === min) first = more.first;
      last.push(...more.last);
      behind = more.last;
    }
    return { ways: needed.ways, first: [...needed.first, ...across(first, needed.ways)], last };
  }
}

/** What is behind a part that can be passed in several ways can be reached in as many. */
function across(positions: readonly number[], ways: number): readonly number[] {
  if (ways === 0) return [];
  return ways === 1 ? positions : twice(positions);
}

function twice(positions: readonly number[]): number[] {
  const distinct = Array.from(new Set(positions));
  return [...distinct, ...distinct];
}

function alternatives(parts: readonly Fragment[]): Fragment {
  return {
    ways: parts.reduce((sum, part) => sum + part.ways, 0),
    first: parts.flatMap((part) => part.first),
    last: parts.flatMap((part) => part.last),
  };
}

/** Every character a part may read. */
function charsOf(node: RegexNode): CharSet {
  switch (node.kind) {
    case "set":
      return node.set;
    case "sequence":
      return union(...node.items.map(charsOf));
    case "choice":
      return union(...node.options.map(charsOf));
    case "repeat":
    case "group":
    case "atomic":
      return charsOf(node.item);
    case "look":
    case "assertion":
      return NONE;
    case "backreference":
      return ALL;
  }
}
