import { type Attached, copyAttached, NOTHING } from "../../core/attached.ts";
import type { Block } from "../../core/block.ts";

/**
 * Puts blocks as somebody else cut them, often of a record each, together to larger ones. All that it takes is copied, as what is read is
 * lent.
 */
export class Gathering {
  #parts: Uint8Array[] = [];
  #ends: number[] = [];
  #attached: { readonly from: number; readonly attached: Attached }[] = [];
  /** Bytes of the records. */
  #length = 0;
  /** Bytes of the records, their keys and headers: what they take of memory. */
  bytes = 0;

  get records(): number {
    return this.#ends.length;
  }

  add({ bytes, ends, attached }: Block): void {
    if (attached !== undefined) {
      const copy = copyAttached(attached);
      this.#attached.push({ from: this.records, attached: copy });
      this.bytes += copy.bytes.length;
    }
    const before = this.#length;
    for (const end of ends) this.#ends.push(before + end);
    const length = ends.at(-1) ?? 0;
    this.#parts.push(Uint8Array.prototype.slice.call(bytes, 0, length));
    this.#length += length;
    this.bytes += length;
  }

  /** All since the last time as one block. */
  take(arrival: number): Block {
    const block = {
      ...{ bytes: Buffer.concat(this.#parts), ends: Uint32Array.from(this.#ends), arrival },
      attached: this.#attached.length === 0 ? undefined : this.#join(),
    };
    this.#parts = [];
    this.#ends = [];
    this.#attached = [];
    this.#length = 0;
    this.bytes = 0;
    return block;
  }

  #join(): Attached {
    const starts = new Uint32Array(this.records).fill(NOTHING);
    let length = 0;
    for (const { from, attached } of this.#attached) {
      for (const [record, start] of attached.starts.entries())
        if (start !== NOTHING) starts[from + record] = length + start;
      length += attached.bytes.length;
    }
    return { bytes: Buffer.concat(this.#attached.map(({ attached }) => attached.bytes)), starts };
  }
}
