import { DAY_MILLIS, weekYear } from "./calendar.ts";
import * as F from "./date-fields.ts";
import { DAYS, MONTHS } from "./date-names.ts";
import type { FieldPiece, Piece } from "./date-pattern.ts";
import type { TimeZone } from "./time-zone.ts";
import { isoOffset, zoneName } from "./zone-text.ts";

type Moment = {
  readonly utc: number;
  readonly local: number;
  readonly zone: TimeZone;
  readonly fields: Float64Array;
};

/** A moment as text, piece by piece. */
export function writeDate(pieces: readonly Piece[], zone: TimeZone, utc: number): string {
  const local = utc + zone.offsetAt(utc);
  const moment = { utc, local, zone, fields: F.dateFields(local) };
  let text = "";
  for (const piece of pieces) text += typeof piece === "string" ? piece : writeField(piece, moment);
  return text;
}

function writeField({ letter, count }: FieldPiece, moment: Moment): string {
  const get = (field: number) => moment.fields[field] as number;
  switch (letter) {
    case "G":
      return get(F.ERA) === 1 ? "AD" : "BC";
    case "y":
      return writeYear(get(F.YEAR), count);
    case "Y":
      return writeYear(weekYear(Math.floor(moment.local / DAY_MILLIS), eraYear(get)), count);
    case "M":
    case "L":
      if (count < 3) return pad(get(F.MONTH) + 1, count);
      return shorten(MONTHS[get(F.MONTH)] as string, count);
    case "E":
      return shorten(DAYS[get(F.DAY_OF_WEEK) - 1] as string, count);
    case "u":
      return pad(((get(F.DAY_OF_WEEK) + 5) % 7) + 1, count);
    case "a":
      return get(F.AM_PM) === 0 ? "AM" : "PM";
    case "k":
      return pad(get(F.HOUR_OF_DAY) || 24, count);
    case "h":
      return pad(get(F.HOUR) || 12, count);
    case "z":
      return zoneName(moment.zone, moment.utc, count >= 4);
    case "Z":
      return isoOffset(moment.local - moment.utc, false);
    case "X":
      return writeIsoOffset(moment.local - moment.utc, count);
    default:
      return pad(get(NUMERIC_FIELDS[letter] as number), count);
  }
}

/** The fields that read and write as their plain number. */
export const NUMERIC_FIELDS: Readonly<Record<string, number>> = {
  D: F.DAY_OF_YEAR,
  F: F.DAY_OF_WEEK_IN_MONTH,
  H: F.HOUR_OF_DAY,
  K: F.HOUR,
  S: F.MILLISECOND,
  W: F.WEEK_OF_MONTH,
  d: F.DAY_OF_MONTH,
  m: F.MINUTE,
  s: F.SECOND,
  w: F.WEEK_OF_YEAR,
};

function eraYear(get: (field: number) => number): number {
  return get(F.ERA) === 1 ? get(F.YEAR) : 1 - get(F.YEAR);
}

function writeYear(year: number, count: number): string {
  return count === 2 ? pad(Math.abs(year) % 100, 2) : pad(year, count);
}

function writeIsoOffset(offsetMillis: number, count: number): string {
  if (offsetMillis === 0) return "Z";
  return count === 1 ? isoOffset(offsetMillis, false).slice(0, 3) : isoOffset(offsetMillis, count === 3);
}

function shorten(name: string, count: number): string {
  return count >= 4 ? name : name.slice(0, 3);
}

function pad(value: number, count: number): string {
  return value < 0 ? `-${String(-value).padStart(count, "0")}` : String(value).padStart(count, "0");
}
