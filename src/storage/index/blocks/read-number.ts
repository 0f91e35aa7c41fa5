// Bytes are read within bounds known beforehand, hence `as number`.

const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
/** So many digits are a whole number that a double holds exactly. */
const WHOLE_DIGITS = 15;
/** The digits of two numbers up to here that differ stand for two fractions, so that what spells one back is the text. */
const MOST_DIGITS = 2 ** 52;
/** Nearer to zero `String` writes an exponent. */
const LEAST_PLAIN = 1e-6;
/** Powers of ten that a double holds exactly. */
const POWERS = Float64Array.from({ length: 23 }, (_, power) => 10 ** power);

/** Reads numbers that came as text from their bytes, those that are as most are: a text made of each would cost ten times as much. */
export class NumberReader {
  /** Whether `String` spells the number last read as it was spelt. */
  isPlain = false;

  /** A whole number, spelt as `String` does, of up to 15 digits; NaN for any other text. */
  whole(bytes: Uint8Array, start: number, end: number): number {
    this.isPlain = true;
    const isNegative = bytes[start] === MINUS;
    const first = isNegative ? start + 1 : start;
    const digits = end - first;
    if (digits < 1 || digits > WHOLE_DIGITS) return Number.NaN;
    if (bytes[first] === ZERO && (digits > 1 || isNegative)) return Number.NaN;
    let value = 0;
    for (let at = first; at < end; at++) {
      const digit = (bytes[at] as number) - ZERO;
      if (digit < 0 || digit > 9) return Number.NaN;
      value = value * 10 + digit;
    }
    return isNegative ? -value : value;
  }

  /** A number of about 15 digits with or without a point and without an exponent; NaN for any other text. */
  decimal(bytes: Uint8Array, start: number, end: number): number {
    const isNegative = bytes[start] === MINUS;
    const first = isNegative ? start + 1 : start;
    let value = 0;
    let point = -1;
    for (let at = first; at < end; at++) {
      const digit = (bytes[at] as number) - ZERO;
      if (digit >= 0 && digit <= 9) value = value * 10 + digit;
      else if (digit === DOT - ZERO && point < 0) point = at;
      else return Number.NaN;
    }
    const wholeEnd = point < 0 ? end : point;
    const fraction = point < 0 ? 0 : end - point - 1;
    if (wholeEnd === first || (point >= 0 && fraction === 0) || fraction >= POWERS.length) return Number.NaN;
    if (bytes[first] === ZERO && wholeEnd - first > 1) return Number.NaN;
    if (value > MOST_DIGITS || (value === 0 && isNegative)) return Number.NaN;
    // One division of two numbers that are exact is the nearest double to what is written.
    value /= POWERS[fraction] as number;
    this.isPlain = fraction === 0 || (bytes[end - 1] !== ZERO && value >= LEAST_PLAIN);
    return isNegative ? -value : value;
  }
}

/** Signs of numbers: digits, signs, the point and the letter of an exponent. */
const SIGNS = new Uint8Array(256);
for (const sign of "0123456789+-.eE") SIGNS[sign.charCodeAt(0)] = 1;

/** Whether a text consists of what numbers are spelt with. */
export function mayBeNumber(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (SIGNS[bytes[at] as number] === 0) return false;
  return true;
}
