import type { Batch } from "../../core/batch.ts";
import { ABSENT, type Column } from "../../core/column.ts";
import type { Context } from "../../core/context.ts";
import { parseIpv4, parseIpv6Into } from "../../core/ip.ts";
import { ipProtocolName } from "../../core/ip-protocol.ts";
import { emptyMessage, type FieldValue } from "../../core/message.ts";
import { Rejection } from "../../core/rejection.ts";
import { encodeText } from "../../core/text.ts";
import { SyslogPrefix } from "../cef/header.ts";
import { EventTime } from "./event-time.ts";
import { type Key, KeyTable } from "./key-table.ts";
import { type PairOptions, PairScanner } from "./pair-scanner.ts";

export type ReaderOptions = PairOptions & {
  readonly skipTo: string | undefined;
  readonly renames: ReadonlyMap<string, string>;
  readonly usualNames: boolean;
  readonly zone: string;
};

/** Field for words that are between the pairs, and for keys beyond the most that are kept apart. */
const WORDS = "text";
const OVERFLOW = "more_fields";
/** The record itself is the original, and the message has a time of its own. */
const RESERVED = new Set(["original_string", "timestamp"]);
/** `192.0.2.4:50112:X0`, as SonicWall writes an address with its port and interface. */
const WITH_PORT = /^(\d+\.\d+\.\d+\.\d+):(\d{1,5})(?::([\w.-]*).*)?$/;
const LAYERED = /^(tcp|udp|icmp)\/(.+)$/i;
/** What a rule of netfilter puts before the pairs, behind the kernel's name and clock. */
const KERNEL = /\bkernel: *(?:\[ *\d+\.\d+\] *)?(?!\[ *\d+\.\d+\])(\S.*?)[ :]*$/;
const ESCAPES = /\\([\\"'])/g;
const DECIMAL = /^-?\d{1,15}\.\d{1,15}$/;
/** Digits that a plain number holds exactly; longer ones become big integers. */
const EXACT = 15;
const LONGEST = 19;
const NO_PAIR = new Rejection("parser_error", 'no pair of key and value: expected key=value or key:"value"');
const words = new Uint32Array(4);

/** Reads the pairs of the records of a batch into its columns. */
export class KeyValueReader {
  readonly batch: Batch;
  readonly #options: ReaderOptions;
  readonly #scanner: PairScanner;
  readonly #keys: KeyTable;
  readonly #time: EventTime;
  readonly #prefix: SyslogPrefix;
  readonly #skipTo: Uint8Array | undefined;
  readonly #timestamp: Column;
  readonly #host: Column;
  /** Columns of the cells that were written for the row, to take them back. */
  readonly #written: Column[] = [];
  #overflow: Record<string, FieldValue> | undefined;

  constructor(batch: Batch, options: ReaderOptions, context: Context) {
    this.batch = batch;
    this.#options = options;
    this.#scanner = new PairScanner(options);
    this.#time = new EventTime(options.zone);
    this.#keys = new KeyTable(batch, options.renames, options.usualNames, (key) => this.#time.roleOf(key));
    this.#prefix = new SyslogPrefix(options.zone, context);
    this.#timestamp = batch.column("timestamp");
    this.#host = batch.column("host");
    this.#skipTo = options.skipTo === undefined ? undefined : encodeText(options.skipTo);
  }

  read(): void {
    const { batch } = this;
    for (let record = 0; record < batch.records; record++) {
      const rejection = this.#record(record);
      if (rejection === undefined) batch.addRow(record);
      else {
        for (const column of this.#written) column.clear(batch.rows);
        batch.rejectRecord(record, rejection);
      }
    }
  }

  /** Reads a record into the next row; a rejection says why it cannot be read. */
  #record(record: number): Rejection | undefined {
    const { batch } = this;
    const scanner = this.#scanner;
    const start = batch.recordStarts[record] as number;
    const end = batch.recordEnds[record] as number;
    const from = this.#skip(start, end);
    if (from < 0) return new Rejection("parser_error", `the record does not hold "${this.#options.skipTo}"`);
    this.#written.length = 0;
    this.#overflow = undefined;
    this.#time.begin();
    scanner.bytes = batch.arena.bytes;
    let found = scanner.open(from, end);
    if (!found && scanner.openQuote < 0) return NO_PAIR;
    const { first } = scanner;
    for (let index = 0; found; index++) {
      this.#pair(index);
      scanner.bytes = batch.arena.bytes;
      found = scanner.next();
    }
    if (scanner.openQuote >= 0)
      return new Rejection("parser_error", `the quote at byte ${scanner.openQuote - start} is never closed`);
    if (this.#overflow !== undefined) this.#take(batch.column(OVERFLOW)).setValue(batch.rows, this.#overflow);
    return this.#finish(start, first);
  }

  #skip(start: number, end: number): number {
    const skip = this.#skipTo;
    if (skip === undefined) return start;
    const at = Buffer.from(this.batch.arena.bytes.buffer, start, end - start).indexOf(skip);
    return at < 0 ? -1 : start + at + skip.length;
  }

  /** The time and host of the record, which may be in its header, before the first pair. */
  #finish(start: number, first: number): Rejection | undefined {
    const { arena, rows } = this.batch;
    let time = this.#time.read(arena);
    if (typeof time === "string") return new Rejection("parser_error", time);
    // A priority alone, `<189>`, tells neither.
    if (first - start > 6) {
      const text = arena.text(start, Math.min(first, start + 300));
      const header = this.#prefix.read(text);
      time ??= header.time;
      // A word without a time before it may be anything.
      const isHeader = header.host !== undefined && header.time !== undefined;
      if (isHeader && this.#host.kinds[rows] === ABSENT)
        this.#take(this.#host).setString(rows, header.host as string);
      const prefix = KERNEL.exec(text)?.[1];
      if (prefix !== undefined) this.#take(this.batch.column("log_prefix")).setString(rows, prefix);
    }
    if (time === undefined) this.batch.setArrival(rows);
    else this.#timestamp.setLong(rows, time);
    return undefined;
  }

  #pair(index: number): void {
    const { batch } = this;
    const scanner = this.#scanner;
    if (scanner.wordsEnd > scanner.wordsStart) this.#words(scanner.wordsStart, scanner.wordsEnd);
    if (scanner.keyEnd === scanner.keyStart) return;
    const { valueStart: start, valueEnd: end } = scanner;
    if (start >= end) return;
    const key = this.#keys.find(batch.arena.bytes, scanner.keyStart, scanner.keyEnd, index);
    if (key === undefined) {
      this.#overflow ??= emptyMessage();
      this.#overflow[batch.arena.text(scanner.keyStart, scanner.keyEnd)] ??= batch.arena.text(start, end);
      return;
    }
    if (key.role >= 0) this.#time.note(key.role, start, end);
    const row = batch.rows;
    const { column, own } = key;
    // The first of several values counts: later ones may be in text that the watched have chosen.
    if (column.kinds[row] === ABSENT && this.#write(key, row, start, end)) return;
    if (own.kinds[row] === ABSENT && !RESERVED.has(key.name)) this.#plain(this.#take(own), row, start, end);
  }

  /** Writes a value where its key belongs; false when it does not fit there. */
  #write(key: Key, row: number, start: number, end: number): boolean {
    const { bytes } = this.batch.arena;
    const { column } = key;
    switch (key.target.kind) {
      case "address":
        if (parseIpv4(bytes, start, end) < 0 && !parseIpv6Into(bytes, start, end, words, 0))
          return this.#withPort(column, row, start, end);
        this.#take(column).setSpan(row, start, end);
        return true;
      case "number": {
        const number = integerAt(bytes, start, end);
        if (Number.isNaN(number)) return false;
        this.#take(column).setNumber(row, number);
        return true;
      }
      case "protocol":
        return this.#protocol(column, row, start, end);
      case "service":
        this.#portOf(row, start, end);
        this.#plain(this.#take(column), row, start, end);
        return true;
      default:
        if (RESERVED.has(key.target.field)) return false;
        this.#plain(this.#take(column), row, start, end);
        return true;
    }
  }

  #withPort(column: Column, row: number, start: number, end: number): boolean {
    const parts = WITH_PORT.exec(this.batch.arena.text(start, Math.min(end, start + 100)));
    if (parts === null) return false;
    const [, address, port, place] = parts as unknown as [string, string, string, string?];
    this.#take(column).setString(row, address);
    const side = column.name === "ip_dst_addr" ? "dst" : "src";
    const portColumn = this.batch.column(`ip_${side}_port`);
    if (portColumn.kinds[row] === ABSENT) this.#take(portColumn).setInt(row, Number(port));
    if (place) this.#take(this.batch.column(`${side}_interface`)).setString(row, place);
    return true;
  }

  /** Check Point names a service by its port. */
  #portOf(row: number, start: number, end: number): void {
    const number = end - start > 5 ? Number.NaN : integerAt(this.batch.arena.bytes, start, end);
    const port = this.batch.column("ip_dst_port");
    if (!Number.isNaN(number) && port.kinds[row] === ABSENT) this.#take(port).setInt(row, number);
  }

  #protocol(column: Column, row: number, start: number, end: number): boolean {
    const { bytes } = this.batch.arena;
    const number = end - start > 3 ? Number.NaN : integerAt(bytes, start, end);
    const name = Number.isNaN(number) ? undefined : ipProtocolName(number);
    if (name !== undefined && name !== "") {
      this.#take(column).setString(row, name);
      return true;
    }
    const layers = LAYERED.exec(this.batch.arena.text(start, Math.min(end, start + 100)));
    if (layers === null) {
      this.#plain(this.#take(column), row, start, end);
      return true;
    }
    const [, protocol, service] = layers as unknown as [string, string, string];
    this.#take(column).setString(row, protocol);
    const services = this.batch.column("service");
    if (services.kinds[row] === ABSENT) this.#take(services).setString(row, service);
    return true;
  }

  /** Writes a value as it is: text in quotes is text, other digits are a number. */
  #plain(column: Column, row: number, start: number, end: number): void {
    const scanner = this.#scanner;
    const { arena } = this.batch;
    if (scanner.isEscaped) {
      const text = this.#unescaped(arena.text(start, end));
      const from = arena.appendText(text);
      column.setSpan(row, from, arena.length);
      return;
    }
    const first = arena.bytes[start] as number;
    if (!scanner.isQuoted && ((first >= 48 && first <= 57) || first === 45) && end - start <= 2 * EXACT) {
      const number = integerAt(arena.bytes, start, end);
      if (!Number.isNaN(number)) {
        column.setNumber(row, number);
        return;
      }
      const points = pointsIn(arena.bytes, start, end);
      if (points === 0 && end - start > EXACT && end - start <= LONGEST && first > 48) {
        column.set(row, BigInt(arena.text(start, end)));
        return;
      }
      const text = points === 1 ? arena.text(start, end) : "";
      if (DECIMAL.test(text)) {
        column.setDouble(row, Number(text));
        return;
      }
    }
    column.setSpan(row, start, end);
  }

  #unescaped(text: string): string {
    const quote = this.#scanner.quote === 39 ? "'" : '"';
    const single = text.replaceAll(quote + quote, quote);
    return this.#options.backslash ? single.replace(ESCAPES, "$1") : single;
  }

  #words(start: number, end: number): void {
    const column = this.batch.column(WORDS);
    if (column.kinds[this.batch.rows] === ABSENT) this.#take(column).setSpan(this.batch.rows, start, end);
  }

  /** The column, noted as written. */
  #take(column: Column): Column {
    this.#written.push(column);
    return column;
  }
}

/** How many full stops are among the digits of bytes[start, end); -1 when other characters are. */
function pointsIn(bytes: Uint8Array, start: number, end: number): number {
  let points = 0;
  for (let at = bytes[start] === 45 ? start + 1 : start; at < end; at++) {
    if (bytes[at] === 46) points++;
    else if (((bytes[at] as number) ^ 48) >>> 0 > 9) return -1;
  }
  return points;
}

/** The whole number that bytes[start, end) spell without leading zeros, or NaN. */
function integerAt(bytes: Uint8Array, start: number, end: number): number {
  const from = bytes[start] === 45 ? start + 1 : start;
  const length = end - from;
  if (length < 1 || length > EXACT || (bytes[from] === 48 && (length > 1 || from > start))) return Number.NaN;
  let number = 0;
  for (let at = from; at < end; at++) {
    const digit = ((bytes[at] as number) ^ 48) >>> 0;
    if (digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return from > start ? -number : number;
}
