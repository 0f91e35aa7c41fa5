/**
 * Time zones as `java.util.TimeZone` knows them: IANA ids, the old three-letter ids, `GMT+hh:mm`; anything else is
 * GMT. Offsets come from `Intl`, which costs some 5 µs a question, so they are remembered per stretch of time.
 */
import { CAPITAL_ZONES, FIXED_ZONES, LEGACY_ZONES, REGIONS } from "./zone-names.ts";

const HOUR_MILLIS = 3_600_000;
const DAY_MILLIS = 24 * HOUR_MILLIS;
const YEAR_MILLIS = 365.2425 * DAY_MILLIS;
/** No zone has ever changed its clock twice within this time. */
const STRETCH_MILLIS = 8 * DAY_MILLIS;
/** Stretches remembered per zone: some 350 years. */
const MAX_STRETCHES = 16_384;
const GMT_OFFSET = /^GMT([+-])(\d{1,2})(?::?(\d{2}))?$/;
/** Before its first recorded change a zone used local mean time; Java takes today's standard time instead. */
const FIRST_RECORD = -2_208_988_800_000;
const TODAY = [Date.UTC(2024, 0, 1), Date.UTC(2024, 6, 1)] as const;

/** `change` is the moment within the stretch from which on `after` holds. */
type Stretch = { readonly before: number; readonly after: number; readonly change: number };

export type TimeZone = {
  /** The id as Java would print it: `America/New_York`, `GMT+08:00`. */
  readonly id: string;
  /** The IANA id its rules come from; undefined for a fixed offset. */
  readonly region?: string;
  /** Milliseconds to add to UTC to get local time, at a moment of UTC. */
  readonly offsetAt: (utcMillis: number) => number;
  /**
   * The moment of a local time. What the clocks skip is read with the offset before the change, what they show twice
   * as the second time, which is standard time in both cases.
   */
  readonly toUtc: (localMillis: number) => number;
};

const zones = new Map<string, TimeZone>();

const GMT: TimeZone = fixedZone("GMT", 0);

/** The zone of an id; an unknown one is GMT, as in Java. Zones are made once. */
export function timeZone(id: string): TimeZone {
  const known = zones.get(id);
  if (known !== undefined) return known;
  const made = openZone(id);
  // Ids come from messages too: do not let them fill the memory.
  if (zones.size < 2000) zones.set(id, made);
  return made;
}

/** Tells whether an id names a zone, so that a document with a misspelt one can be refused. */
export function isTimeZone(id: string): boolean {
  return id === "GMT" || timeZone(id) !== GMT;
}

/** A zone that never changes. */
function fixedZone(id: string, offsetMillis: number): TimeZone {
  return { id, offsetAt: () => offsetMillis, toUtc: (local) => local - offsetMillis };
}

function openZone(id: string): TimeZone {
  if (id === "GMT") return GMT;
  if (id === "UTC") return fixedZone("UTC", 0);
  const fixed = FIXED_ZONES[id];
  if (fixed !== undefined) return fixedZone(id, fixed * HOUR_MILLIS);
  const custom = GMT_OFFSET.exec(id);
  if (custom !== null) return customZone(custom);
  if (LEGACY_ZONES[id] !== undefined) return regionZone(id, LEGACY_ZONES[id]);
  return looksLikeZone(id) ? regionZone(id, id) : GMT;
}

function customZone([, sign, hourText, minuteText]: RegExpExecArray): TimeZone {
  const hours = Number(hourText);
  const minutes = Number(minuteText ?? 0);
  if (hours > 23 || minutes > 59) return GMT;
  if (hours === 0 && minutes === 0) return GMT;
  const id = `GMT${sign}${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`;
  const offset = hours * HOUR_MILLIS + minutes * 60_000;
  return fixedZone(id, sign === "-" ? -offset : offset);
}

/** Java compares ids exactly, `Intl` in any case; so the shape is checked here. */
function looksLikeZone(id: string): boolean {
  const [region, ...rest] = id.split("/");
  if (rest.length === 0) return /^[A-Z][A-Za-z0-9+-]*$/.test(id) && id.length > 2 && !/^[A-Z]+$/.test(id);
  if (!REGIONS.has(region as string)) return false;
  if (CAPITAL_ZONES.has(id)) return true;
  return rest.every((part) => /^[A-Z]/.test(part) && (region === "Etc" || /[a-z]/.test(part)));
}

function regionZone(id: string, region: string): TimeZone {
  const format = intlFormat(region);
  if (format === undefined) return GMT;
  const stretches = new Map<number, Stretch>();
  let standard: number | undefined;
  const offsetNow = (utc: number) => {
    if (utc >= FIRST_RECORD) return intlOffset(format, utc);
    standard ??= Math.min(...TODAY.map((moment) => intlOffset(format, moment)));
    return standard;
  };
  const offsetAt = (utc: number): number => {
    const index = Math.floor(utc / STRETCH_MILLIS);
    let stretch = stretches.get(index);
    if (stretch === undefined) {
      stretch = findStretch(index * STRETCH_MILLIS, offsetNow);
      if (stretches.size >= MAX_STRETCHES) stretches.clear();
      stretches.set(index, stretch);
    }
    return utc < stretch.change ? stretch.before : stretch.after;
  };
  return { id, region, offsetAt, toUtc: (local) => localToUtc(local, offsetAt) };
}

function localToUtc(local: number, offsetAt: (utc: number) => number): number {
  const before = offsetAt(local - DAY_MILLIS);
  const after = offsetAt(local + DAY_MILLIS);
  if (before === after) return local - before;
  if (offsetAt(local - after) === after) return local - after;
  return local - before;
}

function findStretch(start: number, offsetNow: (utc: number) => number): Stretch {
  const before = offsetNow(start);
  const after = offsetNow(start + STRETCH_MILLIS - 1);
  if (before === after) return { before, after, change: start };
  let low = start;
  let high = start + STRETCH_MILLIS - 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetNow(middle) === before) low = middle;
    else high = middle;
  }
  return { before, after, change: high };
}

function intlFormat(region: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone: region,
      calendar: "iso8601",
      numberingSystem: "latn",
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function intlOffset(format: Intl.DateTimeFormat, utc: number): number {
  // Date ends at the year 275760; what is beyond has the last offset it knows.
  const clamped = Math.min(utc, 8_000_000_000_000_000);
  const whole = Math.floor(clamped / 1000) * 1000;
  const parts: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(whole)) parts[type] = Number(value);
  const local = Date.UTC(
    parts.year as number,
    (parts.month as number) - 1,
    parts.day,
    parts.hour,
    parts.minute,
    parts.second,
  );
  return local - whole;
}

/** The zone's offset without summer time in the year of a moment. */
export function standardOffset(zone: TimeZone, utcMillis: number): number {
  const year = Math.floor(utcMillis / YEAR_MILLIS) * YEAR_MILLIS;
  return Math.min(zone.offsetAt(year), zone.offsetAt(year + YEAR_MILLIS / 2));
}
