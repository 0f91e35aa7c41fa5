/**
 * How badly a backtracking engine can fare with a pattern, told from its automaton before any text is seen.
 *
 * Backtracking tries the ways to read a text one after another, so its cost is bounded by their number. That number is
 * exponential exactly when some state can come back to itself in two ways on one text (Weber and Seidl, "On the degree
 * of ambiguity of finite automata", 1991); otherwise it is polynomial, and its degree is at most the number of loops in
 * a row that can take the same text from each other.
 */
import { type Automaton, buildAutomaton } from "./automaton.ts";
import { type CharSet, intersection, overlaps, union } from "./char-set.ts";
import { components } from "./components.ts";
import type { RegexNode } from "./nodes.ts";

/** Ways to read a text that optional parts may multiply to, as a power of two, before they count as exponential. */
const MAX_BITS = 16;
/** Pairs of positions looked at; beyond, the answer is the cautious one. */
const MAX_PAIRS = 100_000;

/** The exponent of the cost in the length of the text; Infinity for exponential. */
export function hazardDegree(root: RegexNode): number {
  const automaton = buildAutomaton(root);
  if (automaton.opaque) return Number.POSITIVE_INFINITY;
  let inner = 0;
  for (const part of automaton.nested) {
    inner = Math.max(inner, hazardDegree(part));
    if (inner === Number.POSITIVE_INFINITY) return inner;
  }
  return inner + degreeOf(automaton);
}

function degreeOf(automaton: Automaton): number {
  const parts = components(automaton.next);
  if (repeatsAmbiguously(automaton, parts)) return Number.POSITIVE_INFINITY;
  const loops = parts.members.filter((members) => isLoop(automaton, members));
  if (loops.length === 0 && automaton.sets.length < MAX_BITS) return 0;
  if (ambiguousBits(automaton, parts.of) > MAX_BITS) return Number.POSITIVE_INFINITY;
  return longestChain(automaton, loops);
}

type Parts = { readonly of: readonly number[]; readonly members: readonly (readonly number[])[] };

function isLoop({ next }: Automaton, members: readonly number[]): boolean {
  return members.length > 1 || (next[members[0] as number]?.has(members[0] as number) ?? false);
}

/** Whether some state comes back to itself in two ways on the same text. */
function repeatsAmbiguously(automaton: Automaton, parts: Parts): boolean {
  const { sets, doubled } = automaton;
  for (const edge of doubled) {
    const from = Math.floor(edge / sets.length);
    if (parts.of[from] === parts.of[edge % sets.length]) return true;
  }
  return parts.members.some((members) => members.length > 1 && pairComes(automaton, members, parts.of));
}

/** Looks in the product of a loop with itself for a cycle through a pair of equals and a pair of different states. */
function pairComes(
  { next, sets }: Automaton,
  members: readonly number[],
  partOf: readonly number[],
): boolean {
  const size = members.length;
  if (size * size > MAX_PAIRS) return true;
  const local = new Map(members.map((position, index) => [position, index]));
  const inside = members.map((position) =>
    Array.from(next[position] ?? []).filter((target) => partOf[target] === partOf[position]),
  );
  const product: Set<number>[] = [];
  for (let left = 0; left < size; left++) {
    for (let right = 0; right < size; right++) {
      const targets = new Set<number>();
      for (const one of inside[left] ?? []) {
        for (const other of inside[right] ?? []) {
          if (one !== other && !overlaps(sets[one] as CharSet, sets[other] as CharSet)) continue;
          targets.add((local.get(one) as number) * size + (local.get(other) as number));
        }
      }
      product.push(targets);
    }
  }
  return components(product).members.some((pairs) => {
    const equal = pairs.some((pair) => Math.floor(pair / size) === pair % size);
    return equal && pairs.some((pair) => Math.floor(pair / size) !== pair % size);
  });
}

/**
 * A bound on the ways to read a text outside of loops, as a power of two: wherever two states that one text can lead to
 * go on to the same state, the ways add up.
 */
