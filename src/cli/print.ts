import { stripVTControlCharacters } from "node:util";
import { messageToJson } from "../core/message.ts";

/** Prints one object as one line of JSON. */
export function printJson(value: unknown): void {
  process.stdout.write(`${messageToJson(value)}\n`);
}

/** Prints rows as columns under their names; numbers to the right. Text from telemetry cannot steer the terminal. */
export function printTable(names: readonly string[], rows: readonly (readonly unknown[])[]): void {
  openTable(names)(rows);
}

/** Prints a table part by part, its names once; what is wider than all before makes its column wider from there on. */
export function openTable(names: readonly string[]): (rows: readonly (readonly unknown[])[]) => void {
  let widths = names.map((name) => name.length);
  let isBegun = false;
  return (rows) => {
    const head = isBegun ? [] : [names.map((name) => name.toUpperCase())];
    isBegun = true;
    widths = printRows(head, rows, widths);
  };
}

function printRows(
  head: readonly (readonly string[])[],
  rows: readonly (readonly unknown[])[],
  before: readonly number[],
): number[] {
  const cells = rows.map((row) => row.map(cell));
  const widths = before.map((width, index) =>
    cells.reduce((most, row) => Math.max(most, row[index]?.length ?? 0), width),
  );
  const isNumber = before.map((_width, index) =>
    rows.every((row) => row[index] === null || ["number", "bigint"].includes(typeof row[index])),
  );
  const line = (row: readonly string[]) =>
    row
      .map((text, index) =>
        isNumber[index] ? text.padStart(widths[index] as number) : text.padEnd(widths[index] as number),
      )
      .join("  ")
      .trimEnd();
  process.stdout.write([...head, ...cells].map((row) => `${line(row)}\n`).join(""));
  return widths;
}

/** Text as it may be shown on a terminal: control characters and escape sequences are gone. */
export function safeText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach the terminal
  return stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f]/g, " ");
}

/** A time as ISO 8601; what no calendar has, as it is. */
export function timeText(value: unknown): unknown {
  if (typeof value !== "number") return value;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? String(value) : date.toISOString();
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return "-";
  if (typeof value === "bigint") return value.toLocaleString("en");
  if (typeof value === "number")
    return Number.isInteger(value) ? value.toLocaleString("en") : value.toFixed(1);
  return safeText(typeof value === "string" ? value : messageToJson(value));
}

/** A count for people: 12,345. */
export const count = (value: number): string => Math.round(value).toLocaleString("en");

/** How many there are of a thing whose plural ends with s: 1 record, 12,345 records. */
export const counted = (value: number, thing: string): string =>
  `${count(value)} ${thing}${Math.round(value) === 1 ? "" : "s"}`;

/** Bytes for people: 1.2 MB. */
export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let rest = value;
  while (rest >= 1000 && unit < units.length - 1) {
    rest /= 1000;
    unit++;
  }
  return `${unit === 0 ? rest : rest.toFixed(1)} ${units[unit]}`;
}

const REPAINT = 100;

/** One line on the terminal that is written over; nothing where standard error is no terminal. */
export function statusLine(): { show(text: () => string): void; clear(): void } | undefined {
  const { stderr } = process;
  if (!stderr.isTTY) return undefined;
  let painted = 0;
  return {
    show(text) {
      if (performance.now() - painted < REPAINT) return;
      painted = performance.now();
      // A terminal that does not know its width says 0.
      stderr.write(`\r\x1b[K${text().slice(0, (stderr.columns || 80) - 1)}`);
    },
    clear: () => void stderr.write("\r\x1b[K"),
  };
}
