// The loops below run for every cell of every message: typed arrays are indexed within bounds known beforehand, hence `as number`.
import { ABSENT, type Column, FALSE, SPAN, STRING, VALUE, WORD } from "../../../core/column.ts";
import type { Dictionary } from "../../../core/dictionary.ts";
import { messageToJson } from "../../../core/message.ts";
import { isOwnKey } from "../../../schema/own-key.ts";
import type { BlockColumn } from "./block.ts";
import type { CellSpace } from "./cell-space.ts";
import { cellBytes, declaredType, type FreeType } from "./column-type.ts";
import { hasKeys } from "./encode-keys.ts";
import { NumberEncoder } from "./encode-number.ts";
import type { Encoded } from "./encoded.ts";
import type { TextHeap } from "./text-heap.ts";
import { isValid, Validity } from "./validity.ts";
import { isWithin } from "./within.ts";
import { mostWords, Words } from "./words.ts";

/** A column whose values turned out to be mostly distinct is taken as such for so many blocks. */
export const PLAIN_FOR = 31;
/** Keeps the first n bytes of a 32-bit word. */
const KEEP = new Uint32Array([0, 0xff, 0xffff, 0xffffff, 0xffffffff]);

/** The cells of a column of a batch, or some of them: others are absent by their kind. */
type Cells = Pick<Column, "name" | "kinds" | "spans" | "numbers" | "objects" | "dictionary">;

/** Turns columns of a batch into columns of a block, for one sensor. */
export class ColumnEncoder {
  /** Whether all texts of the column just encoded are words of its dictionary. */
  isOfDictionary = false;
  readonly #heap: TextHeap;
  readonly #space: CellSpace;
  readonly #words = new Words();
  /** By field: for how many blocks no dictionary is tried. */
  readonly #plain = new Map<string, number>();
  /** By dictionary: the code in this block of each of its words, in the low half of a word that begins with `#stamp`. */
  readonly #met = new Map<Dictionary, Uint32Array>();
  #stamp = 0;
  #codes = new Uint16Array(0);
  #rows: Uint32Array = new Uint32Array(0);
  #count = 0;
  #original: Column | undefined;
  readonly #valid = new Validity();
  readonly #numbers: NumberEncoder;
  #odd = 0;
  #inside = false;
  #own = false;

  constructor(heap: TextHeap, space: CellSpace) {
    this.#heap = heap;
    this.#space = space;
    this.#numbers = new NumberEncoder(space);
  }

  /** @param original the column of which texts may be parts. */
  begin(rows: Uint32Array, count: number, original: Column | undefined): void {
    this.#rows = rows;
    this.#count = count;
    this.#original = original;
    if (this.#codes.length < count) this.#codes = new Uint16Array(count * 2);
    this.#numbers.begin(rows, count);
  }

  /** Whether each text of the column just encoded is surely its own canonical key; false: it must be asked. */
  get isOwn(): boolean {
    return this.#own;
  }

  /** Undefined when a column of whole numbers has a fraction. */
  encode(column: Column, type: FreeType): Encoded | undefined {
    switch (type) {
      case "text":
        return this.texts(column);
      case "json":
        return this.#json(column);
      case "boolean":
        return this.#numbers.booleans(column);
      case "long":
        return this.#numbers.longs(column);
      case "double":
        return this.#numbers.doubles(column);
    }
  }

  /** The texts among the cells. */
  texts(cells: Cells): Encoded {
    return this.#worthWords(cells) ? (this.#textWords(cells) ?? this.#texts(cells)) : this.#texts(cells);
  }

  #worthWords({ name }: Cells): boolean {
    const wait = this.#plain.get(name) ?? 0;
    if (wait === 0) return true;
    this.#plain.set(name, wait - 1);
    return false;
  }

  #beginWords(): void {
    this.#words.begin(mostWords(this.#count), this.#heap.view);
    this.#stamp = this.#stamp === 0xffff ? 1 : this.#stamp + 1;
    if (this.#stamp === 1) this.#met.clear();
  }

