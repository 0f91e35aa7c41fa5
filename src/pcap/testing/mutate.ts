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

/** Changes bytes anywhere in a file, a word more often than not, and sometimes cuts it, leaves bytes out or says some twice. */
export function mutateFile(file: Uint8Array, random: () => number): Uint8Array {
  const upTo = (limit: number): number => Math.floor(random() * limit);
  let bytes = Buffer.from(file);
  for (let count = 1 + upTo(6); count > 0 && bytes.length > 8; count--) {
    // Headers of files and of their first packets are at the beginning.
    const at = upTo(random() < 0.3 ? Math.min(bytes.length, 200) : bytes.length);
    const kind = upTo(12);
    const end = Math.min(bytes.length, at + 1 + upTo(64));
    if (kind === 0) bytes = bytes.subarray(0, at);
    else if (kind === 1) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    else if (kind < 6) bytes[at] = random() < 0.5 ? EDGES[upTo(EDGES.length)]! : upTo(256);
    else {
      const word = WORDS[upTo(WORDS.length)]! + upTo(3) - 1;
      const place = Math.min(at & ~3, bytes.length - 4);
      bytes.writeUInt32LE(word >>> 0, place);
      if (random() < 0.5) bytes.subarray(place, place + 4).reverse();
    }
  }
  return bytes;
}

/** Words that lengths, counts and times break at. */
const WORDS = [0, 1, 24, 0xffff, 0x0004_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe];

/**
 * Tries something with random numbers that are its own each time, so that a failure names the try and comes back without those before it.
 */
export async function tries(
  count: number,
  seed: number,
  one: (random: () => number) => void | Promise<void>,
): Promise<void> {
  for (let number = 0; number < count; number++) {
    try {
      await one(randomOf(seed + Math.imul(number, 0x9e3779b1)));
    } catch (cause) {
      throw new Error(`try ${number} of seed ${seed}: ${(cause as Error).message}`, { cause });
    }
  }
}
