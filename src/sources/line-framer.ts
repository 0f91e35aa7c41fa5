import { isHeaded } from "../core/heading.ts";
import type { BlockBuilder } from "./block-builder.ts";
import { Heading } from "./heading.ts";
import { HEAD_BYTES } from "./source.ts";

const LINE_FEED = 10;

/** How one peer's bytes become records. `push` takes what arrived, `end` says that no more will. */
export type Framer = {
  push(chunk: Buffer): void;
  end(): void;
  /** Bytes kept of a record that is not complete yet. */
  readonly pending: number;
};

export type FramerOptions = {
  readonly builder: BlockBuilder;
  /** Longest record, in bytes. */
  readonly maxRecordBytes: number;
  readonly refuse: (reason: string, length: number, head: Uint8Array) => void;
  /** Whether the builder takes this peer's bytes alone, so that its blocks may begin with the peer's header. */
  readonly isAlone?: boolean;
};

/**
 * Cuts one peer's bytes at line feeds. Complete lines go to the builder as they are in the chunk; only the beginning
 * of a line that is not complete is kept, up to the limit, beyond which the whole line is refused.
 */
export class LineFramer implements Framer {
  readonly #options: FramerOptions;
  #partial = Buffer.alloc(0);
  #length = 0;
  /** Length so far of a line that is being refused. */
  #skipped = 0;
  /** Of a log with a header; null when it has none, undefined before its first line. */
  #heading: Heading | null | undefined;

  constructor(options: FramerOptions) {
    this.#options = options;
  }

  get pending(): number {
    return this.#length;
  }

  push(chunk: Buffer): void {
    const last = chunk.lastIndexOf(LINE_FEED) + 1;
    if (last === 0) {
      this.#keep(chunk);
      return;
    }
    let start = 0;
    if (this.#length > 0 || this.#skipped > 0) {
      start = chunk.indexOf(LINE_FEED) + 1;
      this.#keep(chunk.subarray(0, start));
      this.#finish();
    }
    if (start < last) this.#lines(chunk, start, last);
    if (last < chunk.length) this.#keep(chunk.subarray(last));
  }

  /** Says what the stream began with that is now read from the middle. */
  resume(head: Buffer): void {
    this.#headingOf(head, 0)?.resume(head);
  }

  /** The last line counts without a line feed too. */
  end(): void {
    if (this.#length > 0 || this.#skipped > 0) this.#finish();
  }

  /** Lines that are in one chunk: none is longer than the chunk, so the limit matters only for large ones. */
  #lines(chunk: Buffer, start: number, end: number): void {
    if (end - start <= this.#options.maxRecordBytes) {
      this.#deliver(chunk, start, end);
      return;
    }
    for (let from = start; from < end; ) {
      const to = chunk.indexOf(LINE_FEED, from) + 1;
      if (to - from <= this.#options.maxRecordBytes) this.#deliver(chunk, from, to);
      else this.#refuse(to - from, chunk.subarray(from, Math.min(to, from + HEAD_BYTES)));
      from = to;
    }
  }

  #deliver(chunk: Buffer, start: number, end: number): void {
    const heading = this.#headingOf(chunk, start);
    if (heading === null) this.#options.builder.lines(chunk, start, end);
    else heading.lines(chunk, start, end);
  }

  #headingOf(bytes: Buffer, start: number): Heading | null {
    const { builder, isAlone } = this.#options;
    if (this.#heading === undefined)
      this.#heading = isAlone && isHeaded(bytes, start) ? new Heading(builder) : null;
    return this.#heading;
  }

  #keep(bytes: Buffer): void {
    if (this.#skipped > 0) {
      this.#skipped += bytes.length;
      return;
    }
    const length = this.#length + bytes.length;
    if (length > this.#options.maxRecordBytes) {
      // What is kept goes on serving as the head of the refused line.
      const room = Math.max(0, HEAD_BYTES - this.#length);
      if (room > 0) this.#append(bytes.subarray(0, room));
      this.#partial = Buffer.from(this.#partial.subarray(0, Math.min(this.#length, HEAD_BYTES)));
      this.#skipped = length;
      return;
    }
    this.#append(bytes);
  }

  #append(bytes: Buffer): void {
    const length = this.#length + bytes.length;
    if (length > this.#partial.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, this.#partial.length * 2));
      grown.set(this.#partial.subarray(0, this.#length));
      this.#partial = grown;
    }
    this.#partial.set(bytes, this.#length);
    this.#length = length;
  }

  #finish(): void {
    if (this.#skipped > 0) this.#refuse(this.#skipped, this.#partial);
    else {
      const heading = this.#headingOf(this.#partial, 0);
      this.#options.builder.record(this.#partial, 0, this.#length);
      heading?.note(this.#partial.subarray(0, this.#length));
    }
    this.#skipped = 0;
    this.#length = 0;
    // A peer that once sent a large record should not keep its memory.
    if (this.#partial.length > HEAD_BYTES) this.#partial = Buffer.alloc(0);
  }

  #refuse(length: number, head: Uint8Array): void {
    const { maxRecordBytes, refuse } = this.#options;
    refuse(`a record of ${length} bytes, more than the ${maxRecordBytes} allowed`, length, head);
  }
}