  #tooManyWords({ name }: Cells): undefined {
    this.#plain.set(name, PLAIN_FOR);
    return undefined;
  }

  /** Texts as codes of a dictionary; undefined when they are too many different ones. */
  #textWords(column: Cells): Encoded | undefined {
    this.#beginWords();
    const { kinds, spans, numbers, objects } = column;
    const count = this.#count;
    const rows = this.#rows;
    const codes = this.#codes;
    this.#valid.clear(count);
    const { bits } = this.#valid;
    const dictionary = column.dictionary as Dictionary;
    const met = column.dictionary === undefined ? undefined : this.#metOf(dictionary);
    const stamp = this.#stamp;
    const original = this.#original;
    let inside = original !== undefined && original !== column;
    let written = 0;
    let odd = 0;
    let texts = 0;
    let byte = 0;
    for (let index = 0; index < count; index++) {
      const row = rows[index] as number;
      const kind = kinds[row] as number;
      let code = 0;
      let valid = 1;
      if (kind === WORD) {
        const word = numbers[row] as number;
        const known = (met as Uint32Array)[word] as number;
        if (known >>> 16 === stamp) code = known & 0xffff;
        else code = this.#meet(dictionary, met as Uint32Array, word);
        inside = false;
      } else if (kind === SPAN) {
        texts++;
        const start = spans[2 * row] as number;
        const end = spans[2 * row + 1] as number;
        if (inside) inside = isWithin(original as Column, row, start, end);
        code = this.#heap.isText(start, end)
          ? this.#wordOf(start, end - start)
          : this.#added(this.#heap.mended(start, end));
      } else if (kind === STRING) {
        texts++;
        code = this.#added(objects[row] as string);
        inside = false;
      } else {
        if (kind !== ABSENT) odd++;
        valid = 0;
      }
      if (code < 0) return this.#tooManyWords(column);
      codes[index] = code;
      written += valid;
      byte |= valid << (index & 7);
      if ((index & 7) === 7) {
        bits[index >> 3] = byte;
        byte = 0;
      }
    }
    bits[count >> 3] = byte;
    this.#valid.written = written;
    this.#odd = odd;
    this.#inside = inside;
    this.#own = !hasKeys(column.name);
    this.isOfDictionary = texts === 0;
    return this.#codedColumn("text");
  }

  /** The code of a text that is in the heap. */
  #wordOf(start: number, length: number): number {
    if (!Words.isShort(length)) return this.#words.long(length, start);
    const view = this.#heap.view;
    if (length > 8) {
      return this.#words.short(
        length,
        view.getUint32(start, true),
        view.getUint32(start + 4, true),
        (view.getUint32(start + 8, true) & (KEEP[length - 8] as number)) >>> 0,
      );
    }
    if (length > 4) {
      const second = (view.getUint32(start + 4, true) & (KEEP[length - 4] as number)) >>> 0;
      return this.#words.short(length, view.getUint32(start, true), second, 0);
    }
    return this.#words.short(length, (view.getUint32(start, true) & (KEEP[length] as number)) >>> 0, 0, 0);
  }

  /** The code of a text that is in the heap only if it is long and new. */
  #added(text: string): number {
    return this.#addedAt(this.#heap.append(text));
  }

  #addedAt(start: number): number {
    const heap = this.#heap;
    this.#words.move(heap.view);
    const length = heap.length - start;
    const code = this.#wordOf(start, length);
    if (Words.isShort(length) || !this.#words.isNew) heap.cutTo(start);
    return code;
  }

  #meet(dictionary: Dictionary, met: Uint32Array, word: number): number {
    const { arena, starts } = dictionary;
    const from = this.#heap.appendBytes(arena.bytes, starts[word] as number, starts[word + 1] as number);
    const code = this.#addedAt(from);
    if (code >= 0) met[word] = ((this.#stamp << 16) | code) >>> 0;
    return code;
  }

  #metOf(dictionary: Dictionary): Uint32Array {
    let met = this.#met.get(dictionary);
    if (met === undefined || met.length < dictionary.words.length) {
      met = new Uint32Array(dictionary.words.length + 256);
      this.#met.set(dictionary, met);
    }
    return met;
  }

  /** Texts each with its own cell. */
  #texts(column: Cells): Encoded {
    const { kinds, spans, numbers, objects } = column;
    const count = this.#count;
    const rows = this.#rows;
    this.#valid.clear(count);
    const { bits } = this.#valid;
    const heap = this.#heap;
    const from = this.#space.used;
    const data = this.#space.allocate(count * cellBytes("text"));
    const cells = new Uint32Array(this.#space.memory, data, count * 4);
    const dictionary = column.dictionary as Dictionary;
    const original = this.#original;
    let inside = original !== undefined && original !== column;
    const asks = hasKeys(column.name);
    let own = true;
    let written = 0;
    let odd = 0;
    let byte = 0;
    for (let index = 0; index < count; index++) {
      const row = rows[index] as number;
      const kind = kinds[row] as number;
      const at = index * 4;
      if (kind >= SPAN && kind <= STRING) {
        let start: number;
        let end: number;
        if (kind === SPAN) {
          start = spans[2 * row] as number;
          end = spans[2 * row + 1] as number;
          if (inside) inside = isWithin(original as Column, row, start, end);
          if (!heap.isText(start, end)) {
            start = heap.append(heap.mended(start, end));
            end = heap.length;
          }
        } else {
          inside = false;
          start = heap.append(
            kind === STRING ? (objects[row] as string) : dictionary.word(numbers[row] as number),
          );
          end = heap.length;
        }
        putText(heap.view, cells, at, start, end - start);
        // Asked here, where the bytes are at hand: for a loop of its own each would have to be fetched again.
        if (asks && own) own = isOwnKey(heap.bytes, start, end);
        written++;
        byte |= 1 << (index & 7);
      } else {
        if (kind !== ABSENT) odd++;
        cells[at] = 0;
        cells[at + 1] = 0;
        cells[at + 2] = 0;
        cells[at + 3] = 0;
      }
      if ((index & 7) === 7) {
        bits[index >> 3] = byte;
        byte = 0;
      }
    }
    bits[count >> 3] = byte;
    this.#valid.written = written;
    this.#odd = odd;
    this.#inside = inside;
    this.#own = own;
    this.isOfDictionary = false;
    return this.#column(from, data);
  }

  #json(column: Column): Encoded {
    const { kinds } = column;
    // Where texts are expected what is none is kept as JSON, and not only lists and maps.
    const least = declaredType(column.name) === "text" ? FALSE : VALUE;
    const isJson = (kind: number) => kind >= least && (kind < SPAN || kind > STRING);
    const made = this.made((_index, row) =>
      isJson(kinds[row] as number) ? messageToJson(column.value(row) ?? null) : undefined,
    );
    let odd = 0;
    for (let index = 0; index < this.#count; index++) {
      const kind = kinds[this.#rows[index] as number] as number;
      if (kind !== ABSENT && !isJson(kind)) odd++;
    }
    return { ...made, odd };
  }

  /** Texts made row by row; undefined is none. */
  made(text: (index: number, row: number) => string | undefined): Encoded {
    this.#beginWords();
    const before = this.#heap.length;
    this.#clear();
    const codes = new Map<string, number>();
    for (let index = 0; index < this.#count; index++) {
      const made = text(index, this.#rows[index] as number);
      const known = made === undefined ? 0 : codes.get(made);
      const code = known ?? this.#added(made as string);
      if (known === undefined) codes.set(made as string, code);
      if (code < 0) {
        this.#heap.cutTo(before);
        return this.#madeTexts(text);
      }
      this.#codes[index] = code;
      if (made !== undefined) this.#valid.mark(index);
    }
    return this.#codedColumn("json");
  }

  /** For each row what the place of its text among the words of a column stands for; nothing for others. */
  replaced(
    { codes, words, valid }: Pick<BlockColumn, "codes" | "words" | "valid">,
    texts: ReadonlyMap<number, string>,
  ): Encoded {
    this.#beginWords();
    this.#clear();
    const { memory } = this.#space;
    const places = new Int32Array(words).fill(-1);
    for (const [word, text] of texts) places[word] = this.#added(text);
    const from = new Uint16Array(memory, codes, this.#count);
    const bits = valid < 0 ? undefined : new Uint8Array(memory, valid, (this.#count + 7) >> 3);
    for (let index = 0; index < this.#count; index++) {
      const place = places[from[index] as number] as number;
      const isKnown = place >= 0 && (bits === undefined || isValid(bits, index));
      this.#codes[index] = isKnown ? place : 0;
      if (isKnown) this.#valid.mark(index);
    }
    return this.#codedColumn("text");
  }

  #madeTexts(text: (index: number, row: number) => string | undefined): Encoded {
    const from = this.#space.used;
    const data = this.#space.allocate(this.#count * cellBytes("json"));
    const cells = new Uint32Array(this.#space.memory, data, this.#count * 4).fill(0);
    this.#clear();
    for (let index = 0; index < this.#count; index++) {
      const made = text(index, this.#rows[index] as number);
      if (made === undefined) continue;
      const start = this.#heap.append(made);
      putText(this.#heap.view, cells, index * 4, start, this.#heap.length - start);
      this.#valid.mark(index);
    }
    return this.#column(from, data);
  }

  #clear(): void {
    this.#valid.clear(this.#count);
    this.#odd = 0;
    this.#inside = false;
  }

  /** The column whose codes were just found. */
  #codedColumn(type: "text" | "json"): Encoded {
    const { cells, count } = this.#words;
    const from = this.#space.used;
    const codes = this.#space.allocate(this.#count * 2);
    const data = this.#space.allocate(count * cellBytes(type));
    new Uint16Array(this.#space.memory, codes, this.#count).set(this.#codes.subarray(0, this.#count));
    new Uint32Array(this.#space.memory, data, count * 4).set(cells.subarray(0, count * 4));
    return { ...this.#column(from, data), codes, words: count };
  }

  /** The column whose cells were just written. @param from where what it takes begins. */
  #column(from: number, data: number): Encoded {
    const { written } = this.#valid;
    const facts = { codes: -1, words: 0, inside: this.#inside, written, odd: this.#odd };
    if (written === 0) this.#space.release(from);
    return { ...facts, data, valid: this.#valid.place(this.#space) };
  }
}

/** Writes a text that is in the heap as a string_t. Unused bytes are zero: DuckDB compares the words whole. */
export function putText(view: DataView, cells: Uint32Array, at: number, start: number, length: number): void {
  cells[at] = length;
  if (!Words.isShort(length)) {
    cells[at + 1] = view.getUint32(start, true);
    cells[at + 2] = start;
    cells[at + 3] = 0;
    return;
  }
  cells[at + 1] = view.getUint32(start, true) & (KEEP[Math.min(length, 4)] as number);
  cells[at + 2] =
    length > 4 ? view.getUint32(start + 4, true) & (KEEP[Math.min(length - 4, 4)] as number) : 0;
  cells[at + 3] = length > 8 ? view.getUint32(start + 8, true) & (KEEP[length - 8] as number) : 0;
}
