/** The periods of the profiler: time cut into pieces of one duration, numbered from the epoch on. */

import { StellarError } from "../language/error.ts";
import { checkCollectionSize } from "../values/budget.ts";
import type { Opaque } from "../values/value.ts";

/** One period. Periods of another duration are others, also when their numbers agree. */
export class ProfilePeriod implements Opaque {
  static readonly stellarType = "profile period";
  readonly stellarType = "profile period";
  readonly number: number;
  /** Milliseconds. */
  readonly duration: number;

  constructor(number: number, duration: number) {
    this.number = number;
    this.duration = duration;
  }

  /** Milliseconds since the epoch; the first moment of the period. */
  get start(): number {
    return this.number * this.duration;
  }

  /** The first moment after the period. */
  get end(): number {
    return this.start + this.duration;
  }

  equalityKey(): string {
    return `${this.number}/${this.duration}`;
  }

  toText(): string {
    return `ProfilePeriod{period=${this.number}, durationMillis=${this.duration}}`;
  }

  toMessage(): unknown {
    return { period: this.number, start: this.start, duration: this.duration, end: this.end };
  }
}

/** The periods from the one that `start` is in to the last that begins by `end`, so a span of n touches n + 1. */
export function periodsBetween(start: number, end: number, duration: number): ProfilePeriod[] {
  const first = Math.floor(start / duration);
  const count = Math.max(0, Math.floor(end / duration) - first + 1);
  if (first < 0) throw new StellarError("there are no periods before 1970");
  checkCollectionSize(count);
  return Array.from({ length: count }, (_, index) => new ProfilePeriod(first + index, duration));
}
