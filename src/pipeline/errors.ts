import { isUtf8 } from "node:buffer";
import { hash } from "node:crypto";
import { hostname } from "node:os";
import { Batch, type Rejected } from "../core/batch.ts";
import type { Clock } from "../core/context.ts";
import { Dictionary } from "../core/dictionary.ts";
import { headingsOf } from "../core/heading.ts";
import { emptyMessage, type Message } from "../core/message.ts";
import { writeJson } from "../stellar/values/simple-json.ts";
import { toText } from "../stellar/values/text.ts";
import { fromMessage } from "../stellar/values/value.ts";
import { asSent, isOurs } from "./brought.ts";
import { assignGuids } from "./guid.ts";

/** The sensor under which error records are indexed. */
export const ERROR_SENSOR = "error";

/** Fields that say what happened to a record: metadata of the same name are beside them, as what the sender said. */
const OWN_FIELDS = new Set([
  "guid",
  "source.type",
  "timestamp",
  "message",
  "error_type",
  "error_fields",
  "error_hash",
  "hostname",
  "failed_sensor_type",
  "failed_topic",
  "failed_partition",
  "failed_offset",
  "raw_message",
  "raw_message_bytes",
  "raw_message_form",
  "raw_message_heading",
  "raw_message_length",
]);

/** Of an error record whose `raw_message` is a message as JSON and not the record. */
export const MESSAGE_FORM = "message";

/** Bytes of distinct texts (headings of logs) beyond which they are forgotten. */
const MOST_WORDS = 4 << 20;
/** Fields met beyond which the batch of error records is replaced: metadata may bring ever new names. */
const REMEMBERED_FIELDS = 4096;

const NO_RECORDS = { bytes: new Uint8Array(0), ends: new Uint32Array(0) };

/**
 * Makes the rejections of batches into error records with the original's schema, so that nothing is lost: the raw
 * bytes, the reason, the stage and the sensor. Beyond it: `raw_message_bytes` (base64) when the record is no valid
 * UTF-8, and `failed_topic`, `failed_partition`, `failed_offset`, where the record can be read again, and `raw_message_heading`, the
 * header lines that a line of a Zeek log is read by. `raw_message_form` is `message` where `raw_message` is a message that
 * had been parsed. The metadata of the record are beside these.
 */
export class ErrorRecords {
  #batch = new Batch();
  readonly #clock: Clock;
  #words = new Dictionary();
  readonly #host = hostname();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Makes error records of the rejections [from, to) of a batch; they are in the batch returned until the next call.
   * Plain ones hold the record's bytes and the reason, whatever else is known.
   */
  collect(
    rejected: Batch,
    sensor: string,
    { from = 0, to = rejected.rejected.length, isPlain = false } = {},
  ): Batch {
    if (this.#batch.columns.size > REMEMBERED_FIELDS || this.#words.arena.length > MOST_WORDS) {
      this.#batch = new Batch();
      this.#words = new Dictionary();
    }
    const batch = this.#batch;
    batch.load({ ...NO_RECORDS, arrival: rejected.arrival }, rejected.position);
    // The bytes are not needed, but how far the rejections reach is.
    batch.records = rejected.records;
    const headingOf = headingsOf(rejected.records, (record) => rejected.record(record));
    for (const [index, entry] of rejected.rejected.entries()) {
      const row = batch.addRow(entry.record);
      // Those left out keep their rows: the guid of one tells it from the others of its record.
      batch.live[row] = index >= from && index < to ? 1 : 0;
      if (batch.live[row] === 0) continue;
      if (headingOf !== undefined) this.#word("raw_message_heading", row, headingOf(entry.record));
      if (!isPlain) this.#metadata(rejected, entry.record, row);
      this.#add(rejected, sensor, isPlain ? { ...entry, row: undefined } : entry, row);
    }
    assignGuids(batch, ERROR_SENSOR);
    return batch;
  }

  #add(source: Batch, sensor: string, { record, row: failedRow, rejection }: Rejected, row: number): void {
    const batch = this.#batch;
    this.#word("source.type", row, ERROR_SENSOR);
    this.#word("error_type", row, rejection.type);
    this.#word("failed_sensor_type", row, sensor);
    this.#word("hostname", row, this.#host);
    this.#word("failed_topic", row, source.position.topic);
    batch.column("failed_partition").setInt(row, source.position.partition);
    batch.column("failed_offset").setNumber(row, source.position.offset + record);
    batch.column("timestamp").setLong(row, this.#clock.now());
    batch.column("message").setString(row, rejection.reason);
    if (failedRow !== undefined) {
      this.#message(row, exactMessage(source, failedRow), rejection.fields);
      this.#word("raw_message_form", row, MESSAGE_FORM);
      // The text of a message does not tell which bytes it was read from.
      this.#oddBytes(row, source.record(record));
    } else if (rejection.raw !== undefined) this.#text(row, rejection.raw);
    else this.#bytes(row, source.record(record));
  }

  /** What came with the record besides its bytes. */
  #metadata(source: Batch, record: number, row: number): void {
    for (const [name, column] of source.metadata) {
      const value = column.touched ? column.value(record) : undefined;
      if (value === undefined) continue;
      const isTaken = OWN_FIELDS.has(name) || isOurs(name);
      this.#batch.column(isTaken ? asSent(name) : name).set(row, value);
    }
  }

  #bytes(row: number, bytes: Uint8Array): void {
    const start = this.#batch.arena.append(bytes);
    this.#batch.column("raw_message").setSpan(row, start, start + bytes.length);
    this.#oddBytes(row, bytes);
    this.#batch.column("error_hash").setString(row, hash("sha256", bytes, "hex"));
  }

  #oddBytes(row: number, bytes: Uint8Array): void {
    if (!isUtf8(bytes))
      this.#batch.column("raw_message_bytes").setString(row, Buffer.from(bytes).toString("base64"));
  }

  #text(row: number, text: string): void {
    this.#batch.column("raw_message").setString(row, text);
    this.#batch.column("error_hash").setString(row, hash("sha256", text, "hex"));
  }

  /** A message that failed after it was parsed: as JSON, hashed over the fields that failed when these are known. */
  #message(row: number, message: Message, fields: readonly string[] | undefined): void {
    const json = writeJson(message);
    this.#batch.column("raw_message").setString(row, json);
    if (fields !== undefined && fields.length > 0) {
      this.#batch.column("error_fields").setString(row, fields.join(","));
      const pairs = fields
        .map((field) => `${field}-${toText(fromMessage(message[field] ?? null))}`)
        .join("|");
      this.#batch.column("error_hash").setString(row, hash("sha256", pairs, "hex"));
    } else this.#batch.column("error_hash").setString(row, hash("sha256", json, "hex"));
  }

  #word(field: string, row: number, word: string): void {
    const column = this.#batch.column(field);
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
