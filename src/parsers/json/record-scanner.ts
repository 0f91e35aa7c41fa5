import type { Batch } from "../../core/batch.ts";
import { type Column, NULL, SPAN, VALUE } from "../../core/column.ts";
import { emptyMessage, type FieldValue } from "../../core/message.ts";
import { decodeText } from "../../core/text.ts";
import {
  CLOSE_BRACE,
  COLON,
  COMMA,
  DEPTH_LIMIT,
  JsonCursor,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from "./cursor.ts";
import { GUESSES, KEY_LENGTH_LIMIT, KEY_LIMIT, KeyTable, ROOT } from "./key-table.ts";

// All indexes are nodes, rows or places inside the arena, so `as number` holds.

/** What becomes of a map under a key: its members as fields of their own, nothing, the map itself, or a rejection. */
export type Nested = "unfold" | "drop" | "keep" | "reject";

/** Where the value of a key goes: a field, one of the scanner's slots for the parser to look at, or nowhere. */
export type Place = {
  readonly field?: string;
  readonly slot?: number;
  readonly nested: Nested;
};

export type Layout = {
  /** Asked once for each distinct path of keys. */
  readonly place: (path: readonly string[]) => Place;
  readonly slots: number;
  /** Whether a comma between two members may be missing, as the original's reader of Zeek logs lets pass. */
  readonly missingCommas?: boolean;
};

/** Field that holds, as a map, the fields beyond `KEY_LIMIT`. */
export const OVERFLOW_FIELD = "more_fields";

const UNFOLD = 1;
const DROP = 2;
const KEEP = 3;
const REJECT = 4;
const NESTED: Record<Nested, number> = { unfold: UNFOLD, drop: DROP, keep: KEEP, reject: REJECT };
const OVERFLOW = -2;

/**
 * Reads records that are one JSON map each and writes their fields straight into columns: spans and numbers, nothing
 * allocated. Keys are recognised by guessing what comes next (see `KeyTable`), in any order and any mix of shapes.
 */
export class RecordScanner extends JsonCursor {
  readonly keys = new KeyTable();
  readonly #layout: Layout;
  readonly #batch: Batch;
  readonly #columns: (Column | undefined)[] = [];
  readonly #fields: (string | undefined)[] = [undefined];
  /** 0: to its field; 1 and up: to slot - 1; -1: nowhere. */
  readonly #slot = new Int16Array(KEY_LIMIT);
  readonly #nested = new Uint8Array(KEY_LIMIT);
  readonly #seen = new Int32Array(KEY_LIMIT);
  readonly #written = new Int32Array(KEY_LIMIT);
  #writtenCount = 0;
  #serial = 0;
  #next = 0;
  #overflow: Record<string, FieldValue> | undefined;

  /** What the slots got from the record read last; a kind of 0 means nothing. */
  readonly slotKinds: Uint8Array;
  readonly slotNumbers: Float64Array;
  /** The text, or the digits of a number. */
  readonly slotStarts: Uint32Array;
  readonly slotEnds: Uint32Array;
  readonly slotObjects: FieldValue[] = [];
  /** How many keys the record itself had (not those of unfolded maps). */
  rootCount = 0;
  /** Node of the last key of the record itself whose map was unfolded, or 0; and how many there were. */
  unfolded = 0;
  unfoldedCount = 0;

  constructor(batch: Batch, layout: Layout) {
    super(batch.arena);
    this.#batch = batch;
    this.#layout = layout;
    this.slotKinds = new Uint8Array(layout.slots);
    this.slotNumbers = new Float64Array(layout.slots);
    this.slotStarts = new Uint32Array(layout.slots);
    this.slotEnds = new Uint32Array(layout.slots);
    for (let slot = 0; slot < layout.slots; slot++) this.slotObjects.push(null);
  }

  /**
   * Reads the map in [start, end) into the cells of `row`. On false, `reason` and `place` say why and the row's cells
   * are as they were. Fits a row that does not exist yet as long as it lies within the batch's capacity.
   */
  scan(start: number, end: number, row: number): boolean {
    this.end = end;
    this.#serial++;
    this.#writtenCount = 0;
    this.unfolded = 0;
    this.unfoldedCount = 0;
    this.slotKinds.fill(0);
    let at = this.space(start);
    if (at >= end) at = this.fail("", end);
    else if (this.bytes[at] !== OPEN_BRACE) at = this.fail("a map in braces was expected", at);
    else at = this.#members(at + 1, ROOT, 1, row);
    if (at >= 0) {
      if (at > end) at = this.fail("", end);
      else {
        while (at < end && (this.bytes[at] as number) <= 32) at++;
        if (at === end) {
          if (this.#overflow !== undefined) this.#writeOverflow(row);
          return true;
        }
        this.fail("something follows the map", at);
      }
    }
    this.#overflow = undefined;
    this.clear(row);
    return false;
  }

  /** Takes back all cells that the last `scan` wrote. */
  clear(row: number): void {
    for (let index = 0; index < this.#writtenCount; index++) {
      this.#columns[this.#written[index] as number]?.clear(row);
    }
    this.#writtenCount = 0;
  }

  /** Writes what a slot got into a column, as it came. */
  writeSlot(slot: number, column: Column, row: number): void {
    this.kind = this.slotKinds[slot] as number;
    this.number = this.slotNumbers[slot] as number;
    this.start = this.slotStarts[slot] as number;
    this.finish = this.slotEnds[slot] as number;
    if (this.kind === VALUE) this.object = this.slotObjects[slot] as FieldValue;
    this.write(column, row);
  }

  #members(from: number, parent: number, depth: number, row: number): number {
    if (depth > DEPTH_LIMIT) return this.fail("lists or maps nested too deeply", from);
    const keys = this.keys;
    let guesses = keys.first;
    let guess = parent * GUESSES;
    let count = 0;
    let at = from;
    if (this.bytes[at] !== QUOTE) {
      at = this.space(at);
      if (this.bytes[at] === CLOSE_BRACE) {
        if (parent === ROOT) this.rootCount = 0;
        return at + 1;
      }
    }
    for (;;) {
      count++;
      let node = this.#guess(at, guesses, guess);
      if (node !== 0) at += keys.literalLength[node] as number;
      else {
        node = this.#readKey(at, parent, guesses, guess);
        if (node === -1) return -1;
        at = this.#next;
      }
      let byte = this.bytes[at] as number;
      if (byte <= 32) {
        at = this.space(at);
        byte = this.bytes[at] as number;
      }
      if (node === OVERFLOW) at = this.#spill(at, depth);
      else {
        if (byte === OPEN_BRACE) at = this.#map(at, node, depth, row);
        else {
          if (byte === OPEN_BRACKET) {
            at = this.value(at, depth);
            this.kind = VALUE;
          } else at = this.scalar(at);
          if (at >= 0) this.#put(node, row);
        }
        guesses = keys.next;
        guess = node * GUESSES;
      }
      if (at < 0) return -1;
      byte = this.bytes[at] as number;
      if (byte <= 32) {
        at = this.space(at);
        byte = this.bytes[at] as number;
      }
      if (byte === COMMA) at++;
      else if (byte !== QUOTE || this.#layout.missingCommas !== true) break;
      if (this.bytes[at] !== QUOTE) at = this.space(at);
    }
    if (parent === ROOT) this.rootCount = count;
    if (this.bytes[at] !== CLOSE_BRACE) return this.fail("a comma or } was expected", at);
    return at + 1;
  }

  /** The guessed node whose `"key":` stands at `at`, or 0. */
  #guess(at: number, guesses: Int32Array, place: number): number {
    const keys = this.keys;
    const view = this.view;
    const word = view.getInt32(at, true);
    for (let index = place; index < place + GUESSES; index++) {
      const node = guesses[index] as number;
      if (node === 0) return 0;
      if (keys.firstWord[node] !== word) continue;
      const last = at + (keys.literalLength[node] as number) - 4;
      if (last >= this.end || view.getInt32(last, true) !== keys.lastWord[node]) continue;
      let from = (keys.wordStart[node] as number) + 1;
      let place = at + 4;
      while (place < last && view.getInt32(place, true) === keys.words[from]) {
        from++;
        place += 4;
      }
      if (place >= last) return node;
    }
    return 0;
  }

  /** Reads a key and its colon the long way; -1 on failure, OVERFLOW when no more keys are remembered. */
  #readKey(from: number, parent: number, guesses: Int32Array, place: number): number {
    if (this.bytes[from] !== QUOTE) return this.fail("a key in quotes was expected", from);
    let at = this.string(from);
    if (at < 0) return -1;
    const rawEnd = at - 1;
    if (rawEnd - from > KEY_LENGTH_LIMIT) return this.fail("a key of too many bytes", from);
    const decoded = this.start !== from + 1;
    at = this.space(at);
    if (this.bytes[at] !== COLON) return this.fail("a colon was expected", at);
    this.#next = at + 1;
    const name = decoded ? decodeText(this.bytes, this.start, this.finish) : undefined;
    const known = this.keys.count;
    const node = this.keys.find(this.bytes, from + 1, rawEnd, parent, name);
    if (node < 0) return OVERFLOW;
    if (node === known) this.#place(node);
    this.keys.learn(guesses, place, node);
    return node;
  }

  #place(node: number): void {
    const { field, slot, nested } = this.#layout.place(this.keys.path(node));
    this.#fields[node] = field;
    this.#slot[node] = slot !== undefined ? slot + 1 : field === undefined ? -1 : 0;
    this.#nested[node] = NESTED[nested];
  }

  #map(from: number, node: number, depth: number, row: number): number {
    switch (this.#nested[node]) {
      case UNFOLD:
        if (depth === 1) {
          this.unfolded = node;
          this.unfoldedCount++;
        }
        return this.#members(from + 1, node, depth + 1, row);
      case REJECT:
        return this.fail("a map inside the map, which the configuration refuses", from);
      case DROP:
        return this.value(from, depth);
      default: {
        const at = this.value(from, depth);
        if (at < 0) return at;
        this.kind = VALUE;
        this.#put(node, row);
        return at;
      }
    }
  }

  /** Puts the scalar or value read last where its key belongs. */
  #put(node: number, row: number): void {
    const slot = this.#slot[node] as number;
    if (slot !== 0) {
      if (slot > 0) this.fill(slot - 1);
      return;
    }
    if (this.#seen[node] !== this.#serial) {
      this.#seen[node] = this.#serial;
      this.#written[this.#writtenCount++] = node;
    }
    const column = this.#columns[node];
    this.write(column === undefined ? this.#bind(node) : column, row);
  }

  #bind(node: number): Column {
    while (this.#columns.length <= node) this.#columns.push(undefined);
    const column = this.#batch.column(this.#fields[node] as string);
    this.#columns[node] = column;
    return column;
  }

  /** Writes the scalar or value read last. */
  write(column: Column, row: number): void {
    const kind = this.kind;
    column.touched = true;
    column.kinds[row] = kind;
    if (kind === SPAN) {
      column.spans[2 * row] = this.start;
      column.spans[2 * row + 1] = this.finish;
    } else if (kind === VALUE) column.objects[row] = this.object;
    else if (kind > NULL) column.numbers[row] = this.number;
  }

  /** Puts the scalar or value read last into a slot. */
  fill(slot: number): void {
    this.slotKinds[slot] = this.kind;
    this.slotStarts[slot] = this.start;
    this.slotEnds[slot] = this.finish;
    this.slotNumbers[slot] = this.number;
    if (this.kind === VALUE) this.slotObjects[slot] = this.object;
  }

  /** Keeps the value of a key that the table has no room for. */
  #spill(at: number, depth: number): number {
    const key = decodeText(this.bytes, this.start, this.finish);
    const next = this.value(at, depth);
    if (next < 0) return next;
    this.#overflow ??= emptyMessage();
    this.#overflow[key] = this.object;
    return next;
  }

  #writeOverflow(row: number): void {
    this.#batch.column(OVERFLOW_FIELD).setValue(row, this.#overflow as FieldValue);
    this.#overflow = undefined;
  }
}
