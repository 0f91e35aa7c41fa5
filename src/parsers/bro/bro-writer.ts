import type { Batch } from "../../core/batch.ts";
import { ABSENT, type Column, DOUBLE, INT, LONG, NULL, SPAN, VALUE } from "../../core/column.ts";
import { Dictionary } from "../../core/dictionary.ts";
import type { FieldValue } from "../../core/message.ts";
import { RecordScanner } from "../json/record-scanner.ts";
import { readIso } from "../time/iso.ts";
import { ADDRESSES, place, SLOTS, slotOf } from "./fields.ts";
import { LogTypes } from "./log-type.ts";
import { appendIsoSeconds, formatSeconds, secondsText } from "./seconds.ts";

const TS = slotOf("ts");
const PATH = slotOf("_path");
const STREAM = slotOf("@stream");
const TYPE = slotOf("type");
const CONNECTION = [
  [slotOf("id.orig_h"), slotOf("id.resp_h")],
  [slotOf("id_orig_h"), slotOf("id_resp_h")],
] as const;
const TYPE_BITS = (1 << PATH) | (1 << STREAM) | (1 << TYPE);

const DIGITS = /^-?\d{1,20}(?:\.\d+)?$/;
/** No time in seconds is this large before the year 5138; Zeek can be told to write milliseconds. */
const MILLIS = 1e11;
const MICROS = 1e14;
const NANOS = 1e17;

const BAD_TIME = "ts is neither seconds or milliseconds since 1970 nor an ISO time";
const NO_TYPE =
  "the record does not name its log type (neither one map under the type, nor _path, nor type), and its fields are those of no log of Zeek; logType in the sensor's document says it for all records";

/** What to do with the slots of a record that has these and no others. */
type Plan = {
  readonly bits: number;
  readonly moves: readonly { readonly slot: number; readonly column: Column }[];
  /** Lists of hosts whose first one is the address. */
  readonly lists: readonly { readonly slot: number; readonly column: Column }[];
};

/** Turns what the scanner found of one Zeek record into Metron's fields. */
export class BroWriter {
  readonly scanner: RecordScanner;
  readonly batch: Batch;
  readonly #timestamp: Column;
  readonly #broTimestamp: Column;
  readonly #protocol: Column;
  readonly #words: Dictionary;
  readonly #plans = new Map<number, Plan>();
  /** For records that do not name their log; made when the first comes. */
  #logTypes: LogTypes | undefined;
  #plan: Plan = { bits: 0, moves: [], lists: [] };

  /** @param maps what becomes of a map among the record's own keys: it is the payload, or a field like any other. */
  constructor(batch: Batch, maps: "payload" | "fields") {
    this.batch = batch;
    this.scanner = new RecordScanner(batch, {
      place: maps === "payload" ? place : (path) => ({ ...place(path), nested: "keep" }),
      slots: SLOTS.length,
      missingCommas: true,
    });
    this.#timestamp = batch.column("timestamp");
    this.#broTimestamp = batch.column("bro_timestamp");
    this.#protocol = batch.column("protocol");
    this.#protocol.dictionary ??= new Dictionary();
    this.#words = this.#protocol.dictionary;
  }

  /** Finishes a row whose log type is known by name. Answers what is wrong with it, or undefined. */
  finishNamed(type: string, row: number): string | undefined {
    const reason = this.#finish(row);
    if (reason === undefined) this.#protocol.setWord(row, this.#words.code(type));
    return reason;
  }

  /** Finishes a row that names its log type by one of its own keys, or is of `logType`. */
  finishPlain(logType: string | undefined, row: number): string | undefined {
    const { scanner } = this;
    const named = this.#typeSlot();
    const type = named < 0 ? (logType ?? this.#typeByFields(row)) : undefined;
    if (named < 0 && type === undefined) return NO_TYPE;
    const reason = this.#finish(row);
    if (reason !== undefined) return reason;
    if (type !== undefined) this.#protocol.setWord(row, this.#words.code(type));
    else scanner.writeSlot(named, this.#protocol, row);
    // The key that named the type is gone, except `type`, which the original leaves.
    if ((scanner.filled & TYPE_BITS & ~(named === PATH ? 1 << PATH : 0)) === 0) return undefined;
    for (const [slot, name] of [
      [PATH, "_path"],
      [STREAM, "stream"],
      [TYPE, "type"],
    ] as const) {
      if (scanner.slotKinds[slot] !== 0 && (slot !== named || slot === TYPE)) {
        scanner.writeSlot(slot, this.batch.column(name), row);
      }
    }
    return undefined;
  }

  /** Whether the record read last says its type by a key of its own. */
  get namesType(): boolean {
    return this.#typeSlot() >= 0;
  }

  #typeByFields(row: number): string | undefined {
    if (this.scanner.slotKinds[TS] === ABSENT) return undefined;
    this.#logTypes ??= new LogTypes(this.batch);
    const type = this.#logTypes.of(row, this.scanner.rootCount);
    // Of a connection without a field of its own nothing more is known; its addresses are worth a message.
    return type ?? (this.#isConnection(row) ? "zeek" : undefined);
  }

  #isConnection(row: number): boolean {
    const kinds = this.scanner.slotKinds;
    const uid = this.batch.columns.get("uid");
    if (uid === undefined || uid.kinds[row] === ABSENT) return false;
    return CONNECTION.some(([from, to]) => kinds[from] !== ABSENT && kinds[to] !== ABSENT);
  }

  #typeSlot(): number {
    const kinds = this.scanner.slotKinds;
    if (kinds[PATH] === SPAN) return PATH;
    if (kinds[STREAM] === SPAN) return STREAM;
    return kinds[TYPE] === SPAN ? TYPE : -1;
  }

