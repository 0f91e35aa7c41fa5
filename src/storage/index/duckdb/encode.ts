// The loops below run for every cell of every message: typed arrays are indexed within bounds known beforehand, hence `as number`.
import type { Batch } from "../../../core/batch.ts";
import {
  ABSENT,
  type Column,
  DOUBLE,
  FALSE,
  FLOAT,
  INT,
  LONG,
  NULL,
  SPAN,
  STRING,
  TRUE,
  VALUE,
  WORD,
} from "../../../core/column.ts";
import type { Dictionary } from "../../../core/dictionary.ts";
import { type FieldValue, messageToJson } from "../../../core/message.ts";
import {
  type Block,
  type BlockColumn,
  type Buffers,
  CELL_BYTES,
  type ColumnType,
  REST,
  TIME,
} from "./block.ts";
import { TextHeap } from "./text-heap.ts";

/** Names listed of what is in `_rest`; with more, a search looks into every `_rest`. */
const MOST_REST_NAMES = 2000;
const MOST_LONG = 9223372036854775807n;
const SHIFT_32 = 4294967296;
/** JavaScript's own limit of a date: beyond it a time is no time. */
const MOST_TIME = 8.64e15;

/** How a sensor's fields are stored, as learnt so far. */
export type SensorFields = Map<string, ColumnType>;

export type EncodeLimits = {
  /** Fields a sensor that get a column of their own. */
  readonly columns: number;
};

/** Makes blocks of batches for one sensor. Fields get a column by being seen, of the type most of their first values have. */
export class BlockEncoder {
  readonly #sensor: string;
  readonly #fields: SensorFields;
  readonly #limits: EncodeLimits;
  readonly #buffers: Buffers;
  readonly #heap: TextHeap;
  readonly #counts = new Uint32Array(VALUE + 1);
  #rows = new Uint32Array(0);
  #count = 0;
  #times = new Float64Array(0);
  #rest: string[] = [];
  #restNames: Set<string> | undefined;
  #cells = new ArrayBuffer(0);
  #original: Column | undefined;
  /** Whether the texts just encoded are parts of the original. */
  #inside = false;
  #used = 0;

  constructor(sensor: string, fields: SensorFields, limits: EncodeLimits, buffers: Buffers) {
    this.#sensor = sensor;
    this.#fields = fields;
    this.#limits = limits;
    this.#buffers = buffers;
    this.#heap = new TextHeap(buffers);
  }

