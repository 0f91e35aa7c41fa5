// The loops below run for every cell of every message: typed arrays are indexed within bounds known beforehand, hence `as number`.
import {
  ABSENT,
  type Column,
  DOUBLE,
  FALSE,
  FLOAT,
  INT,
  LONG,
  SPAN,
  STRING,
  TRUE,
  VALUE,
  WORD,
} from "../../../core/column.ts";
import type { Dictionary } from "../../../core/dictionary.ts";
import { decodeText } from "../../../core/text.ts";
import type { CellSpace } from "./cell-space.ts";
import { type ColumnType, cellBytes, columnTypes, isSpelled, type ValueType } from "./column-type.ts";
import { isLong } from "./encode-number.ts";
import type { Encoded } from "./encoded.ts";
import {
  fitsNumber,
  isWhole,
  NO_VALUE,
  PLAIN,
  type Read,
  rangeOf,
  readSpelled,
  WordReader,
} from "./read-declared.ts";
import { mayBeNumber, NumberReader } from "./read-number.ts";
import { Validity } from "./validity.ts";
import { isWithin } from "./within.ts";

const SHIFT_32 = 4294967296;
/** Texts remembered with their values. */
const MOST_REMEMBERED = 4096;
/** The kinds of cells in columns of numbers alone, and of words alone, a bit per kind. */
const DENSE_NUMBERS = (1 << INT) | (1 << LONG) | (1 << FLOAT) | (1 << DOUBLE);
const NUMBERS = DENSE_NUMBERS | (1 << ABSENT);
const WORDS = (1 << ABSENT) | (1 << WORD);
/** A column with a cell in each row. */
const NO_FACTS = { codes: -1, words: 0, inside: false, isWide: false, valid: -1 };

/**
 * Turns columns whose type is declared into cells, whether their values come as numbers, truths or texts, and tells what
 * of them the cells do not hold.
 */
export class DeclaredEncoder {
  /** By row of the batch, the kinds of the cells that the column does not tell; ABSENT for all others. Only while there are some. */
  left = new Uint8Array(0);
  /** How many of these are texts, and how many are not. */
  texts = 0;
  others = 0;
  readonly #space: CellSpace;
  readonly #reader = new NumberReader();
  readonly #valid = new Validity();
  readonly #known = new Map<string, Read | undefined>();
  #knownAs: ValueType | undefined;
  readonly #words = new WordReader();
  #rows: Uint32Array = new Uint32Array(0);
  #count = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #original: Column | undefined;
  #inside = false;
  /** What the last cell stands for; as a bigint where a double does not hold it. */
  #value = 0;
  #wide: bigint | undefined;

  constructor(space: CellSpace) {
    this.#space = space;
  }

  /**
   * @param bytes what the spans of the batch's columns are in.
   * @param original the column of which texts may be parts.
   */
  begin(rows: Uint32Array, count: number, bytes: Uint8Array, original: Column | undefined): void {
    this.#rows = rows;
    this.#count = count;
    this.#bytes = bytes;
    this.#original = original;
  }

