/** Reads values of ASN.1 in DER (X.690), as far as Kerberos and certificates need them. */

/** A value: its tag, and where its content is. */
export type Der = {
  readonly tag: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
};

/** What comes before the content of a value. */
export type DerHead = { readonly tag: number; readonly start: number; readonly length: number };

/** Context-specific and constructed: a numbered field. */
const FIELD = 0xa0;
const MOST_VALUES = 256;

/** The head of the value at a place: its tag, where its content begins, and the length that it says; -1 where it says none. */
export function derHead(bytes: Uint8Array, at: number, end: number): DerHead | undefined {
  if (at + 2 > end) return undefined;
  const tag = bytes[at]!;
  const first = bytes[at + 1]!;
  if (first < 0x80) return { tag, start: at + 2, length: first };
  const digits = first & 0x7f;
  if (digits === 0 || digits > 4) return { tag, start: at + 2, length: -1 };
  const start = at + 2 + digits;
  if (start > end) return undefined;
  let length = 0;
  for (let digit = at + 2; digit < start; digit++) length = length * 256 + bytes[digit]!;
  return { tag, start, length };
}

/** The value at a place; undefined when it is not whole. Tags of more than one byte are not used here. */
export function derAt(bytes: Uint8Array, at: number, end: number): Der | undefined {
  const head = derHead(bytes, at, end);
  if (head === undefined || head.length < 0 || head.start + head.length > end) return undefined;
  const { tag, start, length } = head;
  return { tag, bytes, start, end: start + length };
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
  return value && integerOf(value.bytes, value.start, value.end);
}

/** The whole number that the content of an integer is; undefined when it has none or more than six bytes. */
export function integerOf(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start > 6 || end <= start) return undefined;
  let number = bytes[start]! >= 0x80 ? -1 : 0;
  for (let at = start; at < end; at++) number = number * 256 + bytes[at]!;
  return number;
}
