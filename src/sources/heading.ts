import type { BlockBuilder } from "./block-builder.ts";

/** How Zeek's tab-separated logs begin, and nothing else does. */
const SIGNATURE = Buffer.from("#separator ");
const HASH = 35;
const LINE_FEED = 10;
/** Header lines kept; Zeek writes less than a kilobyte. */
const HEADING_BYTES = 64 * 1024;
const SEPARATOR = "#separator ";
const CLOSE = "#close";

/** Whether a stream that begins with these bytes is a Zeek log in tab-separated text. */
export function isHeaded(bytes: Uint8Array, start: number): boolean {
  return SIGNATURE.equals(bytes.subarray(start, start + SIGNATURE.length));
}

/**
 * Finds the header lines that hold for a record of a block, to read the record apart from it. Undefined for a block
 * whose records need none.
 */
export function headingsOf(
  records: number,
  recordAt: (record: number) => Uint8Array,
): ((record: number) => string) | undefined {
  if (records === 0 || !isHeaded(recordAt(0), 0)) return undefined;
  const headings: { from: number; text: string }[] = [];
  let lines: string[] = [];
  for (let record = 0; record < records; record++) {
    const bytes = recordAt(record);
    if (bytes[0] !== HASH) continue;
    const line = Buffer.from(bytes).toString();
    if (line.startsWith(CLOSE)) continue;
    lines = line.startsWith(SEPARATOR) ? [line] : [...lines, line];
    headings.push({ from: record, text: lines.join("\n") });
  }
  return (record) => headings.findLast(({ from }) => from <= record)?.text ?? "";
}

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
