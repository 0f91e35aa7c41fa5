import type { Batch } from "../../core/batch.ts";
import { type Column, NULL, SPAN, VALUE } from "../../core/column.ts";
import { emptyMessage, type FieldValue } from "../../core/message.ts";
import { decodeText } from "../../core/text.ts";
import { CLOSE_BRACE, COLON, COMMA, DEPTH_LIMIT, JsonCursor, OPEN_BRACE, OPEN_BRACKET } from "./cursor.ts";
import { KEY_LENGTH_LIMIT, type KeyNode, KeyTable, pathOf } from "./key-table.ts";
import { QUOTE } from "./scalar-cursor.ts";

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
const OVERFLOW_FIELD = "more_fields";

const UNFOLD = 1;
const DROP = 2;
const KEEP = 3;
const REJECT = 4;
const NESTED: Record<Nested, number> = { unfold: UNFOLD, drop: DROP, keep: KEEP, reject: REJECT };

const WRITE = 255;
const ERASE = 0;

/**
 * Reads records that are one JSON map each and writes their fields straight into columns: spans and numbers, nothing
 * allocated. Keys are recognised by guessing what comes next (see `KeyTable`), in any order and any mix of shapes.
 */
export class RecordScanner extends JsonCursor {
  readonly #keys = new KeyTable();
  readonly #layout: Layout;
  readonly #batch: Batch;
  readonly #missingCommas: boolean;
  #row = 0;
  /** Kinds are written through this mask, so that the same walk writes cells and takes them back. */
  #mask = WRITE;
  #start = 0;
  /** Where a key read the long way ends. */
  #next = 0;
  #overflow: Record<string, FieldValue> | undefined;

  /** What the slots got from the record read last; a kind of 0 means nothing. */
  readonly slotKinds: Uint8Array;
  readonly slotNumbers: Float64Array;
  /** The text, or the digits of a number. */
  readonly slotStarts: Uint32Array;
  readonly slotEnds: Uint32Array;
  readonly slotObjects: FieldValue[] = [];
  /** Which slots got something, as a set of bits. */
  filled = 0;
  /** How many keys the record itself had (not those of unfolded maps). */
  rootCount = 0;
  /** The last key of the record itself whose map was unfolded; and how many there were. */
  unfolded: KeyNode | undefined;
  unfoldedCount = 0;

  constructor(batch: Batch, layout: Layout) {
    super(batch.arena);
    this.#batch = batch;
    this.#layout = layout;
    this.#missingCommas = layout.missingCommas === true;
    this.slotKinds = new Uint8Array(layout.slots);
    this.slotNumbers = new Float64Array(layout.slots);
    this.slotStarts = new Uint32Array(layout.slots);
    this.slotEnds = new Uint32Array(layout.slots);
    for (let slot = 0; slot < layout.slots; slot++) this.slotObjects.push(null);
  }

  /** Prepares for the records just loaded. Words are read four bytes at a time, so some bytes must follow the last one. */
  open(): void {
    this.arena.reserve(KEY_LENGTH_LIMIT + 64);
    this.refresh();
  }

