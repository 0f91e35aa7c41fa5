import { CLOSE, HASH, SEPARATOR } from "../core/heading.ts";
import type { BlockBuilder } from "./block-builder.ts";

const LINE_FEED = 10;
/** Header lines kept; Zeek writes less than a kilobyte. */
const HEADING_BYTES = 64 * 1024;

/**
 * Follows the header of a Zeek log in tab-separated text, which says what the lines below it hold, and has it at the
 * start of every block: blocks go to different partitions and are read again one by one after a crash, so each must
 * be readable without the others.
 */
export class Heading {
  readonly #builder: BlockBuilder;
  #lines: Buffer[] = [];
  #bytes = 0;

  constructor(builder: BlockBuilder) {
    this.#builder = builder;
  }

  /** Hands on the whole lines in chunk[start, end). */
  lines(chunk: Buffer, start: number, end: number): void {
    for (let from = start; from < end; ) {
      const isHeader = chunk[from] === HASH;
      const to = isHeader ? chunk.indexOf(LINE_FEED, from) + 1 : nextHeader(chunk, from, end);
      this.#builder.lines(chunk, from, to);
      if (isHeader) this.note(chunk.subarray(from, to));
      from = to;
    }
  }

  /** Takes the header lines that these bytes begin with, without handing them on: of a log read from the middle. */
  resume(head: Buffer): void {
    for (let from = 0; head[from] === HASH; ) {
      const to = head.indexOf(LINE_FEED, from) + 1;
      if (to === 0) return;
      this.note(head.subarray(from, to));
      from = to;
    }
  }

  /** Takes a line into the heading of blocks to come, if it is a header line. */
  note(line: Buffer): void {
    if (line[0] !== HASH) return;
    const text = line.toString("latin1", 0, SEPARATOR.length);
    if (text.startsWith(CLOSE)) return;
    if (text.startsWith(SEPARATOR)) {
      this.#lines = [];
      this.#bytes = 0;
    }
    if (this.#bytes + line.length > HEADING_BYTES) return;
    this.#bytes += line.length;
    this.#lines.push(Buffer.from(line));
    this.#builder.heading(this.#lines);
  }
}

/** Where the next header line begins, or `end`. */
function nextHeader(chunk: Buffer, start: number, end: number): number {
  const at = chunk.indexOf("\n#", start, "latin1");
  return at < 0 || at + 1 >= end ? end : at + 1;
}
