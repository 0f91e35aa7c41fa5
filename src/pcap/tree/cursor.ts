import { formatIpv4, formatIpv6 } from "../../core/ip.ts";
import { read32 } from "../decode/bytes.ts";
import type { Field, Layer } from "./node.ts";
import { hexOf } from "./show.ts";
import { readText } from "./text.ts";

/**
 * Reading of headers field by field. Each function reads at `at`, adds a field, and moves on. What is not there ends the group or layer that
 * is being read, with a problem that says where: by throwing, as a header of twenty fields would otherwise be twenty questions. Nothing
 * that is thrown here leaves `packetTree`.
 */
export type Cursor = {
  readonly bytes: Uint8Array;
  at: number;
  /** Where the bytes that are here end, and where they would if all had been captured. */
  end: number;
  wire: number;
  /** Groups around `at`. */
  readonly depth: number;
  readonly fields: Field[];
  readonly layer: Layer;
  /** Shared by all of a packet. */
  readonly budget: Budget;
};

export type Budget = { fields: number };

/** What ends the reading of a group or layer. */
export class Malformed extends Error {}
/** What ends the reading of the packet: it has more fields than anybody reads. */
export class TooMuch extends Error {}

/** Fields of one packet; the largest real ones (SMB, certificates) have some hundred. */
export const MOST_FIELDS = 5000;
const MOST_DEPTH = 24;
/** Bytes of a value that are shown; the place tells the rest. */
const MOST_BYTES = 256;

/** Turns a number into what people read, or names its values. */
export type Shown = ((value: number) => string) | undefined;

/** Says that what was read cannot be. */
export function malformed(problem: string): never {
  throw new Malformed(problem);
}

/** Ends the group unless `length` bytes are here. */
export function need({ at, end, wire }: Cursor, length: number): void {
  if (end - at >= length) return;
  if (wire - at >= length) malformed(`cut by the capture at byte ${end}`);
  malformed(`ends at byte ${end}, ${at + length - end} bytes too early`);
}

export const left = ({ at, end }: Cursor): number => end - at;

/** Adds a field that was put together by the caller. */
function add<Kind extends Field>(cursor: Cursor, field: Kind): Kind {
  if (cursor.budget.fields-- <= 0) throw new TooMuch();
  cursor.fields.push(field);
  return field;
}

/** An unsigned number of 1 to 4 bytes in network byte order. */
export function number(cursor: Cursor, size: number, name: string, label: string, shown?: Shown): number {
  need(cursor, size);
  const { bytes, at } = cursor;
  const value = peek(bytes, at, size);
  add(cursor, { name, label, value, shown: shown?.(value) ?? String(value), start: at, end: at + size });
  cursor.at += size;
  return value;
}

/** An unsigned number in little-endian order. */
export function little(cursor: Cursor, size: number, name: string, label: string, shown?: Shown): number {
  need(cursor, size);
  const { bytes, at } = cursor;
  let value = 0;
  for (let index = size - 1; index >= 0; index--) value = value * 256 + bytes[at + index]!;
  add(cursor, { name, label, value, shown: shown?.(value) ?? String(value), start: at, end: at + size });
  cursor.at += size;
  return value;
}

/** A number of 64 bits; its value is text, as it may not fit a number. */
export function long(cursor: Cursor, name: string, label: string, isLittle = false, isHex = false): bigint {
  need(cursor, 8);
  const { bytes, at } = cursor;
  const value = new DataView(bytes.buffer, bytes.byteOffset + at, 8).getBigUint64(0, isLittle);
  const shown = isHex ? `0x${value.toString(16).padStart(16, "0")}` : String(value);
  add(cursor, { name, label, value: isHex ? shown : String(value), shown, start: at, end: at + 8 });
  cursor.at += 8;
  return value;
}

export function ipv4(cursor: Cursor, name: string, label: string): void {
  need(cursor, 4);
  text(cursor, 4, name, label, formatIpv4(read32(cursor.bytes, cursor.at)));
}

export function ipv6(cursor: Cursor, name: string, label: string): void {
  need(cursor, 16);
  const { bytes, at } = cursor;
  const words = [0, 4, 8, 12].map((offset) => read32(bytes, at + offset));
  text(cursor, 16, name, label, formatIpv6(words as [number, number, number, number]));
}

export function mac(cursor: Cursor, name: string, label: string): void {
  raw(cursor, 6, name, label);
}

/** Bytes, as hex with colons; the first few of many. */
export function raw(cursor: Cursor, length: number, name: string, label: string, shown?: string): void {
  need(cursor, length);
  const { bytes, at } = cursor;
  const value = hexOf(bytes, at, at + Math.min(length, MOST_BYTES));
  const more = length > MOST_BYTES ? "…" : "";
  const told = shown ?? (length > 32 ? `${length} bytes` : value);
  add(cursor, { name, label, value: value + more, shown: told, start: at, end: at + length });
  cursor.at += length;
}

