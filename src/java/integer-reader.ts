/** Reads whole numbers as the number format inside SimpleDateFormat does. */

const MINUS = 45;
const EXPONENT = 69;

/**
 * The number that text holds at `start`, up to `limit`: an optional minus, digits, and (as Java will have it) an
 * optional exponent, cut to a 32-bit int. Undefined when there are no digits. `end` is where reading stopped.
 */
export function readInteger(
  text: string,
  start: number,
  limit: number,
): { value: number; end: number } | undefined {
  const negative = text.charCodeAt(start) === MINUS;
  const first = negative ? start + 1 : start;
  let at = first;
  let value = 0;
  while (at < limit) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    value = value * 10 + digit;
    at++;
  }
  if (at === first) return undefined;
  if (at - first > 15) value = wrap(text.slice(first, at));
  if (text.charCodeAt(at) === EXPONENT && at + 1 < limit) {
    const exponent = readInteger(text, at + 1, limit);
    if (exponent !== undefined) {
      return { value: toInt((negative ? -value : value) * 10 ** exponent.value), end: exponent.end };
    }
  }
  return { value: toInt(negative ? -value : value), end: at };
}

/** Java's conversion: a long loses its upper bits, a double beyond the longs is the largest int. */
function wrap(digits: string): number {
  if (digits.length > 400) return 2 ** 31 - 1;
  const whole = BigInt(digits);
  return whole >= 2n ** 63n ? 2 ** 31 - 1 : Number(BigInt.asIntN(32, whole));
}

function toInt(value: number): number {
  if (value === (value | 0)) return value | 0;
  if (!Number.isFinite(value) || Math.abs(value) >= 2 ** 63) return value > 0 ? 2 ** 31 - 1 : -(2 ** 31);
  return Number(BigInt.asIntN(32, BigInt(Math.trunc(value))));
}
