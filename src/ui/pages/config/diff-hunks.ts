/** A line of a diff as the server gives it. */
export type DiffLine = { readonly change: "same" | "added" | "removed"; readonly text: string };

/** Lines of the diff that are shown, or how many unchanged ones are left out in their place. */
export type Hunk = { readonly lines: readonly DiffLine[] } | { readonly left: number };

/** Keeps the changed lines and some unchanged ones around each, as people read a diff. */
export function hunksOf(lines: readonly DiffLine[], context = 3): Hunk[] {
  const near = lines.map((_, at) =>
    lines.slice(Math.max(0, at - context), at + context + 1).some(({ change }) => change !== "same"),
  );
  const hunks: Hunk[] = [];
  for (let at = 0; at < lines.length; ) {
    const kept = near[at];
    const turn = near.findIndex((value, place) => place > at && value !== kept);
    const end = turn < 0 ? lines.length : turn;
    hunks.push(kept ? { lines: lines.slice(at, end) } : { left: end - at });
    at = end;
  }
  return hunks;
}
