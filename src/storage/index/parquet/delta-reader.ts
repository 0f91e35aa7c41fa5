// Values are read within bounds known beforehand, hence `as number`.

/** Reads DELTA_BINARY_PACKED, as `PageWriter.deltas` writes it. */
export class DeltaReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** The value at an index, the sum of those before it, and where the encoding ends. */
  sumTo(index: number): { value: number; before: number; end: number } {
    const block = this.#varint();
    const miniblocks = this.#varint();
    const count = this.#varint();
    const miniblock = block / miniblocks;
    let current = this.#zigzag();
    let value = current;
    let before = 0;
    let at = 0;
    for (let from = 1; from < count; from += block) {
      const least = this.#zigzag();
      const widths = this.#at;
      this.#at += miniblocks;
      for (let mini = 0; mini < miniblocks && from + mini * miniblock < count; mini++) {
        const width = this.#bytes[widths + mini] as number;
        const last = Math.min(index, count - 1, from + (mini + 1) * miniblock - 1);
        const mask = 2 ** width - 1;
        for (let place = 0; at < last; place++) {
          before += current;
          current += least + (width === 0 ? 0 : this.#bits(place * width, width, mask));
          at++;
        }
        this.#at += (miniblock * width) / 8;
      }
    }
    value = current;
    return { value, before, end: this.#at };
  }

  /**
   * Reads all values and returns how many they are.
   * @throws Error when they are more than `values` has room for.
   */
  all(values: Float64Array): number {
    const block = this.#varint();
    const miniblocks = this.#varint();
    const count = this.#varint();
    if (count > values.length)
      throw new Error(`there are ${count} values where ${values.length} are expected`);
    const miniblock = block / miniblocks;
    let current = this.#zigzag();
    if (count > 0) values[0] = current;
    for (let from = 1; from < count; from += block) {
      const least = this.#zigzag();
      const widths = this.#at;
      this.#at += miniblocks;
      for (let mini = 0; mini < miniblocks && from + mini * miniblock < count; mini++) {
        const width = this.#bytes[widths + mini] as number;
        const first = from + mini * miniblock;
        const after = Math.min(count, first + miniblock);
        const mask = 2 ** width - 1;
        for (let index = first; index < after; index++) {
          current += least + (width === 0 ? 0 : this.#bits((index - first) * width, width, mask));
          values[index] = current;
        }
        this.#at += (miniblock * width) / 8;
      }
    }
    return count;
  }

  /** Where what was read ends. */
  get end(): number {
    return this.#at;
  }

  /** A number of some bits, counted from the next byte. */
  #bits(from: number, width: number, mask: number): number {
    const bytes = this.#bytes;
    const at = this.#at + (from >> 3);
    const shift = from & 7;
    if (width + shift <= 32) {
      const word =
        ((bytes[at] as number) |
          ((bytes[at + 1] as number) << 8) |
          ((bytes[at + 2] as number) << 16) |
          ((bytes[at + 3] as number) << 24)) >>>
        shift;
      return (word & mask) >>> 0;
    }
    let value = 0;
    for (let bit = 0; bit < width; bit++) {
      const place = from + bit;
      value += (((bytes[this.#at + (place >> 3)] as number) >> (place & 7)) & 1) * 2 ** bit;
    }
    return value;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes.readUInt8(this.#at++);
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
