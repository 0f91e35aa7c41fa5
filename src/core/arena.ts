import { allocateBytes, decodeText, encodeInto } from "./text.ts";

/**
 * The bytes of one batch: first the raw block as it came from the topic, then whatever text the stages add.
 * One address space, so that a span is two numbers wherever its text came from. `bytes` is replaced when it grows:
 * never keep it across a call that may append.
 */
export class Arena {
  bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  /** @param capacity bytes to reserve at first. */
  constructor(capacity = 1 << 16) {
    this.bytes = allocateBytes(capacity);
  }

  /** Starts again with room for `capacity` bytes; earlier spans lose their meaning. */
  reset(capacity: number): void {
    this.length = 0;
    if (this.bytes.length < capacity) this.bytes = allocateBytes(capacity);
  }

  /** Makes room for `count` more bytes and returns the address where they go; the caller adds what it wrote to `length`. */
  reserve(count: number): number {
    const needed = this.length + count;
    if (needed > this.bytes.length) {
      const grown = allocateBytes(Math.max(needed, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
    return this.length;
  }

  /** Copies bytes in and returns where they start. */
  append(source: Uint8Array): number {
    const start = this.reserve(source.length);
    this.bytes.set(source, start);
    this.length += source.length;
    return start;
  }

  /** Encodes text in and returns where it starts; it ends at `length`. */
  appendText(text: string): number {
    const start = this.reserve(text.length * 3);
    this.length += encodeInto(text, this.bytes, start);
    return start;
  }

  /** Decodes the span [start, end). */
  text(start: number, end: number): string {
    return decodeText(this.bytes, start, end);
  }
}
