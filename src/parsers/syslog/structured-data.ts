import type { Batch } from "../../core/batch.ts";
import { type KeyNode, KeyTable } from "../json/key-table.ts";

// Bytes past the end read as undefined and fail every comparison.

const BLANK = 32;
const EQUALS = 61;
const QUOTE = 34;
const CLOSE = 93;

/** Writes the structured data of RFC 5424 as fields, one column for each element and parameter seen. */
export class StructuredData {
  readonly #batch: Batch;
  readonly #keys = new KeyTable();

  constructor(batch: Batch) {
    this.#batch = batch;
  }

  /** Writes bytes[start, end), elements with their brackets, into a row. False when a parameter is malformed. */
  write(start: number, end: number, row: number): boolean {
    const { bytes } = this.#batch.arena;
    let at = start;
    while (at < end) {
      const id = ++at;
      while (at < end && bytes[at] !== BLANK && bytes[at] !== CLOSE) at++;
      const element = this.#keys.find(bytes, id, at, this.#keys.root, undefined);
      while (at < end && bytes[at] === BLANK) {
        const name = ++at;
        while (at < end && bytes[at] !== EQUALS) at++;
        const nameEnd = at;
        if (bytes[at + 1] !== QUOTE) return false;
        const value = at + 2;
        at = value;
        while (at < end && bytes[at] !== QUOTE) at += bytes[at] === 92 ? 2 : 1;
        if (at >= end) return false;
        // Past the limit of names parameters are left out; the message still holds them in its original.
        if (element !== undefined) this.#put(element, name, nameEnd, value, at, row);
        at++;
      }
      if (bytes[at] !== CLOSE) return false;
      at++;
    }
    return true;
  }

  #put(element: KeyNode, name: number, nameEnd: number, start: number, end: number, row: number): void {
    const { bytes } = this.#batch.arena;
    const node = this.#keys.find(bytes, name, nameEnd, this.#keys.inside(element), undefined);
    if (node === undefined) return;
    node.column ??= this.#batch.column(`syslog.structuredData.${element.name}.${node.name}`);
    node.column.setSpan(row, start, end);
  }
}
