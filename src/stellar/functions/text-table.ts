/** Tables of text in a frame, as management functions and the shell print them. */

export type TextTable = {
  readonly headers: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Cells longer than this are wrapped at blanks. */
  readonly wrap?: number | undefined;
};

/** Draws a table; without rows it says `(empty)`. Cells may hold several lines. */
export function drawTable({ headers, rows, wrap }: TextTable): string {
  const cells = rows.map((row) => row.map((cell) => cellLines(cell, wrap)));
  const titles = headers.map((header) => [header]);
  const widths = headers.map((_, column) => {
    let width = 0;
    // Not Math.max(...): a table may have more lines than a call may have arguments.
    for (const row of [titles, ...cells]) {
      for (const line of row[column] ?? []) width = Math.max(width, line.length);
    }
    return width;
  });
  if (rows.length === 0) return drawEmpty(titles, widths);
  const lines = [rule("╔╤╗", "═", widths), ...drawRow(titles, widths), rule("╠╪╣", "═", widths)];
  for (const [index, row] of cells.entries()) {
    if (index > 0) lines.push(rule("╟┼╢", "─", widths));
    lines.push(...drawRow(row, widths));
  }
  lines.push(rule("╚╧╝", "═", widths));
  return `${lines.join("\n")}\n`;
}

function drawEmpty(titles: readonly (readonly string[])[], widths: readonly number[]): string {
  const note = "(empty)";
  const inner = widths.reduce((sum, width) => sum + width + 3, -1);
  const missing = Math.max(0, note.length + 2 - inner);
  const padded = widths.map((width, column) => (column === widths.length - 1 ? width + missing : width));
  const whole = [inner + missing - 2];
  return `${[
    rule("╔╤╗", "═", padded),
    ...drawRow(titles, padded),
    rule("╠╧╣", "═", padded),
    ...drawRow([[note]], whole),
    rule("╚═╝", "═", whole),
  ].join("\n")}\n`;
}

/** `corners`: left end, crossing, right end. */
function rule(corners: string, line: string, widths: readonly number[]): string {
  const [left, cross, right] = Array.from(corners);
  return `${left}${widths.map((width) => line.repeat(width + 2)).join(cross)}${right}`;
}

function drawRow(row: readonly (readonly string[])[], widths: readonly number[]): string[] {
  const height = Math.max(...row.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => {
    const parts = widths.map((width, column) => ` ${(row[column]?.[line] ?? "").padEnd(width)} `);
    return `║${parts.join("│")}║`;
  });
}

function cellLines(cell: string, wrap: number | undefined): readonly string[] {
  const lines = cell.split("\n");
  return wrap === undefined || wrap < 1 ? lines : lines.flatMap((line) => wrapLine(line, wrap));
}

/** Breaks at blanks; a word longer than the width stays whole. */
function wrapLine(line: string, width: number): string[] {
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(" ")) {
    const longer = current === "" ? word : `${current} ${word}`;
    if (longer.length <= width || current === "") current = longer;
    else {
      lines.push(current);
      current = word;
    }
  }
  return [...lines, current];
}
