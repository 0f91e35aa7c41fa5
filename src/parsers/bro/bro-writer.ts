import type { Batch } from "../../core/batch.ts";
import { ABSENT, type Column, DOUBLE, INT, LONG, NULL, SPAN, VALUE } from "../../core/column.ts";
import { Dictionary } from "../../core/dictionary.ts";
import type { FieldValue } from "../../core/message.ts";
import { RecordScanner } from "../json/record-scanner.ts";
import { readIso } from "../time/iso.ts";
import { ADDRESSES, place, SLOTS, slotOf } from "./fields.ts";
import { appendIsoSeconds, formatSeconds } from "./seconds.ts";

const TS = slotOf("ts");
const PATH = slotOf("_path");
const STREAM = slotOf("@stream");
const TYPE = slotOf("type");
const TYPE_BITS = (1 << PATH) | (1 << STREAM) | (1 << TYPE);

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
    if (named < 0 && logType === undefined) {
      return "the record does not name its log type: neither one map under the type, nor _path, nor type; logType in the sensor's document says it for all records";
    }
    const reason = this.#finish(row);
    if (reason !== undefined) return reason;
    if (named < 0) this.#protocol.setWord(row, this.#words.code(logType as string));
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
    }
    if (kind !== DOUBLE && kind !== INT && kind !== LONG) seconds = Number.NaN;
    const millis = Math.trunc(seconds * 1000);
    if (!Number.isSafeInteger(millis)) return "ts is neither seconds nor an ISO time";
    this.#timestamp.setLong(row, millis);
    const text = formatSeconds(arena, seconds, start, end);
    this.#broTimestamp.setSpan(row, text.start, text.end);
    scanner.refresh();
    return undefined;
  }
}
