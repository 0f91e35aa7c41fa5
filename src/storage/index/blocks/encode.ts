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
import { type FieldValue, messageToJson } from "../../../core/message.ts";
import { declarationsVersion } from "../../../schema/declarations.ts";
import { RowGroupEncoder } from "../parquet/row-group.ts";
import {
  type Block,
  type BlockColumn,
  type Buffers,
  DAY,
  isHidden,
  keyField,
  REST,
  TIME,
  textField,
} from "./block.ts";
import { CellSpace } from "./cell-space.ts";
import {
  type ColumnType,
  cellBytes,
  declaredType,
  type FreeType,
  isCurrent,
  isValueType,
  spelledType,
} from "./column-type.ts";
import { ColumnEncoder } from "./encode-column.ts";
import { DeclaredEncoder } from "./encode-declared.ts";
import { KeyFinder } from "./encode-keys.ts";
import { isLong } from "./encode-number.ts";
import { STANDING } from "./standing.ts";
import { TextHeap } from "./text-heap.ts";

/** Names listed of what is in `_rest`; with more, a search looks into every `_rest`. */
const MOST_REST_NAMES = 2000;

/** The fields without a column that occur in some blocks; undefined when there are too many to name. */
export function restNames(blocks: readonly Pick<Block, "rest">[]): readonly string[] | undefined {
  const names = new Set<string>();
  for (const { rest } of blocks) {
    if (rest === undefined) return undefined;
    for (const name of rest) names.add(name);
    if (names.size > MOST_REST_NAMES) return undefined;
  }
  return [...names];
}
const SHIFT_32 = 4294967296;
/** JavaScript's own limit of a date: beyond it a time is no time. */
const MOST_TIME = 8.64e15;

/** How a sensor's fields are stored, as learnt so far. */
export type SensorFields = Map<string, ColumnType>;

export type EncodeLimits = {
  /** Fields a sensor that get a column of their own. */
  readonly columns: number;
  /** Messages a block must have to be encoded for the disk by itself. */
  readonly groupRows: number;
  /** Whether fields keep the type they have, though most of their values have another one. */
  readonly areTypesFixed?: boolean;
};

/**
 * Makes blocks of batches for one sensor. Fields get a column by being seen: of the type that is declared, or else of that
 * which most of their first values have.
 */
export class BlockEncoder {
  readonly #sensor: string;
  readonly #fields: SensorFields;
  /** Of the declarations by which the types of the fields were chosen. */
  #version = declarationsVersion();
  readonly #limits: EncodeLimits;
  readonly #heap: TextHeap;
  readonly #space: CellSpace;
  readonly #columns: ColumnEncoder;
  readonly #declared: DeclaredEncoder;
  readonly #groups: RowGroupEncoder;
  readonly #keys = new KeyFinder();
  readonly #counts = new Uint32Array(VALUE + 1);
  #rows = new Uint32Array(0);
  #count = 0;
  #times = new Float64Array(0);
  #rest: string[] = [];
  #restNames: Set<string> | undefined;

  constructor(sensor: string, fields: SensorFields, limits: EncodeLimits, buffers: Buffers) {
    this.#sensor = sensor;
    this.#fields = fields;
    this.#limits = limits;
    this.#heap = new TextHeap(buffers);
    this.#space = new CellSpace(buffers);
    this.#columns = new ColumnEncoder(this.#heap, this.#space);
    this.#declared = new DeclaredEncoder(this.#space);
    this.#groups = new RowGroupEncoder(buffers);
  }

