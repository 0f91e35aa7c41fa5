import type { Framer, FramerOptions } from "../line-framer.ts";
import { HEAD_BYTES } from "../source.ts";
import { FramingError } from "../stream.ts";

const LINE_FEED = 10;
const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const LIST = 91;
const BACKSLASH = 92;
const LIST_END = 93;
const MAP = 123;
const MAP_END = 125;

/** What may come next. */
const VALUE = 0;
const FIRST_VALUE = 1;
const KEY = 2;
const FIRST_KEY = 3;
const AFTER_KEY = 4;
const AFTER_VALUE = 5;

export type JsonFramerOptions = FramerOptions & {
  /** Whether the elements of a list are records; if not, the list is one. */
  readonly takesListsApart: boolean;
  /** Whether a record that is text is what the text says, and not its JSON. */
  readonly readsTexts: boolean;
  /** Whether text that is no JSON ends the stream; if not, it becomes a record, as far as it goes. */
  readonly isStrict: boolean;
};

/**
 * Cuts one peer's bytes into JSON values, however they are laid out: one after another, on lines or over several,
 * or in one list. It follows brackets, quotes and commas as bytes come, so memory holds one record at the most; what
 * is between them is for the parser to judge.
 */
export class JsonFramer implements Framer {
  readonly #options: JsonFramerOptions;
  /** Containers open within a record, 1 for a map. */
  #open = new Uint8Array(64);
  #depth = 0;
  #state = VALUE;
  #inText = false;
  #escaped = false;
  /** Within a number, `true`, `false` or `null`. */
  #inWord = false;
  #inList = false;
  /** Where the record at hand begins in the chunk at hand; -1 between records. */
  #start = -1;
  #partial = Buffer.alloc(0);
  #length = 0;
  #skipped = 0;
  #before = 0;

  constructor(options: JsonFramerOptions) {
    this.#options = options;
  }

  get pending(): number {
    return this.#length;
  }

