/** A seeded source of chance: the same seed makes the same company, the same day and the same intrusion. */
export type Random = {
  /** Uniform in [0, 1). */
  next(): number;
  /** A whole number in [low, high]. */
  int(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  /** Picks with a long tail: the first items far more often than the last. */
  tail<Item>(items: readonly Item[]): Item;
  /** Exponentially distributed with the given mean. */
  exponential(mean: number): number;
  /** Log-normal around a median; what sizes and durations look like. */
  spread(median: number, sigma: number): number;
  /** Lower-case hexadecimal digits. */
  hex(digits: number): string;
  /** Letters and digits, as Zeek's connection ids are. */
  id(prefix: string, length: number): string;
};

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Xorshift128 (Marsaglia, 2003), seeded through SplitMix32. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  const seeded = () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  let [x, y, z, w] = [seeded(), seeded(), seeded(), seeded() | 1];
  const next = () => {
    const t = x ^ (x << 11);
    x = y;
    y = z;
    z = w;
    w = (w ^ (w >>> 19) ^ t ^ (t >>> 8)) >>> 0;
    return w / 0x1_0000_0000;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return {
    next,
    int: (low, high) => low + Math.floor(next() * (high - low + 1)),
    chance: (probability) => next() < probability,
    pick: (items) => items[Math.floor(next() * items.length)] as (typeof items)[number],
    tail: (items) => items[Math.floor(next() ** 3 * items.length)] as (typeof items)[number],
    exponential: (mean) => -mean * Math.log(1 - next()),
    spread: (median, sigma) => median * Math.exp(sigma * normal()),
    hex: (digits) => {
      let text = "";
      for (let digit = 0; digit < digits; digit++) text += Math.floor(next() * 16).toString(16);
      return text;
    },
    id: (prefix, length) => {
      let text = prefix;
      while (text.length < length) text += ALPHABET[Math.floor(next() * ALPHABET.length)];
      return text;
    },
  };
}