  /**
   * Reads the map in [start, end) into the cells of `row`. On false, `reason` and `place` say why and the row's cells
   * are as they were. The row need not exist yet as long as it is within the batch's capacity.
   */
  scan(start: number, end: number, row: number): boolean {
    this.end = end;
    this.#start = start;
    this.#row = row;
    this.unfolded = undefined;
    this.unfoldedCount = 0;
    this.filled = 0;
    this.slotKinds.fill(0);
    if (this.#record(start) >= 0) {
      if (this.#overflow !== undefined) this.#writeOverflow();
      return true;
    }
    this.#overflow = undefined;
    const { reason, place } = this;
    this.clear();
    this.reason = reason;
    this.place = place;
    return false;
  }

  /** Takes back all cells that the last `scan` wrote. */
  clear(): void {
    this.#mask = ERASE;
    this.#record(this.#start);
    this.#mask = WRITE;
    this.#overflow = undefined;
  }

  /** Writes what a slot got into a column, as it came. */
  writeSlot(slot: number, column: Column, row: number): void {
    const kind = this.slotKinds[slot] as number;
    column.touched = true;
    column.kinds[row] = kind;
    if (kind === SPAN) {
      column.spans[2 * row] = this.slotStarts[slot] as number;
      column.spans[2 * row + 1] = this.slotEnds[slot] as number;
    } else if (kind === VALUE) column.objects[row] = this.slotObjects[slot] as FieldValue;
    else if (kind > NULL) column.numbers[row] = this.slotNumbers[slot] as number;
  }

  /** Puts the scalar or value read last into a slot. */
  fill(slot: number): void {
    this.filled |= 1 << slot;
    this.slotKinds[slot] = this.kind;
    this.slotStarts[slot] = this.start;
    this.slotEnds[slot] = this.finish;
    this.slotNumbers[slot] = this.number;
    if (this.kind === VALUE) this.slotObjects[slot] = this.object;
  }

  /** Writes the scalar or value read last. */
  write(column: Column, row: number): void {
    const kind = this.kind;
    column.touched = true;
    column.kinds[row] = kind & this.#mask;
    if (kind === SPAN) {
      const spans = column.spans;
      spans[2 * row] = this.start;
      spans[2 * row + 1] = this.finish;
    } else if (kind === VALUE) column.objects[row] = this.object;
    else if (kind > NULL) column.numbers[row] = this.number;
  }

  #record(start: number): number {
    const end = this.end;
    let at = this.space(start);
    if (at >= end) return this.fail("", end);
    if (this.bytes[at] !== OPEN_BRACE) return this.fail("a map in braces was expected", at);
    at = this.#members(at + 1, this.#keys.root, 1);
    if (at < 0) return at;
    if (at > end) return this.fail("", end);
    at = Math.min(end, this.space(at));
    return at === end ? at : this.fail("something follows the map", at);
  }

