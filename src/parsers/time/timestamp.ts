import { z } from "zod";
import type { Batch } from "../../core/batch.ts";
import { type Column, LONG, NULL } from "../../core/column.ts";
import type { Context } from "../../core/context.ts";
import type { FieldValue } from "../../core/message.ts";
import { Rejection } from "../../core/rejection.ts";
import { openDateFormat } from "./date-format.ts";
import { instantReader } from "./instant.ts";
import { zoneName } from "./zone-option.ts";

/** Milliseconds between which a number can only be a time in milliseconds: from March 1973 to the year 5138. */
const LEAST = 1e11;
const MOST = 1e14;
/** A number below this is no time in seconds or parts of them: what it says is a moment near 1970, which is kept. */
const NEAR_1970 = 1e8;
/** What is shown of a value that is no time. */
const SHOWN = 80;

/** The part of a sensor document that says where the time of its messages is, whatever the parser. */
export const timestampConfig = z.strictObject({
  field: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Field of the parsed message that holds its time; what the parser takes for the time when left out.",
    ),
  format: z
    .string()
    .min(1)
    .optional()
    .describe(
      "SimpleDateFormat pattern of that field; without it ISO 8601, and seconds, milliseconds, microseconds or nanoseconds since 1970, told by their size.",
    ),
  zone: zoneName.prefault("UTC").describe("Time zone of times that state none."),
  unreadable: z
    .enum(["reject", "arrival", "keep"])
    .default("reject")
    .describe(
      "What becomes of a message whose time cannot be read: an error record; a message with the time of its arrival and the value in `timestamp_unreadable`; or a message with the value as its time, as in Apache Metron, which is what an import sets.",
    ),
});

export type TimestampConfig = z.output<typeof timestampConfig>;

/** What gives every message a time that a search can use: milliseconds since 1970. */
export type Timestamps = {
  /** Takes the time from the field that the document names; right behind the parser. */
  readonly take: (batch: Batch) => void;
  /** Makes sure of every time when transformations are done, and gives the arrival to messages that have none. */
  readonly settle: (batch: Batch) => void;
};

/** Opens the part of a document; throws CONFIG_INVALID for a wrong pattern. */
export function openTimestamps(config: TimestampConfig, context: Context): Timestamps {
  const { field, format, zone, unreadable } = config;
  const instant = instantReader(zone);
  const pattern =
    format === undefined ? undefined : openDateFormat("format", format, zone, context.clock, false);
  const read = (value: FieldValue): number | undefined => {
    if (pattern === undefined || typeof value !== "string") return instant(value);
    const millis = pattern.parse(value);
    return Number.isNaN(millis) ? undefined : millis;
  };
  const expected =
    format === undefined ? "ISO 8601, or seconds to nanoseconds since 1970" : `the form of \`${format}\``;
  const refuse = (batch: Batch, row: number, name: string, value: FieldValue): void => {
    if (unreadable === "keep") return;
    if (unreadable === "arrival") {
      batch.setArrival(row);
      batch.column("timestamp_unreadable").set(row, value);
      return;
    }
    const rejection = new Rejection(
      "parser_invalid",
      `${name}: ${shown(value)} is no time; expected ${expected}`,
    );
    // Kept as its record, as long as that gave one message: so it can be replayed as it came.
    const record = batch.recordOf[row] as number;
    const isOnly =
      (row === 0 || batch.recordOf[row - 1] !== record) &&
      !(row + 1 < batch.rows && batch.recordOf[row + 1] === record);
    if (!isOnly) batch.reject(row, rejection);
    else {
      batch.live[row] = 0;
      batch.rejectRecord(record, rejection);
    }
  };

  const take = (batch: Batch): void => {
    const name = field ?? "timestamp";
    const column = batch.columns.get(name);
    if (column?.touched !== true) return;
    const timestamp = batch.column("timestamp");
    for (let row = 0; row < batch.rows; row++) {
      if (batch.live[row] === 0 || (column.kinds[row] as number) <= NULL) continue;
      // The arrival that a parser set is no text of the pattern.
      if (field === undefined && batch.timeless[row] === 1) continue;
      const value = column.plain(row) as FieldValue;
      const millis = read(value);
      if (millis === undefined) refuse(batch, row, name, value);
      else {
        timestamp.setLong(row, millis);
        batch.timeless[row] = 0;
      }
    }
  };

  const settle = (batch: Batch): void => {
    const timestamp = batch.column("timestamp");
    for (let row = 0; row < batch.rows; row++) {
      if (batch.live[row] === 0 || isMillis(timestamp, row)) continue;
      if ((timestamp.kinds[row] as number) <= NULL) {
        batch.setArrival(row);
        continue;
      }
      const value = timestamp.plain(row) as FieldValue;
      const millis = isNear1970(value) ? Math.trunc(Number(value)) : instant(value);
      if (millis === undefined) refuse(batch, row, "timestamp", value);
      else timestamp.setLong(row, millis);
    }
  };
  const nothing = (): void => undefined;
  return {
    take: field === undefined && format === undefined ? nothing : take,
    settle: unreadable === "keep" ? nothing : settle,
  };
}

/** Whether a cell holds a number that can only be milliseconds of a time. */
function isMillis(column: Column, row: number): boolean {
  const number = column.numbers[row] as number;
  return column.kinds[row] === LONG && ((number >= LEAST && number < MOST) || number < NEAR_1970);
}

/** Clocks that were never set start in 1970, and are before it in some time zones. */
function isNear1970(value: FieldValue): boolean {
  return (typeof value === "number" || typeof value === "bigint") && value < NEAR_1970 && value > -LEAST;
}

function shown(value: FieldValue): string {
  const text = typeof value === "string" ? value : String(value);
  return `\`${text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text}\``;
}