/** Everything that is left, if anything is. */
export function rest(cursor: Cursor, name: string, label: string): void {
  if (left(cursor) > 0) raw(cursor, left(cursor), name, label);
}

/** Characters, each byte one, or as UTF-8 where they are; or a text that the caller made of the bytes. */
export function text(cursor: Cursor, length: number, name: string, label: string, made?: string): string {
  need(cursor, length);
  const { bytes, at } = cursor;
  const value = made ?? readText(bytes, at, at + length);
  add(cursor, { name, label, value, shown: value, start: at, end: at + length });
  cursor.at += length;
  return value;
}

/** What is concluded from other fields and written nowhere. */
export function concluded(
  cursor: Cursor,
  name: string,
  label: string,
  value: number | string,
  shown?: string,
): Field {
  const { at } = cursor;
  return add(cursor, { name, label, value, shown: shown ?? String(value), start: at, end: at });
}

/** Says what the field that was read last stands for, where that is not the number that is written. */
export function means(cursor: Cursor, value: number | string, shown = String(value)): void {
  const field = cursor.fields.at(-1)!;
  field.value = value;
  field.shown = shown;
}

/** Puts fields within the one that was read last. */
export function within(cursor: Cursor): Cursor {
  const field = cursor.fields.at(-1)!;
  field.fields ??= [];
  return { ...cursor, fields: field.fields };
}

/** A part of a number: its name, label, the mask of its bits, and what its values mean. */
export type BitField = readonly [name: string, label: string, mask: number, shown?: Shown];

/**
 * Parts of the next `size` bytes, without moving on. Like Wireshark some protocols give each part all of the bytes (`whole`), others only
 * those that hold its bits.
 */
export function parts(cursor: Cursor, size: number, fields: readonly BitField[], whole = true): void {
  need(cursor, size);
  const { bytes, at } = cursor;
  const value = peek(bytes, at, size);
  for (const [name, label, mask, shown] of fields) {
    const low = 31 - Math.clz32(mask & -mask);
    const high = 31 - Math.clz32(mask);
    const part = (value & mask) >>> low;
    const start = whole ? at : at + size - 1 - (high >>> 3);
    const end = whole ? at + size : at + size - (low >>> 3);
    const first = 8 * size - 1 - high - 8 * (start - at);
    const isFlag = high === low;
    const told = shown?.(part) ?? (isFlag ? (part === 1 ? "Set" : "Not set") : String(part));
    add(cursor, {
      name,
      label,
      value: part,
      shown: told,
      start,
      end,
      bits: { first, count: high - low + 1 },
    });
  }
}

/** A number whose bits are fields of their own. */
export function flags(
  cursor: Cursor,
  size: number,
  name: string,
  label: string,
  fields: readonly BitField[],
  { whole = true, mask = 0xffff_ffff }: { whole?: boolean; mask?: number } = {},
): number {
  need(cursor, size);
  const { at } = cursor;
  const value = (peek(cursor.bytes, at, size) & mask) >>> 0;
  const shown = `0x${value.toString(16).padStart(2 * size, "0")}`;
  const field: Field = { name, label, value, shown, start: at, end: at + size, fields: [] };
  add(cursor, field);
  parts({ ...cursor, fields: field.fields! }, size, fields, whole);
  const set = fields.filter(([, , bit]) => (bit & (bit - 1)) === 0 && (value & bit) !== 0);
  if (set.length > 0) field.shown = `${shown} (${set.map(([, word]) => word).join(", ")})`;
  cursor.at += size;
  return value;
}

/**
 * A group of fields. With an `end` it is read within these bytes, and what follows it is read even if the group cannot be; without one it
 * ends where its reading ends.
 */
export function group(
  cursor: Cursor,
  [name, label, shown = ""]: readonly [name: string, label: string, shown?: string],
  end: number | undefined,
  read: (inner: Cursor, field: Field) => void,
): Field {
  const { at } = cursor;
  if (cursor.depth >= MOST_DEPTH) malformed(`more than ${MOST_DEPTH} groups are within each other`);
  const field = add<Field>(cursor, { name, label, shown, start: at, end: at, fields: [] });
  const limit = Math.min(cursor.end, end ?? cursor.end);
  const wire = Math.min(cursor.wire, end ?? cursor.wire);
  const inner: Cursor = { ...cursor, end: limit, wire, depth: cursor.depth + 1, fields: field.fields! };
  try {
    read(inner, field);
    if (end !== undefined && end > cursor.wire)
      malformed(`claims ${end - cursor.wire} bytes more than there are`);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    field.problem = error.message;
    if (end === undefined || end > cursor.end) {
      field.end = Math.max(at, inner.at);
      cursor.at = field.end;
      throw error;
    }
    cursor.layer.problem ??= `${label}: ${error.message}`;
  }
  field.end = end === undefined ? inner.at : limit;
  cursor.at = field.end;
  return field;
}

/** The unsigned number of `size` bytes at a place that is known to be there. */
function peek(bytes: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let index = 0; index < size; index++) value = value * 256 + bytes[at + index]!;
  return value;
}
