import type { getConversation } from "../../../../../../../api/conversations.ts";
import type { ResponseOf } from "../../../../../../../api/endpoint.ts";
import { characterLength, characterWidth, isText } from "../../../../../../parts/cells.ts";
import type { Side } from "../packets-state.ts";

/**
 * A page of a conversation as rows of one height each, so that megabytes can be scrolled: a head for each message, lines of its bytes, and
 * what TCP did between. A message here is what one side says until the other one speaks, or bytes are missing.
 */

export type StreamPage = ResponseOf<typeof getConversation>;
type Chunk = StreamPage["chunks"][number];
type Conflict = NonNullable<Chunk["conflicts"]>[number];
type Mark = StreamPage["marks"][number];

export type Turn = {
  readonly side: Side;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly packet: number;
  /** Its first byte, counted in what its side said. */
  readonly position: number;
  readonly bytes: Uint8Array;
  /** Bytes of a reset, which are no part of what was said. */
  readonly isReset: boolean;
};

/** How the bytes of a message are laid out. */
export type Look = "text" | "hex" | "both";

export type Row =
  | { readonly kind: "turn"; readonly turn: Turn }
  | {
      readonly kind: "line";
      readonly turn: Turn;
      readonly look: Look;
      /** Within the bytes of the message; `end` is excluded. */
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: "gap"; readonly chunk: Chunk }
  | { readonly kind: "conflict"; readonly side: Side; readonly conflict: Conflict }
  | { readonly kind: "marks"; readonly marks: readonly [Mark, ...Mark[]] };

export const HEX_WIDTH = 16;

/** Columns of a line of text; longer lines go on in the next row. */
const TEXT_WIDTH = 100;

/** Marks that say nothing an investigator reads a stream for; the timing shows all. */
const QUIET = new Set(["keep-alive", "window-probe"]);

/** The rows of a page. */
export function rowsOf(page: StreamPage, look: Look | "auto"): Row[] {
  const rows: Row[] = [];
  const marks = page.marks.filter(({ kind }) => !QUIET.has(kind)).sort((a, b) => a.time - b.time);
  let next = 0;
  const marksUntil = (time: number) => {
    const from = next;
    while (next < marks.length && (marks[next] as Mark).time <= time) next++;
    rows.push(...together(marks.slice(from, next)));
  };
  for (const part of partsOf(page.chunks)) {
    marksUntil(part.time);
    if (part.kind === "gap") {
      rows.push({ kind: "gap", chunk: part.chunk });
      continue;
    }
    const { turn } = part;
    rows.push({ kind: "turn", turn });
    const chosen = look !== "auto" ? look : isText(turn.bytes) ? "text" : "both";
    const ends = chosen === "text" ? textEnds(turn.bytes) : hexEnds(turn.bytes.length);
    let start = 0;
    for (const end of ends) {
      rows.push({ kind: "line", turn, look: chosen, start, end });
      start = end;
    }
    for (const conflict of part.conflicts) rows.push({ kind: "conflict", side: turn.side, conflict });
  }
  marksUntil(Number.POSITIVE_INFINITY);
  return rows;
}

type Part =
  | { readonly kind: "gap"; readonly time: number; readonly chunk: Chunk }
  | { readonly kind: "turn"; readonly time: number; readonly turn: Turn; readonly conflicts: Conflict[] };

/** Chunks of one side that follow each other become one message. Datagrams stay apart, as each is one. */
function partsOf(chunks: readonly Chunk[]): Part[] {
  const parts: Part[] = [];
  let run: Chunk[] = [];
  const end = () => {
    const [first] = run;
    if (first === undefined) return;
    const bytes = joined(run.map((chunk) => bytesOf(chunk.bytes ?? "")));
    const { side, time, packet, position, kind } = first;
    const turn = { side, time, packet, position, bytes, isReset: kind === "reset" };
    parts.push({ kind: "turn", time, turn, conflicts: run.flatMap(({ conflicts = [] }) => conflicts) });
    run = [];
  };
  for (const chunk of chunks) {
    const last = run.at(-1);
    const goesOn =
      chunk.kind === "bytes" &&
      last?.kind === "bytes" &&
      last.side === chunk.side &&
      last.position + last.length === chunk.position;
    if (!goesOn) end();
    if (chunk.kind === "gap") parts.push({ kind: "gap", time: chunk.time, chunk });
    else run.push(chunk);
  }
  end();
  return parts;
}

/** Marks of one kind and side that follow each other take one row. */
function together(marks: readonly Mark[]): Row[] {
  const rows: { kind: "marks"; marks: [Mark, ...Mark[]] }[] = [];
  for (const mark of marks) {
    const last = rows.at(-1)?.marks;
    if (last?.[0].kind === mark.kind && last[0].side === mark.side) last.push(mark);
    else rows.push({ kind: "marks", marks: [mark] });
  }
  return rows;
}

function hexEnds(length: number): number[] {
  return Array.from({ length: Math.ceil(length / HEX_WIDTH) }, (_, at) =>
    Math.min(length, (at + 1) * HEX_WIDTH),
  );
}

/** Where lines of text end: behind each line feed, and where a line would grow too long. No character is cut. */
function textEnds(bytes: Uint8Array): number[] {
  const ends: number[] = [];
  let width = 0;
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] as number;
    const length = characterLength(bytes, at);
    at += length;
    width += characterWidth(first, length);
    if (first !== 10 && width < TEXT_WIDTH && at < bytes.length) continue;
    ends.push(at);
    width = 0;
  }
  return ends;
}

/** The bytes that a base64 text says. */
export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Bytes one after another. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
