import { read32, readLittle16, readLittle32 } from "./bytes.ts";
import { LINK } from "./link-types.ts";
import { has, NEXT, type Walk } from "./walk.ts";

const TYPE_DATA = 2;
const TO_STATION_AND_BACK = 3;
const ORDER = 0x80;
const PROTECTED = 0x40;

/** A frame of IEEE 802.11. Frames of data that are not encrypted hold logical link control. */
export function wireless(walk: Walk): number {
  return frame(walk, false);
}

/** The same behind a header of radiotap (https://www.radiotap.org). */
export function radiotap(walk: Walk): number {
  const { bytes, at } = walk;
  if (!has(walk, 8)) return NEXT.nothing;
  const length = readLittle16(bytes, at + 2);
  if (length < 8 || !has(walk, length)) return NEXT.nothing;
  const isPadded = isPaddedFrame(bytes, at, at + length);
  walk.at += length;
  return frame(walk, isPadded);
}

/** Headers of Prism have 144 bytes; some systems write those of AVS under the same number. */
export function prism(walk: Walk): number {
  if (!has(walk, 8)) return NEXT.nothing;
  if (read32(walk.bytes, walk.at) >>> 12 === 0x80211) return avs(walk);
  return skip(walk, 144);
}

/** The header of the Absolute Value Systems driver says its length. */
export function avs(walk: Walk): number {
  return has(walk, 8) ? skip(walk, read32(walk.bytes, walk.at + 4)) : NEXT.nothing;
}

function skip(walk: Walk, length: number): number {
  if (length < 8 || !has(walk, length)) return NEXT.nothing;
  walk.at += length;
  return frame(walk, false);
}

function frame(walk: Walk, isPadded: boolean): number {
  const { bytes, at } = walk;
  if (!has(walk, 24)) return NEXT.nothing;
  const control = bytes[at]!;
  const flags = bytes[at + 1]!;
  const isQuality = (control & 0x80) !== 0;
  // Subtypes with this bit have no data.
  const isEmpty = (control & 0x40) !== 0;
  if (((control >>> 2) & 3) !== TYPE_DATA || isEmpty || (flags & PROTECTED) !== 0) return NEXT.nothing;
  let header = 24;
  if ((flags & TO_STATION_AND_BACK) === TO_STATION_AND_BACK) header += 6;
  if (isQuality) header += (flags & ORDER) === 0 ? 2 : 6;
  if (isPadded) header = (header + 3) & ~3;
  if (!has(walk, header)) return NEXT.nothing;
  walk.at += header;
  return NEXT.link + LINK.llc;
}

/** Whether the flags of radiotap say that the header of the frame is filled up to four bytes. */
export function isPaddedFrame(bytes: Uint8Array, start: number, end: number): boolean {
  const TIME = 1;
  const FLAGS = 2;
  const MORE = 0x8000_0000;
  const PADDED = 0x20;
  const present = readLittle32(bytes, start + 4);
  if ((present & FLAGS) === 0) return false;
  let at = start + 8;
  for (let word = present; (word & MORE) !== 0 && at + 4 <= end; at += 4) word = readLittle32(bytes, at);
  // Fields are aligned to their size, counted from the beginning of the header.
  if ((present & TIME) !== 0) at = start + ((at - start + 7) & ~7) + 8;
  return at < end && (bytes[at]! & PADDED) !== 0;
}
