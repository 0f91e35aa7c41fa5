/** The date conversions of the Formatter: `%tY`, `%tF`, `%tT` and the rest. */

import { type DateFormat, simpleDateFormat } from "../../java/simple-date-format.ts";
import type { TimeZone } from "../../java/time-zone.ts";
import { StellarError } from "../language/error.ts";

/** The pattern of SimpleDateFormat that writes the same, where there is one. */
const PATTERNS: Readonly<Record<string, string>> = {
  H: "HH",
  I: "hh",
  k: "H",
  l: "h",
  M: "mm",
  S: "ss",
  L: "SSS",
  z: "Z",
  Z: "z",
  B: "MMMM",
  b: "MMM",
  h: "MMM",
  A: "EEEE",
  a: "EEE",
  Y: "yyyy",
  y: "yy",
  j: "DDD",
  m: "MM",
  d: "dd",
  e: "d",
  R: "HH:mm",
  T: "HH:mm:ss",
  r: "hh:mm:ss a",
  D: "MM/dd/yy",
  F: "yyyy-MM-dd",
  c: "EEE MMM dd HH:mm:ss z yyyy",
};

/** One part of a date; `specifier` is for the message when the letter means nothing. */
export function formatDate(letter: string, millis: number, zone: TimeZone, specifier: string): string {
  switch (letter) {
    case "s":
      return String(Math.trunc(millis / 1000));
    case "Q":
      return String(millis);
    case "N":
      return `${String(((millis % 1000) + 1000) % 1000).padStart(3, "0")}000000`;
    case "p":
      return compiled("a", zone).format(millis).toLowerCase();
    case "C":
      return compiled("yyyy", zone).format(millis).slice(0, -2);
  }
  const pattern = PATTERNS[letter];
  if (pattern === undefined)
    throw new StellarError(`'${specifier}': there is no date conversion '${letter}'`);
  return compiled(pattern, zone).format(millis);
}

const formats = new WeakMap<TimeZone, Map<string, DateFormat>>();

function compiled(pattern: string, zone: TimeZone): DateFormat {
  const ofZone = formats.get(zone) ?? new Map<string, DateFormat>();
  formats.set(zone, ofZone);
  const format = ofZone.get(pattern) ?? simpleDateFormat(pattern, { zone });
  ofZone.set(pattern, format);
  return format;
}
