import type { RetentionResult, RetentionRule } from "../contract.ts";
import type { Segment } from "./catalogue.ts";

/** What a clock may gain on the time that passed without being doubted. */
const MOST_GAIN = 3_600_000;
/** How long a clock that was set forward is doubted, milliseconds. */
const DOUBTED_FOR = 86_400_000;

/**
 * The time by which messages are too old. A clock that jumps forward, as one does that was set wrong by hand or by a
 * broken time server, would make everything too old at once: for a day after, nothing is.
 */
export class RetentionClock {
  readonly #now: () => number;
  #wall: number;
  #steady = performance.now();
  #doubted = Number.NEGATIVE_INFINITY;

  constructor(now: () => number) {
    this.#now = now;
    this.#wall = now();
  }

  /** The time now; undefined while it is doubted. */
  read(): number | undefined {
    const wall = this.#now();
    const steady = performance.now();
    if (wall - this.#wall - (steady - this.#steady) > MOST_GAIN) this.#doubted = steady;
    this.#wall = wall;
    this.#steady = steady;
    return steady - this.#doubted < DOUBTED_FOR ? undefined : wall;
  }
}

/** The segments that rules give up: wholly too old (unless the time is not known), then the oldest of a sensor that is too large. */
export function outdated(
  segments: Iterable<Segment>,
  rules: readonly RetentionRule[],
  now: number | undefined,
): Segment[] {
  const removed: Segment[] = [];
  for (const [sensor, own] of Map.groupBy(segments, (segment) => segment.sensor)) {
    const rule = rules.find((one) => one.sensor === sensor) ?? rules.find((one) => one.sensor === "*");
    if (rule === undefined) continue;
    const newest = own.toSorted((a, b) => b.maxTime - a.maxTime);
    let bytes = 0;
    for (const segment of newest) {
      const tooOld = rule.age !== undefined && now !== undefined && segment.maxTime < now - rule.age;
      const tooMuch = rule.bytes !== undefined && bytes + segment.bytes > rule.bytes;
      if (tooOld || tooMuch) removed.push(segment);
      // What is older than something too much is too much as well.
      bytes += tooMuch ? Number.POSITIVE_INFINITY : segment.bytes;
    }
  }
  return removed;
}

/** How much some segments are. */
export function amountOf(segments: readonly Segment[]): RetentionResult {
  return {
    segments: segments.length,
    messages: segments.reduce((sum, { rows }) => sum + rows, 0),
    bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
