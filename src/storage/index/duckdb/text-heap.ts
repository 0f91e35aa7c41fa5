// Cells are written within bounds known beforehand, hence `as number`.
import { isAscii, isUtf8 } from "node:buffer";
import type { Dictionary } from "../../../core/dictionary.ts";
import { asBytes, decodeText, encodeInto } from "../../../core/text.ts";
import type { Buffers } from "./block.ts";

/** string_t keeps texts up to this length in itself. */
const INLINE = 12;
/** Bytes that may be read beyond the end of a text. */
const PADDING = 16;
/** Keeps the first n bytes of a 32-bit word. */
const KEEP = new Uint32Array([0, 0xff, 0xffff, 0xffffff, 0xffffffff]);

/**
 * The texts of one block: the batch's bytes as they are, then what is not among them. Cells become string_t whose
 * pointers count from the beginning of this memory. Only well-formed UTF-8 gets in: DuckDB trusts it to be.
 */
export class TextHeap {
  readonly #buffers: Buffers;
  #memory = new ArrayBuffer(0);
  #bytes = new Uint8Array(0);
  #view = new DataView(this.#memory);
  #length = 0;
  #source = 0;
  #state: "ascii" | "utf8" | "broken" = "ascii";
  readonly #words = new Map<Dictionary, Uint32Array>();

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
    this.#words.clear();
  }

  end(): { text: ArrayBuffer; length: number } {
    const result = { text: this.#memory, length: this.#length };
    this.#adopt(new ArrayBuffer(0));
    return result;
  }

  /** A text that is bytes[start, end) of the source. */
  span(cells: Uint32Array, at: number, start: number, end: number): void {
    if (this.#state !== "ascii" && !this.#whole(start, end)) {
      this.string(cells, at, decodeText(this.#bytes, start, end));
      return;
    }
    this.#put(cells, at, start, end - start);
  }

  /** Where the cells of a dictionary's words are kept while this block is made; a first element of 0 is unknown. */
  words(dictionary: Dictionary): Uint32Array {
    let known = this.#words.get(dictionary);
    if (known === undefined) {
      known = new Uint32Array(dictionary.words.length * 5);
      this.#words.set(dictionary, known);
    }
    return known;
  }

  word(cells: Uint32Array, at: number, dictionary: Dictionary, known: Uint32Array, code: number): void {
    const from = code * 5;
    if (known[from] === 0) {
      const bytes = dictionary.arena.bytes.subarray(
        dictionary.starts[code] as number,
        dictionary.starts[code + 1] as number,
      );
      const start = this.#reserve(bytes.length);
      this.#bytes.set(bytes, start);
      this.#length += bytes.length;
      known[from] = 1;
      this.#put(known, from + 1, start, bytes.length);
    }
    cells[at] = known[from + 1] as number;
    cells[at + 1] = known[from + 2] as number;
    cells[at + 2] = known[from + 3] as number;
    cells[at + 3] = known[from + 4] as number;
  }

  string(cells: Uint32Array, at: number, text: string): void {
    const start = this.#reserve(text.length * 3);
    const length = encodeInto(text, this.#bytes, start);
    this.#length += length;
    this.#put(cells, at, start, length);
  }

  #put(cells: Uint32Array, at: number, start: number, length: number): void {
    const view = this.#view;
    cells[at] = length;
    if (length > INLINE) {
      cells[at + 1] = view.getUint32(start, true);
      cells[at + 2] = start;
      cells[at + 3] = 0;
      return;
    }
    // Unused bytes must be zero: DuckDB compares the words whole.
    cells[at + 1] = view.getUint32(start, true) & (KEEP[Math.min(length, 4)] as number);
    cells[at + 2] =
      length > 4 ? view.getUint32(start + 4, true) & (KEEP[Math.min(length - 4, 4)] as number) : 0;
    cells[at + 3] = length > 8 ? view.getUint32(start + 8, true) & (KEEP[length - 8] as number) : 0;
  }

  /** Whether bytes [start, end) are well-formed: given that all are, it is enough that no character is cut. */
  #whole(start: number, end: number): boolean {
    if (this.#state === "broken") return isUtf8(this.#bytes.subarray(start, end));
    const bytes = this.#bytes;
    const first = start < end ? (bytes[start] as number) : 0;
    const after = end < this.#source ? (bytes[end] as number) : 0;
    return (first & 0xc0) !== 0x80 && (after & 0xc0) !== 0x80;
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

  #adopt(memory: ArrayBuffer): void {
    this.#memory = memory;
    this.#bytes = asBytes(memory, 0, memory.byteLength);
    this.#view = new DataView(memory);
  }
}
