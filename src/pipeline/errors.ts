import { isUtf8 } from "node:buffer";
import { hash } from "node:crypto";
import { hostname } from "node:os";
import { Batch, type Rejected } from "../core/batch.ts";
import type { Clock } from "../core/context.ts";
import { Dictionary } from "../core/dictionary.ts";
import { emptyMessage, type FieldValue, type Message } from "../core/message.ts";
import { writeJson } from "../parsers/json/write-json.ts";
import { headingsOf } from "../sources/heading.ts";
import type { Refusal } from "../sources/source.ts";
import { toText } from "../stellar/text.ts";
import { fromMessage } from "../stellar/value.ts";
import { assignGuids } from "./guid.ts";

/** The sensor under which error records are indexed. */
export const ERROR_SENSOR = "error";

const NO_RECORDS = { bytes: new Uint8Array(0), ends: new Uint32Array(0) };

/**
 * Makes the rejections of batches into error records with the original's schema, so that nothing is lost: the raw
 * bytes, the reason, the stage and the sensor. Beyond it: `raw_message_bytes` (base64) when the record is no valid
 * UTF-8, and `failed_topic`, `failed_partition`, `failed_offset`, where the record can be read again, and `raw_message_heading`, the
 * header lines that a line of a Zeek log is read by. Metadata of the raw strategy stand beside these.
 */
export class ErrorRecords {
  readonly batch = new Batch();
  readonly #clock: Clock;
  readonly #words = new Dictionary();
  readonly #host = hostname();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes in the rejections of a batch; they stand in `this.batch` until the next call. */
  collect(
    rejected: Batch,
    sensor: string,
    metadata: (record: number) => readonly (readonly [string, FieldValue])[] = () => [],
  ): Batch {
    const { batch } = this;
    batch.load({ ...NO_RECORDS, arrival: rejected.arrival }, rejected.position);
    const headingOf = headingsOf(rejected.records, (record) => rejected.record(record));
    for (const entry of rejected.rejected) {
      const row = batch.addRow(entry.record);
      if (headingOf !== undefined) this.#word("raw_message_heading", row, headingOf(entry.record));
      for (const [name, value] of metadata(entry.record)) batch.column(name).set(row, value);
      this.#add(rejected, sensor, entry, row);
    }
    assignGuids(batch, ERROR_SENSOR);
    return batch;
  }

  #add(source: Batch, sensor: string, { record, row: failedRow, rejection }: Rejected, row: number): void {
    const { batch } = this;
    this.#word("source.type", row, ERROR_SENSOR);
    this.#word("error_type", row, rejection.type);
    this.#word("failed_sensor_type", row, sensor);
    this.#word("hostname", row, this.#host);
    this.#word("failed_topic", row, source.position.topic);
    batch.column("failed_partition").setInt(row, source.position.partition);
    batch.column("failed_offset").setNumber(row, source.position.offset + record);
    batch.column("timestamp").setLong(row, this.#clock.now());
    batch.column("message").setString(row, rejection.reason);
    if (failedRow !== undefined) this.#message(row, exactMessage(source, failedRow), rejection.fields);
    else if (rejection.raw !== undefined) this.#text(row, rejection.raw);
    else this.#bytes(row, source.record(record));
  }

  #bytes(row: number, bytes: Uint8Array): void {
    const start = this.batch.arena.append(bytes);
    this.batch.column("raw_message").setSpan(row, start, start + bytes.length);
    if (!isUtf8(bytes))
      this.batch.column("raw_message_bytes").setString(row, Buffer.from(bytes).toString("base64"));
    this.batch.column("error_hash").setString(row, hash("sha256", bytes, "hex"));
  }

  #text(row: number, text: string): void {
    this.batch.column("raw_message").setString(row, text);
    this.batch.column("error_hash").setString(row, hash("sha256", text, "hex"));
  }

  /** A message that failed after it was parsed: as JSON, hashed over the fields that failed when these are known. */
  #message(row: number, message: Message, fields: readonly string[] | undefined): void {
    const json = writeJson(message);
    this.batch.column("raw_message").setString(row, json);
    if (fields !== undefined && fields.length > 0) {
      this.batch.column("error_fields").setString(row, fields.join(","));
      const pairs = fields
        .map((field) => `${field}-${toText(fromMessage(message[field] ?? null))}`)
        .join("|");
      this.batch.column("error_hash").setString(row, hash("sha256", pairs, "hex"));
    } else this.batch.column("error_hash").setString(row, hash("sha256", json, "hex"));
  }

  #word(field: string, row: number, word: string): void {
    const column = this.batch.column(field);
    column.dictionary ??= this.#words;
    column.setWord(row, column.dictionary.code(word));
  }
}

/** A message with the types of its numbers: the original's hash and JSON tell 5.0 from 5. */
function exactMessage(batch: Batch, row: number): Message {
  const message = emptyMessage();
  for (const [name, column] of batch.columns) {
    const value = column.touched ? column.value(row) : undefined;
    if (value !== undefined) message[name] = value;
  }
  return message;
}

/** The document of the topic for what sources refuse: its records are error records already. */
export const ERROR_DOCUMENT = `sensor: ${ERROR_SENSOR}\npartitions: 1\nparser: { jsonMap: {} }\n`;

/** What a source refused, as an error record in JSON. Of bytes beyond the first 64 KB only the number is kept. */
export function refusalRecord({ sensor, reason, length, head }: Refusal, now: number): string {
  return JSON.stringify({
    error_type: "parser_error",
    failed_sensor_type: sensor,
    message: reason,
    timestamp: now,
    hostname: hostname(),
    raw_message: Buffer.from(head).toString("utf8"),
    raw_message_bytes: Buffer.from(head).toString("base64"),
    raw_message_length: length,
    error_hash: hash("sha256", head, "hex"),
  });
}
