import type { Batch } from "../../core/batch.ts";
import { type Column, DOUBLE, INT, LONG, SPAN, VALUE } from "../../core/column.ts";
import { Dictionary } from "../../core/dictionary.ts";
import type { FieldValue } from "../../core/message.ts";
import { RecordScanner } from "../json/record-scanner.ts";
import { readIso } from "../time/iso.ts";
import { ADDRESSES, place, SLOTS, slotOf } from "./fields.ts";
import { formatSeconds } from "./seconds.ts";

const TS = slotOf("ts");
const PATH = slotOf("_path");
const STREAM = slotOf("@stream");
const TYPE = slotOf("type");

type Address = {
  readonly origins: readonly number[];
  readonly list: number;
  readonly column: Column;
  /** Columns of the origins under their own names, for those that were not used. */
  readonly own: readonly string[];
};

/** Turns what the scanner found of one Zeek record into Metron's fields. */
export class BroWriter {
  readonly scanner: RecordScanner;
  readonly batch: Batch;
  readonly #addresses: readonly Address[];
  readonly #timestamp: Column;
  readonly #broTimestamp: Column;
  readonly #protocol: Column;
  readonly #words: Dictionary;

  /** @param maps what becomes of a map among the record's own keys: it is the payload, or a field like any other. */
  constructor(batch: Batch, maps: "payload" | "fields") {
    this.batch = batch;
    const layout =
      maps === "payload" ? place : (path: readonly string[]) => ({ ...place(path), nested: "keep" as const });
    this.scanner = new RecordScanner(batch, { place: layout, slots: SLOTS.length, missingCommas: true });
    this.#timestamp = batch.column("timestamp");
    this.#broTimestamp = batch.column("bro_timestamp");
    this.#protocol = batch.column("protocol");
    this.#protocol.dictionary ??= new Dictionary();
    this.#words = this.#protocol.dictionary;
    this.#addresses = ADDRESSES.map(({ field, origins, list }) => ({
      origins: origins.map(slotOf),
      list: list === undefined ? -1 : slotOf(list),
      column: batch.column(field),
      own: [...origins, ...(list === undefined ? [] : [list])],
    }));
  }

  /** Finishes a row whose log type is known by name. Answers what is wrong with it, or undefined. */
  finishNamed(type: string, row: number): string | undefined {
    const reason = this.#finish(row);
    if (reason === undefined) this.#protocol.setWord(row, this.#words.code(type));
    return reason;
  }

  /** Finishes a row that names its log type by one of its own keys, or is of `logType`. */
  finishPlain(logType: string | undefined, row: number): string | undefined {
    const { slotKinds, slotStarts, slotEnds } = this.scanner;
    const named = slotKinds[PATH] === SPAN ? PATH : slotKinds[STREAM] === SPAN ? STREAM : TYPE;
    const start = slotStarts[named] as number;
    const end = slotEnds[named] as number;
    if (slotKinds[named] !== SPAN && logType === undefined) {
      return "the record does not name its log type: neither one map under the type, nor _path, nor type";
    }
    const reason = this.#finish(row);
    if (reason !== undefined) return reason;
    if (slotKinds[named] === SPAN) this.#protocol.setSpan(row, start, end);
    else this.#protocol.setWord(row, this.#words.code(logType as string));
    if (slotKinds[TYPE] !== 0) this.#writeOwn(TYPE, "type", row);
    if (slotKinds[STREAM] !== 0 && named !== STREAM) this.#writeOwn(STREAM, "stream", row);
    if (slotKinds[PATH] !== 0 && named !== PATH) this.#writeOwn(PATH, "_path", row);
    return undefined;
  }

  /** Whether the record read last says its type by a key of its own. */
  get namesType(): boolean {
    const kinds = this.scanner.slotKinds;
    return kinds[PATH] === SPAN || kinds[STREAM] === SPAN || kinds[TYPE] === SPAN;
  }

  #finish(row: number): string | undefined {
    // The time first: it may fail, and nothing else writes a cell that would have to be taken back.
    const reason = this.#writeTime(row);
    if (reason !== undefined) return reason;
    const addresses = this.#addresses;
    for (let index = 0; index < addresses.length; index++)
      this.#writeAddress(addresses[index] as Address, row);
    return undefined;
  }

  #writeAddress(address: Address, row: number): void {
    const kinds = this.scanner.slotKinds;
    const { origins, list } = address;
    let used = false;
    for (let index = 0; index < origins.length; index++) {
      const slot = origins[index] as number;
      if (kinds[slot] === 0) continue;
      if (used) this.#writeOwn(slot, address.own[index] as string, row);
      else this.scanner.writeSlot(slot, address.column, row);
      used = true;
    }
    if (list < 0 || kinds[list] === 0) return;
    // A list of hosts is looked at, and gone, only when nothing better named the address.
    if (used) this.#writeOwn(list, address.own[origins.length] as string, row);
    else if (kinds[list] === VALUE) {
      const hosts = this.scanner.slotObjects[list];
      if (Array.isArray(hosts) && hosts.length > 0) address.column.set(row, hosts[0] as FieldValue);
    }
  }

  #writeOwn(slot: number, name: string, row: number): void {
    this.scanner.writeSlot(slot, this.batch.column(name), row);
  }

  #writeTime(row: number): string | undefined {
    const { scanner } = this;
    const kind = scanner.slotKinds[TS];
    if (kind === 0) return undefined;
    const start = scanner.slotStarts[TS] as number;
    const end = scanner.slotEnds[TS] as number;
    let seconds = scanner.slotNumbers[TS] as number;
    if (kind === SPAN) {
      const time = readIso(this.batch.arena.bytes, start, end);
      if (time !== undefined) {
        this.#writeMillis(row, time.millis);
        const whole = Math.floor(time.millis / 1000);
        const fraction = String(time.nanos)
          .padStart(9, "0")
          .slice(0, 6)
          .replace(/0{1,5}$/, "");
        const at = this.batch.arena.appendText(`${whole}.${fraction}`);
        scanner.refresh();
        this.#broTimestamp.setSpan(row, at, this.batch.arena.length);
        return undefined;
      }
      const text = this.batch.arena.text(start, end).trim();
      seconds = text === "" ? Number.NaN : Number(text);
    } else if (kind !== DOUBLE && kind !== INT && kind !== LONG) seconds = Number.NaN;
    if (!Number.isFinite(seconds)) return "ts is neither seconds nor an ISO time";
    this.#writeMillis(row, Math.trunc(seconds * 1000));
    const text = formatSeconds(this.batch.arena, seconds, start, end);
    scanner.refresh();
    this.#broTimestamp.setSpan(row, text.start, text.end);
    return undefined;
  }

  #writeMillis(row: number, millis: number): void {
    this.#timestamp.setLong(row, millis);
  }
}
