/**
 * `java.text.SimpleDateFormat` in the US locale: compiled once per pattern, then fast to read and write.
 *
 * Reading is that of the original to the letter: lenient unless told otherwise (month 13 is January of the next
 * year), a prefix of the text is enough, blanks before a number are skipped, adjacent numbers are split by the
 * pattern's counts, two-digit years fall between 80 years ago and 20 years ahead.
 */
import { compilePattern, type Piece, withDecimals } from "./date-pattern.ts";
import { DateReader } from "./date-reader.ts";
import { writeDate } from "./date-writer.ts";
import { type TimeZone, timeZone } from "./time-zone.ts";

export type DateFormatOptions = {
  /** An id or a zone; UTC unless given (Java's default is the machine's). */
  readonly zone?: string | TimeZone;
  /** Whether 31 February is 2 or 3 March; true unless given. */
  readonly lenient?: boolean;
  /** Milliseconds since the epoch, for the century of two-digit years. */
  readonly now?: number;
  /** Whether `ss.SSS` reads decimals of any number, see `withDecimals`; not unless given, as in Java. */
  readonly decimals?: boolean;
};

/** Where reading starts and, after it, ended. */
type ParsePosition = { index: number };

export type DateFormat = {
  readonly pattern: string;
  readonly zone: TimeZone;
  /** Epoch milliseconds as text. */
  readonly format: (epochMillis: number) => string;
  /**
   * Epoch milliseconds of the date that the text starts with, or NaN. Reads from `position.index` when given and
   * moves it past what was read; what follows is the caller's business.
   */
  readonly parse: (text: string, position?: ParsePosition) => number;
};

/** Compiles a pattern; throws a PatternError for one that Java refuses. Keep the result: compiling costs more than reading. */
export function simpleDateFormat(pattern: string, options: DateFormatOptions = {}): DateFormat {
  const pieces: readonly Piece[] = compilePattern(pattern);
  const zone = typeof options.zone === "object" ? options.zone : timeZone(options.zone ?? "UTC");
  const read = options.decimals === true ? withDecimals(pieces) : pieces;
  const reader = new DateReader(read, zone, options.lenient ?? true, options.now ?? Date.now());
  return {
    pattern,
    zone,
    format: (epochMillis) => writeDate(pieces, zone, epochMillis),
    parse: (text, position) => reader.read(text, position),
  };
}
