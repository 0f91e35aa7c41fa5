import type { Framer, FramerOptions } from "../line-framer.ts";
import { HEAD_BYTES } from "../source.ts";
import { separatorsAt } from "./separators.ts";
import { TextFramer } from "./text-framer.ts";

const SPACE = 32;
const ZERO = 48;
const NINE = 57;
const LESS_THAN = 60;
/** Digits of the longest length that is believed. */
const MOST_DIGITS = 9;

/**
 * Frames of a length, a space and that many bytes (RFC 6587, section 3.4.1). Line ends and NULs between frames, which
 * some senders add without counting them, are skipped. Where no length stands, the peer is
 * taken to cut at line feeds from there on: its records are kept, and the parser says what is wrong with them.
 */
export class OctetFramer implements Framer {
  readonly #options: FramerOptions;
  /** What arrived of a frame that is not complete, and how many bytes make it so. */
  #parts: Buffer[] = [];
  #length = 0;
  #needed = 0;
  /** Bytes of a refused frame that are still to come, and its length. */
  #skip = 0;
  #lines: TextFramer | undefined;

  constructor(options: FramerOptions) {
    this.#options = options;
  }

  get pending(): number {
    return this.#lines?.pending ?? this.#length;
  }

  push(arrived: Buffer): void {
    if (this.#lines !== undefined) {
      this.#lines.push(arrived);
      return;
    }
    const chunk = this.#join(arrived);
    if (chunk === undefined) return;
    let at = 0;
    let needed = 0;
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - at);
        this.#skip -= skipped;
        at += skipped;
        continue;
      }
      at += separatorsAt(chunk, at);
      if (at === chunk.length) break;
      const header = readLength(chunk, at);
      needed = 0;
      if (header === "incomplete") break;
      if (header === "none") {
        this.#lines = new TextFramer(this.#options);
        this.#lines.push(chunk.subarray(at));
        return;
      }
      const end = header.start + header.length;
      if (header.length > this.#options.maxRecordBytes) {
        this.#refuse(header.length, chunk.subarray(header.start, Math.min(end, header.start + HEAD_BYTES)));
        this.#skip = header.length;
        at = header.start;
        continue;
      }
      needed = end - at;
      if (end > chunk.length) break;
      this.#options.builder.record(chunk, header.start, end);
      at = end;
    }
    if (at < chunk.length) this.#keep(Buffer.from(chunk.subarray(at)), needed);
  }

  end(): void {
    this.#lines?.end();
    if (this.#length === 0) return;
    const kept = Buffer.concat(this.#parts);
    this.#keep(undefined, 0);
    this.#options.refuse("the connection ended within a record", kept.length, kept);
  }

  /** All that is not dealt with yet, once it is enough for a frame: then nothing is kept any more. */
  #join(arrived: Buffer): Buffer | undefined {
    if (this.#length === 0) return arrived;
    this.#parts.push(arrived);
    this.#length += arrived.length;
    if (this.#length < this.#needed) return undefined;
    const chunk = Buffer.concat(this.#parts);
    this.#keep(undefined, 0);
    return chunk;
  }

  #keep(rest: Buffer | undefined, needed: number): void {
    this.#parts = rest === undefined ? [] : [rest];
    this.#length = rest?.length ?? 0;
    this.#needed = needed;
  }

  #refuse(length: number, head: Uint8Array): void {
    const { maxRecordBytes, refuse } = this.#options;
    refuse(`a record of ${length} bytes, more than the ${maxRecordBytes} allowed`, length, head);
  }
}

/** Finds out from the first bytes of a connection how it is framed: "undecided" until there are enough. */
export function detectFraming(bytes: Buffer): "octets" | "lines" | "undecided" {
  const start = bytes.subarray(separatorsAt(bytes, 0));
  for (let at = 0; at < start.length; at++) {
    const byte = start[at] as number;
    if (byte >= ZERO && byte <= NINE && !(at === 0 && byte === ZERO) && at < MOST_DIGITS) continue;
    if (byte !== SPACE || at === 0) return "lines";
    // Lines of other formats may begin with a number too; a syslog message begins with its priority.
    if (at + 1 === start.length) return "undecided";
    return start[at + 1] === LESS_THAN ? "octets" : "lines";
  }
  return "undecided";
}

/** The length at `at` and where its record starts. */
function readLength(chunk: Buffer, at: number): { length: number; start: number } | "incomplete" | "none" {
  let length = 0;
  for (let index = at; index < chunk.length; index++) {
    const byte = chunk[index] as number;
    if (byte === SPACE && index > at) return { length, start: index + 1 };
    if (byte < ZERO || byte > NINE || index - at === MOST_DIGITS) return "none";
    length = length * 10 + byte - ZERO;
  }
  return "incomplete";
}
