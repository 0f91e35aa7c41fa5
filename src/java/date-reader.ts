import { dayNumber } from "./calendar.ts";
import * as F from "./date-fields.ts";
import { DAYS, MONTHS, nameFinder } from "./date-names.ts";
import type { FieldPiece, Piece } from "./date-pattern.ts";
import { NUMERIC_FIELDS } from "./date-writer.ts";
import { readInteger } from "./integer-reader.ts";
import type { TimeZone } from "./time-zone.ts";
import { matchZoneName, type NamedZone, namedOffset } from "./zone-text.ts";

const findMonth = nameFinder(MONTHS);
const findDay = nameFinder(DAYS);
const FAILED = -1;
const SPACE = 32;
const TAB = 9;
const PLUS = 43;
const MINUS = 45;
const COLON = 58;
const DOT = 46;
const COMMA = 44;

/**
 * Reads dates by the pieces of one pattern. It keeps its fields between calls to make no garbage, so it is not to be
 * shared between threads (nothing here is).
 */
export class DateReader {
  readonly #pieces: readonly Piece[];
  readonly #zone: TimeZone;
  readonly #lenient: boolean;
  /** The first moment of the hundred years that two-digit years mean, and its year. */
  readonly #centuryStart: number;
  readonly #centuryYear: number;
  readonly #values = new Float64Array(F.FIELD_COUNT);
  readonly #stamps = new Uint8Array(F.FIELD_COUNT);
  readonly #set: F.FieldSet = { values: this.#values, stamps: this.#stamps };
  #stamp = 0;
  #offset: number | undefined;
  #named: NamedZone | undefined;
  #ambiguous = false;

  constructor(pieces: readonly Piece[], zone: TimeZone, lenient: boolean, now: number) {
    this.#pieces = pieces;
    this.#zone = zone;
    this.#lenient = lenient;
    const start = new Date(now);
    start.setUTCFullYear(start.getUTCFullYear() - 80);
    this.#centuryStart = start.getTime();
    this.#centuryYear = start.getUTCFullYear();
  }

  /** Epoch milliseconds, or NaN. */
  read(text: string, position?: { index: number }): number {
    const start = position?.index ?? 0;
    this.#values.fill(0);
    this.#stamps.fill(0);
    this.#stamp = 0;
    this.#offset = undefined;
    this.#named = undefined;
    this.#ambiguous = false;
    let at = start;
    for (const piece of this.#pieces) {
      if (typeof piece === "string") {
        if (!text.startsWith(piece, at)) return Number.NaN;
        at += piece.length;
      } else if (piece.isDecimal) {
        at = this.#readDecimals(text, at);
        if (at === FAILED) return Number.NaN;
      } else {
        at = this.#readField(piece, text, at);
        if (at === FAILED) return Number.NaN;
      }
    }
    if (at === start) return Number.NaN;
    const millis = this.#establish();
    if (position !== undefined && !Number.isNaN(millis)) position.index = at;
    return millis;
  }

