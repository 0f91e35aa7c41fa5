/** What requests for numbers mean where they do not say, and what they may ask: the same whatever the engine. */
import { Fault } from "../../core/fault.ts";

export const DEFAULT_FACETS = 10;
export const MOST_VALUES = 10_000;
export const DEFAULT_BUCKETS = 60;
export const MOST_BUCKETS = 10_000;
export const DEFAULT_SERIES = 5;
export const DEFAULT_GROUPS = 50;
export const SCORE = "threat.triage.score";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Spans that people find easy to read. */
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  SECOND,
  2 * SECOND,
  5 * SECOND,
  10 * SECOND,
  15 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  30 * DAY,
  90 * DAY,
  365 * DAY,
];

/** The shortest length that people find easy to read of which about `buckets` cover the span. */
export function niceInterval(span: number, buckets: number): number {
  // "The last hour" is a moment longer by the time it is counted; that must not make its bars twice as wide.
  const wanted = (0.98 * span) / buckets;
  const years = Math.ceil(wanted / (365 * DAY)) * 365 * DAY;
  return STEPS.find((length) => length >= wanted) ?? (Number.isFinite(years) ? years : SECOND);
}

/** How many values a request wants. @throws Fault REQUEST_INVALID */
export function sizeOf(size: number | undefined, usual: number, what: string): number {
  if (size === undefined) return usual;
  if (Number.isInteger(size) && size >= 0 && size <= MOST_VALUES) return size;
  throw new Fault("REQUEST_INVALID", `counting ${what}: size is 0 to ${MOST_VALUES}, not ${size}`);
}
