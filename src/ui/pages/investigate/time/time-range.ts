import { dayStart, partsOf, timeText } from "../../../parts/clock.ts";

/**
 * Time ranges as they are in the address bar: `15m` (the last fifteen minutes), `today`, `all`, or two instants
 * `2026-03-01T00:00:00Z..2026-03-02T00:00:00Z`, of which the second may be `now`. Days and weeks are those of
 * the clock in use (the browser's zone or UTC); weeks begin on Monday.
 */

/** Milliseconds since 1970; an absent bound is open. */
export type Bounds = { readonly from?: number; readonly to?: number };

type Named = { readonly key: string; readonly label: string; readonly bounds: (now: number) => Bounds };

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Midnight, `days` away from the day of `now`; the calendar knows about summer time, adding 24 hours does not. */
function midnight(now: number, days = 0): number {
  const { year, month, day } = partsOf(now);
  return dayStart(year, month, day + days);
}

function monthStart(now: number, months = 0): number {
  const { year, month } = partsOf(now);
  return dayStart(year, month + months, 1);
}

function yearStart(now: number, years = 0): number {
  return dayStart(partsOf(now).year + years, 0, 1);
}

function weekStart(now: number, weeks = 0): number {
  const sinceMonday = (partsOf(now).weekday + 6) % 7;
  return midnight(now, weeks * 7 - sinceMonday);
}

function monthsAgo(now: number, months: number): number {
  const date = new Date(now);
  date.setMonth(date.getMonth() - months);
  return date.getTime();
}

const last = (key: string, label: string, from: (now: number) => number): Named => ({
  key,
  label: `Last ${label}`,
  bounds: (now) => ({ from: from(now) }),
});

const lastFor = (key: string, label: string, duration: number) => last(key, label, (now) => now - duration);

/** The quick ranges in the columns they are shown in. */
export const QUICK_RANGES: readonly (readonly Named[])[] = [
  [
    lastFor("5m", "5 minutes", 5 * MINUTE),
    lastFor("15m", "15 minutes", 15 * MINUTE),
    lastFor("30m", "30 minutes", 30 * MINUTE),
    lastFor("1h", "hour", HOUR),
    lastFor("3h", "3 hours", 3 * HOUR),
    lastFor("6h", "6 hours", 6 * HOUR),
    lastFor("12h", "12 hours", 12 * HOUR),
    lastFor("24h", "24 hours", 24 * HOUR),
  ],
  [
    lastFor("7d", "7 days", 7 * 24 * HOUR),
    lastFor("30d", "30 days", 30 * 24 * HOUR),
    lastFor("60d", "60 days", 60 * 24 * HOUR),
    lastFor("90d", "90 days", 90 * 24 * HOUR),
    last("6mo", "6 months", (now) => monthsAgo(now, 6)),
    last("1y", "year", (now) => monthsAgo(now, 12)),
    last("2y", "2 years", (now) => monthsAgo(now, 24)),
    last("5y", "5 years", (now) => monthsAgo(now, 60)),
  ],
  [
    { key: "today", label: "Today", bounds: (now) => ({ from: midnight(now), to: midnight(now, 1) }) },
    { key: "today-so-far", label: "Today so far", bounds: (now) => ({ from: midnight(now), to: now }) },
    {
      key: "this-week",
      label: "This week",
      bounds: (now) => ({ from: weekStart(now), to: weekStart(now, 1) }),
    },
    {
      key: "this-week-so-far",
      label: "This week so far",
      bounds: (now) => ({ from: weekStart(now), to: now }),
    },
    {
      key: "this-month",
      label: "This month",
      bounds: (now) => ({ from: monthStart(now), to: monthStart(now, 1) }),
    },
    {
      key: "this-year",
      label: "This year",
      bounds: (now) => ({ from: yearStart(now), to: yearStart(now, 1) }),
    },
  ],
  [
    {
      key: "yesterday",
      label: "Yesterday",
      bounds: (now) => ({ from: midnight(now, -1), to: midnight(now) }),
    },
    {
      key: "day-before-yesterday",
      label: "Day before yesterday",
      bounds: (now) => ({ from: midnight(now, -2), to: midnight(now, -1) }),
    },
    {
      key: "this-day-last-week",
      label: "This day last week",
      bounds: (now) => ({ from: midnight(now, -7), to: midnight(now, -6) }),
    },
    {
      key: "previous-week",
      label: "Previous week",
      bounds: (now) => ({ from: weekStart(now, -1), to: weekStart(now) }),
    },
    {
      key: "previous-month",
      label: "Previous month",
      bounds: (now) => ({ from: monthStart(now, -1), to: monthStart(now) }),
    },
    {
      key: "previous-year",
      label: "Previous year",
      bounds: (now) => ({ from: yearStart(now, -1), to: yearStart(now) }),
    },
    { key: "all", label: "All time", bounds: () => ({}) },
  ],
];

const byKey = new Map(QUICK_RANGES.flat().map((range) => [range.key, range]));

/** The bounds a range means at the moment `now`; undefined when the text is no range. */
export function resolveRange(text: string, now: number): Bounds | undefined {
  const named = byKey.get(text);
  if (named !== undefined) return named.bounds(now);
  const [first, second, more] = text.split("..");
  if (first === undefined || second === undefined || more !== undefined) return undefined;
  const from = first === "" ? undefined : Date.parse(first);
  const to = second === "" || second === "now" ? undefined : Date.parse(second);
  if (Number.isNaN(from) || Number.isNaN(to)) return undefined;
  if (from !== undefined && to !== undefined && from >= to) return undefined;
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

/** The text of an exact range; without `to` it goes on to now. */
export function exactRange(from: number, to?: number): string {
  return `${new Date(from).toISOString()}..${to === undefined ? "now" : new Date(to).toISOString()}`;
}

/** What a range is called on its button. */
export function rangeLabel(text: string): string {
  const named = byKey.get(text);
  if (named !== undefined) return named.label;
  const bounds = resolveRange(text, 0);
  if (bounds === undefined) return text;
  const from = bounds.from === undefined ? "the beginning" : shortTime(bounds.from);
  return `${from} – ${bounds.to === undefined ? "now" : shortTime(bounds.to, bounds.from)}`;
}

/** A time to the second, without the date when `beside` lies on the same day. */
function shortTime(time: number, beside?: number): string {
  const text = timeText(time).slice(0, 19);
  const date = text.slice(0, 10);
  return beside !== undefined && timeText(beside).startsWith(date) ? text.slice(11) : text;
}