  #put(field: number, value: number): void {
    this.#values[field] = value;
    this.#stamps[field] = ++this.#stamp;
  }

  #readField(piece: FieldPiece, text: string, start: number): number {
    let at = start;
    while (text.charCodeAt(at) === SPACE || text.charCodeAt(at) === TAB) at++;
    if (at >= text.length) return FAILED;
    switch (piece.letter) {
      case "G":
        return this.#readOneOf("bc", "ad", F.ERA, text, start);
      case "a":
        return this.#readOneOf("am", "pm", F.AM_PM, text, start);
      case "E":
        return this.#readName(findDay(text, start), F.DAY_OF_WEEK, 1, start);
      case "M":
      case "L":
        if (piece.count >= 3) return this.#readName(findMonth(text, start), F.MONTH, 0, start);
        return this.#readNumber(piece, text, start, at);
      case "z":
      case "Z":
        return this.#readZone(text, at);
      case "X":
        return this.#readIsoZone(piece.count, text, at);
      default:
        return this.#readNumber(piece, text, start, at);
    }
  }

  // Names must be where the field begins: only numbers and zones may follow blanks. So it is in Java.
  #readName(
    found: { index: number; length: number } | undefined,
    field: number,
    base: number,
    start: number,
  ): number {
    if (found === undefined) return FAILED;
    this.#put(field, found.index + base);
    return start + found.length;
  }

  #readOneOf(first: string, second: string, field: number, text: string, start: number): number {
    const word = text.slice(start, start + 2).toLowerCase();
    if (word !== first && word !== second) return FAILED;
    this.#put(field, word === first ? 0 : 1);
    return start + 2;
  }

  #readNumber(piece: FieldPiece, text: string, start: number, at: number): number {
    let limit = text.length;
    if (piece.adjoins) {
      limit = start + piece.count;
      if (limit > text.length) return FAILED;
    }
    const number = readInteger(text, at, limit);
    if (number === undefined) return FAILED;
    const twoDigits = number.end - start === 2 && digitAt(text, start) >= 0 && digitAt(text, start + 1) >= 0;
    return this.#putNumber(piece, number.value, twoDigits) ? number.end : FAILED;
  }

  /** Reads a decimal mark and digits; where no mark stands the second has no fraction. What is finer is cut off. */
  #readDecimals(text: string, start: number): number {
    const mark = text.charCodeAt(start);
    if (mark !== DOT && mark !== COMMA) return start;
    let at = start + 1;
    let millis = 0;
    for (let scale = 100; digitAt(text, at) >= 0; at++, scale = Math.floor(scale / 10))
      millis += digitAt(text, at) * scale;
    if (at === start + 1) return FAILED;
    this.#put(F.MILLISECOND, millis);
    return at;
  }

  #putNumber({ letter, count }: FieldPiece, value: number, twoDigits: boolean): boolean {
    switch (letter) {
      case "y":
      case "Y": {
        const year = count <= 2 && twoDigits ? this.#century(value) : value;
        this.#put(letter === "y" ? F.YEAR : F.WEEK_YEAR, year);
        return true;
      }
      case "M":
      case "L":
        this.#put(F.MONTH, value - 1);
        return true;
      case "k":
        if (!this.#lenient && (value < 1 || value > 24)) return false;
        this.#put(F.HOUR_OF_DAY, value === 24 ? 0 : value);
        return true;
      case "h":
        if (!this.#lenient && (value < 1 || value > 12)) return false;
        this.#put(F.HOUR, value === 12 ? 0 : value);
        return true;
      case "u":
        // 1 to 7 for Monday to Sunday; what is outside stays outside.
        this.#put(F.DAY_OF_WEEK, value >= 1 && value <= 7 ? (value % 7) + 1 : value);
        return true;
      default:
        this.#put(NUMERIC_FIELDS[letter] as number, value);
        return true;
    }
  }

  #century(value: number): number {
    const turn = this.#centuryYear % 100;
    this.#ambiguous = value === turn;
    return value + this.#centuryYear - turn + (value < turn ? 100 : 0);
  }

  #readZone(text: string, at: number): number {
    const sign = signAt(text, at);
    if (sign !== 0) return this.#readOffset(text, at + 1, sign, 0, false);
    if (text.slice(at, at + 3).toLowerCase() === "gmt") {
      const gmtSign = signAt(text, at + 3);
      if (gmtSign !== 0) return this.#readOffset(text, at + 4, gmtSign, 0, true);
      this.#offset = 0;
      return at + 3;
    }
    const named = matchZoneName(text, at, this.#zone);
    if (named === undefined) return FAILED;
    this.#named = named;
    return at + named.length;
  }

  #readIsoZone(count: number, text: string, at: number): number {
    if (text.charAt(at) === "Z") {
      this.#offset = 0;
      return at + 1;
    }
    const sign = signAt(text, at);
    return sign === 0 ? FAILED : this.#readOffset(text, at + 1, sign, count, count === 3);
  }

  /** `count` 1: hours only; `colon`: between hours and minutes, and (with count 0) one digit of hours will do. */
  #readOffset(text: string, start: number, sign: number, count: number, colon: boolean): number {
    let at = start;
    let hours = digitAt(text, at++);
    if (hours < 0) return FAILED;
    const second = digitAt(text, at);
    if (second >= 0) {
      hours = hours * 10 + second;
      at++;
    } else if (count > 0 || !colon) return FAILED;
    if (hours > 23) return FAILED;
    let minutes = 0;
    if (count !== 1) {
      if (colon && text.charCodeAt(at++) !== COLON) return FAILED;
      const tens = digitAt(text, at++);
      const ones = digitAt(text, at++);
      if (tens < 0 || ones < 0) return FAILED;
      minutes = tens * 10 + ones;
      if (minutes > 59) return FAILED;
    }
    this.#offset = sign * (hours * 60 + minutes) * 60_000;
    this.#named = undefined;
    return at;
  }

  #establish(): number {
    const weekStamp = this.#stamps[F.WEEK_YEAR] as number;
    if (weekStamp > (this.#stamps[F.YEAR] as number)) this.#setWeekDate();
    if (!this.#lenient && !F.areLegal(this.#set)) return Number.NaN;
    const millis = this.#toUtc(F.localMillis(this.#set));
    if (!this.#ambiguous || Number.isNaN(millis) || millis >= this.#centuryStart) return millis;
    const field = weekStamp > 0 ? F.WEEK_YEAR : F.YEAR;
    this.#values[field] = (this.#values[field] as number) + 100;
    this.#ambiguous = false;
    return this.#establish();
  }

  /** Turns week year, week and weekday into the plain date they mean; they outrank every other date field. */
  #setWeekDate(): void {
    const week = this.#stamps[F.WEEK_OF_YEAR] === 0 ? 1 : (this.#values[F.WEEK_OF_YEAR] as number);
    const weekday = this.#stamps[F.DAY_OF_WEEK] === 0 ? 1 : (this.#values[F.DAY_OF_WEEK] as number);
    const newYear = dayNumber(this.#values[F.WEEK_YEAR] as number, 0, 1);
    const sunday = newYear - ((((newYear + 4) % 7) + 7) % 7);
    const fields = F.dateFields((sunday + 7 * (week - 1) + weekday - 1) * 86_400_000);
    for (const field of [F.ERA, F.YEAR, F.MONTH, F.DAY_OF_MONTH]) this.#put(field, fields[field] as number);
    for (const field of [F.WEEK_OF_YEAR, F.DAY_OF_WEEK]) this.#stamps[field] = 0;
  }

  #toUtc(local: number): number {
    if (this.#named !== undefined) {
      const utc = local - namedOffset(this.#named, local);
      return this.#lenient || F.agrees(this.#set, local) ? utc : Number.NaN;
    }
    const utc = this.#offset === undefined ? this.#zone.toUtc(local) : local - this.#offset;
    if (this.#lenient) return utc;
    const back = utc + (this.#offset ?? this.#zone.offsetAt(utc));
    return F.agrees(this.#set, back) ? utc : Number.NaN;
  }
}

function signAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code === PLUS ? 1 : code === MINUS ? -1 : 0;
}

function digitAt(text: string, at: number): number {
  const digit = text.charCodeAt(at) - 48;
  return digit >= 0 && digit <= 9 ? digit : -1;
}
