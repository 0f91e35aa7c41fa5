/** Reads moments as devices and programs write them: ISO 8601, or a number of seconds or parts of seconds since 1970. */

/** `2016-07-04T08:36:17.123+02:00` and what is usual of it: see `readInstant`. */
const ISO =
  /^(\d{4})(?:([-/])(\d\d)\2(\d\d)|(\d\d)(\d\d)(?=[Tt]))(?:(?:[Tt]| {1,2})(\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d+))?)?|(\d\d)(?:(\d\d)(?:[.,](\d+))?)?)(?: ?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?))?)?$/i;

const NUMBER = /^(\d{1,20})(?:[.,](\d*))?$/;
const SCIENTIFIC = /^\d(?:\.\d+)?E\+?\d{1,2}$/i;

/** Seconds before this moment (March 1973) are as likely counters as times, and so are milliseconds. */
const LEAST = 1e8;
const MILLIS = 1e11;
const MICROS = 1e14;
const NANOS = 1e17;
const MOST = 1e20;

/** A moment that was read; `isLocal` when the text states neither zone nor offset, so that it is of the device's clock. */
export type Instant = { readonly millis: number; readonly isLocal: boolean };

/**
 * Reads one moment from a text or a number; undefined for everything else.
 *
 * Dates are ISO 8601: `T` or a blank in the middle, a fraction of any length behind a full stop or comma, then nothing,
 * `Z`, `+02`, `+0200` or `+02:00`; seconds, or the whole time, may be left out, and so may all separators. Numbers are
 * told apart by their size: seconds (with a fraction too), milliseconds, microseconds, nanoseconds. What is finer than
 * a millisecond is cut off.
 */
export function parseInstant(value: unknown): Instant | undefined {
  if (typeof value === "number" || typeof value === "bigint") return instantOf(epochOf(String(value)));
  if (typeof value !== "string" || value.length > 64) return undefined;
  const text = value.trim();
  return instantOf(epochOf(text)) ?? isoOf(text);
}

/** Epoch milliseconds of what `parseInstant` reads. `toUtc` turns the local time of texts without a zone into UTC. */
export function readInstant(
  value: unknown,
  toUtc: (local: number) => number = (local) => local,
): number | undefined {
  const instant = parseInstant(value);
  if (instant === undefined) return undefined;
  return instant.isLocal ? toUtc(instant.millis) : instant.millis;
}

function instantOf(millis: number | undefined): Instant | undefined {
  return millis === undefined ? undefined : { millis, isLocal: false };
}

/** Epoch milliseconds of a number by its size. */
function epochOf(text: string): number | undefined {
  const parts = NUMBER.exec(text);
  if (parts === null)
    return SCIENTIFIC.test(text) ? epochOf(String(BigInt(Math.trunc(Number(text) * 1000)))) : undefined;
  const [, whole = "", fraction = ""] = parts;
  const number = Number(whole);
  if (number < LEAST || number >= MOST) return undefined;
  if (number < MILLIS) return number * 1000 + Number(fraction.slice(0, 3).padEnd(3, "0"));
  // Whole digits are cut, since a double does not hold nanoseconds.
  if (number < MICROS) return number;
  return Number(whole.slice(0, number < NANOS ? -3 : -6));
}

function isoOf(text: string): Instant | undefined {
  const parts = ISO.exec(text);
  if (parts === null) return undefined;
  const [, year, , month, day, plainMonth, plainDay] = parts;
  const [hour = "0", minute, second, fraction, plainMinute, plainSecond, plainFraction, zone] =
    parts.slice(7);
  const date = [Number(year), Number(month ?? plainMonth) - 1, Number(day ?? plainDay)] as const;
  const time = [
    Number(hour),
    Number(minute ?? plainMinute ?? 0),
    Number(second ?? plainSecond ?? 0),
  ] as const;
  if (time[0] > 23 || time[1] > 59 || time[2] > 60) return undefined;
  const midnight = new Date(0);
  // Unlike Date.UTC, this takes years below 100 as they are.
  midnight.setUTCFullYear(...date);
  if (midnight.getUTCMonth() !== date[1] || midnight.getUTCDate() !== date[2]) return undefined;
  const offset = offsetOf(zone);
  if (offset === undefined) return undefined;
  const millis = Number((fraction ?? plainFraction ?? "").slice(0, 3).padEnd(3, "0"));
  const seconds = (time[0] * 60 + time[1] - offset) * 60 + time[2];
  return { millis: midnight.getTime() + seconds * 1000 + millis, isLocal: zone === undefined };
}

/** Minutes east of Greenwich; 0 for a text that states none. */
function offsetOf(zone: string | undefined): number | undefined {
  if (zone === undefined || !/^[+-]/.test(zone)) return 0;
  const digits = zone.slice(1).replace(":", "");
  const [hours, minutes] = [Number(digits.slice(0, 2)), Number(digits.slice(2) || 0)];
  if (hours > 18 || minutes > 59) return undefined;
  return (zone[0] === "-" ? -1 : 1) * (hours * 60 + minutes);
}
