/**
 * How routes travel through their topic. A block begins with a header: JSON that says which records of which topic it was made of, and by
 * which profiles. Each record after it is one route: a message as one profile sees it, for one entity. A block is appended whole or not at
 * all, so who reads it can tell by the header whether it has had these records before.
 */
import { z } from "zod";

/** What a header says. */
const headerSchema = z.object({
  v: z.literal(1),
  /** When it was made, by the clock of who made it: milliseconds since the epoch. */
  at: z.number(),
  /** The topic and partition that the messages are of, and their first record and the one after the last; absent in a tick. */
  source: z.object({ topic: z.string(), partition: z.int(), from: z.int(), to: z.int() }).optional(),
  /** Keys of the profiles that routes name by their index. */
  profiles: z.array(z.string()).default([]),
});

export type RouteHeader = z.output<typeof headerSchema>;

/** The bytes of a header. */
export function writeHeader(header: Omit<RouteHeader, "v">): Uint8Array {
  return Buffer.from(JSON.stringify({ v: 1, ...header }));
}

/** The first byte of a route, and of a header. */
export const ROUTE = 1;
export const HEADER = 0x7b;
/** The last byte of a route: one that is not taken for the end of a line. */
const END = 1;

/** Reads a header; undefined for what is none. */
export function readHeader(bytes: Uint8Array): RouteHeader | undefined {
  try {
    const found = headerSchema.safeParse(JSON.parse(Buffer.from(bytes).toString()));
    return found.success ? found.data : undefined;
  } catch {
    return undefined;
  }
}

/** Kinds of field values in a route. Those of texts and others are followed by a length and bytes, those of numbers by a double. */
export const FIELD = {
  ABSENT: 0,
  NULL: 1,
  FALSE: 2,
  TRUE: 3,
  INT: 4,
  LONG: 5,
  FLOAT: 6,
  DOUBLE: 7,
  TEXT: 8,
  /** Bytes of a value as `storeValue` writes it. */
  VALUE: 9,
} as const;

/** Bytes that grow, with the ends of records: a block in the making. */
export class RouteBytes {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #ends: number[] = [];
  length = 0;

  get records(): number {
    return this.#ends.length;
  }

  /** Ends a record where the bytes end now. */
  endRecord(): void {
    this.byte(END);
    this.#ends.push(this.length);
  }

  /** Takes back what was written since the last record ended. */
  dropRecord(): void {
    this.length = this.#ends.at(-1) ?? 0;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.length++] = value;
  }

  word(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.length, value, true);
    this.length += 4;
  }

  double(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** A stretch of bytes after its length. */
  span(bytes: Uint8Array, start: number, end: number): void {
    this.word(end - start);
    this.#reserve(end - start);
    // A loop is faster than a copy by the runtime for the short texts that fields are.
    if (end - start > 64) this.#bytes.set(bytes.subarray(start, end), this.length);
    else for (let at = start, to = this.length; at < end; at++, to++) this.#bytes[to] = bytes[at] as number;
    this.length += end - start;
  }

  /** A copy of what was written, as records: `first` in front of them. */
  take(first: Uint8Array): { bytes: Uint8Array; ends: Uint32Array } {
    const bytes = new Uint8Array(first.length + this.length);
    bytes.set(first);
    bytes.set(this.#bytes.subarray(0, this.length), first.length);
    const ends = new Uint32Array(this.#ends.length + 1);
    ends[0] = first.length;
    for (const [index, end] of this.#ends.entries()) ends[index + 1] = first.length + end;
    this.length = 0;
    this.#ends = [];
    return { bytes, ends };
  }

  #reserve(count: number): void {
    if (this.length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + count));
    grown.set(this.#bytes.subarray(0, this.length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
