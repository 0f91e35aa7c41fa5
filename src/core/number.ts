/**
 * Numbers that remember their type.
 *
 * Metron's messages and Stellar know Java's four numeric types, and results depend on them: `1 / 2` is 0 while
 * `1.0 / 2` is 0.5, and a double prints as `5.0`. A plain JS number that is whole stands for an int, a bigint for
 * a long; these two classes stand for the floating types.
 */

/** A 64-bit IEEE number, even when it happens to be whole. */
export class Double {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
  toJSON(): number | string {
    return Number.isFinite(this.value) ? this.value : String(this.value);
  }
}

/** A 32-bit IEEE number, kept rounded to that precision. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = Math.fround(value);
  }
  toJSON(): number | string {
    return Number.isFinite(this.value) ? this.value : String(this.value);
  }
}

export const INT_MIN = -2147483648;
export const INT_MAX = 2147483647;

/** Tells whether a JS number is whole and fits Java's 32-bit int. */
export function isInt(value: number): boolean {
  return (value | 0) === value;
}
