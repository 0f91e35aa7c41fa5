import { z } from "zod";
import type { Batch } from "../../core/batch.ts";
import type { Column } from "../../core/column.ts";
import { Rejection } from "../../core/rejection.ts";
import { mixed } from "../../schema/field.ts";
import { inCharset, readCharset } from "../charset.ts";
import { defineParser } from "../parser.ts";
import { type DateReader, openDateFormat } from "../time/date-format.ts";
import { wholeNumber } from "../time/whole-number.ts";
import { CellSplitter } from "./cells.ts";
import { type CsvColumn, columnsOption, readColumns } from "./columns.ts";

const HASH = 35;
/** Columns of these names become no field of their own: the one is read as a time, the other is the record itself. */
const OWN = new Set(["timestamp", "original_string"]);
const UNCLOSED = new Rejection("parser_error", "a quote is not closed");

export const csv = defineParser({
  name: "csv",
  summary: "Reads delimited text, one record a line, with quotes as spreadsheets write them.",
  config: z.strictObject({
    columns: columnsOption,
    separator: z
      .string()
      .min(1)
      .default(",")
      .refine((text) => text.charCodeAt(0) < 128, "expected an ASCII character")
      .describe("Character between cells; only the first one counts."),
    timestampFormat: z
      .string()
      .optional()
      .describe("SimpleDateFormat pattern of the column `timestamp`; without it that is epoch milliseconds."),
    readCharset,
  }),
  fields: [mixed("*", "What the columns of the configuration are called.")],
  open: (config, context) => {
    const columns = readColumns(config.columns);
    const separator = config.separator.charCodeAt(0);
    const format =
      config.timestampFormat === undefined
        ? undefined
        : openDateFormat("timestampFormat", config.timestampFormat, context.timeZone, context.clock);
    let reader: CsvReader | undefined;
    return inCharset(config.readCharset, {
      parseBatch: (batch) => {
        if (reader?.batch !== batch) reader = new CsvReader(batch, columns, separator, format);
        reader.read();
      },
    });
  },
});

class CsvReader {
  readonly batch: Batch;
  readonly #columns: readonly { readonly column: Column; readonly position: number }[];
  /** Where the time is, if a column holds it. */
  readonly #timePosition: number | undefined;
  readonly #cells: CellSplitter;
  readonly #needed: number;
  readonly #timestamp: Column;
  readonly #format: DateReader | undefined;
  readonly #missing: Rejection;

  constructor(
    batch: Batch,
    columns: readonly CsvColumn[],
    separator: number,
    format: DateReader | undefined,
  ) {
    this.batch = batch;
    this.#format = format;
    this.#timestamp = batch.column("timestamp");
    this.#timePosition = columns.findLast(({ name }) => name === "timestamp")?.position;
    this.#columns = columns
      .filter(({ name }) => !OWN.has(name))
      .map(({ name, position }) => ({ column: batch.column(name), position }));
    this.#needed = Math.max(...columns.map(({ position }) => position)) + 1;
    this.#cells = new CellSplitter(batch.arena, separator, this.#needed);
    this.#missing = new Rejection("parser_error", `fewer than the ${this.#needed} cells the columns need`);
  }

  read(): void {
    const { batch } = this;
    const cells = this.#cells;
    for (let record = 0; record < batch.records; record++) {
      const start = batch.recordStarts[record] as number;
      const end = batch.recordEnds[record] as number;
      let first = start;
      while (first < end && (batch.arena.bytes[first] as number) <= 32) first++;
      if (first === end || batch.arena.bytes[first] === HASH) {
        batch.dropped++;
        continue;
      }
      const count = cells.split(start, end);
      if (count < this.#needed) {
        batch.rejectRecord(record, count < 0 ? UNCLOSED : this.#missing);
        continue;
      }
      const row = batch.addRow(record);
      for (let index = 0; index < this.#columns.length; index++) {
        const { column, position } = this.#columns[index] as { column: Column; position: number };
        column.setSpan(row, cells.starts[position] as number, cells.ends[position] as number);
      }
      if (this.#timePosition === undefined) batch.setArrival(row);
      else
        this.#time(cells.starts[this.#timePosition] as number, cells.ends[this.#timePosition] as number, row);
    }
  }

  /** A time that cannot be read stays as text, as in the original; validation is the place to refuse it. */
  #time(start: number, end: number, row: number): void {
    const text = this.batch.arena.text(start, end);
    const number = this.#format === undefined ? wholeNumber(text) : this.#format.parse(text);
    if (number === undefined || Number.isNaN(number)) this.#timestamp.setSpan(row, start, end);
    else if (typeof number === "bigint") this.#timestamp.set(row, number);
    else this.#timestamp.setLong(row, number);
  }
}
