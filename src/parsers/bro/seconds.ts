import type { Arena } from "../../core/arena.ts";
import type { IsoTime } from "../time/iso.ts";

const POINT = 46;
const ZERO = 48;
/** Below this many seconds six decimals of a double are exact, so the digits as written are the digits to print. */
const EXACT = 2 ** 32;

/** A span of the arena; overwritten by the next call. */
export type Span = { start: number; end: number };
const span: Span = { start: 0, end: 0 };

/**
 * The text of a time in seconds as the original prints it: at least one and at most six decimals. `start` and `end`
 * enclose the digits it was written with, of which the answer is usually a part.
 */
export function formatSeconds(arena: Arena, seconds: number, start: number, end: number): Span {
  const bytes = arena.bytes;
  if (seconds >= 0 && seconds < EXACT) {
    let at = end - 1;
    while (at > start && end - at <= 6 && bytes[at] !== POINT && ((bytes[at] as number) ^ ZERO) < 10) at--;
    if (bytes[at] === POINT && at > start && at < end - 1) {
      let last = end;
      while (last > at + 2 && bytes[last - 1] === ZERO) last--;
      span.start = start;
      span.end = last;
      return span;
    }
  }
  span.start = arena.appendText(secondsText(seconds));
  span.end = arena.length;
  return span;
}

/** The text of seconds that have no digits to borrow. */
export function secondsText(seconds: number): string {
  if (!Number.isFinite(seconds)) return String(seconds);
  if (Math.abs(seconds) >= 1e21) return `${BigInt(seconds)}.0`;
  return seconds.toFixed(6).replace(/0{1,5}$/, "");
}

/** Writes the text in seconds of a time that was ISO text into the arena; it ends at the arena's length. */
export function appendIsoSeconds(arena: Arena, { millis, nanos }: IsoTime): number {
  const seconds = Math.floor(millis / 1000);
  const micros = Math.floor(nanos / 1000);
  if (seconds < 0) return arena.appendText(secondsText(seconds + micros / 1_000_000));
  const start = arena.reserve(24);
  const { bytes } = arena;
  let digits = 1;
  for (let power = 10; power <= seconds; power *= 10) digits++;
  let rest = seconds;
  for (let at = start + digits - 1; at >= start; at--) {
    const next = Math.floor(rest / 10);
    bytes[at] = ZERO + rest - next * 10;
    rest = next;
  }
  const point = start + digits;
  bytes[point] = POINT;
  let fraction = micros;
  let end = point + 2;
  for (let at = point + 6; at > point; at--) {
    const digit = fraction % 10;
    bytes[at] = ZERO + digit;
    if (digit !== 0 && end <= at) end = at + 1;
    fraction = Math.floor(fraction / 10);
  }
  arena.length = end;
  return start;
}
