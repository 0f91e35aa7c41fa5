/** Which known name someone may have meant. */

/** The nearest function name: the same letters in another case, or a small number of slips away. */
export function suggestFunction(name: string, names: readonly string[]): string | undefined {
  return nearest(name.toUpperCase(), names);
}

/** The name with the fewest slips (a letter added, missing, changed or swapped), if that is few for its length. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let fewest = Math.min(3, Math.max(1, Math.floor(name.length / 3))) + 1;
  for (const candidate of names) {
    if (Math.abs(candidate.length - name.length) >= fewest) continue;
    const slips = candidate.toLowerCase() === name.toLowerCase() ? 0 : distance(name, candidate);
    if (slips < fewest) {
      best = candidate;
      fewest = slips;
    }
  }
  return best;
}

/** Edit distance with neighbouring letters swapped counted as one slip. */
function distance(from: string, to: string): number {
  let older: number[] = [];
  let old = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1] ? 0 : 1;
      let best = Math.min(
        (old[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (old[column - 1] as number) + same,
      );
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) best = Math.min(best, (older[column - 2] as number) + 1);
      current.push(best);
    }
    older = old;
    old = current;
  }
  return old[to.length] as number;
}