  #finish(row: number): string | undefined {
    const { scanner } = this;
    if (this.#plan.bits !== scanner.filled) this.#plan = this.#planFor(scanner.filled);
    const { moves, lists } = this.#plan;
    // What may fail comes first: no cell that is written must be taken back.
    for (let index = 0; index < lists.length; index++) {
      const { slot } = lists[index] as Plan["lists"][number];
      const kind = scanner.slotKinds[slot];
      if (kind !== ABSENT && kind !== NULL && (kind !== VALUE || !Array.isArray(scanner.slotObjects[slot])))
        return `${SLOTS[slot]} is no list of hosts`;
    }
    const reason = this.#writeTime(row);
    if (reason !== undefined) return reason;
    for (let index = 0; index < moves.length; index++) {
      const move = moves[index] as Plan["moves"][number];
      scanner.writeSlot(move.slot, move.column, row);
    }
    for (let index = 0; index < lists.length; index++) {
      const { slot, column } = lists[index] as Plan["lists"][number];
      const hosts = scanner.slotKinds[slot] === VALUE ? scanner.slotObjects[slot] : undefined;
      if (Array.isArray(hosts) && hosts.length > 0) column.set(row, hosts[0] as FieldValue);
    }
    return undefined;
  }

  #planFor(bits: number): Plan {
    let plan = this.#plans.get(bits);
    if (plan !== undefined) return plan;
    const moves: Plan["moves"][number][] = [];
    const lists: Plan["lists"][number][] = [];
    for (const { field, origins, list } of ADDRESSES) {
      let used = false;
      for (const origin of origins) {
        if ((bits & (1 << slotOf(origin))) === 0) continue;
        // The first origin there is becomes the address; others stay under their own names.
        moves.push({ slot: slotOf(origin), column: this.batch.column(used ? origin : field) });
        used = true;
      }
      if (list === undefined || (bits & (1 << slotOf(list))) === 0) continue;
      // A list of hosts is looked at, and gone, only when nothing better named the address.
      if (used) moves.push({ slot: slotOf(list), column: this.batch.column(list) });
      else lists.push({ slot: slotOf(list), column: this.batch.column(field) });
    }
    plan = { bits, moves, lists };
    this.#plans.set(bits, plan);
    return plan;
  }

  #writeTime(row: number): string | undefined {
    const { scanner } = this;
    const { arena } = this.batch;
    const kind = scanner.slotKinds[TS];
    if (kind === 0) return undefined;
    const start = scanner.slotStarts[TS] as number;
    const end = scanner.slotEnds[TS] as number;
    let seconds = scanner.slotNumbers[TS] as number;
    if (kind === SPAN) {
      const time = readIso(arena.bytes, start, end);
      if (time !== undefined) {
        this.#timestamp.setLong(row, time.millis);
        const at = appendIsoSeconds(arena, time);
        this.#broTimestamp.setSpan(row, at, arena.length);
        scanner.refresh();
        return undefined;
      }
      const text = arena.text(start, Math.min(end, start + 40));
      seconds = DIGITS.test(text) ? Number(text) : Number.NaN;
    } else if (kind === VALUE) {
      const value = scanner.slotObjects[TS];
      seconds = typeof value === "bigint" ? Number(value) : Number.NaN;
    } else if (kind !== DOUBLE && kind !== INT && kind !== LONG) seconds = Number.NaN;
    const isFiner = Math.abs(seconds) >= MILLIS;
    const millis = isFiner ? millisOf(seconds) : Math.trunc(seconds * 1000);
    if (!Number.isSafeInteger(millis)) return BAD_TIME;
    this.#timestamp.setLong(row, millis);
    if (isFiner) {
      const at = arena.appendText(secondsText(millis / 1000));
      this.#broTimestamp.setSpan(row, at, arena.length);
    } else {
      const text = formatSeconds(arena, seconds, start, end);
      this.#broTimestamp.setSpan(row, text.start, text.end);
    }
    scanner.refresh();
    return undefined;
  }
}

/** Epoch milliseconds of a number that is too large for seconds, by its size. */
function millisOf(number: number): number {
  const size = Math.abs(number);
  return Math.trunc(size < MICROS ? number : size < NANOS ? number / 1000 : number / 1_000_000);
}
