import { derHead, integerOf } from "../../der.ts";
import { type Cursor, group, left, malformed, means, need, rest, text } from "../cursor.ts";
import type { Field } from "../node.ts";
import { hexOf } from "../show.ts";
import { readText } from "../text.ts";

/** An element of ASN.1 in DER (X.690): its tag with class and form, and where its content is. */
export type Element = {
  readonly tag: number;
  readonly start: number;
  readonly content: number;
  readonly end: number;
};

const TAG = {
  boolean: 1,
  integer: 2,
  bits: 3,
  octets: 4,
  oid: 6,
  enumerated: 10,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The element at `at`, without moving on. */
export function element(cursor: Cursor): Element {
  const { bytes, at } = cursor;
  need(cursor, 2);
  if ((bytes[at]! & 31) === 31) malformed(`an element at byte ${at} has a tag of several bytes`);
  const head = derHead(bytes, at, cursor.end);
  // The length itself is cut.
  if (head === undefined) malformed(`an element at byte ${at} has no whole length`);
  const { tag, start: content, length } = head;
  if (length < 0) malformed(`an element at byte ${at} has no definite length`);
  need({ ...cursor, at: content }, length);
  return { tag, start: at, content, end: content + length };
}

/** Reads the next element as a group; `read` gets its content. */
export function within(
  cursor: Cursor,
  name: string,
  label: string,
  read: (inner: Cursor, tag: number, field: Field) => void,
): void {
  const { tag, content, end } = element(cursor);
  group(cursor, [name, label], end, (inner, field) => {
    inner.at = content;
    read(inner, tag, field);
  });
}

/** Skips to the content of the next element, such as a tag that only wraps another element. */
export function open(cursor: Cursor): number {
  const { tag, content } = element(cursor);
  cursor.at = content;
  return tag;
}

const STRINGS = new Set([12, 18, 19, 20, 22, 23, 24, 26, 27, 28, 30]);

/** An element that holds no others, as what it says. */
export function value(cursor: Cursor, name: string, label: string): void {
  const { tag, content, end } = element(cursor);
  const { bytes } = cursor;
  const length = end - content;
  // The first byte of bits says how many of the last ones are unused.
  const first = tag === TAG.bits && length > 0 ? content + 1 : content;
  const isNumber = tag === TAG.integer || tag === TAG.enumerated;
  const number = isNumber ? integerOf(bytes, content, end) : undefined;
  let shown: string;
  if (tag === TAG.oid) shown = oidOf(bytes, content, end);
  else if (STRINGS.has(tag) || isName(bytes, tag, content, end)) shown = readText(bytes, content, end);
  else if (number !== undefined) shown = String(number);
  else shown = hexOf(bytes, first, Math.min(end, first + 64)) + (length > 64 ? "…" : "");
  cursor.at = first;
  text(cursor, end - first, name, label, shown);
  if (tag === TAG.boolean) means(cursor, bytes[content] === 0 ? 0 : 1, bytes[content] === 0 ? "no" : "yes");
  if (tag === TAG.integer && number !== undefined) cursor.fields.at(-1)!.value = number;
}

/** Tags of a choice say nothing of their content; names of hosts and addresses of pages are printable. */
function isName(bytes: Uint8Array, tag: number, start: number, end: number): boolean {
  const CONTEXT = 0x80;
  return (
    (tag & 0xe0) === CONTEXT &&
    end > start &&
    bytes.subarray(start, end).every((byte) => byte > 31 && byte < 127)
  );
}

/** Whatever the element is, as a tree of elements. */
export function anything(cursor: Cursor, name: string, labelOf: (tag: number) => string): void {
  const { tag } = element(cursor);
  if ((tag & 0x20) === 0) {
    value(cursor, name, labelOf(tag));
    return;
  }
  within(cursor, name, labelOf(tag), (inner) => {
    while (left(inner) > 0) anything(inner, name, labelOf);
    rest(inner, name, "More");
  });
}

/** An object identifier in dotted form; what is too long to be one ends with `…`. */
export function oidOf(bytes: Uint8Array, start: number, end: number): string {
  const MOST_ARCS = 32;
  const arcs: number[] = [];
  let arc = 0;
  for (let at = start; at < end && arcs.length < MOST_ARCS; at++) {
    arc = arc * 128 + (bytes[at]! & 127);
    if (bytes[at]! > 127) continue;
    if (arcs.length === 0) {
      const first = Math.min(2, Math.floor(arc / 40));
      arcs.push(first, arc - 40 * first);
    } else arcs.push(arc);
    arc = 0;
  }
  return arcs.join(".") + (arcs.length >= MOST_ARCS ? "…" : "");
}
