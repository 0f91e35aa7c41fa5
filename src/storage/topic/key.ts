/**
 * Which partition the records of a key belong to: the same that Kafka's own clients choose, so that whatever writes to a
 * topic of a cluster agrees. They take MurmurHash2 (Austin Appleby, public domain) with this seed.
 */
const SEED = 0x9747b28c;
const MIX = 0x5bd1e995;

/** The partition of a key, 0 to `partitions` - 1. */
export function partitionOfKey(key: string | Uint8Array, partitions: number): number {
  const bytes = typeof key === "string" ? Buffer.from(key) : key;
  return (murmur2(bytes) & 0x7fffffff) % partitions;
}

/** MurmurHash2 as a signed number of 32 bits. */
export function murmur2(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let hash = SEED ^ bytes.length;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    let word = Math.imul(view.getInt32(at, true), MIX);
    word = Math.imul(word ^ (word >>> 24), MIX);
    hash = Math.imul(hash, MIX) ^ word;
  }
  if (at < bytes.length) {
    for (let shift = 0; at < bytes.length; at++, shift += 8) hash ^= view.getUint8(at) << shift;
    hash = Math.imul(hash, MIX);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MIX);
  return hash ^ (hash >>> 15);
}