function ambiguousBits(automaton: Automaton, partOf: readonly number[]): number {
  const { next, sets, doubled } = automaton;
  const together = simultaneous(automaton);
  if (together === undefined) return Number.POSITIVE_INFINITY;
  const before: number[][] = sets.map(() => []);
  for (const [from, targets] of next.entries()) for (const to of targets) before[to]?.push(from);
  const bits = sets.map((_, position) => {
    const entering = (before[position] ?? []).filter((from) => partOf[from] !== partOf[position]);
    // At most as many of them can be reached by one text as any one of them has companions, and itself.
    let rivals = 1;
    for (const from of entering) {
      const companions = entering.filter(
        (other) => other !== from && together.has(from * sets.length + other),
      );
      rivals = Math.max(rivals, companions.length + 1);
    }
    const twice = entering.some((from) => doubled.has(from * sets.length + position)) ? 1 : 0;
    return twice + Math.log2(rivals);
  });
  return longestPath(next, partOf, bits);
}

/** The pairs of states that one and the same text can lead to. */
function simultaneous({ next, sets }: Automaton): Set<number> | undefined {
  const size = sets.length;
  const found = new Set<number>([0]);
  const pending = [0];
  while (pending.length > 0) {
    const pair = pending.pop() as number;
    for (const one of next[Math.floor(pair / size)] ?? []) {
      for (const other of next[pair % size] ?? []) {
        const reached = one * size + other;
        if (found.has(reached)) continue;
        if (one !== other && !overlaps(sets[one] as CharSet, sets[other] as CharSet)) continue;
        if (found.size >= MAX_PAIRS) return undefined;
        found.add(reached);
        pending.push(reached);
      }
    }
  }
  return found;
}

/** The greatest sum of weights along a path that enters each loop once. */
function longestPath(
  next: readonly ReadonlySet<number>[],
  partOf: readonly number[],
  weights: readonly number[],
): number {
  // `components` numbers parts so that edges lead to lower numbers.
  const partWeight: number[] = [];
  for (const [position, weight] of weights.entries()) {
    const part = partOf[position] as number;
    partWeight[part] = Math.max(partWeight[part] ?? 0, weight);
  }
  const best: number[] = [];
  const order = partOf
    .map((_, position) => position)
    .sort((a, b) => (partOf[a] as number) - (partOf[b] as number));
  for (const position of order) {
    const part = partOf[position] as number;
    let after = best[part] ?? partWeight[part] ?? 0;
    for (const target of next[position] ?? []) {
      const other = partOf[target] as number;
      if (other !== part) after = Math.max(after, (best[other] ?? 0) + (partWeight[part] ?? 0));
    }
    best[part] = after;
  }
  return Math.max(0, ...best);
}

/** The most loops in a row of which each can pass text on to the next. */
function longestChain(automaton: Automaton, loops: readonly (readonly number[])[]): number {
  const read = loops.map((members) =>
    union(...members.map((position) => automaton.sets[position] as CharSet)),
  );
  const memo: (number | undefined)[] = [];
  const chainFrom = (index: number): number => {
    const known = memo[index];
    if (known !== undefined) return known;
    let longest = 0;
    for (const other of loops.keys()) {
      if (other === index) continue;
      const shared = intersection(read[index] as CharSet, read[other] as CharSet);
      if (shared.length > 0 && leads(automaton, loops[index] ?? [], loops[other] ?? [], shared)) {
        longest = Math.max(longest, chainFrom(other));
      }
    }
    memo[index] = longest + 1;
    return longest + 1;
  };
  return Math.max(0, ...loops.map((_, index) => chainFrom(index)));
}

/** Whether a text of the shared characters leads from one loop to another. */
function leads(
  { next, sets }: Automaton,
  from: readonly number[],
  to: readonly number[],
  shared: CharSet,
): boolean {
  const goal = new Set(to);
  const seen = new Set(from);
  const pending = [...from];
  while (pending.length > 0) {
    for (const target of next[pending.pop() as number] ?? []) {
      if (seen.has(target) || !overlaps(sets[target] as CharSet, shared)) continue;
      if (goal.has(target)) return true;
      seen.add(target);
      pending.push(target);
    }
  }
  return false;
}
