/** A line of a diff as the server sends it. */
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

/** A line in three parts, of which the middle one differs from its counterpart; all of a line without one is its head. */
export type MarkedLine = DiffLine & {
  readonly parts: readonly [head: string, changed: string, tail: string];
};

/** Pairs each removed line with the added one that took its place, and marks where the two differ. */
export function markedLines(lines: readonly DiffLine[]): MarkedLine[] {
  const marked: MarkedLine[] = [];
  for (let at = 0; at < lines.length; ) {
    const removed = runOf(lines, at, "removed");
    const added = runOf(lines, at + removed.length, "added");
    if (removed.length + added.length === 0) {
      const line = lines[at++] as DiffLine;
      marked.push({ ...line, parts: [line.text, "", ""] });
      continue;
    }
    marked.push(
      ...removed.map((line, place) => ({ ...line, parts: partsOf(line.text, added[place]?.text) })),
      ...added.map((line, place) => ({ ...line, parts: partsOf(line.text, removed[place]?.text) })),
    );
    at += removed.length + added.length;
  }
  return marked;
}

function runOf(lines: readonly DiffLine[], start: number, change: DiffLine["change"]): readonly DiffLine[] {
  let end = start;
  while (lines[end]?.change === change) end++;
  return lines.slice(start, end);
}

function partsOf(text: string, other: string | undefined): MarkedLine["parts"] {
  if (other === undefined) return [text, "", ""];
  const most = Math.min(text.length, other.length);
  let head = 0;
  while (head < most && text[head] === other[head]) head++;
  let tail = 0;
  while (tail < most - head && text.at(-1 - tail) === other.at(-1 - tail)) tail++;
  return [text.slice(0, head), text.slice(head, text.length - tail), text.slice(text.length - tail)];
}
