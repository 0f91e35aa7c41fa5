import type { Batch } from "../../core/batch.ts";
import type { Column } from "../../core/column.ts";
import { Dictionary } from "../../core/dictionary.ts";
import { Rejection } from "../../core/rejection.ts";
import type { SyslogTime } from "../time/syslog-time.ts";
import { type Part, SyslogLine } from "./header.ts";
import { StructuredData } from "./structured-data.ts";

const LINE_FEED = 10;
const DASH = 45;

/** What becomes of a dash in the header: the field is left out, kept as it is, or null. */
type NilPolicy = "OMIT" | "DASH" | "NULL";

/** What becomes of the program and process at the start of a message in the manner of RFC 3164. */
type ProgramPolicy = "fields" | "split" | "none";

export type SyslogFormat = {
  readonly rfc: 3164 | 5424 | "both";
  readonly nilPolicy: NilPolicy;
  readonly program: ProgramPolicy;
  readonly reading: "current" | "original";
};

const BAD_TIME = "the time of the message is not a date that exists";
const IS_5424 = "it is of RFC 5424; the parser `syslog` reads both kinds";
const BAD_DATA = 'a parameter of the structured data is not of the form name="value"';

/** Reads the records of a batch as syslog; a record may hold several lines, each of which is a message. */
export class SyslogReader {
  readonly batch: Batch;
  readonly #format: SyslogFormat;
  readonly #time: SyslogTime;
  readonly #localNow: () => number;
  readonly #line = new SyslogLine();
  readonly #data: StructuredData;
  readonly #timestamp: Column;
  readonly #numbers: Dictionary;
  readonly #facility: Column;
  readonly #severity: Column;
  readonly #message: Column;
  readonly #header: readonly { readonly part: Part; readonly column: Column }[];

