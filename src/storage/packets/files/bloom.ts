/**
 * Which addresses and Community IDs a segment has, in 16 bits each: one in 1,400 that it does not have is taken for one it has
 * (B. Bloom, 1970; the two hashes as by Kirsch and Mitzenmacher, 2006). A search that is taken in opens an index for nothing and waits for the
 * disk. With ten bits, one in 120, that happened to every fourth search for an absent address in 4 GB.
 */

const BITS_PER_KEY = 16;
/** Part of the format, unlike the bits: filters that have ten bits per key are read with as many. */
const PROBES = 7;

export function newBloom(keys: number): Uint32Array<ArrayBuffer> {
  return new Uint32Array(Math.max(1, Math.ceil((keys * BITS_PER_KEY) / 32)));
}

export function addToBloom(bloom: Uint32Array, key: number): void {
  const bits = bloom.length * 32;
  const step = stepOf(key);
  let hash = key;
  for (let probe = 0; probe < PROBES; probe++) {
    const bit = hash % bits;
    bloom[bit >>> 5] = (bloom[bit >>> 5] as number) | (1 << (bit & 31));
    hash = (hash + step) >>> 0;
  }
}

/** Whether a key may have been added; false is certain. */
export function mayHave(bloom: Uint32Array, key: number): boolean {
  const bits = bloom.length * 32;
  const step = stepOf(key);
  let hash = key;
  for (let probe = 0; probe < PROBES; probe++) {
    const bit = hash % bits;
    if (((bloom[bit >>> 5] as number) & (1 << (bit & 31))) === 0) return false;
    hash = (hash + step) >>> 0;
  }
  return true;
}

/** The key of an address: four words, most significant first, and the version. */
export function addressKey(words: ArrayLike<number>, at: number, version: number): number {
  let hash = version;
  for (let word = at; word < at + 4; word++) hash = mix(hash ^ (words[word] as number));
  return hash;
}

/** The key of a Community ID by the first four bytes of its digest. */
export function communityKey(prefix: number): number {
  return mix(prefix ^ 0x5bd1e995);
}

function stepOf(key: number): number {
  return mix(key ^ 0x9e3779b9) | 1;
}

/** Spreads 32 bits (the last steps of MurmurHash3, Austin Appleby, public domain). */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