  /** A block of the live rows, without those `skip` holds the row number of; undefined when none is left. */
  encode(batch: Batch, skip?: ReadonlySet<number>): Block | undefined {
    this.#select(batch, skip);
    const count = this.#count;
    if (count === 0) return undefined;
    const guid = batch.columns.get("guid");
    if (guid === undefined || !this.#allText(guid))
      throw new Error(`writing ${this.#sensor} to the index: a message has no text guid`);
    this.#times = count > this.#times.length ? new Float64Array(count * 2) : this.#times;
    const { min, max } = this.#readTimes(batch);
    const touched: Column[] = [];
    for (const column of batch.columns.values()) if (column.touched) touched.push(column);
    this.#original = batch.columns.get("original_string");
    this.#rest = [];
    this.#restNames = undefined;
    this.#used = 0;
    this.#cells = this.#buffers.take(this.#room(touched));
    this.#heap.begin(batch.arena.bytes, batch.arena.length, count);
    const columns: BlockColumn[] = [this.#timeColumn()];
    for (const column of touched) {
      const made = this.#column(column);
      if (made !== undefined) columns.push(made);
    }
    const rest = this.#restColumn();
    if (rest !== undefined) columns.push(rest);
    const { text, length } = this.#heap.end();
    const names: ReadonlySet<string> = this.#restNames ?? new Set<string>();
    return {
      sensor: this.#sensor,
      rows: count,
      columns,
      cells: this.#cells,
      text,
      textLength: length,
      minTime: min,
      maxTime: max,
      rest: names.size > MOST_REST_NAMES ? undefined : [...names],
    };
  }

  #select(batch: Batch, skip: ReadonlySet<number> | undefined): void {
    if (this.#rows.length < batch.rows) this.#rows = new Uint32Array(batch.rows * 2);
    const { live } = batch;
    const rows = this.#rows;
    let count = 0;
    for (let row = 0; row < batch.rows; row++) {
      rows[count] = row;
      count += live[row] as number;
    }
    if (skip !== undefined && skip.size > 0) {
      let kept = 0;
      for (let index = 0; index < count; index++) {
        const row = rows[index] as number;
        if (!skip.has(row)) rows[kept++] = row;
      }
      count = kept;
    }
    this.#count = count;
  }

  #allText(column: Column): boolean {
    const { kinds } = column;
    for (let index = 0; index < this.#count; index++) {
      const kind = kinds[this.#rows[index] as number] as number;
      if (kind < SPAN || kind > STRING) return false;
    }
    return true;
  }

  #readTimes(batch: Batch): { min: number; max: number } {
    const times = this.#times;
    const column = batch.columns.get("timestamp");
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    for (let index = 0; index < this.#count; index++) {
      const row = this.#rows[index] as number;
      let time = batch.arrival;
      if (column !== undefined) {
        const kind = column.kinds[row] as number;
        const value = column.numbers[row] as number;
        if (kind >= INT && kind <= DOUBLE && value >= -MOST_TIME && value <= MOST_TIME)
          time = Math.floor(value);
      }
      times[index] = time;
      if (time < min) min = time;
      if (time > max) max = time;
    }
    return { min, max };
  }

  /** Bytes that the columns, `_time` and `_rest` take at most. */
  #room(columns: readonly Column[]): number {
    const overhead = (this.#count >> 3) + 32;
    let bytes = this.#count * (CELL_BYTES.long + CELL_BYTES.json) + 2 * overhead;
    for (const column of columns)
      bytes += this.#count * CELL_BYTES[this.#fields.get(column.name) ?? "text"] + overhead;
    return bytes;
  }

  #allocate(type: ColumnType): { data: number; valid: number } {
    const data = this.#used;
    const valid = data + ((this.#count * CELL_BYTES[type] + 7) & ~7);
    this.#used = valid + ((((this.#count + 7) >> 3) + 7) & ~7);
    return { data, valid };
  }

  #timeColumn(): BlockColumn {
    const { data } = this.#allocate("long");
    const low = new Uint32Array(this.#cells, data, this.#count * 2);
    const high = new Int32Array(this.#cells, data, this.#count * 2);
    for (let index = 0; index < this.#count; index++) {
      const time = this.#times[index] as number;
      low[2 * index] = time;
      high[2 * index + 1] = Math.floor(time / SHIFT_32);
    }
    return { field: TIME, type: "long", data, valid: -1, inside: false };
  }

  #column(column: Column): BlockColumn | undefined {
    const field = column.name;
    let type = this.#fields.get(field);
    if (type === undefined) {
      const chosen = this.#choose(column);
      if (chosen === undefined) {
        this.#nulls(column);
        return undefined;
      }
      if (this.#fields.size >= this.#limits.columns || field === TIME || field === REST) {
        this.#misfits(column, () => true);
        return undefined;
      }
      type = chosen;
      this.#fields.set(field, type);
    }
    return this.#typed(column, type);
  }

  #typed(column: Column, type: ColumnType): BlockColumn | undefined {
    const before = this.#used;
    const { data, valid } = this.#allocate(type);
    const bits = new Uint8Array(this.#cells, valid, (this.#count + 7) >> 3);
    bits.fill(0);
    const written =
      type === "text"
        ? this.#texts(column, data, bits)
        : type === "json"
          ? this.#json(column, data, bits)
          : type === "boolean"
            ? this.#booleans(column, data, bits)
            : type === "long"
              ? this.#longs(column, data, bits)
              : this.#doubles(column, data, bits);
    if (written < 0) {
      // A fraction among whole numbers: the field holds fractions from here on, which loses nothing.
      this.#fields.set(column.name, "double");
      this.#used = before;
      return this.#typed(column, "double");
    }
    if (written < this.#count) {
      const odd = this.#misfits(column, (kind, value) => !fits(type, kind, value));
      // The field was first seen with a type that it mostly does not have.
      if (odd > written) this.#fields.set(column.name, this.#choose(column) ?? type);
    }
    if (written === 0) {
      this.#used = before;
      return undefined;
    }
    const inside = type === "text" && this.#inside;
    return { field: column.name, type, data, valid: written === this.#count ? -1 : valid, inside };
  }

  /** The type most values have, or undefined when there is no value. */
  #choose(column: Column): ColumnType | undefined {
    const counts = this.#counts.fill(0);
    const { kinds } = column;
    for (let index = 0; index < this.#count; index++) {
      const kind = kinds[this.#rows[index] as number] as number;
      counts[kind] = (counts[kind] as number) + 1;
    }
    const of = (...kinds: number[]) => kinds.reduce((sum, kind) => sum + (counts[kind] as number), 0);
    const fractions = of(FLOAT, DOUBLE);
    const numbers = of(INT, LONG) + fractions;
    const types: [ColumnType, number][] = [
      ["text", of(SPAN, WORD, STRING)],
      [fractions > 0 ? "double" : "long", numbers],
      ["boolean", of(TRUE, FALSE)],
      ["json", of(VALUE)],
    ];
    const [best] = types.sort((a, b) => b[1] - a[1]);
    return best !== undefined && best[1] > 0 ? best[0] : undefined;
  }

  #texts(column: Column, data: number, bits: Uint8Array): number {
    const { kinds, spans, numbers, objects } = column;
    const heap = this.#heap;
    const cells = new Uint32Array(this.#cells, data, this.#count * 4);
    const dictionary = column.dictionary as Dictionary;
    const known = column.dictionary === undefined ? undefined : heap.words(dictionary);
    const original = this.#original;
    let inside = original !== undefined && original !== column;
    let written = 0;
    for (let index = 0; index < this.#count; index++) {
      const row = this.#rows[index] as number;
      const kind = kinds[row] as number;
      const at = index * 4;
      if (kind !== SPAN && kind >= SPAN) inside = false;
      if (kind === SPAN) {
        const start = spans[2 * row] as number;
        const end = spans[2 * row + 1] as number;
        if (inside) inside = isWithin(original as Column, row, start, end);
        heap.span(cells, at, start, end);
      } else if (kind === WORD)
        heap.word(cells, at, dictionary, known as Uint32Array, numbers[row] as number);
      else if (kind === STRING) heap.string(cells, at, objects[row] as string);
      else {
        cells[at] = 0;
        cells[at + 1] = 0;
        cells[at + 2] = 0;
        cells[at + 3] = 0;
        continue;
      }
      bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7));
      written++;
    }
    this.#inside = inside;
    return written;
  }

  #json(column: Column, data: number, bits: Uint8Array): number {
    const cells = new Uint32Array(this.#cells, data, this.#count * 4).fill(0);
    let written = 0;
    for (let index = 0; index < this.#count; index++) {
      const row = this.#rows[index] as number;
      if (column.kinds[row] !== VALUE) continue;
      this.#heap.string(cells, index * 4, messageToJson(column.objects[row]));
      bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7));
      written++;
    }
    return written;
  }

  #booleans(column: Column, data: number, bits: Uint8Array): number {
    const cells = new Uint8Array(this.#cells, data, this.#count).fill(0);
    let written = 0;
    for (let index = 0; index < this.#count; index++) {
      const kind = column.kinds[this.#rows[index] as number] as number;
      if (kind !== FALSE && kind !== TRUE) continue;
      cells[index] = kind - FALSE;
      bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7));
      written++;
    }
    return written;
  }

  /** -1 when there is a fraction. */
  #longs(column: Column, data: number, bits: Uint8Array): number {
    const { kinds, numbers, objects } = column;
    const low = new Uint32Array(this.#cells, data, this.#count * 2);
    const high = new Int32Array(this.#cells, data, this.#count * 2);
    let written = 0;
    for (let index = 0; index < this.#count; index++) {
      const row = this.#rows[index] as number;
      const kind = kinds[row] as number;
      if (kind === INT) {
        const value = numbers[row] as number;
        low[2 * index] = value;
        high[2 * index + 1] = value < 0 ? -1 : 0;
      } else if (kind === LONG) {
        const value = numbers[row] as number;
        low[2 * index] = value;
        high[2 * index + 1] = Math.floor(value / SHIFT_32);
      } else if (kind === FLOAT || kind === DOUBLE) return -1;
      else {
        low[2 * index] = 0;
        high[2 * index + 1] = 0;
        const value = kind === VALUE ? objects[row] : undefined;
        if (!isLong(value)) continue;
        new BigInt64Array(this.#cells, data, this.#count)[index] = value;
      }
      bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7));
      written++;
    }
    return written;
  }

  #doubles(column: Column, data: number, bits: Uint8Array): number {
    const { kinds, numbers } = column;
    const cells = new Float64Array(this.#cells, data, this.#count);
    let written = 0;
    for (let index = 0; index < this.#count; index++) {
      const row = this.#rows[index] as number;
      const kind = kinds[row] as number;
      if (kind < INT || kind > DOUBLE) {
        cells[index] = 0;
        continue;
      }
      cells[index] = numbers[row] as number;
      bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7));
      written++;
    }
    return written;
  }

  /** Notes the nulls of a field that has no value. */
  #nulls(column: Column): void {
    this.#misfits(column, (kind) => kind === NULL);
  }

  /** Puts the cells that are odd into `_rest` and returns how many of them are values. */
  #misfits(column: Column, odd: (kind: number, value: FieldValue | undefined) => boolean): number {
    const { kinds, objects } = column;
    let values = 0;
    for (let index = 0; index < this.#count; index++) {
      const row = this.#rows[index] as number;
      const kind = kinds[row] as number;
      if (kind === ABSENT || !odd(kind, objects[row])) continue;
      const before = this.#rest[index];
      const entry = `${JSON.stringify(column.name)}:${messageToJson(column.value(row) ?? null)}`;
      this.#rest[index] = before === undefined ? entry : `${before},${entry}`;
      this.#restNames ??= new Set();
      if (this.#restNames.size <= MOST_REST_NAMES) this.#restNames.add(column.name);
      if (kind !== NULL) values++;
    }
    return values;
  }

  #restColumn(): BlockColumn | undefined {
    if (this.#restNames === undefined) return undefined;
    const { data, valid } = this.#allocate("json");
    const bits = new Uint8Array(this.#cells, valid, (this.#count + 7) >> 3).fill(0);
    const cells = new Uint32Array(this.#cells, data, this.#count * 4).fill(0);
    for (let index = 0; index < this.#count; index++) {
      const entries = this.#rest[index];
      if (entries === undefined) continue;
      this.#heap.string(cells, index * 4, `{${entries}}`);
      bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7));
    }
    return { field: REST, type: "json", data, valid, inside: false };
  }
}

function isWithin(original: Column, row: number, start: number, end: number): boolean {
  const { kinds, spans } = original;
  return kinds[row] === SPAN && start >= (spans[2 * row] as number) && end <= (spans[2 * row + 1] as number);
}

/** Whether cells of a kind go into a column of a type. */
function fits(type: ColumnType, kind: number, value: FieldValue | undefined): boolean {
  switch (type) {
    case "text":
      return kind >= SPAN && kind <= STRING;
    case "long":
      return kind === INT || kind === LONG || (kind === VALUE && isLong(value));
    case "double":
      return kind >= INT && kind <= DOUBLE;
    case "boolean":
      return kind === FALSE || kind === TRUE;
    case "json":
      return kind === VALUE;
  }
}

function isLong(value: unknown): value is bigint {
  return typeof value === "bigint" && value <= MOST_LONG && value >= -MOST_LONG - 1n;
}