  encode(column: Column, type: ColumnType): Encoded {
    const plain = columnTypes[type].plain as ValueType;
    const asText = isSpelled(type);
    const count = this.#count;
    this.texts = 0;
    this.others = 0;
    this.#inside = asText && this.#original !== undefined;
    this.#valid.clear(count);
    const from = this.#space.used;
    const size = count * cellBytes(type);
    const data = this.#space.allocate(size);
    const cells = new Cells(this.#space.memory, data, count, columnTypes[type].cells);
    const kinds = this.#kindsOf(column);
    const areNumbers = !asText && plain !== "boolean";
    if (areNumbers && (kinds & ~DENSE_NUMBERS) === 0 && this.#putDense(column, plain, cells))
      return { ...NO_FACTS, written: count, odd: 0, data };
    new Uint8Array(this.#space.memory, data, size).fill(0);
    if (areNumbers && (kinds & ~NUMBERS) === 0) this.#putNumbers(column, plain, cells);
    else if (kinds === 1 << WORD || kinds === WORDS) this.#putWords(column, plain, asText, cells);
    else this.#putAny(column, plain, asText, cells);
    const { written } = this.#valid;
    const facts = { ...NO_FACTS, inside: this.#inside, isWide: cells.isWide, written };
    if (written === 0) this.#space.release(from);
    return { ...facts, odd: this.others, data, valid: this.#valid.place(this.#space) };
  }

  /** The kinds that occur in a column, a bit per kind. */
  #kindsOf({ kinds }: Column): number {
    const rows = this.#rows;
    const count = this.#count;
    let seen = 0;
    for (let index = 0; index < count; index++) seen |= 1 << (kinds[rows[index] as number] as number);
    return seen;
  }

  /** Most columns: a number in each row. False when one has no place in the column. */
  #putDense({ numbers }: Column, type: ValueType, cells: Cells): boolean {
    const rows = this.#rows;
    const count = this.#count;
    const { doubles, low, high } = cells;
    const range = rangeOf(type);
    if (range === undefined) {
      for (let index = 0; index < count; index++) doubles[index] = numbers[rows[index] as number] as number;
      return true;
    }
    const { least, most } = range;
    for (let index = 0; index < count; index++) {
      const value = numbers[rows[index] as number] as number;
      if (!(value >= least && value <= most && isWhole(value))) return false;
      low[2 * index] = value;
      high[2 * index + 1] = Math.floor(value / SHIFT_32);
    }
    return true;
  }

  /** Numbers, and rows without one. */
  #putNumbers(column: Column, type: ValueType, cells: Cells): void {
    const { kinds, numbers } = column;
    const rows = this.#rows;
    const count = this.#count;
    const valid = this.#valid;
    for (let index = 0; index < count; index++) {
      const row = rows[index] as number;
      if (kinds[row] === ABSENT) continue;
      const value = numbers[row] as number;
      if (fitsNumber(value, type)) {
        cells.put(index, value);
        valid.mark(index);
      } else this.#leave(column, row);
    }
  }

  /** What enrichments add: words of a dictionary, each of which is read once. */
  #putWords(column: Column, type: ValueType, asText: boolean, cells: Cells): void {
    const { kinds, numbers } = column;
    const rows = this.#rows;
    const count = this.#count;
    const valid = this.#valid;
    const { tellings, values, wide } = this.#words.read(column.dictionary as Dictionary, type);
    this.#inside = false;
    for (let index = 0; index < count; index++) {
      const row = rows[index] as number;
      if (kinds[row] === ABSENT) continue;
      const word = numbers[row] as number;
      const telling = tellings[word] as number;
      if (telling !== NO_VALUE) {
        const digits = wide.size === 0 ? undefined : wide.get(word);
        if (digits === undefined) cells.put(index, values[word] as number);
        else cells.putWide(index, digits);
        valid.mark(index);
      }
      if (telling !== PLAIN || !asText) this.#leave(column, row);
    }
  }

  #putAny(column: Column, type: ValueType, asText: boolean, cells: Cells): void {
    const { kinds } = column;
    for (let index = 0; index < this.#count; index++) {
      const row = this.#rows[index] as number;
      const kind = kinds[row] as number;
      if (kind === ABSENT) continue;
      const isText = kind >= SPAN && kind <= STRING;
      const fits = isText ? this.#readText(column, row, type) : !asText && this.#read(column, row, type);
      if (fits) {
        if (this.#wide === undefined) cells.put(index, this.#value);
        else {
          cells.putWide(index, this.#wide);
          this.#wide = undefined;
        }
        this.#valid.mark(index);
      }
      if (!fits || (isText && !(asText && this.#reader.isPlain))) this.#leave(column, row);
      else if (this.#inside) this.#inside = this.#isInside(column, row);
    }
  }

  /** Notes a cell that the column does not tell. */
  #leave({ kinds }: Column, row: number): void {
    if (this.texts + this.others === 0) {
      if (this.left.length < kinds.length) this.left = new Uint8Array(kinds.length);
      else this.left.fill(ABSENT);
    }
    const kind = kinds[row] as number;
    this.left[row] = kind;
    if (kind >= SPAN && kind <= STRING) this.texts++;
    else this.others++;
  }

  #isInside({ kinds, spans }: Column, row: number): boolean {
    if (kinds[row] !== SPAN) return false;
    return isWithin(this.#original as Column, row, spans[2 * row] as number, spans[2 * row + 1] as number);
  }

  /** Whether a number or truth has a place in the column; it is then the value. */
  #read({ kinds, numbers, objects }: Column, row: number, type: ValueType): boolean {
    const kind = kinds[row] as number;
    if (type === "boolean") {
      this.#value = kind - FALSE;
      return kind === FALSE || kind === TRUE;
    }
    if (kind >= INT && kind <= DOUBLE) {
      const value = numbers[row] as number;
      this.#value = value;
      return fitsNumber(value, type);
    }
    const value = kind === VALUE ? objects[row] : undefined;
    if (type !== "long" || !isLong(value)) return false;
    this.#wide = value;
    return true;
  }

  /** Whether a text has a value of the type; it is then the value, and `#reader.isPlain` tells how it is spelt. */
  #readText({ kinds, spans, numbers, objects, dictionary }: Column, row: number, type: ValueType): boolean {
    const kind = kinds[row] as number;
    if (kind !== SPAN) {
      const text =
        kind === STRING ? (objects[row] as string) : (dictionary?.word(numbers[row] as number) ?? "");
      return this.#readOdd(text, type);
    }
    const start = spans[2 * row] as number;
    const end = spans[2 * row + 1] as number;
    if (type !== "boolean") {
      const reader = this.#reader;
      const value =
        type === "double" ? reader.decimal(this.#bytes, start, end) : reader.whole(this.#bytes, start, end);
      if (!Number.isNaN(value)) {
        this.#value = value;
        return fitsNumber(value, type);
      }
    }
    // Texts that are none of the meaning, such as written dates, may be all of a column: most are told by a look.
    const isNone = type === "boolean" ? end - start > 5 : !mayBeNumber(this.#bytes, start, end);
    return !isNone && this.#readOdd(decodeText(this.#bytes, start, end), type);
  }

  #readOdd(text: string, type: ValueType): boolean {
    const read = this.#readOnce(text, type);
    if (read === undefined) return false;
    if (typeof read.value === "bigint") this.#wide = read.value;
    else this.#value = read.value;
    this.#reader.isPlain = read.isPlain;
    return true;
  }

  #readOnce(text: string, type: ValueType): Read | undefined {
    if (this.#knownAs !== type || this.#known.size >= MOST_REMEMBERED) this.#known.clear();
    this.#knownAs = type;
    if (this.#known.has(text)) return this.#known.get(text);
    const read = readSpelled(text, type);
    this.#known.set(text, read);
    return read;
  }
}

/** The cells of a column, of whichever kind: the arrays of the others are empty. */
class Cells {
  /** Whether some whole numbers are beyond 2^53. */
  isWide = false;
  readonly low: Uint32Array;
  readonly high: Int32Array;
  readonly doubles: Float64Array;
  readonly #bytes: Uint8Array;

  constructor(
    memory: SharedArrayBuffer,
    data: number,
    count: number,
    cells: "text" | "long" | "double" | "boolean",
  ) {
    const longs = cells === "long" ? count * 2 : 0;
    this.low = new Uint32Array(memory, data, longs);
    this.high = new Int32Array(memory, data, longs);
    this.doubles = new Float64Array(memory, data, cells === "double" ? count : 0);
    this.#bytes = new Uint8Array(memory, data, cells === "boolean" ? count : 0);
  }

  put(index: number, value: number): void {
    if (this.doubles.length > 0) this.doubles[index] = value;
    else if (this.#bytes.length > 0) this.#bytes[index] = value;
    else {
      this.low[2 * index] = value;
      this.high[2 * index + 1] = Math.floor(value / SHIFT_32);
    }
  }

  putWide(index: number, value: bigint): void {
    this.isWide = true;
    this.low[2 * index] = Number(BigInt.asUintN(32, value));
    this.high[2 * index + 1] = Number(BigInt.asIntN(32, value >> 32n));
  }
}
