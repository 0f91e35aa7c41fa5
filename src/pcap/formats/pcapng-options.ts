import { decodeText } from "../../core/text.ts";
import type { CaptureInterface } from "../packets.ts";
import { type Clock, MICROSECOND_CLOCK } from "./clock.ts";
import type { Cursor } from "./part.ts";

/** Where options of a block begin and end, and the byte order of its section. */
export type Options = {
  readonly cursor: Cursor;
  readonly from: number;
  readonly to: number;
  readonly little: boolean;
};

/** Texts of options are cut to this many bytes; the longest that matter are filters and comments. */
const LONGEST_TEXT = 2048;

/** Visits the options of a block, and says whether they are whole. */
export function visitOptions(
  { cursor, from, to, little }: Options,
  visit: (code: number, start: number, end: number) => void,
): boolean {
  let at = from;
  while (to - at >= 4) {
    const code = cursor.view.getUint16(at, little);
    const length = cursor.view.getUint16(at + 2, little);
    if (code === 0) return true;
    const end = at + 4 + length;
    if (end > to) return false;
    visit(code, at + 4, end);
    at = end + (-length & 3);
  }
  return at >= to;
}

/** What an interface description says: the kind of link and snap length of its fixed part, and its options. */
export function readInterface(options: Options, linkType: number, snapLength: number) {
  const { cursor, little } = options;
  const seen: { -readonly [Key in keyof CaptureInterface]: CaptureInterface[Key] } = { linkType, snapLength };
  let { base, exponent, offset }: Clock = MICROSECOND_CLOCK;
  const isWhole = visitOptions(options, (code, start, end) => {
    if (code === 2) seen.name = text(cursor, start, end);
    if (code === 3) seen.description = text(cursor, start, end);
    if (code === 9 && end > start) {
      const resolution = cursor.view.getUint8(start);
      base = resolution & 0x80 ? 2 : 10;
      exponent = resolution & 0x7f;
    }
    // A filter of type 0 is text; others are programs of its virtual machine.
    if (code === 11 && end > start && cursor.view.getUint8(start) === 0)
      seen.filter = text(cursor, start + 1, end);
    if (code === 13 && end > start) seen.fcsLength = cursor.view.getUint8(start);
    if (code === 14 && end - start === 8) offset = Number(cursor.view.getBigInt64(start, little));
  });
  const clock: Clock = { base, exponent, offset };
  return { seen: seen as CaptureInterface, clock, isWhole };
}

/** A text of a block, without the NUL that some writers end it with. */
export function text(cursor: Cursor, start: number, end: number): string {
  const last = Math.min(end, start + LONGEST_TEXT);
  return decodeText(cursor.bytes, start, last).replace(/\0+$/, "");
}

/** A number of 64 bits, as far as it is exact. */
export function wide(cursor: Cursor, at: number, little: boolean): number {
  return Number(cursor.view.getBigUint64(at, little));
}
