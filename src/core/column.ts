import type { Arena } from "./arena.ts";
import type { Dictionary } from "./dictionary.ts";
import type { FieldValue } from "./message.ts";
import { Double, Float, isInt } from "./number.ts";

/**
 * What a cell holds. The order carries meaning: INT to DOUBLE are the numbers, SPAN to STRING the texts.
 * A field that is absent and a field that is null differ in a message, so they differ here.
 */
export const ABSENT = 0;
export const NULL = 1;
export const FALSE = 2;
export const TRUE = 3;
export const INT = 4;
export const LONG = 5;
export const FLOAT = 6;
export const DOUBLE = 7;
/** Text as [start, end) in the batch's arena. */
export const SPAN = 8;
/** Text as a code of the column's dictionary. */
export const WORD = 9;
/** Text as a JS string in `objects`. */
export const STRING = 10;
/** A list, a map or a bigint in `objects`. */
export const VALUE = 11;

/**
 * One field of all messages of a batch. Every cell is a kind (one byte) and eight bytes that hold a number or a
 * span; rarer values live in `objects`. A column may mix kinds: telemetry does, and nothing is lost by it.
 * The object stays the same from batch to batch, so a stage looks its columns up once.
 */
export class Column {
  readonly name: string;
  readonly arena: Arena;
  kinds: Uint8Array<ArrayBuffer>;
  numbers: Float64Array<ArrayBuffer>;
  /** The same memory as `numbers`: cell `row` spans [spans[2 * row], spans[2 * row + 1]). */
  spans: Uint32Array<ArrayBuffer>;
  objects: (FieldValue | undefined)[] = [];
  /** Set once by the writer of WORD cells; all words of a column come from one dictionary. */
  dictionary: Dictionary | undefined;
  /** Whether any cell was written since the last `reset`. */
  touched = false;

  constructor(name: string, arena: Arena, capacity: number) {
    this.name = name;
    this.arena = arena;
    this.kinds = new Uint8Array(capacity);
    this.numbers = new Float64Array(capacity);
    this.spans = new Uint32Array(this.numbers.buffer);
  }

  /** Makes every cell absent. */
  reset(): void {
    if (!this.touched) return;
    this.kinds.fill(ABSENT);
    if (this.objects.length > 0) this.objects = [];
    this.touched = false;
  }

  /** Grows to hold `capacity` rows, keeping what is there. */
  grow(capacity: number): void {
    if (capacity <= this.kinds.length) return;
    const kinds = new Uint8Array(capacity);
    kinds.set(this.kinds);
    const numbers = new Float64Array(capacity);
    numbers.set(this.numbers);
    this.kinds = kinds;
    this.numbers = numbers;
    this.spans = new Uint32Array(numbers.buffer);
  }

  setSpan(row: number, start: number, end: number): void {
    this.touched = true;
    this.kinds[row] = SPAN;
    this.spans[2 * row] = start;
    this.spans[2 * row + 1] = end;
  }

  setInt(row: number, value: number): void {
    this.touched = true;
    this.kinds[row] = INT;
    this.numbers[row] = value;
  }

  /** Sets a 64-bit whole number that a double holds exactly (within 2^53). */
  setLong(row: number, value: number): void {
    this.touched = true;
    this.kinds[row] = LONG;
    this.numbers[row] = value;
  }

  setDouble(row: number, value: number): void {
    this.touched = true;
    this.kinds[row] = DOUBLE;
    this.numbers[row] = value;
  }

  setFloat(row: number, value: number): void {
    this.touched = true;
    this.kinds[row] = FLOAT;
    this.numbers[row] = value;
  }

  setBoolean(row: number, value: boolean): void {
    this.touched = true;
    this.kinds[row] = value ? TRUE : FALSE;
  }

  setNull(row: number): void {
    this.touched = true;
    this.kinds[row] = NULL;
  }

  /** Sets text by its code in `dictionary`, which must have been set. */
  setWord(row: number, code: number): void {
    this.touched = true;
    this.kinds[row] = WORD;
    this.numbers[row] = code;
  }

  setString(row: number, value: string): void {
    this.touched = true;
    this.kinds[row] = STRING;
    this.objects[row] = value;
  }

  /** Sets a list, a map or a bigint. */
  setValue(row: number, value: FieldValue): void {
    this.touched = true;
    this.kinds[row] = VALUE;
    this.objects[row] = value;
  }

  /** Takes over a cell of another column of the same batch, whatever it holds. */
  copy(row: number, source: Column): void {
    const kind = source.kinds[row] as number;
    if (kind === WORD && this.dictionary !== source.dictionary) {
      this.setString(row, source.text(row) as string);
      return;
    }
    this.touched = true;
    this.kinds[row] = kind;
    this.numbers[row] = source.numbers[row] as number;
    if (kind >= STRING) this.objects[row] = source.objects[row];
  }

  /** Removes the field from the message. */
  clear(row: number): void {
    this.kinds[row] = ABSENT;
  }

  /** Sets any value of a message, choosing the kind by the rules of `FieldValue`. */
  set(row: number, value: FieldValue | undefined): void {
    if (value === undefined) this.clear(row);
    else if (value === null) this.setNull(row);
    else if (typeof value === "string") this.setString(row, value);
    else if (typeof value === "number") this.setNumber(row, value);
    else if (typeof value === "boolean") this.setBoolean(row, value);
    else if (value instanceof Double) this.setDouble(row, value.value);
    else if (value instanceof Float) this.setFloat(row, value.value);
    else if (typeof value === "bigint" && isSafe(value)) this.setLong(row, Number(value));
    else this.setValue(row, value);
  }

  /** Sets a plain number: whole ones are ints or longs, others doubles. */
  setNumber(row: number, value: number): void {
    if (isInt(value) && !Object.is(value, -0)) this.setInt(row, value);
    else if (Number.isSafeInteger(value) && value !== 0) this.setLong(row, value);
    else this.setDouble(row, value);
  }

  /** The text of a cell, or null when it holds no text. */
  text(row: number): string | null {
    switch (this.kinds[row]) {
      case SPAN:
        return this.arena.text(this.spans[2 * row] as number, this.spans[2 * row + 1] as number);
      case STRING:
        return this.objects[row] as string;
      case WORD:
        return (this.dictionary as Dictionary).word(this.numbers[row] as number);
      default:
        return null;
    }
  }

  /** The number of a cell, or NaN when it holds none. */
  number(row: number): number {
    const kind = this.kinds[row] as number;
    return kind >= INT && kind <= DOUBLE ? (this.numbers[row] as number) : Number.NaN;
  }

  /** The value of a cell with its exact type (long as bigint, `Double`, `Float`), or undefined when absent. */
  value(row: number): FieldValue | undefined {
    switch (this.kinds[row]) {
      case ABSENT:
        return undefined;
      case NULL:
        return null;
      case FALSE:
        return false;
      case TRUE:
        return true;
      case INT:
        return this.numbers[row] as number;
      case LONG:
        return BigInt(this.numbers[row] as number);
      case FLOAT:
        return new Float(this.numbers[row] as number);
      case DOUBLE:
        return new Double(this.numbers[row] as number);
      case VALUE:
        return this.objects[row];
      default:
        return this.text(row);
    }
  }

  /** The value of a cell as a reader wants it: every number a plain one. */
  plain(row: number): FieldValue | undefined {
    const kind = this.kinds[row] as number;
    return kind >= INT && kind <= DOUBLE ? (this.numbers[row] as number) : this.value(row);
  }
}

function isSafe(value: bigint): boolean {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
}
