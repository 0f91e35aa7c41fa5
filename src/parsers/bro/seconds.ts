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
    while (at > start && end - at <= 7 && bytes[at] !== POINT && ((bytes[at] as number) ^ ZERO) < 10) at--;
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

/** The text in seconds of a time that was written as ISO text. */
export function isoSeconds({ millis, nanos }: IsoTime): string {
  const fraction = String(Math.floor(nanos / 1000) + 1_000_000)
    .slice(1)
    .replace(/0{1,5}$/, "");
  return `${Math.floor(millis / 1000)}.${fraction}`;
}
