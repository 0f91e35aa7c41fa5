/** Values for the eye: tables for lists of maps, bars for counts, indentation for what nests. */
import { intoParts } from "../values/budget.ts";
import {
  isCollection,
  isNumeric,
  numericValue,
  StellarMap,
  toText,
  typeName,
  type Value,
} from "../values/value.ts";

const MAX_ROWS = 200;
const BAR = 30;
const SPARKS = "▁▂▃▄▅▆▇█";

/** A value as lines of at most about `width` columns; null is empty. */
export function renderValue(value: Value, width = 100): string {
  if (value === null) return "";
  if (Array.isArray(value) && value.length > 0 && value.every((row) => row instanceof StellarMap)) {
    return table(value, width);
  }
  if (value instanceof StellarMap && value.size > 2 && [...value.values()].every(isCount)) return bars(value);
  if (Array.isArray(value) && value.length > 7 && value.every(isNumeric)) {
    return `${cut(toText(value), width)}\n${sparkline(value.map(numericValue))}`;
  }
  const flat = toText(value);
  const nests = isCollection(value) || value instanceof StellarMap;
  return nests && flat.length > width ? indented(value, "") : flat;
}

function isCount(value: Value): boolean {
  return isNumeric(value) && numericValue(value) >= 0 && Number.isFinite(numericValue(value));
}

function table(rows: readonly StellarMap[], width: number): string {
  const columns = [...new Set(rows.flatMap((row) => Array.from(row.keys(), toText)))];
  const shown = rows.slice(0, MAX_ROWS).map((row) => {
    const cells = new Map(
      Array.from(row, ([key, value]) => [toText(key), value === null ? "" : toText(value)]),
    );
    return columns.map((column) => (cells.get(column) ?? "").replaceAll("\n", " "));
  });
  const most = Math.max(8, Math.floor(width / Math.max(1, columns.length)));
  const widths = columns.map((column, index) =>
    Math.min(most, Math.max(column.length, ...shown.map((cells) => (cells[index] as string).length))),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => cut(cell, widths[index] as number).padEnd(widths[index] as number))
      .join("  ")
      .trimEnd();
  const rule = widths.map((size) => "─".repeat(size)).join("  ");
  return [line(columns), rule, ...shown.map(line), ...moreThan(rows.length)].join("\n");
}

/** A bar for each entry, the largest first. */
function bars(map: StellarMap): string {
  const entries = Array.from(map, ([key, value]) => ({
    label: toText(key),
    text: toText(value),
    size: sizeOf(value),
  }));
  const sorted = entries.toSorted((a, b) => b.size - a.size).slice(0, MAX_ROWS);
  const largest = Math.max(1e-300, ...sorted.map(({ size }) => size));
  const labels = Math.min(40, Math.max(...sorted.map(({ label }) => label.length)));
  const texts = Math.max(...sorted.map(({ text }) => text.length));
  const lines = sorted.map(({ label, text, size }) => {
    const bar = "█".repeat(Math.round((size / largest) * BAR));
    return `${cut(label, labels).padEnd(labels)}  ${text.padStart(texts)}  ${bar}`.trimEnd();
  });
  return [...lines, ...moreThan(map.size)].join("\n");
}

function sizeOf(value: Value): number {
  return isNumeric(value) ? numericValue(value) : 0;
}

/** Numbers as a row of blocks, at most as many as a terminal is wide. */
function sparkline(values: readonly number[]): string {
  const finite = values.filter(Number.isFinite).slice(0, 80);
  const least = Math.min(...finite);
  const range = Math.max(...finite) - least || 1;
  return finite.map((value) => SPARKS[Math.round(((value - least) / range) * (SPARKS.length - 1))]).join("");
}

function indented(value: Value, margin: string): string {
  const inner = `${margin}  `;
  if (value instanceof StellarMap) {
    const lines = intoParts(value.size, () =>
      Array.from(value, ([key, entry]) => `${inner}${toText(key)} = ${indented(entry, inner)}`),
    );
    return lines.length === 0 ? "{}" : `{\n${limited(lines, inner)}\n${margin}}`;
  }
  if (isCollection(value)) {
    const size = Array.isArray(value) ? value.length : value.size;
    const lines = intoParts(size, () =>
      Array.from(value, (element) => `${inner}${indented(element, inner)}`),
    );
    return lines.length === 0 ? "[]" : `[\n${limited(lines, inner)}\n${margin}]`;
  }
  return toText(value);
}

function limited(lines: readonly string[], margin: string): string {
  return [...lines.slice(0, MAX_ROWS), ...moreThan(lines.length).map((line) => margin + line)].join("\n");
}

function moreThan(count: number): string[] {
  return count > MAX_ROWS ? [`… and ${count - MAX_ROWS} more`] : [];
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(1, width - 1))}…`;
}

/** The value's type in a word, with the size of what has one: `list of 3`. */
export function describeType(value: Value): string {
  if (Array.isArray(value)) return `list of ${value.length}`;
  if (isCollection(value) || value instanceof StellarMap) return `${typeName(value)} of ${value.size}`;
  return typeName(value);
}
