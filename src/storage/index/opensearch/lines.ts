import type { Position } from "../../../core/block.ts";
import { decodeText } from "../../../core/text.ts";
import { JsonBytes } from "./json-bytes.ts";

/** Documents of a sensor as lines of a bulk request: for each one what is to be done with it, and its JSON. */
export type Lines = {
  readonly sensor: string;
  /** When the records came, epoch milliseconds. */
  readonly arrival: number;
  /** Where the records began that the documents were made of. */
  readonly position: Position;
  readonly count: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where the lines of each document begin, and those of the last one end. */
  readonly starts: Uint32Array;
  /** Where the JSON of each document begins. */
  readonly sources: Uint32Array;
  /** The record that each was made of, counted from the position. */
  readonly records: Uint32Array;
};

/** Some documents: [from, to) of them. */
export type Part = { readonly lines: Lines; readonly from: number; readonly to: number };

/** One document of lines. */
export type Line = { readonly lines: Lines; readonly at: number };

/** The bytes of all documents. */
export function sizeOf({ starts, count }: Lines): number {
  return starts[count] ?? 0;
}

/** The bytes that parts are sent as. */
export function bodyOf(parts: readonly Part[]): Uint8Array {
  const bodies = parts.map(({ lines: { bytes, starts }, from, to }) =>
    bytes.subarray(starts[from], starts[to]),
  );
  return bodies.length === 1 && bodies[0] !== undefined ? bodies[0] : Buffer.concat(bodies);
}

/** A document by its place among those of parts. */
export function lineOf(parts: readonly Part[], place: number): Line | undefined {
  let before = 0;
  for (const { lines, from, to } of parts) {
    if (place < before + to - from) return { lines, at: from + place - before };
    before += to - from;
  }
  return undefined;
}

/** The first so many documents of parts, and the others. */
export function halvesOf(parts: readonly Part[], first: number): [Part[], Part[]] {
  const halves: [Part[], Part[]] = [[], []];
  let left = first;
  for (const { lines, from, to } of parts) {
    const middle = Math.min(to, from + left);
    if (middle > from) halves[0].push({ lines, from, to: middle });
    if (to > middle) halves[1].push({ lines, from: middle, to });
    left -= middle - from;
  }
  return halves;
}

export function countOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { from, to }) => sum + to - from, 0);
}

/** The JSON of a document. */
export function sourceOf({ lines: { bytes, starts, sources }, at }: Line): string {
  return decodeText(bytes, sources[at] ?? 0, (starts[at + 1] ?? 0) - 1);
}

/** The lines of one document that was not made of a row of a batch. */
export function lineOfJson(
  origin: Pick<Lines, "sensor" | "arrival" | "position">,
  { index, id, json }: { readonly index: string; readonly id: string; readonly json: string },
): Lines {
  const written = new JsonBytes();
  written.addText(`{"create":{"_index":"${index}","_id":${JSON.stringify(id)}}}\n`);
  const sources = Uint32Array.of(written.length);
  written.addText(`${json}\n`);
  const { bytes, length } = written;
  return {
    ...origin,
    count: 1,
    bytes,
    starts: Uint32Array.of(0, length),
    sources,
    records: new Uint32Array(1),
  };
}
