/**
 * Splits one line of CSV as the original's reader does: double quotes around a cell, doubled inside it, a backslash
 * before a quote or backslash; cells are not trimmed. Undefined when a quote is not closed.
 */
export function splitCsvLine(line: string, separator: string): readonly string[] | undefined {
  if (!line.includes('"') && !line.includes("\\")) return line.split(separator);
  const cells: string[] = [];
  let cell = "";
  let isQuoted = false;
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at);
    const next = line.charAt(at + 1);
    if (char === "\\" && isQuoted && (next === '"' || next === "\\")) {
      cell += next;
      at++;
    } else if (char === '"') {
      if (isQuoted && next === '"') {
        cell += '"';
        at++;
      } else isQuoted = !isQuoted;
    } else if (char === separator && !isQuoted) {
      cells.push(cell);
      cell = "";
    } else cell += char;
  }
  if (isQuoted) return undefined;
  cells.push(cell);
  return cells;
}
