/** Repeatable chance: the same seed, the same numbers (xorshift32). */
export type Chance = {
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number;
  /** True `percent` times of a hundred. */
  often(percent: number): boolean;
  bytes(length: number): Uint8Array;
  shuffled<Item>(items: readonly Item[]): Item[];
};

export function chance(seed: number): Chance {
  let state = (seed ^ 0x9e3779b9) | 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let warm = 0; warm < 8; warm++) next();
  const made: Chance = {
    below: (below) => next() % below,
    often: (percent) => next() % 100 < percent,
    bytes: (length) => Uint8Array.from({ length }, () => next() & 255),
    shuffled(items) {
      const mixed = [...items];
      for (let at = mixed.length - 1; at > 0; at--) {
        const other = next() % (at + 1);
        [mixed[at], mixed[other]] = [mixed[other]!, mixed[at]!];
      }
      return mixed;
    },
  };
  return made;
}
