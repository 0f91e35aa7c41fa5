import { dayNumber, monthLength } from "../../java/calendar.ts";
import { twoDigits } from "./local-time.ts";

// Bytes outside the text read as undefined and fail every comparison.

/** Fraction of the second that `readIso` found, in nanoseconds. */
export type IsoTime = { millis: number; nanos: number };

const found: IsoTime = { millis: 0, nanos: 0 };

/**
 * Reads an ISO 8601 date-time such as `2016-07-04T08:36:17.123456+02:00` from bytes[start, end): a `T` or blank in
 * the middle, an optional fraction of up to nine digits, then `Z`, `+hh:mm`, `+hhmm`, `+hh` or nothing (taken as UTC).
 * Returns an object that the next call overwrites, or undefined when the bytes are not such a time.
 */
export function readIso(bytes: Uint8Array, start: number, end: number): IsoTime | undefined {
  if (end - start < 19 || bytes[start + 4] !== 45 || bytes[start + 7] !== 45) return undefined;
  const middle = bytes[start + 10];
  if (
    (middle !== 84 && middle !== 116 && middle !== 32) ||
    bytes[start + 13] !== 58 ||
    bytes[start + 16] !== 58
  ) {
    return undefined;
  }
  const year = twoDigits(bytes, start) * 100 + twoDigits(bytes, start + 2);
  const month = twoDigits(bytes, start + 5);
  const day = twoDigits(bytes, start + 8);
  const hour = twoDigits(bytes, start + 11);
  const minute = twoDigits(bytes, start + 14);
  const second = twoDigits(bytes, start + 17);
  // A wrong digit makes its number negative beyond rescue.
  if (year < 0 || month < 1 || month > 12 || day < 1 || (day > 28 && day > monthLength(year, month - 1)))
    return undefined;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return undefined;
  let at = start + 19;
  let nanos = 0;
  if (at < end && (bytes[at] === 46 || bytes[at] === 44)) {
    let scale = 100_000_000;
    const first = ++at;
    for (; at < end && ((bytes[at] as number) ^ 48) < 10; at++) {
      nanos += ((bytes[at] as number) ^ 48) * scale;
      scale = Math.trunc(scale / 10);
    }
    if (at === first) return undefined;
  }
  const offset = readOffset(bytes, at, end);
  if (Number.isNaN(offset)) return undefined;
  const seconds = dayNumber(year, month - 1, day) * 86400 + hour * 3600 + minute * 60 + second - offset * 60;
  found.millis = seconds * 1000 + Math.floor(nanos / 1_000_000);
  found.nanos = nanos;
  return found;
}

/** Minutes east of Greenwich that bytes[at, end) state, or NaN. */
function readOffset(bytes: Uint8Array, at: number, end: number): number {
  if (at === end) return 0;
  const sign = bytes[at];
  if (sign === 90 || sign === 122) return at + 1 === end ? 0 : Number.NaN;
  if (sign !== 43 && sign !== 45) return Number.NaN;
  const length = end - at;
  if (length !== 3 && length !== 5 && length !== 6) return Number.NaN;
  if (length === 6 && bytes[at + 3] !== 58) return Number.NaN;
  const hours = twoDigits(bytes, at + 1);
  const minutes = length === 3 ? 0 : twoDigits(bytes, end - 2);
  if (hours < 0 || hours > 18 || minutes < 0 || minutes > 59) return Number.NaN;
  return sign === 45 ? -(hours * 60 + minutes) : hours * 60 + minutes;
}
