/** Numbers from 0 to below 1, the same for the same seed (a linear congruential generator, its high bits). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** Values that lengths and types break at. */
const EDGES = [
  0x00, 0x01, 0x04, 0x06, 0x08, 0x0f, 0x11, 0x29, 0x2f, 0x40, 0x45, 0x60, 0x7f, 0x80, 0x81, 0xff,
];

/** Changes bytes of a frame at random, and sometimes cuts it, leaves bytes out or puts bytes in. */
export function mutate(frame: Uint8Array, random: () => number): Uint8Array {
  const upTo = (limit: number): number => Math.floor(random() * limit);
  const copy = Array.from(frame);
  for (let count = 1 + upTo(4); count > 0 && copy.length > 0; count--) {
    // Headers are at the beginning, so most changes are there.
    const at = upTo(random() < 0.8 ? Math.min(copy.length, 80) : copy.length);
    const value = random() < 0.5 ? EDGES[upTo(EDGES.length)]! : upTo(256);
    const kind = upTo(10);
    if (kind === 0) copy.length = at;
    else if (kind === 1) copy.splice(at, 1 + upTo(8));
    else if (kind === 2) copy.splice(at, 0, value, upTo(256));
    else copy[at] = value;
  }
  return Uint8Array.from(copy);
}