  /** @param localNow the clock of the machine's time zone, in milliseconds since 1970 there. */
  constructor(batch: Batch, format: SyslogFormat, time: SyslogTime, localNow: () => number) {
    this.batch = batch;
    this.#format = format;
    this.#time = time;
    this.#localNow = localNow;
    this.#data = new StructuredData(batch, format.reading === "original");
    this.#timestamp = batch.column("timestamp");
    this.#facility = batch.column("syslog.header.facility");
    this.#severity = batch.column("syslog.header.severity");
    this.#facility.dictionary ??= new Dictionary();
    this.#severity.dictionary ??= this.#facility.dictionary;
    this.#numbers = this.#facility.dictionary;
    this.#message = batch.column("syslog.message");
    const line = this.#line;
    this.#header = (
      [
        [line.pri, "pri"],
        [line.version, "version"],
        [line.time, "timestamp"],
        [line.host, "hostName"],
        [line.app, "appName"],
        [line.process, "procId"],
        [line.id, "msgId"],
      ] as const
    ).map(([part, name]) => ({ part, column: batch.column(`syslog.header.${name}`) }));
  }

  read(): void {
    const { batch } = this;
    for (let record = 0; record < batch.records; record++) {
      const start = batch.recordStarts[record] as number;
      const end = batch.recordEnds[record] as number;
      const lines = this.#record(record, start, end);
      if (lines === 0)
        batch.rejectRecord(record, this.#rejection("the record is blank", start, end, start, end));
    }
  }

  /** Reads all lines of a record and returns how many there were that were not blank. */
  #record(record: number, start: number, end: number): number {
    const { batch } = this;
    const { bytes } = batch.arena;
    let lines = 0;
    let from = start;
    while (from < end) {
      let to = from;
      while (to < end && bytes[to] !== LINE_FEED) to++;
      const next = to + 1;
      if (to > from && bytes[to - 1] === 13) to--;
      // C programs end their messages with NUL.
      while (to > from && bytes[to - 1] === 0) to--;
      let first = from;
      while (first < to && (bytes[first] as number) <= 32) first++;
      if (first < to) {
        lines++;
        const reason = this.#read(record, from, to);
        if (reason !== undefined) batch.rejectRecord(record, this.#rejection(reason, from, to, start, end));
      }
      from = next;
    }
    return lines;
  }

  #rejection(reason: string, from: number, to: number, start: number, end: number): Rejection {
    const { rfc } = this.#format;
    const text = `not syslog${rfc === "both" ? "" : ` of RFC ${rfc}`}: ${reason}`;
    if (from === start && to === end) return new Rejection("parser_error", text);
    return new Rejection("parser_error", text, { raw: this.batch.arena.text(from, to) });
  }

  #read(record: number, from: number, to: number): string | undefined {
    const { batch } = this;
    const { bytes } = batch.arena;
    const line = this.#line;
    const { rfc, reading, program } = this.#format;
    const isOriginal = reading === "original";
    const is5424 = isOriginal ? rfc === 5424 : rfc === 5424 || line.is5424(bytes, from);
    if (is5424 && rfc === 3164) return IS_5424;
    let time: number | undefined;
    if (is5424 || isOriginal) {
      const reason = is5424 ? line.read5424(bytes, from, to) : line.read3164(bytes, from, to);
      if (reason !== undefined) return reason;
      if (isOriginal) time = this.#originalTime(bytes);
      else {
        line.skipMark(bytes);
        time = this.#statedTime(bytes);
      }
    } else {
      const reason = line.readLine(bytes, from, to, this.#time);
      if (reason !== undefined) return reason;
      time = line.time.start < 0 ? undefined : this.#time.millis;
      if (program === "none") line.app.start = line.process.start = -1;
      else if (program === "split") line.message.start = line.contentStart(bytes);
    }
    if (time !== undefined && Number.isNaN(time)) return BAD_TIME;
    const row = batch.addRow(record);
    if (bytes[line.data.start] === 91 && !this.#data.write(line.data.start, line.data.end, row)) {
      batch.reject(row, new Rejection("parser_error", BAD_DATA));
      return undefined;
    }
    if (time === undefined) batch.setArrival(row);
    else this.#timestamp.setLong(row, time);
    for (let index = 0; index < this.#header.length; index++) {
      const { part, column } = this.#header[index] as { part: Part; column: Column };
      if (part.start >= 0) this.#part(part, column, row);
    }
    if (line.priority >= 0) {
      this.#facility.setWord(
        row,
        this.#numbers.code(NUMBERS[line.priority >> 3] ?? String(line.priority >> 3)),
      );
      this.#severity.setWord(row, this.#numbers.code(NUMBERS[line.priority & 7] as string));
    }
    if (line.message.start >= 0 && line.message.start <= line.message.end)
      this.#message.setSpan(row, line.message.start, line.message.end);
    return undefined;
  }

  /** The time of an RFC 5424 line, NaN for none that exists, undefined for the dash. */
  #statedTime(bytes: Uint8Array): number | undefined {
    const { start, end } = this.#line.time;
    if (bytes[start] === DASH && end === start + 1) return undefined;
    return this.#time.scan(bytes, start, end) === end ? this.#time.millis : Number.NaN;
  }

  /** Without a time the original takes the machine's local time in seconds. */
  #originalTime(bytes: Uint8Array): number {
    const { start, end } = this.#line.time;
    const isNil = bytes[start] === DASH && end === start + 1;
    return isNil ? Math.floor(this.#localNow() / 1000) : this.#time.read(bytes, start, end);
  }

  #part(part: Part, column: Column, row: number): void {
    if (part.end - part.start === 1 && this.batch.arena.bytes[part.start] === DASH) {
      const policy = this.#format.nilPolicy;
      if (policy === "OMIT") return;
      if (policy === "NULL") {
        column.setNull(row);
        return;
      }
    }
    column.setSpan(row, part.start, part.end);
  }
}

const NUMBERS = Array.from({ length: 32 }, (_value, number) => String(number));
