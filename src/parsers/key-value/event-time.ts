import type { Arena } from "../../core/arena.ts";
import { instantReader } from "../time/instant.ts";
import { readIso } from "../time/iso.ts";
import { LocalTime } from "../time/local-time.ts";

/** Keys that hold the time, the best first. `date` and `time` belong together, with `tz` for the zone. */
const NAMES = ["eventtime", "date", "time", "tz", "timestamp", "@timestamp", "datetime", "event_time"];
const EVENT_TIME = NAMES.indexOf("eventtime");
const DATE = NAMES.indexOf("date");
const TIME = NAMES.indexOf("time");
const ZONE = NAMES.indexOf("tz");
const ALONE = ["eventtime", "timestamp", "@timestamp", "datetime", "event_time", "time"].map((name) =>
  NAMES.indexOf(name),
);
const ALIASES: Readonly<Record<string, string>> = { timezone: "tz", time_zone: "tz" };

/** Collects the values of a record that tell its time, and reads them. */
export class EventTime {
  readonly #starts = new Float64Array(NAMES.length);
  readonly #ends = new Float64Array(NAMES.length);
  readonly #instant: (value: unknown) => number | undefined;
  readonly #local: LocalTime;
  readonly #scratch = new Uint8Array(40);

  constructor(zone: string) {
    this.#instant = instantReader(zone);
    this.#local = new LocalTime(zone);
  }

  /** Which value of interest the key is, or -1. */
  roleOf(key: string): number {
    const name = key.toLowerCase();
    return NAMES.indexOf(ALIASES[name] ?? name);
  }

  /** Begins a record. */
  begin(): void {
    this.#starts.fill(-1);
  }

  /** Notes where the value of a role is; the first of several counts. */
  note(role: number, start: number, end: number): void {
    if ((this.#starts[role] as number) >= 0) return;
    this.#starts[role] = start;
    this.#ends[role] = end;
  }

  /** Epoch milliseconds; undefined when the record tells no time, and a text when that text is no time. */
  read(arena: Arena): number | string | undefined {
    const exact = this.#epoch(arena);
    if (exact !== undefined) return exact;
    if ((this.#starts[DATE] as number) >= 0 && (this.#starts[TIME] as number) >= 0) return this.#pair(arena);
    for (const role of ALONE) {
      const text = this.#text(arena, role);
      const time = text === undefined ? undefined : this.#instant(text);
      if (time !== undefined) return time;
    }
    return undefined;
  }

  /** `eventtime=1795946400123456789`, by its digits: ten of seconds, and three more for each finer unit. */
  #epoch(arena: Arena): number | undefined {
    const start = this.#starts[EVENT_TIME] as number;
    const length = (this.#ends[EVENT_TIME] as number) - start;
    if (start < 0 || (length !== 10 && length !== 13 && length !== 16 && length !== 19)) return undefined;
    let number = 0;
    const counted = Math.min(length, 13);
    for (let at = start; at < start + counted; at++) {
      const digit = ((arena.bytes[at] as number) ^ 48) >>> 0;
      if (digit > 9) return undefined;
      number = number * 10 + digit;
    }
    return length === 10 ? number * 1000 : number;
  }

  /** `date=2026-11-29 time=10:00:00 tz="+0100"`. */
  #pair(arena: Arena): number | string {
    const [date, time] = [this.#starts[DATE] as number, this.#starts[TIME] as number];
    const [dateLength, timeLength] = [
      (this.#ends[DATE] as number) - date,
      (this.#ends[TIME] as number) - time,
    ];
    if (dateLength === 10 && timeLength >= 8 && timeLength < 20) {
      const { bytes } = arena;
      const scratch = this.#scratch;
      for (let at = 0; at < 10; at++)
        scratch[at] = bytes[date + at] === 47 ? 45 : (bytes[date + at] as number);
      scratch[10] = 84;
      for (let at = 0; at < timeLength; at++) scratch[11 + at] = bytes[time + at] as number;
      const found = readIso(scratch, 0, 11 + timeLength);
      if (found !== undefined) return found.millis - this.#offset(arena, found.millis);
    }
    const text = `${this.#text(arena, DATE)} ${this.#text(arena, TIME)}`;
    return this.#instant(text) ?? `date and time are no time: ${text.slice(0, 60)}`;
  }

  /** Milliseconds that the record's clock is ahead of UTC at a local time: by its zone, or that of the document. */
  #offset(arena: Arena, local: number): number {
    const zone = this.#text(arena, ZONE);
    const parts = zone === undefined ? null : /^(?:UTC|GMT|Z)?(?:([+-])(\d\d):?(\d\d))?$/.exec(zone);
    if (parts === null) return local - this.#local.toUtc(local);
    const [, sign, hours = "0", minutes = "0"] = parts;
    return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  }

  #text(arena: Arena, role: number): string | undefined {
    const start = this.#starts[role] as number;
    return start < 0 ? undefined : arena.text(start, Math.min(this.#ends[role] as number, start + 64));
  }
}
