import { isAscii, isUtf8 } from "node:buffer";
import { asBytes, decodeText, encodeInto } from "../../../core/text.ts";
import { type Buffers, type Memory, NOTHING } from "./block.ts";

/** Bytes that may be read beyond the end of a text. */
export const PADDING = 16;

/**
 * The texts of one block: the batch's bytes as they are, then what is not among them. Only well-formed UTF-8 is told
 * to be a text: DuckDB trusts it to be.
 */
export class TextHeap {
  readonly #buffers: Buffers;
  #memory: Memory = NOTHING;
  #bytes: Uint8Array = asBytes(NOTHING, 0, 0);
  #view = new DataView(this.#memory);
  #length = 0;
  #source = 0;
  #state: "ascii" | "utf8" | "broken" = "ascii";

  constructor(buffers: Buffers) {
    this.#buffers = buffers;
  }

  begin(source: Uint8Array, length: number, rows: number): void {
    this.#adopt(this.#buffers.take(length + PADDING + rows * 8 + 1024));
    const used = source.subarray(0, length);
    this.#bytes.set(used);
    this.#length = length;
    this.#source = length;
    this.#state = isAscii(used) ? "ascii" : isUtf8(used) ? "utf8" : "broken";
  }

  end(): { text: Memory; length: number } {
    const result = { text: this.#memory, length: this.#length };
    this.#adopt(NOTHING);
    return result;
  }

  /** Where the next text goes: after `append`, the end of what it added. */
  get length(): number {
    return this.#length;
  }

  /** The memory as it is now; another one after an `append` that found no room. */
  get view(): DataView {
    return this.#view;
  }

  /** The same memory as bytes. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Whether bytes [start, end) of the source may be handed to DuckDB as they are. */
  isText(start: number, end: number): boolean {
    if (this.#state === "ascii") return true;
    if (this.#state === "broken") return isUtf8(this.#bytes.subarray(start, end));
    // Given that all bytes are well-formed, it is enough that no character is cut.
    const bytes = this.#bytes;
    const first = start < end ? (bytes[start] as number) : 0;
    const after = end < this.#source ? (bytes[end] as number) : 0;
    return (first & 0xc0) !== 0x80 && (after & 0xc0) !== 0x80;
  }

  /** The text of bytes that are none, malformed sequences replaced. */
  mended(start: number, end: number): string {
    return decodeText(this.#bytes, start, end);
  }

  /** Adds a text and returns where it begins. */
  append(text: string): number {
    const start = this.#reserve(text.length * 3);
    this.#length += encodeInto(text, this.#bytes, start);
    return start;
  }

  /** Adds source[from, to), well-formed text, and returns where it begins. */
  appendBytes(source: Uint8Array, from: number, to: number): number {
    const start = this.#reserve(to - from);
    const bytes = this.#bytes;
    for (let index = from; index < to; index++) bytes[start + index - from] = source[index] as number;
    this.#length += to - from;
    return start;
  }

  /** Forgets what was added from `start` on. */
  cutTo(start: number): void {
    this.#length = start;
  }

  #reserve(count: number): number {
    const needed = this.#length + count + PADDING;
    if (needed > this.#memory.byteLength) {
      const before = this.#memory;
      const bytes = this.#bytes.subarray(0, this.#length);
      this.#adopt(this.#buffers.take(Math.max(needed, before.byteLength * 2)));
      this.#bytes.set(bytes);
      this.#buffers.give(before);
    }
    return this.#length;
  }

  #adopt(memory: Memory): void {
    this.#memory = memory;
    this.#bytes = asBytes(memory, 0, memory.byteLength);
    this.#view = new DataView(memory);
  }
}
