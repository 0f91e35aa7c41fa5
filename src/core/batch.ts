import { Arena } from "./arena.ts";
import type { Attached } from "./attached.ts";
import { type Block, type Position, trimmedEnd } from "./block.ts";
import { ABSENT, Column } from "./column.ts";
import { emptyMessage, type FieldValue, type Message } from "./message.ts";
import type { Rejection } from "./rejection.ts";

/** A record or message that left the batch, and why. `row` is undefined when the record never became a message. */
export type Rejected = {
  readonly record: number;
  readonly row: number | undefined;
  readonly rejection: Rejection;
};

/** Columns that a batch may always have, however many rows it makes room for. */
const SOME_COLUMNS = 1024;
/** Columns of a batch of many messages, and of one of a few: a message may have more fields than memory allows to many. */
const MOST_COLUMNS = 8000;
const MOST_COLUMNS_OF_FEW = 65_536;
const FEW = 16;
/** A cell takes nine bytes: 150 MB. */
const MOST_CELLS = 1 << 24;

/**
 * Thrown when the messages of a batch have more different fields together than memory should be spent on. It is the
 * loop that meets it: fewer records at a time have fewer fields, and a new batch has forgotten those of the past.
 */
export class TooManyFields extends Error {
  constructor(columns: number, rows: number) {
    super(`more than ${columns} different fields, with room for ${rows} messages`);
    this.name = "TooManyFields";
  }
}

/**
 * The unit that moves through the pipeline: some thousand records as columns. A worker owns one batch object and
 * loads block after block into it; columns keep their identity, so stages bind to them once and allocate nothing.
 *
 * A record is the bytes as received; a row is a message made of it (usually one per record, sometimes several or no row at all).
 */
export class Batch {
  readonly arena = new Arena();
  readonly columns = new Map<string, Column>();
  /**
   * What came with records besides their bytes, such as the fields of an envelope: columns over records, as a record that is rejected
   * has no row. They are no part of the messages, so the index never sees them; error records hold them.
   */
  readonly metadata = new Map<string, Column>();
  /** Whether expressions that make fields see the metadata behind those of the message. */
  showsMetadata = false;
  position: Position = { topic: "", partition: 0, offset: 0 };
  arrival = 0;
  /** Keys and headers of the records, where any has some. They belong to the block, and are good while it is. */
  attached: Attached | undefined;

  records = 0;
  recordStarts: Uint32Array<ArrayBuffer>;
  recordEnds: Uint32Array<ArrayBuffer>;

  rows = 0;
  /** The record a row was made of. */
  recordOf: Uint32Array<ArrayBuffer>;
  /** 1 while a row is in the batch's selection; every loop over rows asks. */
  live: Uint8Array<ArrayBuffer>;

  rejected: Rejected[] = [];
  /** Records that gave no message and no rejection on purpose (blank lines, filters). */
  dropped = 0;
  /** Whether a parser had no room for more names of fields, and kept fields together that no search finds by their names. */
  isCrowded = false;
  /** 1 for a row whose `timestamp` is the arrival of its record, since it stated none. */
  timeless: Uint8Array<ArrayBuffer>;
  /** Whether `timeless` holds any 1. */
  hasTimeless = false;

  /** @param rows how many rows to make room for at first. */
  constructor(rows = 1024) {
    this.recordStarts = new Uint32Array(rows);
    this.recordEnds = new Uint32Array(rows);
    this.recordOf = new Uint32Array(rows);
    this.live = new Uint8Array(rows);
    this.timeless = new Uint8Array(rows);
  }

  /** Takes in a block: its bytes are copied to the arena, all columns become empty. */
  load(block: Block, position: Position): void {
    this.position = position;
    this.arrival = block.arrival;
    this.attached = block.attached;
    this.records = block.ends.length;
    this.rows = 0;
    this.dropped = 0;
    this.isCrowded = false;
    if (this.hasTimeless) this.timeless.fill(0);
    this.hasTimeless = false;
    if (this.rejected.length > 0) this.rejected = [];
    for (const column of this.columns.values()) column.reset();
    for (const column of this.metadata.values()) column.reset();
    this.showsMetadata = false;
    this.#growRecords(this.records);
    this.#growRows(this.records);
    this.arena.reset(block.bytes.length + (block.bytes.length >> 1) + 4096);
    this.arena.append(block.bytes);
    const bytes = this.arena.bytes;
    let start = 0;
    for (let record = 0; record < this.records; record++) {
      const end = block.ends[record] as number;
      this.recordStarts[record] = start;
      this.recordEnds[record] = trimmedEnd(bytes, start, end);
      start = end;
    }
  }

