import { type TimeZone, timeZone } from "../../java/time-zone.ts";

/** Clocks change at quarters of an hour, so one offset holds for each. */
const QUARTER = 900_000;

/** Turns the local time of a zone into UTC, fast for times that follow each other. */
export class LocalTime {
  readonly zone: TimeZone;
  #quarter = Number.NaN;
  #offset = 0;

  constructor(zone: string) {
    this.zone = timeZone(zone);
  }

  /** Epoch milliseconds of a local time given in milliseconds since 1970 on the local clock. */
  toUtc(local: number): number {
    const quarter = Math.floor(local / QUARTER);
    if (quarter !== this.#quarter) {
      this.#quarter = quarter;
      this.#offset = local - this.zone.toUtc(local);
    }
    return local - this.#offset;
  }
}

/** The two digits at `at` as a number, or something so far below zero that no sum hides it. */
export function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = ((bytes[at] as number) ^ 48) >>> 0;
  const ones = ((bytes[at + 1] as number) ^ 48) >>> 0;
  return tens < 10 && ones < 10 ? tens * 10 + ones : -100000;
}

/** Milliseconds of `HH:mm:ss` at `at`, or -1. */
export function timeOfDay(bytes: Uint8Array, at: number): number {
  if (bytes[at + 2] !== 58 || bytes[at + 5] !== 58) return -1;
  const hour = twoDigits(bytes, at);
  const minute = twoDigits(bytes, at + 3);
  const second = twoDigits(bytes, at + 6);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return -1;
  return ((hour * 60 + minute) * 60 + second) * 1000;
}