  /** A block of the live rows, without those `skip` holds the row number of; undefined when none is left. */
  encode(batch: Batch, skip?: ReadonlySet<number>): Block | undefined {
    if (this.#version !== declarationsVersion()) this.#forgetOthers();
    this.#select(batch, skip);
    const count = this.#count;
    if (count === 0) return undefined;
    const guid = batch.columns.get("guid");
    if (guid === undefined || !this.#allText(guid))
      throw new Error(`writing ${this.#sensor} to the index: a message has no text guid`);
    this.#times = count > this.#times.length ? new Float64Array(count * 2) : this.#times;
    const { min, max } = this.#readTimes(batch);
    this.#rest = [];
    this.#restNames = undefined;
    this.#keys.begin(batch.arena.bytes);
    this.#space.begin(count);
    this.#heap.begin(batch.arena.bytes, batch.arena.length, count);
    const original = batch.columns.get("original_string");
    this.#columns.begin(this.#rows, count, original);
    this.#declared.begin(this.#rows, count, batch.arena.bytes, original);
    const columns: BlockColumn[] = [this.#timeColumn()];
    for (const column of batch.columns.values()) if (column.touched) this.#add(column, columns);
    const rest = this.#restColumn();
    if (rest !== undefined) columns.push(rest);
    const { text, length } = this.#heap.end();
    const names: ReadonlySet<string> = this.#restNames ?? new Set<string>();
    const block = {
      sensor: this.#sensor,
      rows: count,
      columns,
      cells: this.#space.end(),
      text,
      textLength: length,
      minTime: min,
      maxTime: max,
      rest: names.size > MOST_REST_NAMES ? undefined : [...names],
    };
    // A row group of its own needs enough messages, all of one day.
    const deserves = count >= this.#limits.groupRows && Math.floor(min / DAY) === Math.floor(max / DAY);
    return { ...block, group: deserves ? this.#groups.encode(block) : undefined };
  }

  /** An extension came, went or changed: what it declares is stored as that from here on. */
  #forgetOthers(): void {
    this.#version = declarationsVersion();
    for (const [field, type] of this.#fields) if (!isCurrent(field, type)) this.#fields.delete(field);
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

  #timeColumn(): BlockColumn {
    const data = this.#space.allocate(this.#count * cellBytes("long"));
    const low = new Uint32Array(this.#space.memory, data, this.#count * 2);
    const high = new Int32Array(this.#space.memory, data, this.#count * 2);
    for (let index = 0; index < this.#count; index++) {
      const time = this.#times[index] as number;
      low[2 * index] = time;
      high[2 * index + 1] = Math.floor(time / SHIFT_32);
    }
    return { field: TIME, type: "long", data, codes: -1, words: 0, valid: -1, inside: false };
  }

  /** Adds what a column of the batch becomes; what fits nowhere goes to `_rest`. */
  #add(column: Column, columns: BlockColumn[]): void {
    const field = column.name;
    let type = this.#fields.get(field);
    if (type === undefined) {
      type = this.#choose(column);
      if (type === undefined) {
        this.#misfits(column, (kind) => kind === NULL);
        return;
      }
      const isFull = this.#fields.size >= this.#limits.columns && !STANDING.has(field);
      if (isFull || isHidden(field)) {
        this.#misfits(column, () => true);
        return;
      }
      this.#fields.set(field, type);
    }
    if (isValueType(declaredType(field))) {
      this.#addDeclared(column, type, columns);
      return;
    }
    const made = this.#free(column, type as FreeType);
    if (made === undefined) return;
    columns.push(made);
    const keys = made.type === "text" ? this.#keyColumn(column, made) : undefined;
    if (keys !== undefined) columns.push(keys);
  }

  /** A column whose values decide what it holds. */
  #free(column: Column, type: FreeType): BlockColumn | undefined {
    const field = column.name;
    const encoded = this.#columns.encode(column, type);
    if (encoded === undefined) {
      // A fraction among whole numbers: the field holds fractions from here on, which loses nothing.
      this.#fields.set(field, "double");
      return this.#free(column, "double");
    }
    const { written, odd, ...place } = encoded;
    if (odd > 0) {
      const isText = declaredType(field) === "text";
      const values = this.#misfits(column, (kind, value) => !fits(type, kind, value, isText));
      // The field was first seen with a type that it mostly does not have.
      if (values > written) this.#chooseAgain(column, type);
    }
    return written === 0 ? undefined : { field, type, ...place };
  }

  /** A column of numbers or truths by its declaration, and one of the texts that it does not tell. */
  #addDeclared(column: Column, type: ColumnType, columns: BlockColumn[]): void {
    const { name: field, dictionary, spans, numbers, objects } = column;
    const { written, odd: _odd, ...place } = this.#declared.encode(column, type);
    const { left: kinds, texts, others } = this.#declared;
    if (written > 0) columns.push({ field, type, ...place });
    if (texts > 0) {
      const name = textField(field);
      const {
        written: _written,
        odd: _others,
        ...own
      } = this.#columns.texts({
        ...{ name, kinds, dictionary, spans, numbers, objects },
      });
      columns.push({ field: name, type: "text", ...own });
    }
    if (others > 0)
      this.#misfits(column, (_kind, _value, row) => {
        const kind = kinds[row] as number;
        return kind !== ABSENT && (kind < SPAN || kind > STRING);
      });
    // The field was first seen in another spelling than it mostly has.
    if (texts + others > written / 2) this.#chooseAgain(column, type);
  }

  #chooseAgain(column: Column, type: ColumnType): void {
    if (this.#limits.areTypesFixed !== true) this.#fields.set(column.name, this.#choose(column) ?? type);
  }

  /** The keys of values that are not their own; undefined when all are. */
  #keyColumn(column: Column, made: BlockColumn): BlockColumn | undefined {
    if (this.#columns.isOwn) return undefined;
    const { dictionary } = column;
    if (this.#columns.isOfDictionary && dictionary !== undefined && this.#keys.areOwn(dictionary))
      return undefined;
    const keys =
      made.words > 0
        ? this.#keys.ofWords(made, this.#space.memory, this.#heap.bytes)
        : this.#keys.find(column, this.#rows, this.#count);
    if (keys === undefined) return undefined;
    const {
      written: _written,
      odd: _odd,
      ...place
    } = made.words > 0 ? this.#columns.replaced(made, keys) : this.#columns.made((index) => keys.get(index));
    return { field: keyField(column.name), type: "text", ...place };
  }

  /** The type that is declared, spelt as most values are, or else the type most values have; undefined when there is no value. */
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
    const texts = of(SPAN, WORD, STRING);
    const truths = of(TRUE, FALSE);
    const values = of(VALUE);
    if (texts + numbers + truths + values === 0) return undefined;
    const declared = declaredType(column.name);
    if (isValueType(declared)) return spelledType(declared, texts > numbers + truths);
    if (declared === "text") return texts >= numbers + truths + values ? "text" : "json";
    const types: [FreeType, number][] = [
      ["text", texts],
      [fractions > 0 ? "double" : "long", numbers],
      ["boolean", truths],
      ["json", values],
    ];
    return types.sort((a, b) => b[1] - a[1])[0]?.[0];
  }

  /** Puts the cells that are odd into `_rest` and returns how many of them are values. */
  #misfits(
    column: Column,
    odd: (kind: number, value: FieldValue | undefined, row: number) => boolean,
  ): number {
    const { kinds, objects } = column;
    const name = JSON.stringify(column.name);
    const empty = `${name}:null`;
    let values = 0;
    for (let index = 0; index < this.#count; index++) {
      const row = this.#rows[index] as number;
      const kind = kinds[row] as number;
      if (kind === ABSENT || !odd(kind, objects[row], row)) continue;
      const before = this.#rest[index];
      const entry = kind === NULL ? empty : `${name}:${messageToJson(column.value(row) ?? null)}`;
      this.#rest[index] = before === undefined ? entry : `${before},${entry}`;
      this.#restNames ??= new Set();
      if (this.#restNames.size <= MOST_REST_NAMES) this.#restNames.add(column.name);
      if (kind !== NULL) values++;
    }
    return values;
  }

  #restColumn(): BlockColumn | undefined {
    if (this.#restNames === undefined) return undefined;
    const {
      written: _written,
      odd: _odd,
      ...place
    } = this.#columns.made((index) => {
      const entries = this.#rest[index];
      return entries === undefined ? undefined : `{${entries}}`;
    });
    return { field: REST, type: "json", ...place };
  }
}

/** Whether cells of a kind go into a column of a type. @param isText whether texts are declared for the field. */
function fits(type: FreeType, kind: number, value: FieldValue | undefined, isText: boolean): boolean {
  const isTextKind = kind >= SPAN && kind <= STRING;
  switch (type) {
    case "text":
      return isTextKind;
    case "long":
      return kind === INT || kind === LONG || (kind === VALUE && isLong(value));
    case "double":
      return kind >= INT && kind <= DOUBLE;
    case "boolean":
      return kind === FALSE || kind === TRUE;
    case "json":
      return isText ? kind > NULL && !isTextKind : kind === VALUE;
  }
}
