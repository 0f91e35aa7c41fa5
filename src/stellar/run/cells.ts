import type { Batch } from "../../core/batch.ts";
import { ABSENT, type Column, NULL, SPAN, VALUE, WORD } from "../../core/column.ts";
import type { Dictionary } from "../../core/dictionary.ts";
import { allocateBytes, encodeInto } from "../../core/text.ts";
import { fromMessage, toText } from "../values/value.ts";

/**
 * The UTF-8 bytes of a cell, wherever its text is kept: after `read`, `bytes[start, end)`. One object serves a whole
 * loop, so nothing is allocated per row; what it points at is valid until the next `read` and the arena's next growth.
 */
export class CellBytes {
  bytes: Uint8Array = allocateBytes(256);
  start = 0;
  end = 0;
  #scratch = allocateBytes(256);

  /** Points at the text of a cell; false when it is absent or null. Numbers, booleans and lists are taken as their text. */
  read(column: Column, row: number): boolean {
    const kind = column.kinds[row] as number;
    if (kind === SPAN) {
      this.bytes = column.arena.bytes;
      this.start = column.spans[2 * row] as number;
      this.end = column.spans[2 * row + 1] as number;
      return true;
    }
    if (kind === ABSENT || kind === NULL) return false;
    if (kind === WORD) {
      const dictionary = column.dictionary as Dictionary;
      const code = column.numbers[row] as number;
      this.bytes = dictionary.arena.bytes;
      this.start = dictionary.starts[code] as number;
      this.end = dictionary.starts[code + 1] as number;
      return true;
    }
    this.#encode(cellText(column, row) as string);
    return true;
  }

  #encode(text: string): void {
    if (this.#scratch.length < text.length * 3) this.#scratch = allocateBytes(text.length * 3);
    this.bytes = this.#scratch;
    this.start = 0;
    this.end = encodeInto(text, this.#scratch, 0);
  }
}

/** The text of a cell of any kind, as Java prints the value; null when it is absent or null. */
export function cellText(column: Column, row: number): string | null {
  const kind = column.kinds[row] as number;
  if (kind === ABSENT || kind === NULL) return null;
  if (kind >= SPAN && kind < VALUE) return column.text(row);
  return toText(fromMessage(column.value(row)));
}

/** The column of a field when some message of the batch has it. */
export function presentColumn(batch: Batch, field: string): Column | undefined {
  const column = batch.columns.get(field);
  return column?.touched === true ? column : undefined;
}
