// The loop below runs for every cell of every message: arrays are indexed within bounds known beforehand, hence `as number`.
import type { Batch } from "../../../core/batch.ts";
import { ABSENT, type Column, DOUBLE, INT, SPAN, VALUE } from "../../../core/column.ts";
import type { FieldValue } from "../../../core/message.ts";
import { allocateBytes, encodeText } from "../../../core/text.ts";
import { DAY } from "../blocks/block.ts";
import { CellEncoder, isText } from "./cell-encoder.ts";
import { BITS, bitOfValue, type SeenFields } from "./document.ts";
import type { Lines } from "./lines.ts";
import type { Names } from "./names.ts";
import { quoted } from "./values.ts";

/** JavaScript's own limit of a date: beyond it a time is no time. */
const MOST_TIME = 8.64e15;
/** Buffers kept for further batches, when what was in them is stored. */
const MOST_SPARE = 4;
const ID_END = encodeText("}}\n");
const GUID = encodeText('{"guid":');
const MESSAGE = encodeText(',"message":{"guid":');
const MESSAGE_END = encodeText("}");
const ORIGINAL = encodeText(',"original":');
const LINE_END = encodeText("}\n");

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Makes the lines of bulk requests of batches, from the bytes of columns to those of the request: an object or a text per value
 * would cost ten times as much.
 */
export class LinesEncoder {
  readonly #names: Names;
  readonly #cells = new CellEncoder();
  readonly #spare: Bytes[] = [];
  /** The beginning of all lines of an index, and the day that it holds. */
  #head: Bytes = new Uint8Array(0);
  #day = Number.NaN;

  constructor(names: Names) {
    this.#names = names;
  }

  /**
   * The live rows of a batch as lines. Their bytes may be given back with `reuse`.
   * @param isNamed whether a field of the sensor is found by its name; one beyond the limit is not.
   * @param seen takes up the types of the fields.
   */
  encode(sensor: string, batch: Batch, isNamed: (field: string) => boolean, seen: SeenFields): Lines {
    const { arrival, position, live, rows, recordOf } = batch;
    const cells = this.#cells;
    const { out } = cells;
    cells.begin();
    const most = batch.liveCount();
    const starts = new Uint32Array(most + 1);
    const sources = new Uint32Array(most);
    const records = new Uint32Array(most);
    const guids = batch.columns.get("guid");
    const times = batch.columns.get("timestamp");
    const original = batch.columns.get("original_string");
    const ofSensor = encodeText(`,"sensor":${quoted(sensor)},"time":`);
    const columns = [...batch.columns.values()]
      .filter((column) => column.touched)
      .map((column) => {
        const { name, kinds, spans } = column;
        return { column, kinds, spans, plan: cells.plan(name), isNamed: isNamed(name), bits: 0 };
      });
    this.#day = Number.NaN;
    let count = 0;
    for (let row = 0; row < rows; row++) {
      if (live[row] === 0) continue;
      if (!isText(guids, row)) throw new Error(`writing ${sensor} to the index: a message has no text guid`);
      starts[count] = out.length;
      const time = timeOf(times, row, arrival);
      out.add(this.#headOf(sensor, time, arrival));
      const guid = out.length;
      addText(cells, guids, row);
      const guidEnd = out.length;
      out.add(ID_END);
      sources[count] = out.length;
      out.add(GUID);
      out.again(guid, guidEnd);
      out.add(ofSensor);
      out.addWhole(time);
      out.add(MESSAGE);
      out.again(guid, guidEnd);
      const isSpan = original?.kinds[row] === SPAN;
      const from = isSpan ? (original.spans[2 * row] as number) : 0;
      const to = isSpan ? (original.spans[2 * row + 1] as number) : -1;
      // Stored once, where it is searched.
      const isOriginal = isText(original, row);
      for (let place = 0; place < columns.length; place++) {
        const entry = columns[place] as (typeof columns)[number];
        const kind = entry.kinds[row] as number;
        if (kind === ABSENT) continue;
        const { column, spans } = entry;
        entry.bits |= kind === VALUE ? bitOfValue(column.objects[row] as FieldValue) : (BITS[kind] as number);
        if (column === guids || (isOriginal && column === original)) continue;
        if (kind === SPAN) {
          const start = spans[2 * row] as number;
          const end = spans[2 * row + 1] as number;
          cells.addSpan(
            column.arena.bytes,
            start,
            end,
            entry.plan,
            entry.isNamed,
            start >= from && end <= to,
          );
        } else cells.add(column, row, kind, entry.plan, entry.isNamed);
      }
      out.add(MESSAGE_END);
      if (isOriginal) {
        out.add(ORIGINAL);
        addText(cells, original, row);
      }
      cells.end();
      out.add(LINE_END);
      records[count++] = recordOf[row] as number;
    }
    starts[count] = out.length;
    for (const { column, isNamed, bits } of columns)
      if (isNamed && bits !== 0) seen.set(column.name, (seen.get(column.name) ?? 0) | bits);
    return { sensor, arrival, position, count, bytes: this.#taken(), starts, sources, records };
  }

  /** Takes back the bytes of lines that nobody reads any more. */
  reuse({ bytes }: Lines): void {
    // Those that were cut to their length are of no use.
    if (bytes.length >= this.#cells.out.bytes.length && this.#spare.length < MOST_SPARE)
      this.#spare.push(bytes);
  }

  /** The lines' bytes: the buffer itself where they fill it, so that nothing is copied, else no more than they need. */
  #taken(): Bytes {
    const { out } = this.#cells;
    const { bytes, length } = out;
    if (length < bytes.length / 2) return copyOf(bytes, length);
    out.replace(this.#spare.pop() ?? allocateBytes(bytes.length));
    return bytes;
  }

  #headOf(sensor: string, time: number, arrival: number): Bytes {
    const day = Math.floor(time / DAY);
    if (day === this.#day) return this.#head;
    this.#day = day;
    this.#head = encodeText(`{"create":{"_index":"${this.#names.index(sensor, time, arrival)}","_id":`);
    return this.#head;
  }
}

function addText({ out }: CellEncoder, column: Column, row: number): void {
  if (column.kinds[row] === SPAN)
    out.quoted(column.arena.bytes, column.spans[2 * row] as number, column.spans[2 * row + 1] as number);
  else out.addText(quoted(column.text(row) as string));
}

function copyOf(bytes: Bytes, length: number): Bytes {
  const copy = allocateBytes(length);
  copy.set(bytes.subarray(0, length));
  return copy;
}

function timeOf(column: Column | undefined, row: number, arrival: number): number {
  const kind = column?.kinds[row] ?? ABSENT;
  if (column === undefined || kind < INT || kind > DOUBLE) return arrival;
  const value = column.numbers[row] as number;
  return value >= -MOST_TIME && value <= MOST_TIME ? Math.floor(value) : arrival;
}
