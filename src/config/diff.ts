export type DiffLine = { change: "same" | "added" | "removed"; text: string };

/** The lines of two texts in order, each marked as common, added or removed: a longest common subsequence. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [one, other] = [split(before), split(after)];
  // Common ends are cut off first: documents differ in few places, and the table is quadratic.
  let head = 0;
  while (head < one.length && head < other.length && one[head] === other[head]) head++;
  let tail = 0;
  while (tail < one.length - head && tail < other.length - head && one.at(-1 - tail) === other.at(-1 - tail))
    tail++;
  return [
    ...mark("same", one.slice(0, head)),
    ...middle(one.slice(head, one.length - tail), other.slice(head, other.length - tail)),
    ...mark("same", one.slice(one.length - tail)),
  ];
}

/** Beyond this many table cells the differing middle is shown as replaced as a whole. */
const CELLS = 4_000_000;

function middle(one: readonly string[], other: readonly string[]): DiffLine[] {
  if (one.length * other.length > CELLS) return [...mark("removed", one), ...mark("added", other)];
  const width = other.length + 1;
  const common = new Uint32Array((one.length + 1) * width);
  const at = (row: number, column: number) => common[row * width + column] as number;
  for (let row = one.length - 1; row >= 0; row--) {
    for (let column = other.length - 1; column >= 0; column--) {
      common[row * width + column] =
        one[row] === other[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const lines: DiffLine[] = [];
  let row = 0;
  let column = 0;
  while (row < one.length && column < other.length) {
    if (one[row] === other[column]) {
      lines.push({ change: "same", text: one[row] as string });
      row++;
      column++;
    } else if (at(row + 1, column) >= at(row, column + 1))
      lines.push({ change: "removed", text: one[row++] as string });
    else lines.push({ change: "added", text: other[column++] as string });
  }
  return [...lines, ...mark("removed", one.slice(row)), ...mark("added", other.slice(column))];
}

const mark = (change: DiffLine["change"], lines: readonly string[]): DiffLine[] =>
  lines.map((text) => ({ change, text }));

const split = (text: string): string[] => (text === "" ? [] : text.replace(/\n$/, "").split("\n"));
