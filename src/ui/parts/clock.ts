import { useSyncExternalStore } from "react";

/** The clock that times are shown by and days begin by: that of the browser's zone, or UTC. */
export type Zone = "local" | "utc";

const KEPT = "metron-times";

/** Where the browser is, such as `Europe/Berlin`. */
export const LOCAL_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

const listeners = new Set<() => void>();
let zone: Zone = kept();

/** Shows times by another clock from now on, in this browser. */
export function setZone(wanted: Zone): void {
  zone = wanted;
  globalThis.localStorage?.setItem(KEPT, wanted);
  for (const listener of listeners) listener();
}

/** The zone in use. Components that show times call it, so that they follow a change. */
export function useZone(): Zone {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => zone,
  );
}

function kept(): Zone {
  return globalThis.localStorage?.getItem(KEPT) === "utc" ? "utc" : "local";
}

/** What the zone is called beside times: `UTC`, `Europe/Berlin`. */
export function zoneName(): string {
  return zone === "utc" ? "UTC" : LOCAL_ZONE;
}

const pad = (value: number, width = 2) => String(value).padStart(width, "0");

/** A time as `2026-03-01 14:05:09.123`, whatever the browser's language: columns of times must align. */
export function timeText(time: number): string {
  const { year, month, day, hour, minute, second, millisecond } = partsOf(time);
  return `${year}-${pad(month + 1)}-${pad(day)} ${pad(hour)}:${pad(minute)}:${pad(second)}.${pad(millisecond, 3)}`;
}

/** The parts of a time on the clock in use; months count from 0, weekdays from Sunday as 0. */
export function partsOf(time: number) {
  const date = new Date(time);
  return zone === "utc"
    ? {
        year: date.getUTCFullYear(),
        month: date.getUTCMonth(),
        day: date.getUTCDate(),
        weekday: date.getUTCDay(),
        hour: date.getUTCHours(),
        minute: date.getUTCMinutes(),
        second: date.getUTCSeconds(),
        millisecond: date.getUTCMilliseconds(),
      }
    : {
        year: date.getFullYear(),
        month: date.getMonth(),
        day: date.getDate(),
        weekday: date.getDay(),
        hour: date.getHours(),
        minute: date.getMinutes(),
        second: date.getSeconds(),
        millisecond: date.getMilliseconds(),
      };
}

/** The instant at which a day begins on the clock in use; days and months beyond their range carry over. */
export function dayStart(year: number, month: number, day: number): number {
  return zone === "utc" ? Date.UTC(year, month, day) : new Date(year, month, day).getTime();
}

/** The instant a person wrote, by the clock in use unless the text names another; NaN when it is no time. */
export function readTime(text: string): number {
  const written = text.trim().replace(" ", "T");
  const named = /(?:Z|[+-]\d\d:?\d\d)$/i.test(written) || zone === "local";
  // A date alone is read as UTC by every browser; with a time of day it is by the clock in use.
  const whole = /^\d{4}-\d\d-\d\d$/.test(written) ? `${written}T00:00` : written;
  return Date.parse(named ? whole : `${whole}Z`);
}
