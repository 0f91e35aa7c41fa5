/** Shannon's entropy in bits of a distribution given by counts; 0 for none. */
export function entropy(counts: Iterable<number>): number {
  const all = Array.from(counts);
  const total = all.reduce((sum, count) => sum + count, 0);
  let bits = 0;
  for (const count of all) if (count !== 0) bits -= (count / total) * Math.log2(count / total);
  return bits === 0 ? 0 : bits;
}
