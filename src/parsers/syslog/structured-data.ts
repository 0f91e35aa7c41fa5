import type { Batch } from "../../core/batch.ts";
import type { Column } from "../../core/column.ts";
import { type KeyNode, KeyTable } from "../json/key-table.ts";

// Bytes past the end read as undefined and fail every comparison.

const BLANK = 32;
const EQUALS = 61;
const QUOTE = 34;
const CLOSE = 93;
const BACKSLASH = 92;

/** Writes the structured data of RFC 5424 as fields, one column for each element and parameter seen. */
export class StructuredData {
  readonly #batch: Batch;
  readonly #keys = new KeyTable();
  readonly #keepsEscapes: boolean;

  /** @param keepsEscapes whether backslashes stay in the values, as in the original. */
  constructor(batch: Batch, keepsEscapes: boolean) {
    this.#batch = batch;
    this.#keepsEscapes = keepsEscapes;
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
    if (this.#keepsEscapes || !hasEscape(bytes, start, end)) node.column.setSpan(row, start, end);
    else this.#putPlain(node.column, start, end, row);
  }

  /** Sets a value without its escapes: a quote, backslash or bracket behind a backslash is itself (RFC 5424, 6.3.3). */
  #putPlain(column: Column, start: number, end: number, row: number): void {
    const { arena } = this.#batch;
    const from = arena.reserve(end - start);
    const { bytes } = arena;
    let to = from;
    for (let at = start; at < end; at++) {
      if (bytes[at] === BACKSLASH && at + 1 < end && isEscapable(bytes[at + 1] as number)) at++;
      bytes[to++] = bytes[at] as number;
    }
    arena.length = to;
    column.setSpan(row, from, to);
  }
}

function hasEscape(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === BACKSLASH) return true;
  return false;
}

/** Before any other character a backslash is itself. */
function isEscapable(byte: number): boolean {
  return byte === QUOTE || byte === BACKSLASH || byte === CLOSE;
}