  push(chunk: Buffer): void {
    if (this.#length > 0 || this.#skipped > 0) this.#start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (this.#inText) this.#text(chunk, at, byte);
      else if (byte > 32) this.#sign(chunk, at, byte);
      else if (this.#inWord) this.#endWord(chunk, at);
    }
    if (this.#start >= 0) this.#keep(chunk.subarray(this.#start));
    this.#start = -1;
    this.#before += chunk.length;
  }

  end(): void {
    const nothing = Buffer.alloc(0);
    if (this.#length > 0 || this.#skipped > 0) this.#start = 0;
    if (this.#inWord) this.#endWord(nothing, 0);
    if (this.#start >= 0 || this.#inList) this.#broken(nothing, 0, "the end of a value");
  }

  #text(chunk: Buffer, at: number, byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) {
      this.#inText = false;
      if (this.#state === KEY || this.#state === FIRST_KEY) this.#state = AFTER_KEY;
      else this.#ended(chunk, at + 1);
    } else if (byte === LINE_FEED) this.#broken(chunk, at, "the end of a text");
  }

  /** Takes a byte outside texts that is no blank. */
  #sign(chunk: Buffer, at: number, byte: number): void {
    if (this.#inWord) {
      if (byte !== COMMA && byte !== LIST_END && byte !== MAP_END && byte !== COLON) return;
      this.#endWord(chunk, at);
    }
    switch (byte) {
      case MAP:
      case LIST:
        this.#begin(chunk, at, byte);
        return;
      case MAP_END:
      case LIST_END:
        this.#close(chunk, at, byte);
        return;
      case COMMA:
        this.#comma(chunk, at);
        return;
      case COLON:
        if (this.#state !== AFTER_KEY) this.#broken(chunk, at, "a value");
        else this.#state = VALUE;
        return;
      case QUOTE:
        if (this.#state === AFTER_KEY || this.#state === AFTER_VALUE) {
          this.#broken(chunk, at, "a comma or a bracket");
          this.#inText = this.#start >= 0;
          return;
        }
        if (this.#start < 0) this.#start = at;
        this.#inText = true;
        return;
      default:
        if (this.#state !== VALUE && this.#state !== FIRST_VALUE)
          this.#broken(chunk, at, "a name, a comma or a bracket");
        else {
          if (this.#start < 0) this.#start = at;
          this.#inWord = true;
        }
    }
  }

  #begin(chunk: Buffer, at: number, byte: number): void {
    if (this.#state !== VALUE && this.#state !== FIRST_VALUE) {
      this.#broken(chunk, at, "a name, a comma or a bracket");
      if (this.#start >= 0) this.#begin(chunk, at, byte);
      return;
    }
    if (this.#start < 0) {
      if (byte === LIST && !this.#inList && this.#options.takesListsApart) {
        this.#inList = true;
        this.#state = FIRST_VALUE;
        return;
      }
      this.#start = at;
    }
    if (this.#depth === this.#open.length) {
      const grown = new Uint8Array(this.#depth * 2);
      grown.set(this.#open);
      this.#open = grown;
    }
    this.#open[this.#depth++] = byte === MAP ? 1 : 0;
    this.#state = byte === MAP ? FIRST_KEY : FIRST_VALUE;
  }

  #close(chunk: Buffer, at: number, byte: number): void {
    const state = this.#state;
    if (this.#depth === 0) {
      if (
        this.#start < 0 &&
        this.#inList &&
        byte === LIST_END &&
        (state === AFTER_VALUE || state === FIRST_VALUE)
      ) {
        this.#inList = false;
        this.#state = VALUE;
      } else this.#broken(chunk, at, "a value");
      return;
    }
    const isMap = this.#open[this.#depth - 1] === 1;
    const mayEnd = state === AFTER_VALUE || state === (isMap ? FIRST_KEY : FIRST_VALUE);
    if (!mayEnd || isMap !== (byte === MAP_END)) {
      this.#broken(chunk, at, "a value or another bracket");
      return;
    }
    this.#depth--;
    this.#ended(chunk, at + 1);
  }

  #comma(chunk: Buffer, at: number): void {
    // Between records of a stream a comma is no mistake that matters.
    if (this.#depth === 0 && !this.#inList && this.#start < 0) return;
    if (this.#state !== AFTER_VALUE) this.#broken(chunk, at, "a value");
    else this.#state = this.#depth > 0 && this.#open[this.#depth - 1] === 1 ? KEY : VALUE;
  }

  #endWord(chunk: Buffer, at: number): void {
    this.#inWord = false;
    this.#ended(chunk, at);
  }

  /** A value ends before chunk[at]: within a record, or the record itself. */
  #ended(chunk: Buffer, at: number): void {
    this.#state = AFTER_VALUE;
    if (this.#depth > 0) return;
    this.#emit(chunk, at);
    if (!this.#inList) this.#state = VALUE;
  }

  /** Gives up the record at hand, or the stream. The byte at hand then begins another record. */
  #broken(chunk: Buffer, at: number, expected: string): void {
    if (this.#options.isStrict) {
      throw new FramingError(`expected ${expected} at byte ${this.#before + at + 1} of the JSON`);
    }
    if (this.#start >= 0) this.#emit(chunk, at);
    this.#depth = 0;
    this.#state = VALUE;
    this.#inText = false;
    this.#escaped = false;
    this.#inWord = false;
    this.#inList = false;
    if (at < chunk.length && (chunk[at] as number) > 32) this.#start = at;
  }

  #emit(chunk: Buffer, end: number): void {
    const start = this.#start;
    this.#start = -1;
    if (this.#length === 0 && this.#skipped === 0) {
      if (end - start > this.#options.maxRecordBytes) this.#refuse(end - start, chunk.subarray(start, end));
      else this.#record(chunk, start, end);
      return;
    }
    this.#keep(chunk.subarray(start, end));
    if (this.#skipped > 0) this.#refuse(this.#skipped, this.#partial);
    else this.#record(this.#partial, 0, this.#length);
    this.#skipped = 0;
    this.#length = 0;
    if (this.#partial.length > HEAD_BYTES) this.#partial = Buffer.alloc(0);
  }

  #record(bytes: Buffer, start: number, end: number): void {
    const { builder, readsTexts } = this.#options;
    if (readsTexts && bytes[start] === QUOTE) {
      const text = textOf(bytes.toString("utf8", start, end));
      if (text !== undefined) {
        const decoded = Buffer.from(text);
        builder.record(decoded, 0, decoded.length);
        return;
      }
    }
    builder.record(bytes, start, end);
  }

  #keep(bytes: Buffer): void {
    const length = this.#length + bytes.length;
    if (this.#skipped > 0) {
      this.#skipped += bytes.length;
      return;
    }
    if (length > this.#options.maxRecordBytes) {
      const head = Buffer.concat([this.#partial.subarray(0, this.#length), bytes.subarray(0, HEAD_BYTES)]);
      this.#partial = Buffer.from(head.subarray(0, HEAD_BYTES));
      this.#length = this.#partial.length;
      this.#skipped = length;
      return;
    }
    if (length > this.#partial.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, this.#partial.length * 2));
      grown.set(this.#partial.subarray(0, this.#length));
      this.#partial = grown;
    }
    this.#partial.set(bytes, this.#length);
    this.#length = length;
  }

  #refuse(length: number, head: Uint8Array): void {
    const { maxRecordBytes, refuse } = this.#options;
    refuse(`a record of ${length} bytes, more than the ${maxRecordBytes} allowed`, length, head);
  }
}

function textOf(json: string): string | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "string" ? value : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
