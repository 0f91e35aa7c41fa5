/**
 * Which copy counts when two packets bring the same bytes of a stream or a datagram and the copies differ. Systems decide differently, and
 * attackers use that: they show a sensor one thing and the victim another. So the policy is a choice with a name, and every decision is told.
 *
 * The rules of systems are those of Novak, "Target-Based Fragmentation Reassembly" (2005), and Novak and Sturges, "Target-Based TCP Stream
 * Reassembly" (2007), both Sourcefire.
 */
export type OverlapPolicy = "first" | "last" | "bsd" | "linux" | "windows";

/** The first and the last byte (exclusive) that a packet brought, before anything was cut off it. */
export type Extent = { readonly from: number; readonly to: number };

/** Tells whether the copy that came later wins over the one that was there. */
export function laterWins(policy: OverlapPolicy, earlier: Extent, later: Extent): boolean {
  switch (policy) {
    case "first":
      return false;
    case "last":
      return true;
    case "bsd":
      return later.from < earlier.from;
    case "linux":
      return later.from < earlier.from || (later.from === earlier.from && later.to > earlier.to);
    case "windows":
      return later.from < earlier.from && later.to > earlier.to;
  }
}

/** The range in which two copies differ, from the first byte that does to the last; undefined when they are equal. */
export function difference(
  one: Uint8Array,
  oneAt: number,
  other: Uint8Array,
  otherAt: number,
  length: number,
): { from: number; to: number } | undefined {
  let from = 0;
  while (from < length && one[oneAt + from] === other[otherAt + from]) from++;
  if (from === length) return undefined;
  let to = length;
  while (one[oneAt + to - 1] === other[otherAt + to - 1]) to--;
  return { from, to };
}
