import type { Chunk, Conversation } from "./conversation.ts";
import type { Side } from "./segment.ts";

/** A part of a stream: its bytes, or that they are missing. */
export type Part = {
  readonly position: number;
  readonly length: number;
  readonly bytes: Uint8Array | undefined;
};

/** The stream of one side, to be read at any place. */
export type SideView = {
  /** Bytes of the stream, gaps included. */
  readonly length: number;
  /** What lies from `start` to `end`, as views in order. */
  parts(start: number, end: number): Part[];
  /** The same one by one, for those who may stop before the end. */
  walk(start: number, end: number): Generator<Part>;
  /** The bytes from `start` to `end`, a view where they are in one piece and a copy else; undefined when some are missing. */
  read(start: number, end: number): Uint8Array | undefined;
};

/** Opens the stream of a side; nothing is copied. */
export function viewSide(conversation: Conversation, side: Side): SideView {
  const chunks = conversation.chunks.filter((chunk) => chunk.side === side && chunk.kind !== "reset");
  const last = chunks.at(-1);
  const view: SideView = {
    length: last === undefined ? 0 : last.position + lengthOf(last),
    parts: (start, end) => [...view.walk(start, end)],
    *walk(start, end) {
      for (let at = firstAt(chunks, start); at < chunks.length; at++) {
        const chunk = chunks[at]!;
        if (chunk.position >= end) break;
        const from = Math.max(start, chunk.position);
        const to = Math.min(end, chunk.position + lengthOf(chunk));
        const bytes =
          chunk.kind === "gap" ? undefined : chunk.bytes.subarray(from - chunk.position, to - chunk.position);
        if (to > from) yield { position: from, length: to - from, bytes };
      }
    },
    read(start, end) {
      if (start < 0 || end > view.length || end < start) return undefined;
      const parts = view.parts(start, end);
      if (parts.length === 1) return parts[0]?.bytes;
      const joined = new Uint8Array(parts.every(({ bytes }) => bytes) ? end - start : 0);
      if (joined.length < end - start) return undefined;
      for (const { position, bytes } of parts) if (bytes !== undefined) joined.set(bytes, position - start);
      return joined;
    },
  };
  return view;
}

export function lengthOf(chunk: Chunk): number {
  return chunk.kind === "gap" ? chunk.length : chunk.bytes.length;
}

/** The first chunk that ends behind `position`. */
function firstAt(chunks: readonly Chunk[], position: number): number {
  let low = 0;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (chunks[middle]!.position + lengthOf(chunks[middle]!) > position) high = middle;
    else low = middle + 1;
  }
  return low;
}