  /** Rows that fit before the columns must grow. */
  get capacity(): number {
    return this.live.length;
  }

  /** The column of a field, made (all absent) when there is none yet. @throws TooManyFields */
  column(name: string): Column {
    let column = this.columns.get(name);
    if (column === undefined) {
      this.#checkSize(this.columns.size + 1, this.capacity);
      column = new Column(name, this.arena, this.capacity);
      this.columns.set(name, column);
    }
    return column;
  }

  /** The column of metadata of a name, over records, made when there is none yet. @throws TooManyFields */
  metadataColumn(name: string): Column {
    let column = this.metadata.get(name);
    if (column === undefined) {
      this.#checkSize(this.metadata.size + 1, this.recordStarts.length);
      column = new Column(name, this.arena, this.recordStarts.length);
      this.metadata.set(name, column);
    }
    return column;
  }

  /** How many names of fields and metadata the batch remembers. */
  get names(): number {
    return this.columns.size + this.metadata.size;
  }

  /** Adds a message made of a record and returns its row. */
  addRow(record: number): number {
    const row = this.rows;
    if (row === this.capacity) this.#growRows(row + 1);
    this.recordOf[row] = record;
    this.live[row] = 1;
    this.rows = row + 1;
    return row;
  }

  /** Makes the arrival of its record the time of a row that states none; such rows are counted and told of. */
  setArrival(row: number): void {
    this.column("timestamp").setLong(row, this.arrival);
    if (row >= this.capacity) this.#growRows(row + 1);
    this.timeless[row] = 1;
    this.hasTimeless = true;
  }

  /** Adds a message given as an object. */
  addMessage(record: number, message: Message): number {
    const row = this.addRow(record);
    for (const field in message) this.column(field).set(row, message[field]);
    return row;
  }

  /** Takes a message out of the selection. */
  reject(row: number, rejection: Rejection): void {
    this.live[row] = 0;
    this.rejected.push({ record: this.recordOf[row] as number, row, rejection });
  }

  /** Notes that a record, or a part of it, gave no message. */
  rejectRecord(record: number, rejection: Rejection): void {
    this.rejected.push({ record, row: undefined, rejection });
  }

  /** Takes a message out of the selection without a trace, as a filter does. */
  drop(row: number): void {
    this.live[row] = 0;
    this.dropped++;
  }

  /** The bytes of a record. A view into the arena: copy it to keep it. */
  record(record: number): Uint8Array {
    return this.arena.bytes.subarray(this.recordStarts[record] as number, this.recordEnds[record] as number);
  }

  /** The text of a record, malformed UTF-8 replaced. */
  recordText(record: number): string {
    return this.arena.text(this.recordStarts[record] as number, this.recordEnds[record] as number);
  }

  /** The flat object of a row, every number a plain one: for the analyst, the error record and tests. Not for the hot path. */
  message(row: number): Message {
    const message = emptyMessage();
    for (const [name, column] of this.columns) {
      if (!column.touched || column.kinds[row] === ABSENT) continue;
      message[name] = column.plain(row) as FieldValue;
    }
    return message;
  }

  /** How many rows are in the selection. */
  liveCount(): number {
    let count = 0;
    for (let row = 0; row < this.rows; row++) count += this.live[row] as number;
    return count;
  }

  #checkSize(columns: number, capacity: number): void {
    if (columns <= SOME_COLUMNS) return;
    const most = capacity > FEW ? MOST_COLUMNS : MOST_COLUMNS_OF_FEW;
    if (columns > most || columns * capacity > MOST_CELLS) throw new TooManyFields(columns - 1, capacity);
  }

  #growRecords(needed: number): void {
    if (needed <= this.recordStarts.length) return;
    const capacity = needed * 2;
    this.#checkSize(this.metadata.size, capacity);
    this.recordStarts = new Uint32Array(capacity);
    this.recordEnds = new Uint32Array(capacity);
    for (const column of this.metadata.values()) column.grow(capacity);
  }

  #growRows(needed: number): void {
    if (needed <= this.capacity) return;
    const capacity = Math.max(needed, this.capacity * 2);
    this.#checkSize(this.columns.size, capacity);
    const live = new Uint8Array(capacity);
    live.set(this.live);
    this.live = live;
    const timeless = new Uint8Array(capacity);
    timeless.set(this.timeless);
    this.timeless = timeless;
    const recordOf = new Uint32Array(capacity);
    recordOf.set(this.recordOf);
    this.recordOf = recordOf;
    for (const column of this.columns.values()) column.grow(capacity);
  }
}
