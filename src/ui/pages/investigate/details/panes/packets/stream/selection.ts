import { cellsOf } from "../../../../../../parts/cells.ts";
import type { ByteRange, Side } from "../packets-state.ts";
import type { Turn } from "./rows.ts";

/**
 * From what is selected on the screen to bytes. A span of bytes carries where its first byte is (`data-byte`), whose it is (`data-side`) and
 * how its characters map to bytes (`data-per`: so many characters for each byte, or `cells`).
 */

/** The bytes that the browser's selection covers within an element; the one under the caret when it covers none. */
export function selectedBytes(
  within: Element,
  bytesAt: (range: ByteRange) => Uint8Array | undefined,
): ByteRange | undefined {
  const selection = window.getSelection();
  if (selection === null || selection.rangeCount === 0) return undefined;
  const range = selection.getRangeAt(0);
  if (!within.contains(range.startContainer)) return undefined;
  const start = placeOf(range.startContainer, range.startOffset, bytesAt);
  const end = range.collapsed ? start : placeOf(range.endContainer, range.endOffset, bytesAt, true);
  if (start === undefined || end === undefined || start.side !== end.side) return start && oneByte(start);
  return { side: start.side, from: start.at, to: Math.max(start.at, end.at) };
}

type Place = { readonly side: Side | undefined; readonly at: number };

function oneByte({ side, at }: Place): ByteRange {
  return { side, from: at, to: at };
}

/** The byte at an offset of a text; with `isEnd` the one before it. */
function placeOf(
  node: Node,
  offset: number,
  bytesAt: (range: ByteRange) => Uint8Array | undefined,
  isEnd = false,
): Place | undefined {
  const span = (node instanceof Element ? node : node.parentElement)?.closest<HTMLElement>("[data-byte]");
  if (span === null || span === undefined) return undefined;
  const { byte, length, per, side: whose } = span.dataset;
  const side = whose === "client" || whose === "server" ? whose : undefined;
  const from = Number(byte);
  const last = Number(length) - 1;
  const characters = Math.max(0, node instanceof Element ? 0 : offset - (isEnd ? 1 : 0));
  if (per !== "cells") return { side, at: from + Math.min(last, Math.floor(characters / Number(per))) };
  const bytes = bytesAt({ side, from, to: from + last });
  if (bytes === undefined) return undefined;
  let seen = 0;
  let at = 0;
  for (const cell of cellsOf(bytes)) {
    if (seen + cell.text.length > characters) return { side, at: from + at + (isEnd ? cell.bytes - 1 : 0) };
    seen += cell.text.length;
    at += cell.bytes;
  }
  return { side, at: from + last };
}

/** The bytes of a range of what a side said, as far as they are loaded and without a gap. */
export function bytesIn(turns: readonly Turn[], { side, from, to }: ByteRange): Uint8Array | undefined {
  const parts: number[] = [];
  let at = from;
  for (const turn of turns) {
    if (turn.side !== side || turn.isReset || at < turn.position || at >= turn.position + turn.bytes.length)
      continue;
    const end = Math.min(to + 1, turn.position + turn.bytes.length);
    const part = turn.bytes.subarray(at - turn.position, end - turn.position);
    if (end > to) return parts.length === 0 ? part : Uint8Array.from([...parts, ...part]);
    for (const byte of part) parts.push(byte);
    at = end;
  }
  return undefined;
}

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -16, ArrowDown: 16 };

/** The selection after an arrow key: a byte or a line of hex on, or grown with Shift. */
export function movedBy(
  { key, shiftKey }: { key: string; shiftKey: boolean },
  bytes: ByteRange,
): ByteRange | undefined {
  const by = STEPS[key];
  if (by === undefined) return undefined;
  const to = Math.max(0, bytes.to + by);
  if (shiftKey) return to < bytes.from ? undefined : { ...bytes, to };
  return { side: bytes.side, from: to, to };
}