  /** Reads the members of a map from behind its brace to behind its closing brace; `map` is its marker. */
  #members(from: number, map: KeyNode, depth: number): number {
    let previous = map;
    let count = 0;
    let at = from;
    if (this.bytes[at] !== QUOTE) {
      at = this.space(at);
      if (this.bytes[at] === CLOSE_BRACE) {
        if (depth === 1) this.rootCount = 0;
        return at + 1;
      }
    }
    for (;;) {
      count++;
      let node: KeyNode | undefined = previous.next;
      if (this.#isAt(node, at)) at += node.length;
      else {
        node = this.#other(at, previous, map);
        if (this.#next < 0) return -1;
        at = this.#next;
      }
      let byte = this.bytes[at] as number;
      if (byte <= 32) {
        at = this.space(at);
        byte = this.bytes[at] as number;
      }
      if (node === undefined) at = this.#spill(at, depth);
      else {
        previous = node;
        if (byte === QUOTE) at = this.string(at);
        else if ((byte ^ 48) < 10 || byte === 45) at = this.numeral(at);
        else if (byte === OPEN_BRACKET) {
          at = this.value(at, depth);
          this.kind = VALUE;
        } else if (byte === OPEN_BRACE) at = this.#map(at, node, depth);
        else at = this.literal(at);
        if (at < 0) return -1;
        // A map that was unfolded or dropped leaves nothing to put, and takes back what the same key put before.
        if (node.slot === 0) {
          if (this.kind !== 0) this.write(node.column ?? this.#bind(node), this.#row);
          else node.column?.clear(this.#row);
        } else if (node.slot > 0 && this.kind !== 0) this.fill(node.slot - 1);
      }
      if (at < 0) return -1;
      byte = this.bytes[at] as number;
      if (byte <= 32) {
        at = this.space(at);
        byte = this.bytes[at] as number;
      }
      if (byte === COMMA) {
        at++;
        if (this.bytes[at] !== QUOTE) at = this.space(at);
      } else if (byte !== QUOTE || !this.#missingCommas) break;
    }
    if (depth === 1) this.rootCount = count;
    if (this.bytes[at] !== CLOSE_BRACE) return this.fail("a comma or } was expected", at);
    return at + 1;
  }

  /** Whether the node's `"key":` is at `at`. */
  #isAt(node: KeyNode, at: number): boolean {
    const view = this.view;
    if (view.getInt32(at, true) !== node.firstWord) return false;
    if (view.getInt32(at + node.length - 4, true) !== node.lastWord) return false;
    const words = node.words;
    for (let index = 0; index < words.length; index++) {
      if (view.getInt32(at + 4 + index * 4, true) !== words[index]) return false;
    }
    return true;
  }

  /**
   * The node of a key that is not the one expected, with `#next` set behind its colon, or to -1 on failure. No node
   * means that no more keys are remembered.
   */
  #other(at: number, previous: KeyNode, map: KeyNode): KeyNode | undefined {
    const { second, third, fourth } = previous;
    const node = this.#isAt(second, at)
      ? second
      : this.#isAt(third, at)
        ? third
        : this.#isAt(fourth, at)
          ? fourth
          : undefined;
    if (node === undefined) return this.#readKey(at, previous, map);
    this.#next = at + node.length;
    return node;
  }

  /** Reads a key and its colon the long way. */
  #readKey(from: number, previous: KeyNode, map: KeyNode): KeyNode | undefined {
    this.#next = -1;
    if (this.bytes[from] !== QUOTE) {
      this.fail("a key in quotes was expected", from);
      return undefined;
    }
    let at = this.string(from);
    if (at < 0) return undefined;
    const rawEnd = at - 1;
    const view = this.view;
    const length = rawEnd - from + 2;
    const recent = this.#keys.recentPlace(
      view.getInt32(from, true),
      view.getInt32(rawEnd - 2, true),
      length,
      map,
    );
    const guess = this.#keys.recentAt(recent);
    if (guess.length === length && guess.parent === map && this.#isAt(guess, from)) {
      this.#next = from + length;
      previous.learn(guess);
      return guess;
    }
    const decoded = this.start !== from + 1;
    at = this.space(at);
    if (this.bytes[at] !== COLON || rawEnd - from > KEY_LENGTH_LIMIT) {
      if (this.bytes[at] !== COLON) this.fail("a colon was expected", at);
      else this.fail("a key of too many bytes", from);
      return undefined;
    }
    this.#next = at + 1;
    const name = decoded ? decodeText(this.bytes, this.start, this.finish) : undefined;
    const known = this.#keys.count;
    const node = this.#keys.find(this.bytes, from + 1, rawEnd, map, name);
    if (node === undefined) return undefined;
    if (this.#keys.count !== known) this.#place(node);
    this.#keys.remember(recent, node);
    previous.learn(node);
    return node;
  }

  #place(node: KeyNode): void {
    const { field, slot, nested } = this.#layout.place(pathOf(node));
    node.field = field;
    node.slot = slot !== undefined ? slot + 1 : field === undefined ? -1 : 0;
    node.nested = NESTED[nested];
  }

  /** Reads a map under a key; `kind` is 0 afterwards unless the map itself is the value. */
  #map(from: number, node: KeyNode, depth: number): number {
    let at: number;
    switch (node.nested) {
      case UNFOLD:
        if (depth === DEPTH_LIMIT) return this.fail("lists or maps nested too deeply", from);
        if (depth === 1) {
          this.unfolded = node;
          this.unfoldedCount++;
        }
        at = this.#members(from + 1, this.#keys.inside(node), depth + 1);
        this.kind = 0;
        return at;
      case REJECT:
        return this.fail("a map inside the map, which the configuration refuses", from);
      default:
        at = this.value(from, depth);
        this.kind = node.nested === DROP ? 0 : VALUE;
        return at;
    }
  }

  #bind(node: KeyNode): Column {
    node.column = this.#batch.column(node.field as string);
    return node.column;
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

  #writeOverflow(): void {
    this.#batch.column(OVERFLOW_FIELD).setValue(this.#row, this.#overflow as FieldValue);
    this.#batch.isCrowded = true;
    this.#overflow = undefined;
  }
}
