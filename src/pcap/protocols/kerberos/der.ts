/** Reads values of ASN.1 in DER (X.690), as far as Kerberos needs them. */

/** A value: its tag, and where its content is. */
export type Der = {
  readonly tag: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
};

/** Context-specific and constructed: a numbered field. */
const FIELD = 0xa0;
const MOST_VALUES = 256;

/** The value at a place; undefined when it is not whole. Tags of more than one byte are not used here. */
export function derAt(bytes: Uint8Array, at: number, end: number): Der | undefined {
  if (at + 2 > end) return undefined;
  const tag = bytes[at]!;
  let length = bytes[at + 1]!;
  let start = at + 2;
  if (length >= 0x80) {
    const digits = length & 0x7f;
    if (digits === 0 || digits > 4 || start + digits > end) return undefined;
    length = 0;
    for (let digit = 0; digit < digits; digit++) length = length * 256 + bytes[start++]!;
  }
  return start + length > end ? undefined : { tag, bytes, start, end: start + length };
}

/** The values in a value, in order. */
export function derValues({ bytes, start, end }: Der): Der[] {
  const found: Der[] = [];
  for (let at = start; at < end && found.length < MOST_VALUES; ) {
    const value = derAt(bytes, at, end);
    if (value === undefined) break;
    found.push(value);
    at = value.end;
  }
  return found;
}

/** What a numbered field of a sequence holds. */
export function derField(sequence: Der | undefined, number: number): Der | undefined {
  if (sequence === undefined) return undefined;
  const field = derValues(sequence).find(({ tag }) => tag === FIELD + number);
  return field && derAt(field.bytes, field.start, field.end);
}

/** A whole number of up to six bytes. */
export function derInteger(value: Der | undefined): number | undefined {
  if (value === undefined || value.end - value.start > 6 || value.end === value.start) return undefined;
  const { bytes, start, end } = value;
  let number = bytes[start]! >= 0x80 ? -1 : 0;
  for (let at = start; at < end; at++) number = number * 256 + bytes[at]!;
  return number;
}
